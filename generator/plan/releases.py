"""Releases and their slices of the values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from generator.fleet import Namespace, Platform
from generator.fleet.plain import as_map

Chart = Literal["crds", "namespaces", "operator", "queues", "redis", "ray"]

_EVERY_CHART = ("cluster", "systemNamespace", "clusterDomain", "imagePullSecrets", "versions", "monitoring")
BATCH = 16
"""Namespaces whose grants are rendered together."""

_GLOBAL: dict[Chart, tuple[str, ...]] = {
    "crds": _EVERY_CHART,
    "namespaces": (*_EVERY_CHART, "batchScheduler"),
    "operator": (*_EVERY_CHART, "batchScheduler", "admissionPolicies"),
    "queues": (*_EVERY_CHART, "batchScheduler", "admissionPolicies", "priorityClasses"),
    "redis": (*_EVERY_CHART, "ray"),
    "ray": (*_EVERY_CHART, "batchScheduler", "ray", "gcsFaultTolerance", "nodes", "profiles"),
}
"""The keys of ``global`` a chart reads, beside ``namespaces``."""


@dataclass(frozen=True, slots=True)
class Release:
    """One ``helm install``: chart, names, values, and the folder of the rendered tree its objects go to.

    ``home`` is the namespace whose objects stand at the folder's top; those of another namespace go to a folder below.
    With no ``home`` every namespace has a folder below, which is then what is compared and written as one.
    """

    chart: Chart
    name: str
    namespace: str
    folder: str
    home: str
    values: dict[str, Any]


def platform_releases(platform: Platform) -> Iterator[Release]:
    """The admin's releases except the namespaces': CRDs, operator, queues, Redis."""
    system = platform.system_namespace
    for chart in ("crds", "operator", "queues", "redis"):
        if _enabled(platform, chart):
            values = _as_dict(platform.at(chart)) | {"global": _global(platform, chart)}
            if chart in ("queues", "redis"):  # the names are all they read
                values["global"]["namespaces"] = {name: {} for name in sorted(platform.namespaces)}
            yield Release(chart, f"oneblock-{chart}", system, chart, system, values)


def namespace_grants(platform: Platform, names: Iterable[str] | None = None) -> Iterator[Release]:
    """What namespaces (all of them, or ``names``) are granted: renders of the chart ``namespaces``, a batch each.

    Helm parses a chart's templates anew for every render; a batch shares that. The platform's own Namespace, where it
    is not declared, is what ``helm install --create-namespace`` makes for Helm's users.
    """
    system, shared = platform.system_namespace, _global(platform, "namespaces")
    chosen = sorted({*platform.namespaces, system} if names is None else names)
    for start in range(0, len(chosen), BATCH):
        batch = chosen[start : start + BATCH]
        declared = {name: platform.namespaces[name] for name in batch if name in platform.namespaces}
        values: dict[str, Any] = {"global": shared | {"namespaces": declared}}
        if len(declared) < len(batch):
            values["createSystemNamespace"] = True
        yield Release("namespaces", "oneblock-namespaces", system, "namespaces", "", values)


def namespace_releases(namespace: Namespace) -> Iterator[Release]:
    """The team's release: chart ``ray`` with both files."""
    platform = namespace.platform
    values = {key: _as_dict(platform.at(key)) for key in ("crds",) if platform.at(key) is not None}
    values["redis"] = {"enabled": platform.redis_enabled}
    values |= namespace.document.data
    security = as_map(namespace.grant).get("podSecurity")
    declared = {"namespaces": {namespace.name: {"podSecurity": security}}} if security is not None else {}
    values["global"] = _global(platform, "ray") | declared
    yield Release("ray", f"ray-{namespace.name}", namespace.name, f"ray/{namespace.name}", namespace.name, values)


def _enabled(platform: Platform, chart: Chart) -> bool:
    if chart == "queues":  # its keys are queue names
        return (
            platform.batch_scheduler == "volcano"
            or bool(platform.queues)
            or bool(platform.at("global", "priorityClasses"))
        )
    return platform.at(chart, "enabled") is not False


def _global(platform: Platform, chart: Chart) -> dict[str, Any]:
    whole = _as_dict(platform.at("global"))
    return {key: whole[key] for key in _GLOBAL[chart] if key in whole}


def _as_dict(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}
