"""A process that gets ready for the work while this one still finds out what there is to do."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn

from generator.commands import pipeline
from generator.commands.chunks import Work
from generator.commands.fleet_files import Cluster
from generator.commands.units import Result, Unit
from generator.output.interrupts import deaf_children
from generator.output.memory import FOLDER


class Ahead:
    """A process for a little work: a copy of this one, which need not load again what this one has."""

    def __init__(self, load: Callable[[], None]) -> None:
        """Starts the process, which calls ``load`` at once."""
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._begun: Callable[[], Sequence[Result]] = lambda: ()
        with deaf_children():
            self._child = os.fork()
            if not self._child:
                os.close(self._orders)
                os.close(self._answers)
                _serve(load, orders, answers)
        os.close(orders)
        os.close(answers)

    def begin(self, work: Work[Unit, Result], parts: Sequence[Unit]) -> None:
        """Gives it its only work, and does not wait."""
        self._begun = partial(work, parts)
        with suppress(OSError), os.fdopen(self._orders, "wb", closefd=False) as orders:
            pickle.dump((work, parts), orders)
        os.close(self._orders)

    def results(self) -> Sequence[Result]:
        """The result of every part, in order."""
        try:
            with os.fdopen(self._answers, "rb", closefd=False) as answers:
                found: Sequence[Result] = pickle.load(answers)  # noqa: S301 (our own process)
        except (OSError, EOFError, pickle.UnpicklingError):  # it failed; here the same failure has a message
            found = self._begun()
        return found

    def stop(self) -> None:
        """Ends the process, whatever it is doing."""
        if not self._child:
            return
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        self._child = 0
        for end in (self._orders, self._answers):
            with suppress(OSError):
                os.close(end)


def start(cluster: Cluster, load: Callable[[], None]) -> Ahead | None:
    """The process, if a few namespace files changed since the last run and there is a core for it."""
    if _may_fork() and pipeline.cores() > 1 and 0 < _changed(cluster) < pipeline.ENOUGH:
        return Ahead(load)
    return None


def _changed(cluster: Cluster) -> int:
    """About how many namespace files are newer than what the last run kept; 0 where it kept nothing, or in vain."""

    def time_of(name: str) -> int:
        return os.stat(os.path.join(cluster.root, name)).st_mtime_ns  # noqa: PTH116 PTH118 (a hot path)

    try:
        last = time_of(FOLDER)
        if cluster.platform is None or time_of(cluster.platform) >= last:
            return 0
        return sum(time_of(name) >= last for name in cluster.namespaces)
    except OSError:
        return 0


def _may_fork() -> bool:
    """Whether a copy of this process would live: not one without the threads that something in it waits for."""
    alone = threading.active_count() == 1 and "helm_python" not in sys.modules  # Go's threads are not counted
    return alone and hasattr(os, "fork") and sys.platform != "darwin"


def _serve(load: Callable[[], None], orders: int, answers: int) -> NoReturn:
    """In the child: one order, one answer, and an end without anything the parent would do at its end."""
    said: list[bytes] = []
    # A pipe holds 64 KiB, and an order may be longer: the parent shall not wait until all is loaded.
    listener = threading.Thread(target=lambda: said.append(_all_of(orders)))
    try:
        listener.start()
        load()
        listener.join()
        work, parts = pickle.loads(said[0])  # noqa: S301 (our parent's)
        with os.fdopen(answers, "wb") as out:
            pickle.dump(list(work(parts)), out)
    finally:
        os._exit(0)


def _all_of(pipe: int) -> bytes:
    with os.fdopen(pipe, "rb") as said:
        return said.read()
