"""Kubernetes' own types as a CRD embeds them: structural OpenAPI, nothing referred to, every default in place.

The types come from the OpenAPI documents that the package ``kubernetes_validate`` ships; what those leave out of the Go
types is in ``schemas/kuberay/kubernetes.yaml``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

import yaml

from generator import resources
from generator.schema.fields import INT_OR_STRING, QUANTITY, TIME

_API: Final = "io.k8s.api."
_MACHINERY: Final = "io.k8s.apimachinery.pkg."
_STRINGS: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_SPECIAL: Final[Mapping[str, Mapping[str, Any]]] = {
    _MACHINERY + "api.resource.Quantity": QUANTITY,
    _MACHINERY + "util.intstr.IntOrString": INT_OR_STRING,
    _MACHINERY + "apis.meta.v1.Time": TIME,
    # controller-gen keeps these five fields of embedded metadata and drops what only the API server writes.
    _MACHINERY + "apis.meta.v1.ObjectMeta": {
        "type": "object",
        "properties": {
            "annotations": _STRINGS,
            "finalizers": {"type": "array", "items": {"type": "string"}},
            "labels": _STRINGS,
            "name": {"type": "string"},
            "namespace": {"type": "string"},
        },
    },
}
_LIST: Final = ("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type")
_KEPT: Final = ("type", "format", "required", *_LIST)


def structural(definition: str, kubernetes: str, opened: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The structural schema of a definition (``io.k8s.api.core.v1.EnvVar``) of a Kubernetes minor ("1.35").

    Definitions in ``opened`` become objects that take anything, at any depth. Raises KeyError for a definition that
    this Kubernetes does not have.
    """
    if definition in opened:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    if definition in _SPECIAL:
        return dict(_SPECIAL[definition])
    return _node(_definitions(kubernetes)[definition], definition, kubernetes, opened)


def _node(schema: Mapping[str, Any], definition: str, kubernetes: str, opened: frozenset[str]) -> dict[str, Any]:
    """A schema node; ``definition`` is the one whose own node this is, else empty."""
    if "$ref" in schema:
        return structural(schema["$ref"].removeprefix("#/$defs/"), kubernetes, opened)
    extra = _additions(definition, kubernetes)
    node = {key: _not_null(schema[key]) for key in _KEPT if key in schema} | extra.get(".", {})
    if "required" in node:
        node["required"] = sorted(node["required"])
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            node[key] = _node(schema[key], "", kubernetes, opened)
    if "properties" in schema:
        properties = sorted(schema["properties"].items())
        node["properties"] = {
            name: _first(extra.get(name, {}), _node(value, "", kubernetes, opened)) for name, value in properties
        }
    return node


def _first(extra: Mapping[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node with added keywords before its children."""
    children: dict[str, Any] = {
        key: node.pop(key) for key in ("items", "additionalProperties", "properties") if key in node
    }
    return {**node, **extra, **children}


def _not_null(value: Any) -> Any:
    """``["string", "null"]`` → ``string``: what may be left out need not be null as well."""
    if isinstance(value, list) and "null" in value:
        return next(name for name in value if name != "null")
    return value


def _additions(definition: str, kubernetes: str) -> dict[str, dict[str, Any]]:
    """Field (``.``: the object itself) → keywords that the Go type has at this Kubernetes minor."""
    short = definition.removeprefix(_API).removeprefix(_MACHINERY + "apis.")
    return {field: _at(said, kubernetes) for field, said in _go_types().get(short, {}).items()}


def _at(said: Mapping[str, Any] | list[Mapping[str, Any]], kubernetes: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for entry in said if isinstance(said, list) else [said]:
        now = _minor(kubernetes)
        if _minor(entry.get("since", "1.0")) <= now < _minor(entry.get("until", "2.0")):
            result |= {key: value for key, value in entry.items() if key not in ("since", "until")}
    return result


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@cache
def _go_types() -> Mapping[str, Mapping[str, Any]]:
    file = resources.schemas() / "kuberay" / "kubernetes.yaml"
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(file.read_bytes())
    return loaded


@lru_cache(maxsize=1)
def _definitions(kubernetes: str) -> Mapping[str, Any]:
    document = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{kubernetes}.0-local" / "_definitions.json"
    definitions: dict[str, Any] = json.loads(document.read_bytes())["$defs"]
    return definitions
