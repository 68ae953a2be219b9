"""Family 4, head and worker groups: containers, Ray resources and labels, replica counts, suspension."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.diagnostics import Level
from generator.fleet import ClusterSpec, Platform, Workload
from generator.rules.cel import ALL, AUTOSCALING, GROUPS, Cel
from generator.rules.family4_common import (
    at,
    gate_open,
    label_key_problem,
    label_value_problem,
    named,
    number,
    open_the_gate,
)
from generator.rules.registry import Finding, Scope, rule

_DNS_PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
RAY_RESOURCES = ("num-cpus", "num-gpus", "memory", "resources")
_EITHER = (
    "(G.?resources.orValue({}).size() == 0 || !['num-cpus', 'num-gpus', 'memory', 'resources'].exists(k, "
    "k in G.?rayStartParams.orValue({}) && G.rayStartParams[k] != ''))"
)


def _both(condition: str) -> str:
    """CEL about every group: ``G`` is the head group, then each worker group."""
    head, worker = (re.sub(r"\bG\b", name, condition) for name in ("SPEC.headGroupSpec", "g"))
    return f"{head} && {GROUPS}.all(g, {worker})"


@rule(
    "OB410",
    "every group needs a container",
    Scope.CLUSTER,
    cel=Cel(ALL, _both("G.template.?spec.?containers.orValue([]).size() > 0")),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def no_container(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Ray runs in the first container of the pod template. OneBlock writes one for every group it knows; a group that
    only ``spec.workerGroupSpecs`` has needs its own, or the operator refuses the cluster with an Event. Write
    ``template.spec.containers`` there."""
    for group in cluster.groups:
        if not group.containers:
            where = workload.span((*group.path, "template", "spec", "containers"))
            yield Finding(f"{named(group)} has no container", where)


