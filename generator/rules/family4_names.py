"""Family 4, names and labels: what the operator rejects, cuts, or cannot make pods of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Level, Path
from generator.fleet import ClusterSpec, Group, Platform, Workload
from generator.rules.cel import ALL, GROUPS, Cel
from generator.rules.family4_common import (
    cluster_name,
    dns1035,
    dns_subdomain,
    label_key_problem,
    label_value_problem,
    named,
)
from generator.rules.registry import Finding, Scope, rule

PREFIX = 50
"""Characters of a pod's name that the operator keeps before ``-worker-`` (KubeRay ``util.go`` PodName)."""

_DNS1035 = "object.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')"
_LABEL_VALUE = "size(g.groupName) <= 63 && g.groupName.matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$')"
_PART = "[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?"
_IN_POD_NAME = f"g.groupName.matches('^({_PART}([.]{_PART})*)?$')"
_CUT = f"size(object.metadata.name) + size(g.groupName) > {PREFIX - 13}"  # two dashes with five letters, and a dash
_NO_PODS = "SPEC.?suspend.orValue(false)"
_NO_WORKERS = (
    "g.?suspend.orValue(false) || g.?numOfHosts.orValue(1) < 1 || g.?maxReplicas.orValue(1) < 1 || "
    "(g.?replicas.orValue(0) < 1 && g.?minReplicas.orValue(0) < 1)"
)


def longest_name(platform: Platform, kind: str) -> int:
    """The longest name of an object of ``kind``: RayCluster 53; RayJob and RayService leave room for a dash and five
    characters; RayCronJob leaves its RayJobs the same (1.6) or a dash and ten digits (1.7)."""
    if kind == "RayCronJob":
        return 36 if platform.versions.at_least("kuberay", "1.7") else 41
    return 53 if kind == "RayCluster" else 47


