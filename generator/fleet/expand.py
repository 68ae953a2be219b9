"""Short form → the fields of a Ray object that rules look at, each with its place.

The manifests themselves are made by the ``ray`` chart. This is the same expansion seen from the values: only the fields
a rule or ``oneblock why`` asks for, and a test holds it against what Helm renders, field by field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from generator.diagnostics import Path
from generator.fleet.chart_pods import PodParts
from generator.fleet.places import Place, Sourced
from generator.fleet.plain import as_map
from generator.fleet.quantities import SHORT_NAMES

DEFAULT_REQUESTS = {"cpu": 1, "memory": "4Gi"}
DEFAULT_AUTOSCALER = {"cpu": "500m", "memory": "512Mi"}
DEFAULT_MAX_REPLICAS = 10
RAY_CONTAINER = {"head": "ray-head", "worker": "ray-worker"}

RAY_IMAGE: tuple[Path, ...] = (
    ("global", "ray", "image", "digest"),
    ("global", "ray", "image", "tag"),
    ("global", "versions", "ray"),
    ("global", "ray", "image", "repository"),
)
"""What the platform file says of the Ray image where a group names none, the decisive part first."""

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
_AUTOSCALER_FIELDS = ("idleTimeoutSeconds", "upscalingMode")
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


def inherited_metadata(short: Sourced, made: Sourced) -> None:
    """What an inline cluster says about itself stands on the job or service around it, whose own words win."""
    inner = metadata(short, "", "")
    for field in ("labels", "annotations"):
        for key, value in as_map(inner.get("metadata", field)).items():
            if made.get("metadata", field, key) is None:
                made.put(("metadata", field, key), value, inner.place(("metadata", field, key)))


def cluster_spec(
    short: Sourced,
    made: Sourced,
    at: Path,
    *,
    ray_version: str,
    platform: Place,
    gpus: Mapping[str, str] = MappingProxyType({}),
    parts: PodParts | None = None,
) -> None:
    """Writes the RayClusterSpec of ``short`` into ``made`` at ``at``.

    ``platform`` is the root of the platform file; ``gpus``: node shape → what it calls its GPUs; ``parts``: what the
    chart writes into pods beside, put where the user writes into them too.
    """
    made.put((*at, "rayVersion"), ray_version, _written(platform, ("global", "versions", "ray")))
    _copy(short, ("rayVersion",), made, (*at, "rayVersion"))
    _copy(short, ("suspend",), made, (*at, "suspend"))
    _autoscaling(short, made, at)
    if parts is not None and parts.everywhere(short) and made.get(*at, "autoscalerOptions") is not None:
        for field, value in parts.autoscaler(short).items():
            made.put((*at, "autoscalerOptions", field), value, None)
    made.put((*at, "headGroupSpec"), {}, None)
    image = image_place(short, platform)
    _group(short, ("head",), made, (*at, "headGroupSpec"), gpus, image, parts)
    made.put((*at, "workerGroupSpecs"), [], None)
    groups: list[Any] = made.get(*at, "workerGroupSpecs")
    for index, name in enumerate(sorted(as_map(short.get("workerGroups")))):
        groups.append({"groupName": name})
        place = short.place(("workerGroups", name))
        if place is not None:
            made.places[(*at, "workerGroupSpecs", index)] = place
        _worker_group(short, name, made, (*at, "workerGroupSpecs", index), gpus, image, parts)
    _head_cpus(short, made, (*at, "headGroupSpec"), has_workers=bool(groups))


def image_place(short: Sourced, platform: Place) -> Place | None:
    """The place of the image of groups that name none: the cluster's own, else what the platform file says of it."""
    if short.get("image"):
        return short.place(("image",))
    return next((place for path in RAY_IMAGE if (place := _written(platform, path))), None)


def _written(root: Place, path: Path) -> Place | None:
    """The place of a value that is written and not empty."""
    node: Any = root.document.data
    for step in path:
        node = as_map(node).get(str(step))
    return Place(root.document, path) if node else None


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
    _copy(short, ("suspend",), made, ("spec", "suspend"))  # of a RayCronJob its own, not that of its runs
    if short.get("cluster") is not None and not isinstance(short.get("rayCluster"), dict):
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
    """Whether GCS fault tolerance is on: platform default, then profile, then cluster; ``disable`` wins."""
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
    if short.get("autoscaling", "enabled") is not True:
        return
    _copy(short, ("autoscaling", "enabled"), made, (*at, "enableInTreeAutoscaling"))
    for field in _AUTOSCALER_FIELDS:
        _copy(short, ("autoscaling", field), made, (*at, "autoscalerOptions", field))
    if short.get("autoscaling", "version") == "v2":  # of v1 the chart makes a variable of the head
        _copy(short, ("autoscaling", "version"), made, (*at, "autoscalerOptions", "version"))
    _resources(short, ("autoscaling",), made, (*at, "autoscalerOptions", "resources"), DEFAULT_AUTOSCALER)


