"""Family 3: what a namespace may use. Every workload has to fit the quota and the limits of the platform file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from generator.diagnostics import Label, Path
from generator.fleet import ClusterSpec, Namespace, Place, Platform, Workload
from generator.fleet.containers import NONE, Side
from generator.fleet.plain import as_map
from generator.fleet.quantities import SHORT_NAMES, parse, show
from generator.rules.family4_common import named
from generator.rules.registry import Finding, Scope, rule

COMPUTE = ("cpu", "memory")


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of a quota: at most ``most`` of the ``side`` of ``resource``, which the platform file calls ``key``."""

    key: str
    resource: str
    side: Side
    most: Fraction
    place: Place


def limits_of(platform: Platform, namespace: str) -> Iterator[Limit]:
    """The lines of a namespace's quota that pods count against (Kubernetes ResourceQuota: ``cpu`` is
    ``requests.cpu``; extended resources are counted by their requests)."""
    place = platform.place / "global" / "namespaces" / namespace / "quota"
    for key, value in as_map(as_map(platform.namespaces.get(namespace)).get("quota")).items():
        most = parse(value)
        side: Side = "limits" if key.startswith("limits.") else "requests"
        resource = key.removeprefix("requests.").removeprefix("limits.")
        resource = "requests.storage" if key in ("storage", "requests.storage") else SHORT_NAMES.get(resource, resource)
        if most is not None:
            yield Limit(key, resource, side, most, place / key)


def _used(workload: Workload, limit: Limit) -> Fraction:
    """What a workload takes of a line of the quota."""
    if limit.resource == "pods":
        return Fraction(workload.footprint.pods)
    if limit.resource == "requests.storage":
        short = workload.cluster_short
        logs = None if short is None else short.get("logs")
        return (parse(as_map(logs).get("size", "10Gi")) or NONE) if logs is not None else NONE
    return workload.footprint.total(limit.resource, limit.side)


@rule(
    "OB330",
    "a workload at its smallest is more than the namespace's quota",
    Scope.WORKLOAD,
    source="Kubernetes ResourceQuota admission",
)
def quota_exceeded(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The API server refuses the pods that would go over the ResourceQuota, one by one: half a cluster starts and waits
    for the rest, and under Volcano none of it does. Counted are the head with its autoscaler, the workers that are
    always there and a job's submitter. Ask for less, or ask the cluster admin for more quota."""
    for limit in limits_of(platform, workload.namespace):
        used = _used(workload, limit)
        if used > limit.most:
            yield _finding(workload, limit, used)


def _finding(workload: Workload, limit: Limit, used: Fraction) -> Finding:
    sums = workload.footprint.sums(limit.resource, limit.side)
    return Finding(
        f'{workload.kind} "{workload.name}" needs at least {_amount(limit, used)}; '
        f"the quota is {_amount(limit, limit.most)}",
        workload.place.span(key=True),
        notes=(f"{limit.resource}: {sums}",) if sums else (),
        related=(Label(limit.place.span(), "the namespace's quota"),),
    )


def _amount(limit: Limit, value: Fraction) -> str:
    name = limit.resource.removeprefix("requests.")
    return f"{show(value, limit.resource)} {name}{' (limits)' if limit.side == 'limits' else ''}"


@rule(
    "OB331",
    "what always runs in a namespace is together more than its quota",
    Scope.NAMESPACE,
    source="Kubernetes ResourceQuota admission",
)
def quota_exceeded_together(namespace: Namespace) -> Iterator[Finding]:
    """Each RayCluster and RayService fits the quota, all of them do not, so the last to come never gets all its pods,
    and which one that is differs from day to day. Jobs are not counted: they end. Make some smaller, suspend one, or
    ask the cluster admin for more quota."""
    standing = (*namespace.clusters, *namespace.services)
    for limit in limits_of(namespace.platform, namespace.name):
        users = [(workload, used) for workload in standing if (used := _used(workload, limit))]
        total = sum((used for _, used in users), NONE)
        if total > limit.most and all(used <= limit.most for _, used in users):
            yield Finding(
                f'the workloads of "{namespace.name}" need at least {_amount(limit, total)} together; '
                f"the quota is {_amount(limit, limit.most)}",
                users[-1][0].place.span(key=True),
                notes=(", ".join(f"{workload.name} {show(used, limit.resource)}" for workload, used in users),),
                related=(Label(limit.place.span(), "the namespace's quota"),),
            )


@rule(
    "OB332",
    "in a namespace with a quota every container says what it needs",
    Scope.CLUSTER,
    source="Kubernetes pkg/quota/v1/evaluator/core PodUsage",
)
def nothing_requested(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Where a quota counts CPU or memory, the API server refuses pods with a container that does not say how much it
    takes ("must specify cpu"). OneBlock says so for Ray's containers; containers of your own under ``template`` need
    ``resources``, unless the namespace's ``limits`` give a default."""
    defaults = as_map(as_map(platform.namespaces.get(workload.namespace)).get("limits"))
    counted = [
        each
        for each in limits_of(platform, workload.namespace)
        if each.resource in COMPUTE and each.resource not in defaults
    ]
    for container in cluster.asks:
        missing = [each for each in counted if each.resource not in container.amounts(each.side)]
        if missing:
            what = " and ".join(sorted({f"{each.side} of {each.resource}" for each in missing}))
            yield Finding(
                f'container "{container.name}" has no {what}, which the quota counts',
                workload.span(container.path),
                related=(Label(missing[0].place.span(), "the namespace's quota"),),
            )


@rule("OB333", "a container is larger than the namespace's limits", Scope.CLUSTER, source="Kubernetes LimitRanger")
def container_too_large(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """``limits`` of a namespace become a LimitRange, and the API server refuses every pod with a container above it;
    the group never has a pod. Ask for less, or ask the cluster admin to raise the limits."""
    place = platform.place / "global" / "namespaces" / workload.namespace / "limits"
    for key, value in as_map(as_map(platform.namespaces.get(workload.namespace)).get("limits")).items():
        resource, most = SHORT_NAMES.get(key, key), parse(value)
        for owner, path, asked in _asked(cluster, resource) if most is not None else ():
            if most is not None and asked > most:
                yield Finding(
                    f"{owner} asks for {show(asked, resource)} {resource}; a container here may have "
                    f"{show(most, resource)}",
                    workload.span(path),
                    related=(Label((place / key).span(), "the namespace's limits"),),
                )


def _asked(cluster: ClusterSpec, resource: str) -> Iterator[tuple[str, Path, Fraction]]:
    """The most that each container asks for of a resource, request or limit, and where it says so."""
    owned = [(named(group), each) for group in cluster.groups for each in group.asks]
    if cluster.autoscaler is not None:
        owned.append(("the autoscaler", cluster.autoscaler))
    for owner, container in owned:
        requested, limited = container.requests.get(resource, NONE), container.limits.get(resource, NONE)
        side = "requests" if requested > limited else "limits"
        yield owner, (*container.path, "resources", side, resource), max(requested, limited)
