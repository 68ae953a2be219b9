"""Runs the work over all parts of a cluster, on every core when there is enough of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

ENOUGH = 48
"""Parts from which on a second process pays: it takes about 0.3 s to start and load Helm."""

CHUNK = 16
"""Parts handed over at a time: small enough to share the end fairly, large enough that handing over costs nothing."""

Part = TypeVar("Part")
Result = TypeVar("Result")

Report = Callable[[int, int], None]
"""Told (done, all) after each part."""


class WorkerLostError(Exception):
    """A process ended before its work did; the message says what to try."""


Work = Callable[[Sequence[Part]], Sequence[Result]]
"""Does some parts. It must go to another process: a function of a module, or a partial."""


def run(
    work: Work[Part, Result],
    parts: Sequence[Part],
    *,
    processes: int | None = None,
    report: Report | None = None,
) -> Iterator[Result]:
    """The result of every part, in order."""
    for done, result in enumerate(_results(work, parts, processes or cores()), start=1):
        if report is not None:
            report(done, len(parts))
        yield result


def chunks(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts as they are handed over."""
    return (parts[start : start + CHUNK] for start in range(0, len(parts), CHUNK))


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _results(work: Work[Part, Result], parts: Sequence[Part], processes: int) -> Iterator[Result]:
    if len(parts) < ENOUGH or processes == 1:
        return (result for chunk in chunks(parts) for result in work(chunk))
    from generator.commands.pool import spread  # here: most runs are small, and the machinery takes 50 ms to load

    return spread(work, parts, min(processes, len(parts) // CHUNK))
