"""A line that says how far a long run is: on a terminal, after a second, gone when the run ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from generator.report.cells import clip, shown
from generator.report.style import PLAIN, Style

_CLEAR = "\r\x1b[K"


class Stream(Protocol):
    """What a progress line needs of standard error."""

    def write(self, text: str, /) -> object:
        """Put text on the stream."""
        ...

    def flush(self) -> object:
        """Let it be seen."""
        ...

    def isatty(self) -> bool:
        """Whether a person is watching."""
        ...


class Progress:
    """``with Progress(sys.stderr) as progress: progress.step("rendering", done, total)``.

    Nothing is written before ``delay`` seconds, nor more often than every ``interval`` seconds, nor ever on a stream
    that is no terminal. A stream that fails (closed, full) is left alone from then on: progress must not stop a run.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        style: Style = PLAIN,
        clock: Callable[[], float] = time.monotonic,
        delay: float = 1.0,
        interval: float = 0.1,
    ) -> None:
        self._stream, self._style, self._clock, self._interval = stream, style, clock, interval
        self._alive = stream.isatty()
        self._next = clock() + delay
        self._drawn = False

    def step(self, doing: str, done: int, total: int | None = None) -> None:
        """Say what is being done and how much of it is; cheap enough to be called for every file."""
        if not self._alive or (now := self._clock()) < self._next:
            return
        self._next = now + self._interval
        count = f"{done:,}/{total:,}" if total else f"{done:,}"
        line = shown(f"{doing} {count}{self._style.glyphs.ellipsis}", self._style)
        # The last column stays free: writing it would wrap the line on some terminals, and a wrapped line stays behind.
        self._put(_CLEAR + clip(line, max(1, self._style.width - 1), self._style.glyphs.ellipsis))
        self._drawn = True

    def close(self) -> None:
        """Take the line away. Later steps draw it again."""
        if self._drawn:
            self._put(_CLEAR)
            self._drawn = False

    def _put(self, text: str) -> None:
        if not self._alive:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._alive = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
