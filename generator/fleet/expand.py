"""Short form → the fields of a Ray object that rules look at, each with its place.

The manifests themselves are made by the ``ray`` chart. This is the same expansion seen from the values: only the fields
a rule or ``oneblock why`` asks for, and a test holds it against what Helm renders, field by field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generator.diagnostics import Path
from generator.fleet.places import Place, Sourced
from generator.fleet.quantities import SHORT_NAMES
from generator.fleet.workload import as_map

DEFAULT_HEAD = {"cpu": 1, "memory": "4Gi"}
RAY_CONTAINER = {"head": "ray-head", "worker": "ray-worker"}

_GROUP_FIELDS = {
    "numOfHosts": ("numOfHosts",),
    "idleTimeoutSeconds": ("idleTimeoutSeconds",),
    "priority": ("priority",),
    "suspend": ("suspend",),
    "removeWorkers": ("scaleStrategy", "workersToDelete"),
    "rayResources": ("resources",),
    "rayLabels": ("labels",),
    "serviceType": ("serviceType",),
    "rayStartParams": ("rayStartParams",),
    "labels": ("template", "metadata", "labels"),
    "annotations": ("template", "metadata", "annotations"),
    "nodeSelector": ("template", "spec", "nodeSelector"),
    "tolerations": ("template", "spec", "tolerations"),
    "serviceAccountName": ("template", "spec", "serviceAccountName"),
}
_AUTOSCALER_FIELDS = ("idleTimeoutSeconds", "upscalingMode", "version")
_JOB_FIELDS = (
    "entrypoint",
    "submissionMode",
    "entrypointNumCpus",
    "entrypointNumGpus",
    "metadata",
    "shutdownAfterJobFinishes",
    "ttlSecondsAfterFinished",
    "activeDeadlineSeconds",
    "backoffLimit",
    "suspend",
)


def layered(layers: Iterable[tuple[Any, Place]]) -> Sourced:
    """The short form after profiles: later layers win, maps merge deep."""
    short = Sourced()
    for data, place in layers:
        short.overlay(as_map(data), place)
    return short


def metadata(short: Sourced, name: str, namespace: str) -> Sourced:
    """An object's metadata: name, namespace, labels (queue and priority class among them) and annotations."""
    made = Sourced()
    made.put(("metadata", "name"), name, None)
    made.put(("metadata", "namespace"), namespace, None)
    for field in ("labels", "annotations"):
        _copy(short, (field,), made, ("metadata", field))
    for field, label in (("queue", "volcano.sh/queue-name"), ("priorityClassName", "ray.io/priority-class-name")):
        _copy(short, (field,), made, ("metadata", "labels", label))
    return made


def cluster_spec(short: Sourced, made: Sourced, at: Path, *, ray_version: str) -> None:
    """Writes the RayClusterSpec of ``short`` into ``made`` at ``at``."""
    made.put((*at, "rayVersion"), ray_version, None)
    _copy(short, ("rayVersion",), made, (*at, "rayVersion"))
    _copy(short, ("suspend",), made, (*at, "suspend"))
    _autoscaling(short, made, at)
    made.put((*at, "headGroupSpec"), {}, None)
    for field, value in DEFAULT_HEAD.items():
        if short.get("head", field) is None:
            short.put(("head", field), value, None)
    _group(short, ("head",), made, (*at, "headGroupSpec"), "head")
    made.put((*at, "workerGroupSpecs"), [], None)
    groups: list[Any] = made.get(*at, "workerGroupSpecs")
    for index, name in enumerate(sorted(as_map(short.get("workerGroups")))):
        groups.append({"groupName": name})
        place = short.place(("workerGroups", name))
        if place is not None:
            made.places[(*at, "workerGroupSpecs", index)] = place
        _worker_group(short, name, made, (*at, "workerGroupSpecs", index))
    _head_cpus(short, made, (*at, "headGroupSpec"), has_workers=bool(groups))


def overlay_spec(short: Sourced, made: Sourced, at: Path) -> None:
    """Lays the user's own ``spec:`` over everything made so far."""
    place = short.place(("spec",)) or _first_place(short)
    given = short.get("spec")
    if isinstance(given, dict) and place is not None:
        made.overlay(given, place, at)


def job_spec(short: Sourced, made: Sourced, at: Path) -> None:
    """The fields of a RayJobSpec other than its cluster."""
    for field in _JOB_FIELDS:
        _copy(short, (field,), made, (*at, field))
    if short.get("cluster") is not None:
        _copy(short, ("cluster",), made, (*at, "clusterSelector", "ray.io/cluster"))
    elif short.get("shutdownAfterJobFinishes") is None:
        made.put((*at, "shutdownAfterJobFinishes"), True, None)
    runtime_env = short.get("runtimeEnv")
    if isinstance(runtime_env, str):
        _copy(short, ("runtimeEnv",), made, (*at, "runtimeEnvYAML"))


