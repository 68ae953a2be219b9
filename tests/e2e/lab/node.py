"""The one real node of a lab: containerd, kubelet, kube-proxy and the name server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.lab.cluster import Lab


def start(lab: Lab) -> None:
    """Starts the node and waits until it is ready."""
    raise NotImplementedError


def forget(name: str) -> None:
    """Removes what the node of that name left outside its namespaces."""
