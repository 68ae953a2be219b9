"""The namespaces of a lab: its network, its mounts and its processes, held by one process.

When that first process ends, the kernel ends all others in there and takes back network and mounts. So stopping a lab
is stopping one process, and nothing of it can outlive that, whatever state a start was left in.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.lab.processes import Process, Processes

ADDRESS = "10.244.0.1"  # the node's, the bridge's, the API server's and the name server's
PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/16"
FIRST_SERVICE = "10.96.0.1"
TEMPLATES = Path(__file__).parent / "templates"
FIRST = "first"  # the name of the process that holds the namespaces
CLONE_NEWNET = 0x40000000


def create(processes: Processes, folder: Path, *, outlive: bool) -> Process:
    """Makes the namespaces. Unless told to outlive this process, they go when it goes, however it ends."""
    unshare = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    setup = ("sh", TEMPLATES / "first.sh", folder, f"{ADDRESS}/24", SERVICES, "stay" if outlive else "follow")
    # Told to follow, the first process reads its standard input to the end, which is our end of this pipe.
    stdin = subprocess.DEVNULL if outlive else subprocess.PIPE
    return processes.start(FIRST, (*unshare, *setup), forks=True, stdin=stdin)


def enter_command(first: Process) -> list[str]:
    """The words before a command that run it in the lab's namespaces, in the folder that is the current one here."""
    return ["nsenter", f"--target={first.pid}", "--net", "--mount", "--pid", "--", "env", f"--chdir={Path.cwd()}"]


def network_command(network: Path) -> list[str]:
    """The words before a command that run it on the lab's network, with everything else as it is here."""
    return ["nsenter", f"--net={network}", "--"]


def join(network: Path) -> None:
    """Puts this thread, and what it starts, on that network."""
    descriptor = os.open(network, os.O_RDONLY)
    try:
        _setns(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def joined(network: Path) -> Iterator[None]:
    """``join`` for a while."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        join(network)
        yield
    finally:
        _setns(before)
        os.close(before)


def _setns(descriptor: int) -> None:
    if sys.version_info >= (3, 12):
        os.setns(descriptor, CLONE_NEWNET)
    else:
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "cannot join the network")