@rule(
    "OB411",
    "rayStartParams and rayResources may not both say what a group offers to Ray",
    Scope.CLUSTER,
    cel=Cel(ALL, _both(_EITHER)),
    source="validation.go validateRayGroupResources",
    since="1.5",
)
def resources_twice(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``rayResources`` (``resources`` of the group in KubeRay) and ``rayStartParams``' num-cpus, num-gpus, memory and
    resources say the same thing; the operator refuses a group with both by an Event. Keep one, best ``rayResources``
    with the keys CPU, GPU and memory."""
    for group in cluster.groups:
        params = [each for each in RAY_RESOURCES if group.ray_start_params.get(each)]
        if params and group.spec.get("resources"):
            yield Finding(
                f"{named(group)} sets {', '.join(params)} in rayStartParams and has rayResources too",
                workload.span((*group.path, "rayStartParams", params[0])),
            )


@rule(
    "OB412",
    "Ray node labels go into rayLabels, not into rayStartParams",
    Scope.CLUSTER,
    cel=Cel(ALL, _both("!('labels' in G.?rayStartParams.orValue({}))")),
    source="validation.go validateRayGroupLabels",
    since="1.5",
)
def labels_in_start_params(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """From KubeRay 1.5 labels have a field of their own, which also reaches the pods and the autoscaler; the operator
    refuses ``rayStartParams.labels`` with an Event. Move them to ``rayLabels``."""
    for group in cluster.groups:
        if "labels" in group.ray_start_params:
            yield Finding(
                f"{named(group)} sets labels in rayStartParams",
                workload.span((*group.path, "rayStartParams", "labels"), key=True),
            )


@rule(
    "OB413",
    "a Ray node label is not valid",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        _both(
            "G.?labels.orValue({}).all(k, G.labels[k].size() <= 63 && "
            "G.labels[k].matches('^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$') && k.indexOf('/') <= 253 && "
            f"k.matches('^({_DNS_PART}([.]{_DNS_PART})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$'))"
        ),
    ),
    source="validation.go validateRayGroupLabels",
    since="1.5",
)
def ray_label_invalid(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Ray node labels follow the syntax of Kubernetes labels, since they become pod labels too; the operator refuses
    others with an Event. Use at most 63 letters, digits, dashes, underscores and dots."""
    for group in cluster.groups:
        for key, value in (group.spec.get("labels") or {}).items():
            path = (*group.path, "labels", key)
            if problem := label_key_problem(str(key)):
                yield Finding(
                    f'the key "{key}" of {named(group)}\'s rayLabels {problem}', workload.span(path, key=True)
                )
            if problem := label_value_problem(value):
                yield Finding(f'the value of {named(group)}\'s Ray label "{key}" {problem}', workload.span(path))


@rule(
    "OB414",
    "a replica bound is negative",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{GROUPS}.all(g, g.?minReplicas.orValue(0) >= 0 && g.?maxReplicas.orValue(0) >= 0)"),
    source="validation.go ValidateRayClusterSpec",
    since="1.6",
)
def negative_bound(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``minReplicas`` and ``maxReplicas`` count pods; the operator refuses a negative one with an Event. Write 0 or
    more."""
    for group in cluster.worker_groups:
        for field in ("minReplicas", "maxReplicas"):
            value = number(group.spec.get(field))
            if value is not None and value < 0:
                yield Finding(
                    f"{field} of {named(group)} is {value}",
                    workload.span((*group.path, field)),
                    label="must be 0 or more",
                )


@rule(
    "OB415",
    "minReplicas is above maxReplicas",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{GROUPS}.all(g, g.?minReplicas.orValue(0) <= g.?maxReplicas.orValue(2147483647))"),
    source="validation.go ValidateRayClusterSpec",
    since="1.6",
)
def bounds_crossed(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """No number of replicas can be within such bounds; the operator refuses the cluster with an Event. Raise
    ``maxReplicas`` or lower ``minReplicas``; without autoscaling, ``replicas`` alone is enough."""
    for group in cluster.worker_groups:
        low, high = number(group.spec.get("minReplicas")) or 0, number(group.spec.get("maxReplicas"))
        if high is not None and low > high >= 0:
            yield Finding(
                f"{named(group)} has minReplicas {low} and maxReplicas {high}",
                workload.span((*group.path, "maxReplicas")),
            )


@rule(
    "OB416",
    "replicas is outside minReplicas and maxReplicas",
    Scope.CLUSTER,
    level=Level.WARNING,
    source="util.go GetWorkerGroupDesiredReplicas",
)
def replicas_clamped(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator takes the nearest bound instead of ``replicas`` and says nothing: the cluster has another size than
    the file says. Move the bound or the count."""
    for group in cluster.worker_groups:
        count, low, high = (number(group.spec.get(each)) for each in ("replicas", "minReplicas", "maxReplicas"))
        low = low or 0
        if count is None or (high is not None and low > high) or group.spec.get("suspend") is True:
            continue
        real = max(low, count if high is None else min(count, high))
        if real != count:
            yield Finding(
                f"{named(group)} asks for {count} replicas and will have {real}",
                workload.span((*group.path, "replicas")),
                notes=(f"minReplicas {low}, maxReplicas {'unlimited' if high is None else high}",),
            )


@rule(
    "OB417",
    "a worker group without hosts never has pods",
    Scope.CLUSTER,
    level=Level.WARNING,
    source="raycluster_controller.go reconcilePods",
)
def no_hosts(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """A replica is ``numOfHosts`` pods; with 0 or less the operator makes none and calls the cluster ready. Write 1
    (the default), or the number of hosts of a multi-host accelerator; to have no pods, set the replicas to 0."""
    for group in cluster.worker_groups:
        hosts = number(group.spec.get("numOfHosts"))
        if hosts is not None and hosts < 1:
            yield Finding(f"{named(group)} has numOfHosts {hosts}", workload.span((*group.path, "numOfHosts")))


@rule(
    "OB418",
    "suspending a worker group needs the feature gate RayJobDeletionPolicy",
    Scope.CLUSTER,
    source="validation.go ValidateRayClusterSpec, features.go",
    since="1.3",
)
def suspend_gate(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The field belongs to a feature that is off by default before KubeRay 1.6; the operator refuses the cluster
    with an Event. Open the gate on the operator, or set the group's replicas to 0 instead."""
    for group in cluster.worker_groups:
        if group.spec.get("suspend") is True and not gate_open(platform, "RayJobDeletionPolicy"):
            where = workload.span((*group.path, "suspend"))
            yield Finding(
                f"{named(group)} is suspended, and the gate is off", where, help=open_the_gate("RayJobDeletionPolicy")
            )


@rule(
    "OB419",
    "a worker group cannot be suspended while autoscaling is on",
    Scope.CLUSTER,
    cel=Cel(ALL, f"!{AUTOSCALING} || {GROUPS}.all(g, !g.?suspend.orValue(false))"),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def suspend_autoscaled(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Ray's autoscaler would start the group's pods again; the operator refuses the cluster with an Event. Set
    ``minReplicas`` and ``maxReplicas`` to 0, or turn autoscaling off."""
    for group in cluster.worker_groups if cluster.autoscaling else ():
        if group.spec.get("suspend") is True:
            yield Finding(
                f"{named(group)} is suspended, and autoscaling is on", workload.span((*group.path, "suspend"))
            )


@rule(
    "OB460",
    "no such Service type",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        "SPEC.headGroupSpec.?serviceType.orValue('') in ['', 'ClusterIP', 'NodePort', 'LoadBalancer'] || "
        "has(SPEC.headGroupSpec.headService)",
        when_run=True,
    ),
    source="service.go BuildServiceForHeadPod; the API server refuses the Service",
)
def service_type_unknown(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The CRD takes any text; the API server refuses the head's Service, and the operator tries again for ever without
    making a pod; so it does with ExternalName, which needs a name that only ``headService`` can have. Use ClusterIP,
    NodePort or LoadBalancer."""
    kind = at(cluster.spec, "headGroupSpec", "serviceType")
    with_name = kind == "ExternalName" and at(cluster.spec, "headGroupSpec", "headService") is not None
    if kind not in (None, "", "ClusterIP", "NodePort", "LoadBalancer") and not with_name:
        yield Finding(
            f'the head\'s Service cannot be of type "{kind}"',
            workload.span((*cluster.head.path, "serviceType")),
            notes=("ClusterIP, NodePort or LoadBalancer",),
        )
