"""The sources of the values schemas (``schemas/values/*.yaml``) put together.

``common.yaml`` there explains the format and its own ``x-`` keywords, which are resolved here. One object is made for
each use, so the result may be changed by whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

import yaml

from generator import resources
from generator.schema.versions import Versions

Kind = Literal["platform", "namespace"]
Schema = dict[str, Any]

KUBERAY = "x-kuberay"
"""Marks where the spec of a KubeRay kind is; kept in the result, because messages are worded by it."""

_FILES: Mapping[Kind, tuple[str, ...]] = {
    "platform": ("common", "raycluster", "operator", "redis", "platform"),
    "namespace": ("common", "raycluster", "namespace"),
}
_OWN = frozenset(("x-extends", "x-without", "x-since", "x-enum-since"))


def source(kind: Kind) -> Schema:
    """Root and ``$defs`` of a kind as they are written, for every KubeRay version at once."""
    definitions: Schema = {}
    root: Schema = {}
    for name in _FILES[kind]:
        part = _load(name)
        definitions |= part.get("$defs", {})
        root = part.get(kind, root)
    return {**root, "$defs": definitions}


def assemble(kind: Kind, versions: Versions) -> Schema:
    """The schema of a kind for one KubeRay, with every definition and with ``x-kuberay`` nodes still empty."""
    whole = source(kind)
    definitions = whole.pop("$defs")
    build = _Build(definitions, versions)
    return {**build.schema(whole), "$defs": {name: build.schema(each) for name, each in definitions.items()}}


def since(schema: Mapping[str, Any], definitions: Mapping[str, Any], key: str) -> str | None:
    """The KubeRay version a property of an unassembled schema came with, or None: no such property, or always there."""
    found = extended(schema, definitions).get("properties", {}).get(key, {}).get("x-since")
    return None if found is None else str(found)


def extended(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    """A schema with the properties of those it extends; its own win."""
    properties: Schema = {}
    for name in schema.get("x-extends", ()):
        properties |= extended(definitions[name], definitions)["properties"]
    properties |= schema.get("properties", {})
    for name in schema.get("x-without", ()):
        properties.pop(name, None)
    kept = {key: value for key, value in schema.items() if key not in ("x-extends", "x-without")}
    return {**kept, "properties": properties} if properties else kept


class _Build:
    """One walk over a source for one KubeRay version."""

    def __init__(self, definitions: Mapping[str, Any], versions: Versions) -> None:
        self._definitions = definitions
        self._versions = versions

    def schema(self, written: Mapping[str, Any]) -> Schema:
        """A schema with the own keywords resolved and objects closed."""
        whole = extended(written, self._definitions)
        made: Schema = {key: self._value(key, value) for key, value in whole.items() if key not in _OWN}
        if "enum" in made:
            made["enum"] = list(self._allowed(whole))
        if "properties" in made and "additionalProperties" not in made:
            made["additionalProperties"] = False
        return made

    def _value(self, key: str, value: Any) -> Any:
        if key in ("properties", "patternProperties"):
            return {name: self.schema(each) for name, each in value.items() if self._there(each)}
        if key in ("additionalProperties", "items", "propertyNames") and isinstance(value, Mapping):
            return self.schema(value)
        return value

    def _there(self, schema: Mapping[str, Any]) -> bool:
        return "x-since" not in schema or self._versions.at_least("kuberay", str(schema["x-since"]))

    def _allowed(self, schema: Mapping[str, Any]) -> Iterator[Any]:
        later = schema.get("x-enum-since", {})
        for each in schema["enum"]:
            if each not in later or self._versions.at_least("kuberay", later[each]):
                yield each


@cache
def _load(name: str) -> Mapping[str, Any]:
    text = (resources.schemas() / "values" / f"{name}.yaml").read_bytes()
    loaded: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    return loaded
