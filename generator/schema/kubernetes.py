"""Kubernetes objects inside values files, checked against the JSON schemas that ``kubernetes-validate`` ships.

Only that package's data is used: a folder for each Kubernetes minor with ``_definitions.json`` in it. We are
stricter than those files in refusing null (they allow it nearly everywhere; Kubernetes then acts as if the key were not
there, so ``emptyDir:`` with nothing after it is no volume) and in what the API server asks beyond the types
(:mod:`generator.schema.pod_fields`), and laxer in one thing: a pod template that is merged over another needs no
containers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.schema import fields, pod_fields
from generator.schema.parts import Schema
from generator.schema.values import COMPLETE, DRAFT
from generator.schema.versions import Versions

if TYPE_CHECKING:
    import jsonschema_rs

POD_SPEC = "io.k8s.api.core.v1.PodSpec"
POD_TEMPLATE = "io.k8s.api.core.v1.PodTemplateSpec"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

_FOLDER = re.compile(r"v1\.(\d+)\.0-local-strict\Z")
_UNIONS: Mapping[str, Mapping[str, Any]] = {
    QUANTITY: {
        "title": "Kubernetes quantity",
        "type": [
            "string",
            "integer",
        ],  # a fraction needs quotes: CRDs refuse it as a number, unlike Kubernetes' own API
        "pattern": fields.QUANTITY_PATTERN,
        "maxLength": fields.QUANTITY["maxLength"],
        **fields.integers("int64"),
    },
    INT_OR_STRING: {"title": "number or name", "type": ["string", "integer"], **fields.integers("int32")},
}
_KEPT = ("title", "description", "properties", "required", "type", "additionalProperties", "items", "enum", "$ref")


class MissingData(RuntimeError):  # noqa: N818 - what is missing is not OneBlock's error to the user
    """The package with the Kubernetes schemas is not installed as it should be."""


def minors() -> tuple[str, ...]:
    """The Kubernetes minors whose schemas are installed, oldest first: ``("1.25", …, "1.37")``."""
    return tuple(f"1.{number}" for number in sorted(_folders()))


def chosen(version: str) -> str:
    """The minor whose schemas serve a Kubernetes version: its own, else the nearest lower one, else the lowest."""
    wanted = _number(version)
    known = sorted(_folders())
    return f"1.{max((number for number in known if number <= wanted), default=known[0])}"


def pod_minor(versions: Versions) -> str:
    """The minor whose pods can be written: the cluster's or, if that is lower, the one KubeRay was compiled with.

    KubeRay's CRDs and the operator know no newer fields, whatever the cluster runs.
    """
    return min(chosen(versions.kubernetes), chosen(fields.kubernetes(versions.kuberay)), key=_number)


@cache
def validator(minor: str, definition: str, *, complete: bool = False) -> jsonschema_rs.Draft202012Validator:
    """A compiled validator of one definition, for example ``io.k8s.api.core.v1.Toleration``.

    ``complete``: what Kubernetes requires is required; else a pod template may leave its containers out.

    Raises:
        KeyError: this Kubernetes minor has no such definition.
    """
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        object_schema(minor, definition, complete=complete),
        validate_formats=True,
        formats={"ip-address": pod_fields.is_ip_address},
    )


@cache
def object_schema(minor: str, definition: str, *, complete: bool = False) -> Schema:
    """The self-contained JSON Schema of one definition. Shared and cached: do not change it."""
    source = _definitions(minor)
    kept: Schema = {}
    todo = [definition]
    while todo:
        name = todo.pop()
        if name not in kept:
            kept[name] = _cleaned(name, source[name], complete=complete)
            pod_fields.add(name, minor, kept[name])
            todo += _names(kept[name])
    return {"$schema": DRAFT, "$ref": f"#/$defs/{definition}", "$defs": kept}


def since(version: str, definition: str, field: str) -> str | None:
    """The first installed minor after ``version`` in which a type has a field: ``"1.33"``; None if none has."""
    number = _number(chosen(version))
    for minor in (f"1.{each}" for each in sorted(_folders()) if each > number):
        if field in _definitions(minor).get(definition, {}).get("properties", {}):
            return minor
    return None


def keyword(version: str) -> type[Any]:
    """The class that makes ``x-kubernetes-definition`` a keyword of jsonschema-rs, for a Kubernetes version."""
    minor = chosen(version)

    class KubernetesObject:
        """One place in a schema that holds a Kubernetes object; nothing is loaded before a file has one there."""

        def __init__(self, parent: Mapping[str, Any], definition: str, path: list[str | int]) -> None:
            del path
            self._definition = definition
            self._complete = bool(parent.get(COMPLETE))

        def validate(self, instance: Any) -> None:
            if not validator(minor, self._definition, complete=self._complete).is_valid(instance):
                raise ValueError(self._definition)

    return KubernetesObject


def _cleaned(name: str, written: Mapping[str, Any], *, complete: bool) -> Schema:
    """A definition without null, without unions, and with a title to speak of it."""
    if name in _UNIONS:
        return dict(_UNIONS[name])
    made = _without_null(written)
    if name == POD_SPEC and not complete:
        made.pop("required", None)
    if "properties" in made:
        made["title"] = name.rsplit(".", 1)[-1]
    return made


def _without_null(node: Mapping[str, Any]) -> Schema:
    made: Schema = {key: node[key] for key in _KEPT if key in node}
    made |= fields.integers(node.get("format"))
    if isinstance(made.get("type"), list):
        types = [each for each in made["type"] if each != "null"]
        made["type"] = types[0] if len(types) == 1 else types
    if "properties" in made:
        made["properties"] = {name: _without_null(each) for name, each in made["properties"].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(made.get(key), Mapping):
            made[key] = _without_null(made[key])
    return made


def _names(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#/$defs/")
        for each in node.values():
            yield from _names(each)


@cache
def _definitions(minor: str) -> Mapping[str, Any]:
    folder = _folders()[_number(minor)]
    content = json.loads((folder / "_definitions.json").read_bytes())
    found: Mapping[str, Any] = content.get("$defs") or content["definitions"]
    return found


def _number(minor: str) -> int:
    return int(minor.split(".")[1])


@cache
def _folders() -> Mapping[int, Path]:
    """Kubernetes 1.N → its folder. The package is found, not imported: it brings a validator of its own along."""
    spec = find_spec("kubernetes_validate")
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = {
        int(match[1]): folder
        for place in places
        for folder in (Path(place) / "kubernetes-json-schema").glob("v1.*-local-strict")
        if (match := _FOLDER.match(folder.name))
    }
    if not found:
        raise MissingData("the Kubernetes schemas are not there: install the package kubernetes-validate again")
    return found
