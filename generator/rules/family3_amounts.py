"""Family 3: amounts that no pod can mean."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from generator.diagnostics import Level, Path
from generator.fleet import ClusterSpec, Workload
from generator.fleet.containers import NONE, Amounts, amounts_of, containers
from generator.fleet.footprint import added
from generator.fleet.pods import Pod
from generator.fleet.quantities import parse, show
from generator.rules.family4_common import named
from generator.rules.registry import Finding, Scope, rule

MEBIBYTE = 1024 * 1024
LITTLE_CPU = Fraction(1, 2)
"""Limit of a Ray container, in cores, below which its node may never start: Ray 2.60 gives it 30 s. A head with fault
tolerance needed 20 s with 0.3 cores, 13 s with 0.5, 8 s with 1, and nothing else ran on that machine."""
HUGE = "hugepages-"


@rule("OB359", "an amount of memory is a few bytes", Scope.WORKLOAD)
def few_bytes(workload: Workload) -> Iterator[Finding]:
    """A plain number of memory or storage is bytes, and ``m`` is a thousandth of one: ``memory: 16`` is sixteen
    bytes, and every component takes it; the container is killed before it begins. Write the unit: ``16Gi``."""
    for what, amounts, path in _amounts(workload):
        for resource in ("memory", "ephemeral-storage"):
            amount = amounts.get(resource)
            if amount is not None and 0 < amount < MEBIBYTE:
                where = workload.span((*path, "resources", _side(workload, path, resource), resource))
                shown = show(amount, resource) + (" bytes" if amount < 1024 else "")
                yield Finding(f"{what} has {shown} of {resource}", where, label="did you mean Gi?")


def _amounts(workload: Workload) -> Iterator[tuple[str, Amounts, Path]]:
    """What each container asks for, the submitter's and the autoscaler's too."""
    cluster = workload.cluster
    for each in cluster.asks if cluster is not None else ():
        yield f'container "{each.name}"', each.requests, each.path
    for pod in workload.pods:
        for each in containers(pod.spec, pod.at) if pod.submits else ():
            yield f'container "{each.name}"', each.requests, each.path


def _side(workload: Workload, path: Path, resource: str) -> str:
    """Where a container's amount stands: what has a limit alone requests it, too."""
    return "limits" if workload.object.get(*path, "resources", "requests", resource) is None else "requests"


@rule(
    "OB360",
    "huge pages come in whole pages, with cpu or memory beside them",
    Scope.WORKLOAD,
    source="Kubernetes validateResourceRequirements",
)
def huge_pages(workload: Workload) -> Iterator[Finding]:
    """Huge pages are set aside by whole pages and cannot be overcommitted: the amount is a multiple of the page's size,
    requests and limits are the same, and the container asks for cpu or memory too. The API server refuses the pod
    otherwise. Write the amount under ``limits`` alone."""
    for pod in workload.pods:
        for each in containers(pod.spec, pod.at):
            for resource in [name for name in each.requests if name.startswith(HUGE)]:
                size, asked = parse(resource.removeprefix(HUGE)), each.requests[resource]
                if not size or asked % size:
                    problem = f"is no multiple of {resource.removeprefix(HUGE)}"
                elif each.limits.get(resource) != asked:
                    problem = "is not also the limit"
                elif not {"cpu", "memory"} & {*each.requests, *each.limits}:
                    problem = "needs cpu or memory beside it"
                else:
                    continue
                where = workload.span((*each.path, "resources", _side(workload, each.path, resource), resource))
                asks = f'container "{each.name}" of {pod.what} asks for {show(asked, "memory")} of {resource}'
                yield Finding(f"{asks}, which {problem}", where)


@rule(
    "OB361",
    "the pod's own resources are less than its containers'",
    Scope.WORKLOAD,
    source="Kubernetes validatePodResources",
)
def pod_resources(workload: Workload) -> Iterator[Finding]:
    """``resources`` of a whole pod hold for all its containers together: cpu, memory and huge pages only, no less
    than the containers request together and no less than the limit of any of them. The API server refuses the pod
    otherwise. Raise the pod's amounts, or leave them out."""
    for pod in workload.pods:
        resources = pod.spec.get("resources")
        if isinstance(resources, dict):
            for told, path in _pod_problems(pod, resources):
                yield Finding(f"{pod.what} {told}", workload.span((*pod.at, "resources", *path)))


def _pod_problems(pod: Pod, resources: dict[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    requests, limits = amounts_of(resources.get("requests")), amounts_of(resources.get("limits"))
    if resources.get("claims"):
        yield "has resource claims for the whole pod", ("claims",)
    for side, amounts in (("requests", requests), ("limits", limits)):
        for name in amounts:
            if name not in ("cpu", "memory") and not name.startswith(HUGE):
                yield f'cannot have "{name}" as a resource of the whole pod', (side, name)
    each = list(containers(pod.spec, pod.at))
    asked = added(one.requests for one in each if not one.init or one.sidecar)
    for name, amount in requests.items():
        if amount > limits.get(name, amount):
            yield f"requests more {name} than its limit", ("requests", name)
        if _most(asked.get(name, NONE), [one.requests.get(name, NONE) for one in each if one.init]) > amount:
            yield f"requests less {name} than its containers together", ("requests", name)
    for name, amount in limits.items():
        if any(one.limits.get(name, NONE) > amount for one in each if not one.init):
            yield f"is limited to less {name} than one of its containers", ("limits", name)


def _most(together: Fraction, alone: list[Fraction]) -> Fraction:
    return max([together, *alone])


@rule(
    "OB362",
    "a Ray node may not start in time on so little CPU",
    Scope.CLUSTER,
    level=Level.WARNING,
    source="ray/_private/node.py raylet_start_wait_time_s",
)
def slow_start(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``ray start`` ends with "The current node timed out during startup" when its raylet is not known after 30 s, and
    that takes it more than six seconds of CPU. A limit of a third of a core leaves no reserve: on a busy node the
    container restarts again and again. ``cpu: 300m`` is request and limit at once; write ``resources`` with a small
    request and a limit of one core."""
    for group in cluster.groups:
        for ray in [each for each in group.asks if not each.init][:1]:
            limit = ray.limits.get("cpu", NONE)  # 0 is none
            if 0 < limit < LITTLE_CPU:
                yield Finding(
                    f"{named(group)} starts Ray with {show(limit, 'cpu')} CPU at most",
                    workload.span((*ray.path, "resources", "limits", "cpu")),
                    label="at least 500m, better 1",
                )
