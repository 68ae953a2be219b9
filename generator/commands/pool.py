"""The same work in several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from generator.commands.pipeline import Part, Result, Work, WorkerLostError, chunks


def spread(work: Work[Part, Result], parts: Sequence[Part], processes: int) -> Iterator[Result]:
    """The result of every part, in order. Raises WorkerLostError."""
    # A forked child of a process that runs Go's threads hangs: children start afresh.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_settle)
    _tune_helm()
    try:
        with _deaf_children():  # map starts the processes
            results = pool.map(work, chunks(parts))
        for each in results:
            yield from each
    except BrokenProcessPool as error:
        _stop(pool)
        lost = "a worker process was killed, as happens when memory runs out; try again with --jobs 1"
        raise WorkerLostError(lost) from error
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()


def _tune_helm() -> None:
    """Go's runtime in the processes to come: one thread each, as there is a process a core, and fewer collections.

    Go reads these when a process starts, so the first process cannot set them for itself. A quarter less CPU a render.
    """
    for name, value in (("GOMAXPROCS", "1"), ("GOGC", "800")):
        os.environ.setdefault(name, value)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started inside never hear Ctrl-C, which a terminal sends to all: only the first process answers it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle() -> None:
    """In a new process: deaf to Ctrl-C, and ends with the process that started it, however that one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    """Ends a pool without waiting for work that nobody wants any more."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
