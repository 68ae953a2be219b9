"""Runs the work over all files of a cluster, on every core when there is enough of it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from generator.commands.job import Job
from generator.commands.work import Result, namespace_file

ENOUGH = 48
"""Files from which on a second process pays: it takes about 0.3 s to start and load Helm."""

CHUNK = 16
"""Files handed over at a time: small enough to share the end fairly, large enough that handing over costs nothing."""

Report = Callable[[int, int], None]
"""Told (done, all) after each file."""


def run(job: Job, files: Sequence[str], *, processes: int | None = None, report: Report | None = None) -> Iterator[Result]:
    """The result of every file, in the files' order."""
    for done, result in enumerate(_results(job, files, processes or os.cpu_count() or 1), start=1):
        if report is not None:
            report(done, len(files))
        yield result


def _results(job: Job, files: Sequence[str], processes: int) -> Iterator[Result]:
    work = partial(namespace_file, job)
    if len(files) < ENOUGH or processes == 1:
        yield from map(work, files)
        return
    # A forked child of a process that runs Go's threads hangs: children start afresh.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        try:
            yield from pool.map(work, files, chunksize=CHUNK)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
