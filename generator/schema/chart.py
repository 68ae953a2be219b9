"""The values schema of each chart, cut from the schemas of the values files.

A sub-chart sees its own section at the root, ``global`` (Helm puts it there) and ``enabled`` (the umbrella's switch).
The ``ray`` chart is installed with the platform file and a namespace file: it sees everything and closes only its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, cast, get_args

import yaml

from generator import resources
from generator.schema.fields import DEFINITION
from generator.schema.parts import KUBERAY, Schema
from generator.schema.values import COMPLETE, ordered, reachable, values_schema
from generator.schema.versions import Versions

Chart = Literal["crds", "operator", "redis", "queues", "namespaces", "ray", "oneblock"]
CHARTS: Final[tuple[Chart, ...]] = get_args(Chart)

_OPEN: Final = {"type": "object", "additionalProperties": True}
_ENABLED: Final = {
    "description": "Whether the umbrella chart renders this chart. Read there and nowhere else.",
    "type": "boolean",
}
_GLOBAL: Final = {"$ref": "#/$defs/global"}
_SPECS: Final = ("RayCluster", "RayJob", "RayService")
_TALK: Final = frozenset(("title", "description", "examples", "default", DEFINITION, KUBERAY, COMPLETE))
_MAPS: Final = frozenset(("properties", "patternProperties", "$defs"))


def chart_schema(chart: Chart, versions: Versions, *, shipped: bool = False) -> Schema:
    """The JSON Schema of a chart's values; self-contained, without ``$id``, for Helm 3.18.5 or later.

    ``shipped``: as it lies in the chart as ``values.schema.json``. Helm compiles and applies that at each render, so it
    only holds what decides: no texts, and KubeRay's and Kubernetes' own fields open (``check`` has looked at them).
    Without it, every text and default is there, for ``values.yaml`` and the tables.

    Raises:
        KeyError: no such chart.
    """
    definitions = values_schema("platform", versions)["$defs"] | values_schema("namespace", versions)["$defs"]
    root = {"title": f"values of the chart {chart}", "type": "object", **_ROOTS[chart](definitions, versions)}
    schema = ordered({**root, "$defs": definitions})
    if shipped:
        for kind in _SPECS:
            definitions[f"kuberay{kind}Spec"] = dict(_OPEN)
        if chart != "ray":
            definitions["global"]["properties"]["profiles"] = dict(_OPEN)
        if chart == "oneblock":
            _open_children(schema)
        schema = cast(Schema, _terse(schema))
    return ordered(reachable(schema))


def _section(name: str, definitions: Mapping[str, Any], _: Versions) -> Schema:
    """Root of a chart whose values are one section of the platform file."""
    section = definitions[name]
    own = {"global": _GLOBAL, "enabled": _ENABLED, **section["properties"]}
    return {"description": section["description"], "properties": own, "additionalProperties": False}


def _crds(definitions: Mapping[str, Any], versions: Versions) -> Schema:
    return _section("crds", definitions, versions)


def _operator(definitions: Mapping[str, Any], versions: Versions) -> Schema:
    return _section("operator", definitions, versions)


def _redis(definitions: Mapping[str, Any], versions: Versions) -> Schema:
    return _section("redis", definitions, versions)


def _queues(definitions: Mapping[str, Any], _: Versions) -> Schema:
    section = definitions["queues"]
    kept = {key: section[key] for key in ("description", "additionalProperties", "examples")}
    return {**kept, "properties": {"global": _GLOBAL, "enabled": _ENABLED}}


def _namespaces(_: Mapping[str, Any], __: Versions) -> Schema:
    system = {
        "description": "Whether the Namespace global.systemNamespace is written too; else --create-namespace makes it.",
        "type": "boolean",
        "default": False,
    }
    properties = {"global": _GLOBAL, "enabled": _ENABLED, "createSystemNamespace": system}
    return {
        "description": "Namespaces with their people, quotas and network policies, from global.namespaces.",
        "properties": properties,
        "additionalProperties": False,
    }


def _ray(definitions: Mapping[str, Any], versions: Versions) -> Schema:
    others = {
        "crds": {**definitions["crds"], "additionalProperties": True},
        "operator": {**_OPEN, "description": "Not read by this chart; may be there, as in the platform file."},
        "redis": {
            **_OPEN,
            "description": "Only enabled is read: whether the platform's Redis is there.",
            "properties": {"enabled": definitions["redis"]["properties"]["enabled"]},
        },
        "queues": {**_OPEN, "description": "Not read by this chart; may be there, as in the platform file."},
        "gitops": {**_OPEN, "description": "Not read by this chart; may be there, as in the platform file."},
    }
    definitions["global"]["properties"]["profiles"]["default"] = _builtin_profiles()
    workloads = values_schema("namespace", versions)["properties"]
    properties = {"global": _GLOBAL, "enabled": _ENABLED, **others, **workloads}
    return {
        "description": "RayClusters, RayJobs and RayServices of one namespace.",
        "properties": properties,
        "additionalProperties": False,
    }


def _oneblock(definitions: Mapping[str, Any], versions: Versions) -> Schema:
    namespaces = {key: each for key, each in _namespaces({}, versions)["properties"].items() if key != "global"}
    platform = values_schema("platform", versions)["properties"]
    enabled = {"description": "Whether the chart is rendered.", "type": "boolean", "default": True}
    queues = {**definitions["queues"], "properties": {"enabled": enabled}}
    queues.pop("default", None)
    queues["propertyNames"] = {**queues["propertyNames"], "not": {"enum": ["root", "global"]}}
    workloads = values_schema("namespace", versions)["properties"]
    bare = {name: {key: each[key] for key in each if key != "default"} for name, each in workloads.items()}
    properties = {
        **platform,
        "queues": queues,
        "namespaces": {
            "description": "Namespaces with their people, quotas and network policies.",
            "type": "object",
            "properties": {**namespaces, "enabled": enabled},
            "additionalProperties": False,
        },
        "ray": {
            "description": "Ray workloads in the release's own namespace; usually a namespace has its own release.",
            "type": "object",
            "properties": {"enabled": {**enabled, "default": False}, **bare},
            "additionalProperties": False,
        },
    }
    return {
        "description": "The Ray platform of one cluster: the platform file is its values.",
        "properties": properties,
        "additionalProperties": False,
    }


_ROOTS: Final = {
    "crds": _crds,
    "operator": _operator,
    "redis": _redis,
    "queues": _queues,
    "namespaces": _namespaces,
    "ray": _ray,
    "oneblock": _oneblock,
}


def _builtin_profiles() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((resources.schemas() / "profiles.yaml").read_bytes())
    return loaded


def _open_children(schema: Schema) -> None:
    """Leaves the sections of sub-charts to their own schemas, which Helm applies as well."""
    for name in ("crds", "operator", "redis", "queues", "namespaces", "ray"):
        schema["properties"][name] = dict(_OPEN)


def _terse(node: Any, *, names: bool = False) -> Any:
    """A schema without texts, and with Kubernetes objects open. ``names``: the keys here are names, not keywords."""
    if isinstance(node, list):
        return [_terse(each) for each in node]
    if not isinstance(node, dict):
        return node
    if not names and DEFINITION in node:
        return dict(_OPEN)
    kept = {key: each for key, each in node.items() if names or key not in _TALK}
    return {key: _terse(each, names=not names and key in _MAPS) for key, each in kept.items()}