def service_spec(short: Sourced, made: Sourced) -> None:
    """The fields of a RayServiceSpec other than its cluster."""
    _copy(short, ("upgradeStrategy",), made, ("spec", "upgradeStrategy", "type"))
    if isinstance(short.get("serveConfig"), str):
        _copy(short, ("serveConfig",), made, ("spec", "serveConfigV2"))


def gcs_fault_tolerance(short: Sourced, *, default: bool) -> bool:
    """Whether GCS fault tolerance is on: the platform's default, then the profile, then the cluster; ``disable`` wins."""
    if short.get("gcsFaultTolerance", "disable") is True:
        return False
    chosen = short.get("gcsFaultTolerance", "enabled")
    return chosen if isinstance(chosen, bool) else default


def _first_place(short: Sourced) -> Place | None:
    return next((place for path, place in short.placed() if path[:1] == ("spec",)), None)


def _copy(short: Sourced, source: Path, made: Sourced, target: Path) -> None:
    value = short.get(*source)
    if value is None:
        return
    if isinstance(value, dict):
        for key in value:
            _copy(short, (*source, key), made, (*target, key))
    else:
        _set(made, target, value, short.place(source))


def _set(made: Sourced, path: Path, value: Any, place: Place | None) -> None:
    """Like ``put``, through lists too."""
    node: Any = made.data
    for step in path[:-1]:
        node = node[step] if isinstance(step, int) else node.setdefault(step, {})
    node[path[-1]] = value
    if place is not None:
        made.places[path] = place


def _autoscaling(short: Sourced, made: Sourced, at: Path) -> None:
    _copy(short, ("autoscaling", "enabled"), made, (*at, "enableInTreeAutoscaling"))
    for field in _AUTOSCALER_FIELDS:
        _copy(short, ("autoscaling", field), made, (*at, "autoscalerOptions", field))


def _group(short: Sourced, source: Path, made: Sourced, target: Path, role: str) -> None:
    for field, path in _GROUP_FIELDS.items():
        _copy(short, (*source, field), made, (*target, *path))
    container: dict[str, Any] = {"name": RAY_CONTAINER[role]}
    env = [{"name": name, **_env_value(value)} for name, value in sorted(as_map(short.get(*source, "env")).items())]
    if env:
        container["env"] = env
    _set(made, (*target, "template", "spec", "containers"), [container], None)
    base = (*target, "template", "spec", "containers", 0)
    for index, each in enumerate(env):
        place = short.place((*source, "env", each["name"]))
        if place is not None:
            made.places[(*base, "env", index)] = place
    _copy(short, (*source, "image"), made, (*base, "image"))
    _resources(short, source, made, (*base, "resources"))
    given, place = short.get(*source, "template"), short.place((*source, "template"))
    if isinstance(given, dict) and place is not None:
        made.overlay(given, place, (*target, "template"))


def _env_value(value: Any) -> dict[str, Any]:
    return {"valueFrom": value["valueFrom"]} if isinstance(value, dict) and "valueFrom" in value else {"value": value}


def _resources(short: Sourced, source: Path, made: Sourced, target: Path) -> None:
    for field, resource in SHORT_NAMES.items():
        for side in ("requests", "limits"):
            _copy(short, (*source, field), made, (*target, side, resource))
    for side in ("requests", "limits"):
        for name in as_map(short.get(*source, "resources", side)):
            _copy(short, (*source, "resources", side, name), made, (*target, side, SHORT_NAMES.get(name, name)))


def _worker_group(short: Sourced, name: str, made: Sourced, target: Path) -> None:
    source: Path = ("workerGroups", name)
    _group(short, source, made, target, "worker")
    if short.get(*source, "numOfHosts") is None:
        _set(made, (*target, "numOfHosts"), 1, None)
    low, count, high = (short.get(*source, each) for each in ("minReplicas", "replicas", "maxReplicas"))
    for field in ("minReplicas", "maxReplicas", "replicas"):
        _copy(short, (*source, field), made, (*target, field))
    if short.get("autoscaling", "enabled") is True:
        made.get(*target).pop("replicas", None)
        if low is None:
            _set(made, (*target, "minReplicas"), 0, None)
        return
    count = count if count is not None else (low if low is not None else 1)
    low = low if low is not None else count
    _set(made, (*target, "replicas"), count, made.place((*target, "replicas")))
    _set(made, (*target, "minReplicas"), low, made.place((*target, "minReplicas")))
    if high is None and isinstance(count, int) and isinstance(low, int):
        _set(made, (*target, "maxReplicas"), max(count, low), None)


def _head_cpus(short: Sourced, made: Sourced, target: Path, *, has_workers: bool) -> None:
    written = short.get("head", "rayStartParams", "num-cpus") is not None
    if short.get("head", "numCpus") is not None:
        place = short.place(("head", "numCpus"))
        _set(made, (*target, "rayStartParams", "num-cpus"), str(short.get("head", "numCpus")), place)
    elif has_workers and not written and not short.get("head", "rayResources"):
        _set(made, (*target, "rayStartParams", "num-cpus"), "0", None)
