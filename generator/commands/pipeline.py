"""Runs the work over all parts of a cluster, on every core when there is enough of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from generator.commands.chunks import CHUNK, MANY, Part, Result, Work, chunks

if TYPE_CHECKING:  # loaded where several processes pay: most runs are small, and the machinery takes 50 ms to load
    from generator.commands.pool import Pool

ENOUGH = 48
"""Parts from which on a second process pays: it takes about 0.3 s to start and load Helm."""

Report = Callable[[int, int], None]
"""Told (done, all) after each part."""


def run(
    work: Work[Part, Result],
    parts: Sequence[Part],
    *,
    processes: int | None = None,
    pool: Pool | None = None,
    report: Report | None = None,
) -> Iterator[Result]:
    """The result of every part, in order. ``pool`` is one that was started before. Raises WorkerLostError."""
    pool = pool or start(len(parts), processes)
    results = pool.run(work, parts) if pool else (result for chunk in chunks(parts) for result in work(chunk))
    for done, result in enumerate(results, start=1):
        if report is not None:
            report(done, len(parts))
        yield result


def start(parts: int, processes: int | None, load: Callable[[], None] | None = None) -> Pool | None:
    """Processes for about ``parts`` parts, or none where one process does as well.

    They start at once, while this process goes on finding out what the work is, and call ``load`` (a function of a
    module) first.
    """
    processes = min(processes or cores(), parts // CHUNK)
    if parts < ENOUGH or processes == 1:
        return None
    from generator.commands.pool import Pool

    return Pool(processes, load, sparing=parts > MANY)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
