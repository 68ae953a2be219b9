"""Family 3: names in a namespace file that stand for something else, and names that objects have to share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Label, Level, Path, near
from generator.fleet import Namespace, Place, Platform, Sourced, Workload
from generator.fleet.plain import as_map
from generator.rules.registry import Finding, Scope, rule

CONFIGMAP_LIMIT = 1024 * 1024
"""Bytes of all values of a ConfigMap together (Kubernetes ``ValidateConfigMap``)."""
PRIORITY_LABEL = ("metadata", "labels", "ray.io/priority-class-name")


def _shorts(workload: Workload) -> Iterator[tuple[Sourced, tuple[str, ...]]]:
    """The maps of a workload that may name a node shape, with their paths in the cluster's short form."""
    short = workload.cluster_short
    if short is not None:
        yield short, ("head",)
        for name in as_map(short.get("workerGroups")):
            yield short, ("workerGroups", name)


@rule("OB318", "a RayCluster names a profile that is not there", Scope.WORKLOAD, source="chart ray")
def profile_unknown(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """A profile is the preset everything else is laid over; without it the cluster would be another one, so the chart
    stops. Name one of ``global.profiles``, or a built-in one."""
    short = workload.cluster_short
    name = None if short is None else short.get("profile")
    if short is None or name is None or str(name) in platform.profiles:
        return
    place = short.place(("profile",))
    close = near(str(name), platform.profiles)
    yield Finding(
        f'there is no profile "{name}"',
        (place or workload.place).span(),
        label=f"did you mean {close}?" if close else "",
        notes=(f"profiles: {', '.join(sorted(platform.profiles))}",),
    )


@rule("OB319", "a group names a node shape that is not there", Scope.WORKLOAD, source="chart ray")
def shape_unknown(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """``nodes`` brings the labels and tolerations of a shape in ``global.nodes``; without it the pods would go anywhere
    or nowhere, so the chart stops. Name a shape of the platform file."""
    shapes = as_map(platform.at("global", "nodes"))
    for short, path in _shorts(workload):
        name = short.get(*path, "nodes")
        if name is not None and str(name) not in shapes:
            close = near(str(name), shapes)
            place = short.place((*path, "nodes"))
            yield Finding(
                f'there is no node shape "{name}"',
                (place or workload.place).span(),
                label=f"did you mean {close}?" if close else "",
                notes=(f"node shapes: {', '.join(sorted(shapes)) or 'none'}",),
            )


@rule("OB320", "a job runs on a RayCluster that is not in its file", Scope.JOB, source="rayjob_controller.go")
def cluster_unknown(workload: Workload, namespace: Namespace) -> Iterator[Finding]:
    """``cluster`` names a RayCluster of the same file. The operator looks for one that is not there again and again,
    and the job never starts. For a RayCluster that Git does not describe, write
    ``spec.clusterSelector`` instead."""
    name = workload.short.get("cluster")
    known = [each.name for each in namespace.clusters]
    if name is None or name in known or isinstance(workload.short.get("rayCluster"), dict):
        return
    close = near(str(name), known)
    yield Finding(
        f'there is no RayCluster "{name}" in this file',
        workload.written("cluster"),
        label=f"did you mean {close}?" if close else "",
        notes=(f"RayClusters: {', '.join(sorted(known)) or 'none'}",),
    )


@rule("OB321", "a job names a RayCluster and brings one", Scope.JOB, source="chart ray")
def cluster_twice(workload: Workload) -> Iterator[Finding]:
    """A job runs on one RayCluster. Of ``cluster`` and ``rayCluster`` only the second would count, and nobody would
    hear of it. Keep one."""
    if workload.short.get("cluster") is not None and isinstance(workload.short.get("rayCluster"), dict):
        yield Finding(
            f'job "{workload.name}" has both cluster and rayCluster; cluster would be ignored',
            workload.written("cluster", key=True),
            related=(Label(workload.written("rayCluster", key=True), "the job's own"),),
        )


@rule("OB322", "code files need a cluster of the job's own", Scope.JOB, source="chart ray")
def code_without_cluster(workload: Workload) -> Iterator[Finding]:
    """Code files are mounted into the head when it starts; into a RayCluster that runs already nothing can be mounted,
    so the chart stops. Put ``code`` on the RayCluster, or use ``runtimeEnv``."""
    if workload.short.get("code") is not None and workload.cluster_short is None:
        what = f'job "{workload.name}" has code and no rayCluster of its own'
        yield Finding(what, workload.written("code", key=True))


@rule(
    "OB323",
    "a RayCluster and a RayService of the same name want the same head Service",
    Scope.NAMESPACE,
    source="util.go GenerateHeadServiceName",
)
def head_service_twice(namespace: Namespace) -> Iterator[Finding]:
    """Both are reached through a Service ``<name>-head-svc``. The operator points it at the RayService's current
    cluster, and clients of the RayCluster then talk to another head. Rename one."""
    clusters = {each.name: each for each in namespace.clusters}
    for service in namespace.services:
        if service.name in clusters:
            yield Finding(
                f'RayService "{service.name}" and the RayCluster of that name both own Service '
                f'"{service.name}-head-svc"',
                service.place.span(key=True),
                related=(Label(clusters[service.name].place.span(key=True), "the RayCluster"),),
            )


def _code(workload: Workload) -> tuple[dict[str, Any], Place] | None:
    """The code files that a workload's ConfigMap will hold, and where they are."""
    inner = workload.cluster_short
    for short in (workload.short, inner):
        files = None if short is None else short.get("code", "files")
        if inner is not None and short is not None and isinstance(files, dict) and files:
            place = short.place(("code", "files"))
            return files, place or workload.place
    return None


@rule("OB324", "a code file's name is no key of a ConfigMap", Scope.WORKLOAD, source="Kubernetes IsConfigMapKey")
def code_name(workload: Workload) -> Iterator[Finding]:
    """Code files travel in a ConfigMap, and its keys may not be ``.`` or begin with ``..``: the API server refuses it.
    Rename the file."""
    found = _code(workload)
    for name in found[0] if found else ():
        if found and (name == "." or name.startswith("..")):
            yield Finding(f'"{name}" is no name for a code file', (found[1] / name).span(key=True))


@rule("OB325", "code files are larger than a ConfigMap", Scope.WORKLOAD, source="Kubernetes ValidateConfigMap")
def code_size(workload: Workload) -> Iterator[Finding]:
    """A ConfigMap holds at most 1 MiB, so the API server refuses this one, and the head waits for it for ever. Bring
    large code in the image, or by ``runtimeEnv`` from an object store."""
    found = _code(workload)
    size = sum(len(str(text).encode()) for text in found[0].values()) if found else 0
    if found and size > CONFIGMAP_LIMIT:
        yield Finding(
            f"the code files have {size:,} bytes together; a ConfigMap holds {CONFIGMAP_LIMIT:,}",
            found[1].span(key=True),
        )


def _class_missing(platform: Platform, name: Any) -> str | None:
    """What to say of a priority class that is not declared, with the nearest name; None if there is nothing to say."""
    classes = as_map(platform.at("global", "priorityClasses"))
    if not classes or not name or str(name) in classes or str(name).startswith("system-"):
        return None
    close = near(str(name), classes)
    return f"did you mean {close}?" if close else "not declared"


@rule("OB326", "a workload's priority class is not declared", Scope.WORKLOAD, level=Level.WARNING)
def priority_class_unknown(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Kubernetes refuses every pod whose PriorityClass does not exist. ``global.priorityClasses`` lists what OneBlock
    creates; one from elsewhere is fine, a slip of the hand is not. (Nothing is said where the list is empty.)"""
    named: list[tuple[Any, Path]] = [(workload.labels.get(PRIORITY_LABEL[-1]), PRIORITY_LABEL)]
    named += [(pod.spec.get("priorityClassName"), (*pod.at, "priorityClassName")) for pod in workload.pods]
    for name, path in named:
        label = _class_missing(platform, name)
        if label is not None:
            classes = sorted(as_map(platform.at("global", "priorityClasses")))
            yield Finding(
                f'priority class "{name}" is not among global.priorityClasses',
                workload.span(path),
                label=label,
                notes=(f"declared: {', '.join(classes)}",),
            )


@rule(
    "OB327",
    "the platform's own pods have a priority class that is not declared",
    Scope.PLATFORM,
    level=Level.WARNING,
)
def platform_class_unknown(platform: Platform) -> Iterator[Finding]:
    """Kubernetes refuses pods whose PriorityClass does not exist: the operator or Redis would not start. Declare it in
    ``global.priorityClasses``, use one of Kubernetes' own (``system-cluster-critical``), or be sure it is there."""
    for part in ("operator", "redis"):
        name = platform.at(part, "priorityClassName")
        label = _class_missing(platform, name)
        if label is not None:
            where = (platform.place / part / "priorityClassName").span()
            yield Finding(f'priority class "{name}" of {part} is not among global.priorityClasses', where, label=label)


@rule(
    "OB328",
    "priority classes called system-… are Kubernetes' own",
    Scope.PLATFORM,
    source="Kubernetes ValidatePriorityClass",
)
def class_reserved(platform: Platform) -> Iterator[Finding]:
    """The API server refuses to create a PriorityClass whose name begins with ``system-``. Choose another name; the
    two that Kubernetes has are there without being declared."""
    for name in as_map(platform.at("global", "priorityClasses")):
        if name.startswith("system-"):
            where = (platform.place / "global" / "priorityClasses" / name).span(key=True)
            yield Finding(f'priority class "{name}" cannot be created: the prefix system- is reserved', where)