def _group(
    short: Sourced,
    source: Path,
    made: Sourced,
    target: Path,
    gpus: Mapping[str, str],
    image: Place | None,
    parts: PodParts | None,
) -> None:
    for field, path in _GROUP_FIELDS.items():
        _copy(short, (*source, field), made, (*target, *path))
    container: dict[str, Any] = {"name": RAY_CONTAINER["head" if source == ("head",) else "worker"]}
    env = [{"name": name, **_env_value(value)} for name, value in sorted(as_map(short.get(*source, "env")).items())]
    if env:
        container["env"] = env
    _set(made, (*target, "template", "spec", "containers"), [container], None)
    base = (*target, "template", "spec", "containers", 0)
    for index, each in enumerate(env):
        place = short.place((*source, "env", each["name"]))
        if place is not None:
            made.places[(*base, "env", index)] = place
            if "value" in each:
                made.places[(*base, "env", index, "value")] = place
    if image is not None:
        made.places[(*base, "image")] = image
    _copy(short, (*source, "image"), made, (*base, "image"))
    gpu = gpus.get(str(short.get(*source, "nodes")), SHORT_NAMES["gpu"])
    _resources(short, source, made, (*base, "resources"), DEFAULT_REQUESTS, gpu)
    given, place = short.get(*source, "template"), short.place((*source, "template"))
    if parts is not None and (given is not None or parts.everywhere(short)):
        container |= parts.container(short, head=source == ("head",))
        if volumes := parts.volumes(short, head=source == ("head",)):
            _set(made, (*target, "template", "spec", "volumes"), volumes, None)
    if isinstance(given, dict) and place is not None:
        made.overlay(given, place, (*target, "template"))


def _env_value(value: Any) -> dict[str, Any]:
    return {"valueFrom": value["valueFrom"]} if isinstance(value, dict) and "valueFrom" in value else {"value": value}


def _resources(
    short: Sourced,
    source: Path,
    made: Sourced,
    target: Path,
    defaults: Mapping[str, Any],
    gpu: str = SHORT_NAMES["gpu"],
) -> None:
    """Requests and limits: a limit is also requested, the short names win over it, and what is requested is the limit
    where there is none."""
    names = {**SHORT_NAMES, "gpu": gpu}
    found: dict[str, dict[str, tuple[Any, Place | None]]] = {"limits": {}, "requests": {}}
    found["requests"] = {name: (value, None) for name, value in defaults.items()}
    for side, path, keys in (
        ("limits", (*source, "resources", "limits"), None),
        ("requests", source, ("cpu", "memory", "gpu")),
        ("requests", (*source, "resources", "requests"), None),
    ):
        for key, value in as_map(short.get(*path)).items():
            if value is not None and (keys is None or key in keys):
                found[side][names.get(key, key)] = (value, short.place((*path, key)))
                if side == "limits":
                    found["requests"][names.get(key, key)] = found[side][names.get(key, key)]
    if str(found["requests"].get(gpu, ("",))[0]) == "0":
        del found["requests"][gpu]
    for side, amounts in (("requests", found["requests"]), ("limits", found["requests"] | found["limits"])):
        for name, (value, place) in amounts.items():
            _set(made, (*target, side, name), value, place)
    _copy(short, (*source, "resources", "claims"), made, (*target, "claims"))


def _worker_group(
    short: Sourced,
    name: str,
    made: Sourced,
    target: Path,
    gpus: Mapping[str, str],
    image: Place | None,
    parts: PodParts | None,
) -> None:
    source: Path = ("workerGroups", name)
    _group(short, source, made, target, gpus, image, parts)
    if short.get(*source, "numOfHosts") is None:
        _set(made, (*target, "numOfHosts"), 1, None)
    low, count, high = (short.get(*source, each) for each in ("minReplicas", "replicas", "maxReplicas"))
    for field in ("minReplicas", "maxReplicas", "replicas"):
        _copy(short, (*source, field), made, (*target, field))
    if short.get("autoscaling", "enabled") is True:
        made.get(*target).pop("replicas", None)
        if low is None:
            _set(made, (*target, "minReplicas"), 0, None)
        if high is None:
            known = [each for each in (low, count) if isinstance(each, int)]
            _set(made, (*target, "maxReplicas"), max([DEFAULT_MAX_REPLICAS, *known]), None)
        return
    decisive = "replicas" if count is not None else "minReplicas"
    written = short.place((*source, decisive)) if count is not None or low is not None else None
    least = short.place((*source, "minReplicas")) if low is not None else written
    count = count if count is not None else (low if low is not None else 1)
    low = low if low is not None else count
    _set(made, (*target, "replicas"), count, written)
    _set(made, (*target, "minReplicas"), low, least)
    if high is None and isinstance(count, int) and isinstance(low, int):
        _set(made, (*target, "maxReplicas"), max(count, low), written)


def _head_cpus(short: Sourced, made: Sourced, target: Path, *, has_workers: bool) -> None:
    if short.get("head", "rayStartParams", "num-cpus") is not None:
        return
    if short.get("head", "numCpus") is not None:
        place = short.place(("head", "numCpus"))
        _set(made, (*target, "rayStartParams", "num-cpus"), str(short.get("head", "numCpus")), place)
    elif has_workers and not short.get("head", "rayResources"):
        _set(made, (*target, "rayStartParams", "num-cpus"), "0", None)
