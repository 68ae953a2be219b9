"""What a workload's pods ask for: the sums that quotas, queues and limit ranges look at.

Amounts are exact numbers by Kubernetes resource name (cores, bytes, devices). A pod asks for the sum of its containers,
or for its largest init container if that is more; a container that has a limit and no request asks for the limit
(Kubernetes defaults; KubeRay ``CalculatePodResource`` counts the same way but without init containers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from generator.fleet.cluster_spec import ClusterSpec, Group
from generator.fleet.containers import NONE, Amounts, Side
from generator.fleet.quantities import show

WAIT_FOR_GCS = {"cpu": Fraction(1, 5), "memory": Fraction(256 * 1024**2)}
"""The init container that the operator gives every worker (KubeRay ``pod.go`` DefaultWorkerPodTemplate)."""
SUBMITTER: dict[Side, Amounts] = {
    "requests": {"cpu": Fraction(1, 2), "memory": Fraction(200 * 1024**2)},
    "limits": {"cpu": Fraction(1), "memory": Fraction(1024**3)},
}
"""The pod that submits a RayJob in K8sJobMode (KubeRay ``job.go`` GetDefaultSubmitterContainer)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A number of equal pods (or, with no pods, containers that run in pods counted elsewhere)."""

    name: str
    count: int
    requests: Amounts
    limits: Amounts
    pods: int = 1

    def amounts(self, side: Side) -> Amounts:
        """What one of them asks for."""
        return self.requests if side == "requests" else self.limits


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a workload asks for as long as it runs at its smallest."""

    parts: tuple[Part, ...] = field(default=())

    @property
    def pods(self) -> int:
        """The number of pods."""
        return sum(each.count * each.pods for each in self.parts)

    def total(self, resource: str, side: Side = "requests") -> Fraction:
        """The sum of one resource."""
        asked = ((each.count, each.amounts(side).get(resource)) for each in self.parts)
        return sum((count * amount for count, amount in asked if count and amount), NONE)

    def resources(self, side: Side = "requests") -> list[str]:
        """Every resource that is asked for."""
        return sorted({name for each in self.parts if each.count for name in each.amounts(side)})

    def sums(self, resource: str, side: Side = "requests") -> str:
        """How the total of a resource comes about: ``head 4, a100 2 × 88, autoscaler 500m``."""
        shown = []
        for each in self.parts:
            amount = each.amounts(side).get(resource, NONE)
            if each.count and amount:
                times = f"{each.count} × " if each.count != 1 else ""
                shown.append(f"{each.name} {times}{show(amount, resource)}")
        return ", ".join(shown)


def added(each: Iterable[Amounts]) -> Amounts:
    """The sum, resource by resource."""
    total: Amounts = {}
    for amounts in each:
        for name, amount in amounts.items():
            total[name] = total[name] + amount if name in total else amount
    return total


def _largest(each: Iterable[Amounts]) -> Amounts:
    most: Amounts = {}
    for amounts in each:
        for name, amount in amounts.items():
            most[name] = max(most[name], amount) if name in most else amount
    return most


def _pod(group: Group, side: Side) -> Amounts:
    running = added(each.amounts(side) for each in group.asks if not each.init or each.sidecar)
    first = [each.amounts(side) for each in group.asks if each.init and not each.sidecar]
    return _largest([running, *first, *([WAIT_FOR_GCS] if group.role == "worker" else [])])


def replicas(group: Group, *, autoscaling: bool) -> int:
    """The workers a group always has: its minimum under autoscaling, else its replicas within its bounds."""
    if group.spec.get("suspend") is True:
        return 0
    low = _count(group.spec.get("minReplicas"), 0)
    if autoscaling:
        return low
    return min(max(_count(group.spec.get("replicas"), 0), low), _count(group.spec.get("maxReplicas"), 2**31 - 1))


def _count(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def of_cluster(cluster: ClusterSpec) -> Footprint:
    """Head, autoscaler and the workers that are always there; nothing while the cluster is suspended."""
    if cluster.spec.get("suspend") is True:
        return Footprint()
    parts = [Part("head", 1, _pod(cluster.head, "requests"), _pod(cluster.head, "limits"))]
    if (autoscaler := cluster.autoscaler) is not None:
        parts.append(Part(autoscaler.name, 1, autoscaler.requests, autoscaler.limits, pods=0))
    for group in cluster.worker_groups:
        hosts = _count(group.spec.get("numOfHosts"), 1)
        count = replicas(group, autoscaling=cluster.autoscaling) * hosts
        parts.append(Part(group.name, count, _pod(group, "requests"), _pod(group, "limits")))
    return Footprint(tuple(parts))


def of_workload(cluster: ClusterSpec | None, job: Mapping[str, Any] | None) -> Footprint:
    """A workload's own cluster and, for a job that Kubernetes submits, the submitter's pod.

    ``cluster`` is None for a job on another RayCluster, ``job`` (its RayJobSpec) where the workload is no job.
    """
    parts = of_cluster(cluster).parts if cluster is not None else ()
    if job is None:
        return Footprint(parts)
    if job.get("submissionMode", "K8sJobMode") == "K8sJobMode" and job.get("submitterPodTemplate") is None:
        parts = (*parts, Part("submitter", 1, SUBMITTER["requests"], SUBMITTER["limits"]))
    return Footprint(parts)
