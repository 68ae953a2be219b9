"""The one real node of a lab: containerd, kubelet, kube-proxy, the name server and the maker of volumes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Protocol

from tests.e2e.kube import Kube
from tests.e2e.lab import images, watching
from tests.e2e.lab.network import ADDRESS, PODS, TEMPLATES

NAME = "node-1"
CGROUPS = Path("/sys/fs/cgroup")


class Host(Protocol):
    """What a node needs of the lab it is part of."""

    name: str
    folder: Path
    kubeconfig: Path
    proxy: Path

    def kube(self) -> Kube:
        """The cluster."""

    def spawn(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> object:
        """Starts a process inside."""

    def run(self, *argv: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command inside."""

    def wait_for(self, what: str, probe: Callable[[], object], seconds: float) -> None:
        """Waits, but not in vain."""


def configure(lab: Host) -> Path:
    """Writes the configuration of every part of the node."""
    config = lab.folder / "config"
    (config / "cni").mkdir(parents=True)
    facts = {
        "address": ADDRESS,
        "pods": PODS,
        "config": config,
        "pki": lab.folder / "pki",
        "kubeconfig": lab.kubeconfig,
        "cgroup": f"/{group(lab.name)}",
        "pause": images.PAUSE,
    }
    for source, target in {
        "containerd.toml": "containerd.toml",
        "kubelet.yaml": "kubelet.yaml",
        "Corefile": "Corefile",
        "pods.conflist": "cni/pods.conflist",
    }.items():
        (config / target).write_text(Template((TEMPLATES / source).read_text()).substitute(facts))
    return config


def start(lab: Host) -> None:
    """Starts the node and waits until it is ready."""
    config, pki = configure(lab), lab.folder / "pki"
    lab.spawn("containerd", ["containerd", f"--config={config / 'containerd.toml'}"])
    lab.wait_for("containerd answers", lambda: lab.run("ctr", "version").returncode == 0, 120)
    make_groups(lab.name)
    named = (f"--kubeconfig={lab.kubeconfig}", f"--hostname-override={NAME}")
    lab.spawn(
        "kubelet",
        [
            "kubelet",
            *named,
            f"--config={config / 'kubelet.yaml'}",
            f"--node-ip={ADDRESS}",
            f"--cert-dir={pki / 'kubelet'}",
        ],
    )
    lab.spawn(
        "kube-proxy",
        [
            *("kube-proxy", *named, "--proxy-mode=nftables", f"--cluster-cidr={PODS}", f"--bind-address={ADDRESS}"),
            "--conntrack-max-per-core=0",  # the machine's, not the lab's to set
            *("--healthz-bind-address=127.0.0.1:10256", "--metrics-bind-address=127.0.0.1:10249"),
        ],
    )
    lab.spawn("coredns", ["coredns", f"-conf={config / 'Corefile'}"])
    volumes: list[str | Path] = [
        sys.executable,
        "-m",
        "tests.e2e.lab.storage",
        lab.proxy,
        lab.folder / "volumes",
        NAME,
    ]
    lab.spawn("storage", volumes, watching.SURROUNDINGS)
    kube = lab.kube()
    kube.apply(TEMPLATES / "storageclass.yaml")

    def ready() -> bool:
        node = kube.get("node", NAME) or {"status": {"conditions": []}}
        return any(known["type"] == "Ready" and known["status"] == "True" for known in node["status"]["conditions"])

    lab.wait_for("the node is ready", ready, 300)


def group(name: str) -> str:
    """The cgroup under which everything of a lab's pods is."""
    return f"oneblock-{name}"


def hierarchies() -> list[Path]:
    """The folders in which cgroups are made: one with version 2, one for each controller with version 1."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [folder for folder in CGROUPS.iterdir() if (folder / "cgroup.procs").exists() and not folder.is_symlink()]


def make_groups(name: str) -> None:
    """Kubelet wants the group it is given to be there."""
    for hierarchy in hierarchies():
        folder = hierarchy / group(name)
        folder.mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):  # in version 1 a new group has none, and takes no process
            if (hierarchy / file).exists() and (hierarchy / "cpuset.cpu_exclusive").exists():
                (folder / file).write_text((hierarchy / file).read_text())
        # All pods of a lab are one group. Weighing as much as one process outside, they starve on a busy machine.
        for file, weight in (("cpu.shares", 8192), ("cpu.weight", 800)):
            if (folder / file).exists():
                (folder / file).write_text(str(weight))


def forget(name: str) -> None:
    """Removes what the node of that name left outside its namespaces: its cgroups."""
    for hierarchy in hierarchies():
        for folder in _deepest_first(hierarchy / group(name)):
            for _ in range(50):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                if not folder.exists():
                    break
                time.sleep(0.1)  # the last process in it is still on its way out


def _deepest_first(folder: Path) -> Iterator[Path]:
    for path, _, _ in os.walk(folder, topdown=False):
        yield Path(path)
