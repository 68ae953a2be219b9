"""Work in parts, and how many of them are handed over at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

CHUNK = 16
"""Parts handed over at a time, at least: Helm reads a chart's templates once for all of them."""

LARGE_CHUNK = 64
"""And at most: small enough to share the end fairly."""

MANY = 2000
"""Parts above which memory counts for more than time: the first process keeps what it knows of all of them."""

Part = TypeVar("Part")
Result = TypeVar("Result")


class WorkerLostError(Exception):
    """A process ended before its work did; the message says what to try."""


Work = Callable[[Sequence[Part]], Sequence[Result]]
"""Does some parts. It must go to another process: a function of a module, or a partial."""


def chunks(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts as they are handed over."""
    size = CHUNK if len(parts) > MANY else max(CHUNK, min(LARGE_CHUNK, len(parts) // CHUNK))
    return (parts[start : start + size] for start in range(0, len(parts), size))
