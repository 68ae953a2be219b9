"""Nodes without machines: KWOK says of every pod on them that it runs. For what is decided by numbers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.kube import Kube
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.processes import Process

_STAGES = Path(__file__).parent / "templates" / "kwok-stages.yaml"
_OURS = {"oneblock.test/node": "fake"}


def start(lab: Lab) -> Process:
    """The fake kubelet of every node that ``add`` makes."""
    arguments = ("--manage-nodes-with-label-selector=oneblock.test/node=fake", "--node-ip=127.0.0.1")
    command = ("kwok", f"--kubeconfig={lab.kubeconfig}", f"--config={_STAGES}", "--server-address=127.0.0.1:10247")
    return lab.spawn("kwok", [*command, *arguments, "--node-lease-duration-seconds=40"])


def add(
    kube: Kube, name: str, resources: Mapping[str, str], labels: Mapping[str, str], taints: Sequence[str] = ()
) -> None:
    """A node with these resources for pods; a taint is ``key=value:effect``."""
    split = [(*taint.rpartition(":")[0].partition("=")[::2], taint.rpartition(":")[2]) for taint in taints]
    amounts = {"pods": "110", **resources}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**_OURS, **labels, "kubernetes.io/hostname": name}},
        "spec": {"taints": [{"key": key, "value": value, "effect": effect} for key, value, effect in split]},
        "status": {"capacity": amounts, "allocatable": amounts, "conditions": [{"type": "Ready", "status": "Unknown"}]},
    }
    status, answer = kube.request("POST", "/api/v1/nodes", node)
    assert status == 201, answer
