"""Pods that do nothing by themselves, for tests that need some."""

from __future__ import annotations

from typing import Any

from tests.e2e.kube import Kube, until

BUSYBOX = "docker.io/library/busybox:stable"


def pod(name: str, namespace: str, image: str = BUSYBOX, **spec: Any) -> dict[str, Any]:
    """A pod that waits to be told what to do."""
    container = {"name": "main", "image": image, "command": ["sleep", "1000"], **spec.pop("container", {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, **spec},
    }


def run(kube: Kube, *pods: dict[str, Any]) -> None:
    """Applies pods and waits until they run."""
    kube.apply(*pods)
    for wanted in pods:
        name, namespace = wanted["metadata"]["name"], wanted["metadata"]["namespace"]

        def ready() -> bool:
            found = kube.get("pod", name, namespace)  # noqa: B023
            return all(state["ready"] for state in found["status"]["containerStatuses"]) if found else False

        until(f"pod {name} runs", ready, 60)
