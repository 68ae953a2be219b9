"""RayJobs as the tests watch them."""

from __future__ import annotations

import time
from typing import Any

from tests.e2e.kube import HopelessError, Kube, until


def status(kube: Kube, namespace: str, name: str) -> dict[str, Any]:
    """The status of a RayJob; empty before it has one."""
    found = kube.get("rayjob", name, namespace) or {}
    return dict(found.get("status", {}))


def ended(kube: Kube, namespace: str, name: str, seconds: float = 420) -> dict[str, Any]:
    """The status of a RayJob that has ended, well or badly."""
    begun = time.monotonic()

    def probe() -> dict[str, Any] | None:
        seen = status(kube, namespace, name)
        return seen if seen.get("jobDeploymentStatus") in ("Complete", "Failed") else None

    seen = until(f"RayJob {name} ends", probe, seconds, every=1)
    print(f"RayJob {name}: {seen['jobDeploymentStatus']} after {time.monotonic() - begun:.0f} s")
    return seen


def succeeded(kube: Kube, namespace: str, name: str) -> dict[str, Any]:
    """The status of a RayJob that has succeeded."""
    seen = ended(kube, namespace, name)
    if seen.get("jobStatus") != "SUCCEEDED":
        raise HopelessError(f"RayJob {name}: {seen}\n{log(kube, namespace, name)[-4000:]}")
    return seen


def log(kube: Kube, namespace: str, name: str) -> str:
    """What a RayJob submitted by a Kubernetes Job printed."""
    args = (f"--namespace={namespace}", f"--selector=job-name={name}", "--tail=-1")
    return kube.kubectl("logs", *args, check=False).stdout


def clusters(kube: Kube, namespace: str) -> list[str]:
    """The RayClusters of a namespace."""
    return [found["metadata"]["name"] for found in kube.list("rayclusters", namespace)]
