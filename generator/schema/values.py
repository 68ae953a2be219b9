"""The JSON schemas of values files: built from their parts for any versions, read ready-made for the default ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from generator import resources
from generator.schema import fields, parts
from generator.schema.parts import KUBERAY, Kind, Schema
from generator.schema.versions import SUPPORTED, Versions, parse

DRAFT = "https://json-schema.org/draft/2020-12/schema"
KINDS: tuple[Kind, ...] = ("platform", "namespace")
COMPLETE = "x-complete"
"""On a Kubernetes object that is not merged over anything, so what Kubernetes requires has to be there."""

_SPECS: Mapping[str, Mapping[str, str]] = {
    "RayCluster": {},
    "RayJob": {"rayClusterSpec": "RayCluster"},
    "RayService": {"rayClusterConfig": "RayCluster"},
}
"""The kinds whose spec can be written, and which of their fields hold another kind's spec."""


def file_name(kind: Kind) -> str:
    """The file of a kind's schema below ``schemas/``."""
    return f"{kind}.schema.json"


def values_schema(kind: Kind, versions: Versions) -> Schema:
    """The JSON Schema (2020-12, self-contained) of a values file for the pinned versions; yours to change.

    A KubeRay that OneBlock does not know is treated as the nearest one it knows; the rules on versions refuse it.
    """
    if versions.kuberay == Versions.DEFAULT.kuberay:
        ready = resources.schemas() / file_name(kind)
        if ready.is_file():
            schema: Schema = json.loads(ready.read_bytes())
            return schema
    return build(kind, versions)


def build(kind: Kind, versions: Versions) -> Schema:
    """The same, always from the parts."""
    known = nearest(versions)
    schema = parts.assemble(kind, known)
    schema["$defs"] |= {_definition(name): spec_schema(name, known) for name in _SPECS}
    _link(schema)
    return ordered(reachable(schema))


def write_schemas() -> dict[str, bytes]:
    """What ``schemas/`` holds for editors: file name → content, for the default versions."""
    return {file_name(kind): encoded(build(kind, Versions.DEFAULT)) for kind in KINDS}


def encoded(schema: Mapping[str, Any]) -> bytes:
    """A schema as the text that is committed."""
    return (json.dumps(schema, indent=1, ensure_ascii=False) + "\n").encode()


def nearest(versions: Versions) -> Versions:
    """The same versions with a KubeRay that the field tables describe."""
    known = SUPPORTED["kuberay"]
    if versions.kuberay in known:
        return versions
    numbers, first = parse(versions.kuberay), parse(known.first)
    older = numbers is not None and first is not None and numbers < first
    chosen = known.first if older else known.last or Versions.DEFAULT.kuberay
    return Versions(versions.kubernetes, chosen, versions.ray, versions.volcano)


def spec_schema(kind: str, versions: Versions) -> Schema:
    """The fields of a KubeRay kind's spec as a closed schema; specs inside it are references."""
    schema: Schema = _without_unions(fields.spec_schema(kind, versions.kuberay))
    properties = schema["properties"]
    for name, inner in _SPECS[kind].items():
        properties[name] = {"$ref": f"#/$defs/{_definition(inner)}", "description": properties[name]["description"]}
    if "submitterPodTemplate" in properties:
        properties["submitterPodTemplate"] = {**properties["submitterPodTemplate"], COMPLETE: True}
    return {"title": f"{kind} spec", KUBERAY: kind, **schema}


def reachable(schema: Schema) -> Schema:
    """The schema without definitions that nothing refers to."""
    definitions = schema.get("$defs", {})
    wanted: dict[str, None] = {}
    todo = list(_references({key: value for key, value in schema.items() if key != "$defs"}))
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted[name] = None
            todo += _references(definitions[name])
    return {**schema, "$defs": {name: definitions[name] for name in definitions if name in wanted}}


def ordered(schema: Schema) -> Schema:
    """The schema with ``$schema`` first and ``$defs`` last."""
    inner = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
    return {"$schema": DRAFT, **inner, "$defs": schema.get("$defs", {})}


def _without_unions(node: Any) -> Any:
    """A copy with a list of types for each choice between types: no schema here has branches, so errors are plain."""
    if isinstance(node, list):
        return [_without_unions(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    if "anyOf" not in node:
        return {key: _without_unions(each) for key, each in node.items()}
    kept = {key: each for key, each in node.items() if key != "anyOf"}
    for branch in node["anyOf"]:
        kept |= {key: each for key, each in branch.items() if key != "type"}
    return {"title": "Kubernetes quantity", **kept, "type": [branch["type"] for branch in node["anyOf"]]}


def _definition(kind: str) -> str:
    return f"kuberay{kind}Spec"


def _references(node: object) -> Iterable[str]:
    """The names under ``$defs`` that a schema refers to."""
    if isinstance(node, Mapping):
        target = node.get("$ref")
        if isinstance(target, str):
            yield target.split("/")[2]
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


def _link(node: Any) -> None:
    """Makes every ``x-kuberay`` placeholder a reference to that kind's definition."""
    if isinstance(node, list):
        for each in node:
            _link(each)
    elif isinstance(node, dict):
        if KUBERAY in node and "type" not in node and "$ref" not in node:
            node["$ref"] = f"#/$defs/{_definition(node.pop(KUBERAY))}"
        for each in node.values():
            _link(each)