@rule(
    "OB401",
    "the name is longer than the operator takes",
    Scope.WORKLOAD,
    cel=(
        Cel(("RayCluster",), "size(object.metadata.name) <= 53"),
        Cel(("RayJob", "RayService"), "size(object.metadata.name) <= 47"),
        Cel(("RayCronJob",), "size(object.metadata.name) <= 41", until="1.7", when_run=True),
        Cel(("RayCronJob",), "size(object.metadata.name) <= 36", since="1.7"),
    ),
    source="validation.go ValidateRay{Cluster,Job,Service}Metadata, ValidateRayCronJobSpec; raycronjob_controller.go",
    since="1.4",
)
def name_too_long(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Names of pods and Services are made from it and must stay within 63 characters. The operator refuses a longer
    name with an Event and creates nothing; a RayCronJob is taken, and every RayJob it makes fails. Choose a shorter
    name."""
    most = longest_name(platform, workload.kind)
    if len(workload.name) > most:
        yield Finding(
            f'{workload.kind} "{workload.name}" has {len(workload.name)} characters; the operator takes {most}',
            workload.place.span(key=True),
            label=f"{len(workload.name) - most} too many",
        )


@rule(
    "OB402",
    "the name must start with a letter and hold only lower-case letters, digits and dashes",
    Scope.WORKLOAD,
    cel=(
        Cel(("RayCluster", "RayJob", "RayService"), _DNS1035),
        Cel(("RayCronJob",), _DNS1035, when_run=True),
    ),
    source="validation.go ValidateRay{Cluster,Job,Service}Metadata",
    since="1.4",
)
def name_not_dns1035(workload: Workload) -> Iterator[Finding]:
    """Services are named after it, and a Service's name is a DNS-1035 label. The operator refuses other names with
    an Event and creates nothing; a RayCronJob is taken, and every RayJob it makes fails. Choose a name such as
    ``my-cluster``."""
    if workload.name and not dns1035(workload.name[:63]):
        yield Finding(
            f'"{workload.name}" is no name for a {workload.kind}',
            workload.place.span(key=True),
            notes=("lower-case letters, digits and dashes; a letter first; no dash at the end",),
        )


@rule(
    "OB403",
    "the head Service's name is cut from the front",
    Scope.WORKLOAD,
    level=Level.WARNING,
    source="util.go CheckName (before KubeRay 1.4)",
    until="1.4",
)
def head_service_cut(workload: Workload) -> Iterator[Finding]:
    """KubeRay before 1.4 keeps the last 50 characters of ``<cluster>-head-svc``: two clusters whose names end alike
    would share a Service, and clients find it under another name. Keep RayCluster names to 41 characters, others to
    35."""
    service = f"{cluster_name(workload)}-head-svc"
    if len(service) > PREFIX:
        yield Finding(
            f'the head Service of {workload.kind} "{workload.name}" would be named "{service[-PREFIX:]}"',
            workload.place.span(key=True),
            label=f"{len(service) - PREFIX} characters too many",
        )


@rule(
    "OB404",
    "pod names are cut: the group's name is not whole in them",
    Scope.CLUSTER,
    level=Level.WARNING,
    source="util.go PodName",
)
def pod_name_cut(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Worker pods are named ``<cluster>-<group>-worker-xxxxx``, and the operator keeps 50 characters before
    ``-worker``. Everything works, but groups can no longer be told apart by pod name. Shorten the cluster's or the
    group's name."""
    for group in cluster.worker_groups:
        prefix = f"{cluster_name(workload)}-{group.name}"
        if len(prefix) > PREFIX:
            yield Finding(
                f"pods of {named(group)} will be named {prefix[:PREFIX].lower()}-worker-…",
                workload.span((*group.path, "groupName")),
                label=f"{len(prefix) - PREFIX} characters are cut",
            )


@rule(
    "OB405",
    "a worker group's name must fit into pod names and labels",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"{_NO_PODS} || {GROUPS}.all(g, {_NO_WORKERS} || ({_LABEL_VALUE} && ({_CUT} || {_IN_POD_NAME})))",
        when_run=True,
    ),
    source="util.go PodName, pod.go labelPod; the API server refuses the pods",
)
def group_name_invalid(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The name goes into the pods' names (lower-cased) and into their label ``ray.io/group``. The operator does not
    look at it: with an underscore or more than 63 characters it tries for ever to create pods the API server
    refuses. Use letters, digits and dashes."""
    for group in cluster.worker_groups:
        prefix = f"{cluster_name(workload)}-{group.name}"[:PREFIX].lower()
        problem = label_value_problem(group.name)
        if not problem and not dns_subdomain(f"{prefix}-worker-xxxxx"):
            problem = "may hold letters, digits and dashes only"
        if problem:
            yield Finding(
                f'the worker group name "{group.name}" {problem}', workload.span((*group.path, "groupName"), key=True)
            )


@rule(
    "OB406",
    "two worker groups have the same name",
    Scope.CLUSTER,
    source="raycluster_webhook.go validateWorkerGroups (a webhook that KubeRay's chart does not install)",
)
def group_name_twice(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator counts pods by group name: with two groups of one name each sees the other's pods as its own and
    deletes them. OneBlock's CRDs refuse such an object; upstream's do not. Under ``spec`` the chart would lay the
    second over the first, and one of them would be gone. Rename one."""
    counts = Counter(group.name for group in cluster.worker_groups)
    seen: set[str] = set()
    for group in cluster.worker_groups:
        if counts[group.name] > 1 and group.name in seen:
            yield Finding(
                f'there are {counts[group.name]} worker groups named "{group.name}"',
                workload.span((*group.path, "groupName")),
            )
        seen.add(group.name)


def _bad_labels(workload: Workload, labels: dict[str, Any], at: Path, what: str) -> Iterator[Finding]:
    for key, value in labels.items():
        if problem := label_key_problem(str(key)):
            yield Finding(f'the key "{key}" of {what} {problem}', workload.span((*at, key), key=True))
        if problem := label_value_problem(value):
            yield Finding(f'the value of {what} "{key}" {problem}', workload.span((*at, key)))


@rule(
    "OB407",
    "a label of the object is not valid",
    Scope.WORKLOAD,
    source="Kubernetes apimachinery validation; refused at apply",
)
def object_label_invalid(workload: Workload) -> Iterator[Finding]:
    """Labels hold at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends.
    The API server refuses the whole object otherwise, and a sync of the namespace stops there. Put free text into
    an annotation."""
    yield from _bad_labels(workload, workload.labels, ("metadata", "labels"), "the label")
    for key in workload.annotations:
        if problem := label_key_problem(str(key).lower()):
            yield Finding(
                f'the key "{key}" of the annotation {problem}',
                workload.span(("metadata", "annotations", key), key=True),
            )


@rule(
    "OB408",
    "a label of a pod template is not valid",
    Scope.CLUSTER,
    source="pod.go labelPod; the API server refuses the pods",
)
def pod_label_invalid(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The CRD takes any text for a pod template's label: the object is taken, and the operator then tries for ever to
    create pods that the API server refuses for their labels. Correct the label; put free text into an annotation."""
    for group in cluster.groups:
        yield from _pod_labels(group, workload)


def _pod_labels(group: Group, workload: Workload) -> Iterator[Finding]:
    metadata = group.spec.get("template", {}).get("metadata") if isinstance(group.spec.get("template"), dict) else None
    if not isinstance(metadata, dict):
        return
    at: Path = (*group.path, "template", "metadata")
    if isinstance(metadata.get("labels"), dict):
        yield from _bad_labels(workload, metadata["labels"], (*at, "labels"), f"{named(group)}'s label")
    if isinstance(metadata.get("annotations"), dict):
        for key in metadata["annotations"]:
            if problem := label_key_problem(str(key).lower()):
                where = workload.span((*at, "annotations", key), key=True)
                yield Finding(f'the key "{key}" of {named(group)}\'s annotation {problem}', where)
