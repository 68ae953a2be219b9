"""Processes of a lab: each with its log and its process id on file, so that whoever comes later can stop it.

A process id alone is not enough: the system gives it to another process one day. So the time of its start is kept too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


def born(pid: int) -> int | None:
    """When the process started, in the kernel's ticks; None when it is gone, or dead and only not yet waited for."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else int(fields[18])


@dataclass(frozen=True)
class Process:
    """One process that was started, told from all others by its id and the time of its start."""

    name: str
    pid: int
    started: int
    log: Path

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return born(self.pid) == self.started

    def signal(self, number: int) -> None:
        """Sends a signal, to this process or to nobody."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def stop(self, grace: float = 10) -> None:
        """Asks it to end, then makes it; returns when it is gone."""
        self.signal(signal.SIGTERM)
        if not self.gone_within(grace):
            self.signal(signal.SIGKILL)
            self.gone_within(10)

    def gone_within(self, seconds: float) -> bool:
        """Waits for its end."""
        end = time.monotonic() + seconds
        while self.alive and time.monotonic() < end:
            time.sleep(0.02)
        return not self.alive


class Processes:
    """The processes of one lab, recorded in its folder."""

    def __init__(self, folder: Path) -> None:
        self.records = folder / "pid"
        self.logs = folder / "log"
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        forks: bool = False,
        stdin: int = subprocess.DEVNULL,
    ) -> Process:
        """Starts a program in the background. With ``forks`` its one child is the process meant (nsenter, unshare)."""
        for folder in (self.records, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            # A session of its own: Ctrl-C in the terminal is for the tests, which then stop things in order.
            popen = subprocess.Popen(
                [str(part) for part in argv],
                env=None if env is None else dict(env),
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(popen)
        pid = child_of(popen) if forks else popen.pid
        process = Process(name, pid, born(pid) or 0, log)
        (self.records / name).write_text(f"{process.pid} {process.started}\n")
        return process

    def recorded(self) -> list[Process]:
        """Every process on file, in the order of their starts, running or not."""
        found = []
        for record in self.records.glob("*"):
            pid, started = record.read_text().split()
            found.append(Process(record.name, int(pid), int(started), self.logs / f"{record.name}.log"))
        return sorted(found, key=lambda process: (process.started, process.pid))

    def named(self, name: str) -> Process | None:
        """The process on file under that name."""
        return next((process for process in self.recorded() if process.name == name), None)

    def reap(self) -> None:
        """Waits for those that this very process started; what was not even recorded yet is ended."""
        for popen in self._started:
            popen.kill()
            if popen.stdin:
                popen.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                popen.wait(timeout=10)
        self._started.clear()


def child_of(popen: subprocess.Popen[bytes]) -> int:
    """The one child of a process just started; its own id when it ended before it had one."""
    children = Path(f"/proc/{popen.pid}/task/{popen.pid}/children")
    while popen.poll() is None:
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.005)
    return popen.pid
