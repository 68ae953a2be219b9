"""A lab: one cluster of one's own, from its start to its end."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Self

from tests.e2e import programs, proxy
from tests.e2e.kube import HopelessError, Kube, until
from tests.e2e.lab import control_plane, images, network, pki, store
from tests.e2e.lab.node import forget
from tests.e2e.lab.node import start as start_node
from tests.e2e.lab.processes import Process, Processes, born

RECORD = "lab.json"
_mine: list[Lab] = []  # what this very process started and has to stop


def home() -> Path:
    """The folder of all labs: ``$ONEBLOCK_E2E_STATE``, else one in the folder for temporary files."""
    return Path(os.environ.get("ONEBLOCK_E2E_STATE") or Path(tempfile.gettempdir()) / "oneblock-e2e").absolute()


class Lab:
    """A cluster of one's own: its folder holds its state, its logs and the ids of its processes.

    Everything runs in network, mount and process namespaces of the lab, so any number of labs run side by side and
    stopping one is stopping its first process.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.processes = Processes(folder)
        self.kubeconfig = folder / "pki" / "admin.conf"
        self.proxy = folder / "proxy"
        self._kube: Kube | None = None

    @classmethod
    def new(cls) -> Self:
        """A lab that does not exist yet, under a name that nothing else has."""
        return cls(home() / f"lab-{secrets.token_hex(3)}")

    @classmethod
    def all(cls) -> list[Lab]:
        """Every lab on this machine that left a record, running or not, oldest first."""
        records = sorted(home().glob(f"*/{RECORD}"), key=lambda path: path.stat().st_mtime)
        return [cls(record.parent) for record in records]

    def start(self, node: bool = True, *, outlive: bool = False) -> None:
        """Starts everything; with ``node`` pods can run. On any failure or Ctrl-C nothing of it is left running.

        Unless it shall ``outlive`` this process, the lab ends with it, even if it is killed.
        """
        programs.require(node)
        layers, missing = images.build(images.IMAGES) if node else ({}, {})
        lent = store.prepare(layers) if node else None
        self.folder.mkdir(parents=True)
        owner = None if outlive else [os.getpid(), born(os.getpid())]
        record = {"node": node, "owner": owner, "missing": missing}
        (self.folder / RECORD).write_text(json.dumps(record) + "\n")
        _mine.append(self)
        _stop_when_terminated()
        try:
            network.create(self.processes, self.folder, outlive=outlive)
            pki.create(self.folder / "pki")
            self.wait_for("its namespaces are laid out", (self.folder / "laid-out").exists, 10)
            if lent:
                store.lend(lent, self.folder / "node/var/lib/containerd")
            self._start_control_plane()
            if lent:
                control_plane.start_scheduler(self.spawn, self.kubeconfig)
                start_node(self)
        except BaseException as error:
            if isinstance(error, Exception):
                self.copy_logs(home() / "failed" / self.name)
                error.add_note(f"its logs: {home() / 'failed' / self.name}")
            self.stop()
            raise
        if outlive:
            _mine.remove(self)

    def _start_control_plane(self) -> None:
        control_plane.start_api_server(self.spawn, self.folder)
        kube = self.kube()
        self.wait_for("the API server is ready", lambda: kube.kubectl("get", "--raw=/readyz").stdout == "ok", 300)
        self.spawn("proxy", ["kubectl", *proxy.words(self.proxy)])
        control_plane.start_controllers(self.spawn, self.folder, self.kubeconfig)
        # The first namespace's account is the controllers' work: objects can be made from here on.
        self.wait_for("the controllers work", lambda: kube.get("serviceaccount", "default", "default"), 300)

    def wait_for(self, what: str, probe: Callable[[], object], seconds: float) -> None:
        """Waits for something of its start, but not after one of its processes has ended."""

        def looked() -> object:
            dead = [process.name for process in self.processes.recorded() if not process.alive]
            if dead:
                raise HopelessError(f"{', '.join(dead)} ended; see {self.folder / 'log'}")
            return probe()

        until(f"{self.name}: {what}", looked, seconds, every=0.1)

    @property
    def first(self) -> Process:
        """The process that holds the lab's namespaces."""
        found = self.processes.named(network.FIRST)
        if found is None or not found.alive:
            raise RuntimeError(f"the lab {self.name} does not run")
        return found

    @property
    def network(self) -> Path:
        """The lab's network namespace."""
        return Path(f"/proc/{self.first.pid}/ns/net")

    def kube(self) -> Kube:
        """The cluster as its admin, from wherever this process stands."""
        if self._kube is None:
            own = (f"{name}={value}" for name, value in self._own().items())
            self._kube = Kube(self.kubeconfig, [*network.network_command(self.network), "env", *own], self.proxy)
        return self._kube

    def enter(self) -> None:
        """Puts this thread on the lab's network: Services and pods are reached by their addresses."""
        network.join(self.network)

    def environment(self) -> dict[str, str]:
        """What a process inside finds in its environment."""
        inside = {"KUBECONFIG": str(self.kubeconfig), "PATH": programs.search_path()}
        return {**os.environ, **inside, **self._own()}

    def _own(self) -> dict[str, str]:
        # All labs have the same address, by which clients remember for hours which kinds a cluster has.
        cache = {"KUBECACHEDIR": str(self.kubeconfig.parent / "kubectl-cache")}
        # Go's programs are most of what a lab's machine has to do, and a third of that was looking for garbage. They
        # look less often now, until one of them has an eighth of the machine's memory.
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return {**cache, "GOGC": "500", "GOMEMLIMIT": str(memory // 8)}

    def command(self, *argv: str | Path) -> list[str]:
        """The command line that runs a command inside, with the lab's name server and mounts."""
        return [*network.enter_command(self.first), *map(str, argv)]

    def spawn(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Process:
        """Starts a process inside (an operator, a scheduler, a server) with ``env`` besides the usual environment."""
        return self.processes.start(name, self.command(*argv), {**self.environment(), **(env or {})}, forks=True)

    def run(self, *argv: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Runs a command inside to its end."""
        how: dict[str, Any] = {"env": self.environment(), "timeout": timeout}
        return subprocess.run(self.command(*argv), capture_output=True, text=True, check=False, **how)

    def _record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / RECORD).read_text())
        return found

    @property
    def missing_images(self) -> dict[str, str]:
        """The images that could not be made here, and why."""
        return dict(self._record()["missing"])

    @property
    def owner(self) -> int | None:
        """The process that will stop it; None when there is none, or none any more."""
        pid, started = self._record()["owner"] or (None, None)
        return pid if pid and born(pid) == started else None

    @property
    def running(self) -> bool:
        """Whether its namespaces are there."""
        first = self.processes.named(network.FIRST)
        return first is not None and first.alive

    def copy_logs(self, target: Path) -> None:
        """Copies the log of every process and pod to a folder."""
        for source, name in ((self.folder / "log", "processes"), (self.folder / "node/var/log/pods", "pods")):
            if source.is_dir():
                shutil.copytree(source, target / name, dirs_exist_ok=True)

    def stop(self) -> None:
        """Stops whatever of it runs and forgets its state. Safe at any moment, and again."""
        if self._kube is not None:
            self._kube.close()
        first = self.processes.named(network.FIRST)
        if first is not None:
            first.signal(signal.SIGKILL)  # and with it everything that runs inside
            first.gone_within(20)
        for process in reversed(self.processes.recorded()):
            process.stop()
        self.processes.reap()
        forget(self.name)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self in _mine:
            _mine.remove(self)


def stop_mine() -> None:
    """Stops every lab that this process started and that is not to outlive it."""
    for lab in _mine.copy():
        lab.stop()


atexit.register(stop_mine)


def _stop_when_terminated() -> None:
    # Ctrl-C is an exception and comes by itself; this one would end the process at once.
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, _frame: FrameType | None) -> None:
    stop_mine()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
