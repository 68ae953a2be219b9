"""OneBlock on a cluster: values in, the real ``oneblock render``, its tree applied in order, and waited for."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.kube import HopelessError, Kube, in_namespace, until

SYSTEM = "oneblock-system"
"""Where the platform itself is; a platform file may name another, those of the tests do not."""
FIRST = ("crds", "namespaces")  # kubectl does not wait for kinds and namespaces that it has just made
LAST = ("ray",)  # removed first: RayClusters clean up in a Redis that must still be there


class Fleet:
    """A fleet in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rendered = root / "rendered"

    @classmethod
    def sample(cls, root: Path, files: Mapping[str, str] | None = None) -> Fleet:
        """The fleet of ``oneblock init``, with some files replaced or added, rendered."""
        fleet = cls(root)
        fleet.oneblock("init", str(root), at_root=False)
        fleet.write(files or {})
        return fleet

    @classmethod
    def written(cls, root: Path, files: Mapping[str, str]) -> Fleet:
        """A fleet of these files (``values/platform.yaml``, …), rendered."""
        fleet = cls(root)
        fleet.write(files)
        return fleet

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files, by their paths from the root, and renders."""
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.oneblock("render")

    def oneblock(self, *args: str, at_root: bool = True) -> str:
        """What a command of OneBlock prints; ``AssertionError`` with its words when it fails."""
        command = [sys.executable, "-m", "generator", *(("-C", str(self.root)) if at_root else ()), *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise AssertionError(f"oneblock {' '.join(args)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def objects(self, part: str = "") -> list[dict[str, Any]]:
        """Every rendered object, or those of one part of the tree (``redis``, ``ray/team-a``)."""
        files = sorted((self.rendered / part).rglob("*.yaml"))
        # A safe loader, in C: the CRDs alone would take the other one some ten seconds, and they are read often.
        return [found for file in files for found in yaml.load_all(file.read_text(), yaml.CSafeLoader) if found]

    def images(self) -> set[str]:
        """Every image that the objects name."""
        return {value for found in self.objects() for value in _values(found, "image") if isinstance(value, str)}

    def deploy(self, kube: Kube, parts: Iterable[str] = ("",), *, seconds: float = 600) -> None:
        """Applies it as the README says and waits until all of it is ready; of the rest only some parts, if told so."""
        begun = time.monotonic()
        chosen = [part for part in parts if (self.rendered / part).is_dir()]
        self.apply(kube, chosen)
        for found in [found for part in chosen for found in self.objects(part)]:
            wait_ready(kube, found, seconds)
        print(f"fleet {self.root.name}: deployed and ready after {time.monotonic() - begun:.0f} s")

    def apply(self, kube: Kube, parts: Iterable[str] = ("",)) -> None:
        """Applies some parts of it as the README says, without waiting for any to be ready."""
        for part in FIRST:
            if (self.rendered / part).is_dir():
                kube.apply(self.rendered / part)
        for crd in self.objects("crds"):
            wait_established(kube, crd["metadata"]["name"])
        if chosen := [self.rendered / part for part in parts]:
            kube.apply(*chosen)

    def remove(self, kube: Kube, only: Collection[str] = (), *, at_once: bool = False) -> None:
        """Removes what it made, except for the CRDs; RayClusters first, while Redis is there to be tidied.

        ``only`` some parts of it, where the rest is another fleet's too. ``at_once`` leaves nothing the time to end in
        order, for a cluster that ends with the tests.
        """
        parts = set(only) or {part.name for part in self.rendered.iterdir() if part.is_dir()} - {"crds"}
        if at_once:
            for part in parts.intersection(LAST):
                kube.kubectl("delete", *self._named(part), "--wait=false", check=False)
                self._let_go(kube, part)
        problems = ""
        for part in sorted(parts, key=lambda name: (name in FIRST, name not in LAST)):
            if at_once and part in FIRST:
                self._empty_namespaces(kube)
            done = kube.kubectl("delete", *self._named(part), "--timeout=150s", check=False, timeout=180)
            if done.returncode:
                problems += done.stderr
                self._let_go(kube, part)  # so that the next test does not meet what this one could not remove
        if problems:
            raise AssertionError(f"the fleet {self.root.name} is not removed in time: {problems}")

    def _named(self, part: str) -> tuple[str, ...]:
        return ("--recursive", f"--filename={self.rendered / part}", "--ignore-not-found")

    def _empty_namespaces(self, kube: Kube) -> None:
        # A namespace's controller that meets a claim which is still held looks again only after eight seconds more.
        for found in self.objects("namespaces"):
            if found["kind"] == "Namespace":
                where, args = f"--namespace={found['metadata']['name']}", ("--all", "--wait=false")
                kube.kubectl("delete", "pods", where, *args, "--force", "--grace-period=0", check=False)
                kube.kubectl("delete", "persistentvolumeclaims", where, *args, check=False)

    def _let_go(self, kube: Kube, part: str) -> None:
        for found in self.objects(part):
            if found["apiVersion"].startswith("ray.io/"):
                kind, name = found["kind"].lower(), found["metadata"]["name"]
                free = ("--type=merge", '--patch={"metadata":{"finalizers":null}}')
                kube.kubectl("patch", kind, name, *in_namespace(found["metadata"]["namespace"]), *free, check=False)


def wait_established(kube: Kube, name: str) -> None:
    """Waits until the API server serves a kind."""

    def established() -> bool:
        return _condition(kube.get("crd", name), "Established")

    until(f"CRD {name} is established", established, 120)


def wait_ready(kube: Kube, wanted: Mapping[str, Any], seconds: float = 600) -> None:
    """Waits until an object does what it is for; of kinds that do nothing themselves there is nothing to wait for."""
    ready = READY.get(wanted["kind"])
    if ready is None:
        return
    name, namespace = wanted["metadata"]["name"], wanted["metadata"].get("namespace", "")
    # A status of an older generation speaks of what was wanted before; but KubeRay writes none where nothing else in it
    # would change.
    fresh_until = time.monotonic() + (15 if wanted.get("apiVersion", "").startswith("ray.io/") else seconds)

    def probe() -> Any:
        found = kube.get(wanted["kind"].lower(), name, namespace)
        if found is None:
            raise HopelessError(f"{wanted['kind']} {namespace}/{name} is not there")
        status = found.get("status", {})
        old = status.get("observedGeneration", found["metadata"]["generation"]) < found["metadata"]["generation"]
        if old and time.monotonic() < fresh_until:
            return None
        return ready(found, status)

    until(f"{wanted['kind']} {namespace}/{name} is ready", probe, seconds)


def _deployment(found: dict[str, Any], status: dict[str, Any]) -> bool:
    wanted = found["spec"]["replicas"]
    return bool(status.get("updatedReplicas", 0) == wanted == status.get("availableReplicas", 0))


def _stateful_set(found: dict[str, Any], status: dict[str, Any]) -> bool:
    wanted = found["spec"]["replicas"]
    return bool(status.get("availableReplicas", 0) == wanted == status.get("readyReplicas", 0))


def _job(found: dict[str, Any], _status: dict[str, Any]) -> bool:
    if _condition(found, "Failed"):
        raise HopelessError(f"Job {found['metadata']['name']} failed: {found['status']}")
    return _condition(found, "Complete")


def _ray_cluster(_found: dict[str, Any], status: dict[str, Any]) -> bool:
    return status.get("state") == "ready"


READY = {"Deployment": _deployment, "StatefulSet": _stateful_set, "Job": _job, "RayCluster": _ray_cluster}


def _condition(found: Mapping[str, Any] | None, kind: str) -> bool:
    conditions = (found or {}).get("status", {}).get("conditions", ())
    return any(known["type"] == kind and known["status"] == "True" for known in conditions)


def _values(tree: Any, key: str) -> Iterable[Any]:
    if isinstance(tree, dict):
        if key in tree:
            yield tree[key]
        for value in tree.values():
            yield from _values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _values(value, key)
