"""The programs a lab is made of: on PATH or in ``$ONEBLOCK_E2E_BIN``, or brought by a Debian package."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
NODE = ("kube-scheduler", "kubelet", "kube-proxy", "coredns")
SYSTEM = ("unshare", "nsenter", "setpriv", "ip", "openssl")  # what every lab needs of the system
# What a node needs, and the Debian package that has it. The first is only a program's name, the second its place.
PACKAGES = {
    "ip": "iproute2",
    "openssl": "openssl",
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "conntrack": "conntrack",
    "busybox": "busybox-static",
    "debootstrap": "debootstrap",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}


class MissingError(Exception):
    """What this machine lacks, in words for the reader of a skipped test."""


def search_path() -> str:
    """PATH with ``$ONEBLOCK_E2E_BIN`` first, and the system's own programs last."""
    folders = [os.environ.get("ONEBLOCK_E2E_BIN", ""), os.environ.get("PATH", ""), "/usr/sbin:/sbin"]
    return ":".join(folder for folder in folders if folder)


def find(name: str) -> Path | None:
    """The program of that name."""
    found = shutil.which(name, path=search_path())
    return Path(found) if found else None


def program(name: str) -> Path:
    """The program of that name, or ``MissingError``."""
    found = find(name)
    if found is None:
        raise MissingError(f"no {name} on PATH or in $ONEBLOCK_E2E_BIN")
    return found


def require(node: bool) -> None:
    """``MissingError`` naming everything that a lab (with a node) lacks here; Debian's share is installed."""
    if os.geteuid() != 0:
        raise MissingError("not root: a cluster of one's own needs namespaces, mounts and cgroups")
    wanted = SYSTEM + CONTROL_PLANE + (NODE if node else ())
    packaged = {name: package for name, package in PACKAGES.items() if node or name in SYSTEM}
    install(package for name, package in packaged.items() if find(name) is None)
    missing = [name for name in dict.fromkeys((*wanted, *packaged)) if find(name) is None]
    if missing:
        raise MissingError(f"no {', '.join(missing)} on PATH or in $ONEBLOCK_E2E_BIN")


def install(packages: Iterable[str]) -> None:
    """Installs Debian packages where that is possible; what is still missing afterwards is for the caller to say."""
    names = sorted(set(packages))
    if not names or find("apt-get") is None:
        return
    apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ((*apt, "update"), (*apt, "install", "-y", "--no-install-recommends", *names)):
        subprocess.run(command, env=environment, capture_output=True, check=False)
