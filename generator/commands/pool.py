"""The same work in several processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from generator.commands.chunks import Part, Result, Work, WorkerLostError, chunks
from generator.output.interrupts import deaf_children


class Pool:
    """Processes that work until :meth:`run` is through or :meth:`stop` is called."""

    def __init__(self, processes: int, load: Callable[[], None] | None = None, *, sparing: bool = False) -> None:
        """Starts ``processes`` processes, ``sparing`` with memory or quick; each calls ``load`` first, if given."""
        _tune_helm(40 if sparing else 80)
        # A forked child of a process that runs Go's threads hangs: children start afresh.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_settle, initargs=(load,))
        with deaf_children():
            for _ in range(processes):
                self._pool.submit(_nothing)  # a process starts when there is work that nobody is free for

    def run(self, work: Work[Part, Result], parts: Sequence[Part]) -> Iterator[Result]:
        """The result of every part, in order. Raises WorkerLostError."""
        try:
            for each in self._pool.map(work, chunks(parts)):
                yield from each
        except BrokenProcessPool as error:
            self.stop()
            lost = "a worker process was killed, as happens when memory runs out; try again with --jobs 1"
            raise WorkerLostError(lost) from error
        except BaseException:
            self.stop()
            raise
        self._pool.shutdown()

    def stop(self) -> None:
        """Ends the processes without waiting for work that nobody wants any more."""
        processes = list((getattr(self._pool, "_processes", None) or {}).values())
        manager: threading.Thread | None = getattr(self._pool, "_executor_manager_thread", None)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        if manager is not None:  # at its exit, Python would wake it through a pipe that it may just be closing
            manager.join()


def _nothing() -> None:
    """Work that only shows that there is a process."""


def _tune_helm(enough: int) -> None:
    """Go's runtime in the processes to come: one thread each, as there is a process a core, and few collections until
    it holds ``enough`` MiB.

    Go reads these when a process starts, so the first process cannot set them for itself. A quarter less CPU a render.
    """
    for name, value in (("GOMAXPROCS", "1"), ("GOGC", "1600"), ("GOMEMLIMIT", f"{enough}MiB")):
        os.environ.setdefault(name, value)


def _settle(load: Callable[[], None] | None) -> None:
    """In a new process: deaf to Ctrl-C, and ends with the process that started it, however that one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if load is not None:
        load()
    gc.freeze()  # what is loaded stays: the cycle collector need not look at it again


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
