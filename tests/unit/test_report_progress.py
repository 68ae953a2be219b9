"""The progress line: only for people, only when it takes long, and never left behind."""

from __future__ import annotations

import pytest

from generator.report.progress import Progress
from generator.report.style import Style


class Terminal:
    """A stream that remembers what was written and knows what a person would see."""

    def __init__(self, *, tty: bool = True, broken: type[Exception] | None = None) -> None:
        self.written: list[str] = []
        self.flushes = 0
        self.tty, self.broken = tty, broken

    def write(self, text: str) -> None:
        if self.broken:
            raise self.broken
        self.written.append(text)

    def flush(self) -> None:
        self.flushes += 1

    def isatty(self) -> bool:
        return self.tty

    @property
    def seen(self) -> str:
        return "".join(self.written).rpartition("\r\x1b[K")[2]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_short_run_writes_nothing() -> None:
    stream, clock = Terminal(), Clock()
    with Progress(stream, clock=clock) as progress:
        for at in range(50):
            clock.now += 0.019
            progress.step("rendering", at, 50)
    assert stream.written == []


def test_a_long_run_is_told_now_and_then_and_cleaned_up() -> None:
    stream, clock = Terminal(), Clock()
    with Progress(stream, clock=clock) as progress:
        clock.now += 1.0
        progress.step("rendering", 312, 1000)
        assert stream.seen == "rendering 312/1,000…"
        assert stream.flushes == 1
        clock.now += 0.09
        progress.step("rendering", 313, 1000)
        assert stream.seen == "rendering 312/1,000…"
        clock.now += 0.02
        progress.step("rendering", 314)
        assert stream.seen == "rendering 314…"
    assert stream.seen == ""
    count = len(stream.written)
    progress.close()
    assert len(stream.written) == count


def test_an_error_takes_the_line_away_too() -> None:
    stream, clock = Terminal(), Clock()

    def interrupted() -> None:
        with Progress(stream, clock=clock, delay=0) as progress:
            progress.step("rendering", 1, 2)
            assert stream.seen == "rendering 1/2…"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.seen == ""


def test_nobody_watching() -> None:
    stream, clock = Terminal(tty=False), Clock()
    with Progress(stream, clock=clock, delay=0) as progress:
        progress.step("rendering", 1, 2)
    assert stream.written == []


@pytest.mark.parametrize("error", [BrokenPipeError, ValueError])
def test_a_closed_stream_stops_the_line_and_not_the_run(error: type[Exception]) -> None:
    stream, clock = Terminal(broken=error), Clock()
    with Progress(stream, clock=clock, delay=0, interval=0) as progress:
        progress.step("rendering", 1, 2)
        stream.broken = None
        progress.step("rendering", 2, 2)
    assert stream.written == []


def test_the_line_never_wraps_and_never_drives_the_terminal() -> None:
    stream = Terminal()
    progress = Progress(stream, clock=Clock(), delay=0, style=Style(width=20, unicode=False))
    progress.step("rendering te\x1b[2Jam-with-a-long-name", 1, 2)
    assert stream.seen == "rendering te\\x1b..."
    assert len(stream.seen) == 19
