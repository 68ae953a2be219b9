"""What fields the KubeRay objects have, release by release: schemas, look-ups and near names.

Everything comes from the tables under ``schemas/kuberay/`` (see :mod:`generator.schema.fields_table`). Fields whose
type is Kubernetes' own are not described here: their schema node carries ``x-kubernetes-definition`` with the name of
the definition in Kubernetes' OpenAPI document, for whoever knows those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from generator.schema import fields_table as table
from generator.schema.fields_table import (
    Field,
    Release,
    Releases,
    Shape,
    Type,
    UnsupportedRelease,
    kubernetes,
    release,
    supported,
)

__all__ = [
    "DEFINITION",
    "FieldInfo",
    "UnsupportedRelease",
    "fields_at",
    "kinds",
    "kubernetes",
    "lookup",
    "object_schema",
    "release",
    "spec_schema",
    "supported",
]

DEFINITION: Final = "x-kubernetes-definition"
"""The keyword that names an embedded Kubernetes type, for example ``io.k8s.api.core.v1.PodTemplateSpec``."""

_INTEGERS: Final = {f"int{bits}": {"minimum": -(2 ** (bits - 1)), "maximum": 2 ** (bits - 1) - 1} for bits in (32, 64)}

QUANTITY_PATTERN: Final = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]{1,2}))?$"
)
"""A Kubernetes quantity. controller-gen's pattern for it lets two things in that stop the operator for everybody: an
exponent with a fraction, which Go cannot read, and one of many digits, with which it is not done after a minute."""

QUANTITY: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    "maxLength": 64,  # hundreds of thousands of digits take Go seconds each time
    "pattern": QUANTITY_PATTERN,
    "x-kubernetes-int-or-string": True,
}
INT_OR_STRING: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    **_INTEGERS["int32"],  # a number that Go's type cannot hold fails the operator's whole list
    "x-kubernetes-int-or-string": True,
}
TIME: Final[Mapping[str, Any]] = {
    "type": "string",
    "format": "date-time",
    # The API server's date-time takes small letters, any sign before a fraction and any offset; Go does not.
    "pattern": r"T[0-9:]{8}([.,][0-9]+)?(Z|(\+|-)([01][0-9]|2[0-3]):[0-5][0-9])$",
}
_SCALARS: Final[Mapping[str, Mapping[str, Any]]] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "minimum": -(10**15), "maximum": 10**15},  # Go reads it into 32 bits, or fails
    "quantity": QUANTITY,
    "time": TIME,
    "object": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field of a KubeRay object through all releases, also of those that never or no longer have it.

    ``since``/``until`` are versions ("1.5", "1.5.1"), None where open; ``until`` is the first release without the
    field. They count the objects around it too. ``definition`` is set where the value (or a list's or map's element) is
    Kubernetes' own type; ``type`` is written as in the tables.
    """

    path: tuple[str, ...]
    type: str
    doc: str
    since: str | None
    until: str | None
    definition: str | None
    releases: Releases

    def available(self, kuberay: str) -> bool:
        """Does this KubeRay have the field? Raises UnsupportedRelease."""
        return release(kuberay) in self.releases


def integers(format_: object) -> Mapping[str, int]:
    """The range of the integers of a format (``int32``) as JSON Schema says it; nothing for any other format."""
    return _INTEGERS.get(str(format_), {})


def kinds(kuberay: str) -> tuple[str, ...]:
    """The kinds a KubeRay release has, sorted. Raises UnsupportedRelease."""
    now = release(kuberay)
    return tuple(sorted(name for name, kind in table.tables().kinds.items() if now in kind.span))


def lookup(kind: str, path: tuple[str | int, ...]) -> FieldInfo | None:
    """The field at a path from the object's root: ``("spec", "workerGroupSpecs", 0, "labels")``.

    List indexes may be left out. None where no release ever had such a field, and below embedded Kubernetes types.
    """
    walked = _walk(kind, path)
    if walked is None or walked[1] is None:
        return None
    span, field, kept = walked[0], walked[1], walked[2]
    leaf = kept.leaf
    since, until = span.texts
    return FieldInfo(
        path=tuple(str(part) for part in path if not isinstance(part, int)),
        type=str(kept),
        doc=field.doc,
        since=since,
        until=until,
        definition=leaf.name if leaf.kind == "kubernetes" else None,
        releases=span,
    )


def fields_at(kind: str, prefix: tuple[str | int, ...], kuberay: str) -> list[str]:
    """The names of the fields an object at this path has in a release, sorted; empty where there is no such object."""
    now = release(kuberay)
    walked = _walk(kind, prefix)
    if walked is None or now not in walked[0] or walked[2].leaf.kind != "shape":
        return []
    shape = table.tables().shapes[walked[2].leaf.name]
    return sorted(field.name for field in shape.values() if now in field.span)


def _walk(kind: str, path: tuple[str | int, ...]) -> tuple[Releases, Field | None, Type] | None:
    """Releases of the releases that have the path, the last field on it and the type there."""
    found = table.tables().kinds.get(kind)
    if found is None or not path or path[0] not in ("spec", "status"):
        return None
    span, field = found.span, None
    type_ = Type("shape", found.spec if path[0] == "spec" else found.status)
    for part in path[1:]:
        if type_.kind == "map" or (type_.kind == "list" and (isinstance(part, int) or part.isdigit())):
            type_ = type_.element
            continue
        while type_.kind == "list":
            type_ = type_.element
        if type_.kind != "shape" or part not in (shape := table.tables().shapes[type_.name]):
            return None
        field = shape[str(part)]
        type_ = field.type
        span = span.within(field.span)
    return span, field, type_


def object_schema(kind: str, kuberay: str, api: str = "v1") -> dict[str, Any]:
    """The structural OpenAPI v3 schema of a whole object, as its CRD has it for one API version.

    Embedded Kubernetes types are ``{"type": "object", "x-kubernetes-definition": name}``. No descriptions: KubeRay's
    CRDs have none. Raises UnsupportedRelease, and KeyError for a kind or API version that the tables do not have.
    """
    found = table.tables().kinds[kind]
    version = {version.name: version for version in found.versions}[api]
    build = _Builder(release(kuberay), version.frozen, docs=False)
    return {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": build.shape(found.spec),
            "status": build.shape(found.status),
        },
    }


@cache
def spec_schema(kind: str, kuberay: str, *, partial: bool = True) -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a ``spec`` as people write it: no unknown fields, and descriptions for editors.

    ``partial``: the value is merged over something else, so nothing is required but the keys of map lists. Integers
    have the range of their Go type. Shared and cached: do not change it. Raises UnsupportedRelease, and KeyError for no
    such kind.
    """
    found = table.tables().kinds[kind]
    return _closed(_Builder(release(kuberay), None, docs=True).shape(found.spec), partial=partial, keys=())


@dataclass(frozen=True, slots=True)
class _Builder:
    """Shapes as schemas at one release. ``frozen``: for an API version that stopped there."""

    release: Release
    frozen: Release | None
    docs: bool

    def shape(self, name: str) -> dict[str, Any]:
        shape: Shape = table.tables().shapes[name]
        fields = sorted((field for field in shape.values() if self.has(field)), key=lambda field: field.name)
        required = [field.name for field in fields if self.keywords(field).get("required")]
        schema: dict[str, Any] = {"type": "object"}
        if required:
            schema["required"] = required
        return schema | {"properties": {field.name: self.field(field) for field in fields}}

    def has(self, field: Field) -> bool:
        if self.frozen is None:
            return self.release in field.span
        return self.frozen in field.span if field.v1alpha1 is None else field.v1alpha1

    def keywords(self, field: Field) -> dict[str, Any]:
        return field.at(self.frozen or self.release)

    def field(self, field: Field) -> dict[str, Any]:
        said = self.keywords(field)
        schema: dict[str, Any] = {"description": field.doc} if self.docs else {}
        schema |= self.type(field.type)
        rest = {key: schema.pop(key) for key in ("items", "properties", "additionalProperties") if key in schema}
        schema |= {key: said[key] for key in table.LIMITS if key in said}
        if "list" in said:
            schema["x-kubernetes-list-type"] = said["list"]
        if "keys" in said:
            schema["x-kubernetes-list-map-keys"] = list(said["keys"])
        if "rules" in said:
            schema["x-kubernetes-validations"] = [dict(rule) for rule in said["rules"]]
        return schema | rest

    def type(self, type_: Type) -> dict[str, Any]:
        if type_.kind == "scalar":
            return dict(_SCALARS[type_.name])
        if type_.kind == "kubernetes":
            return {"type": "object", DEFINITION: type_.name}
        if type_.kind == "shape":
            return self.shape(type_.name)
        inner = self.type(type_.element)
        if type_.kind == "list":
            return {"type": "array", "items": inner}
        return {"type": "object", "additionalProperties": inner}


def _closed(schema: Mapping[str, Any], *, partial: bool, keys: tuple[str, ...]) -> dict[str, Any]:
    """The JSON Schema of a structural one. ``keys``: of the map list whose element this is."""
    if schema.get("x-kubernetes-int-or-string"):
        described = {"description": schema["description"]} if "description" in schema else {}
        text = {"type": "string", "pattern": schema["pattern"], "maxLength": schema["maxLength"]}
        return described | {"anyOf": [{"type": "integer"}, text]}
    kept = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-") and key != "default"}
    if DEFINITION in schema:
        return kept | {DEFINITION: schema[DEFINITION]}
    if limits := integers(kept.get("format")):
        del kept["format"]
        kept = {**limits} | kept
    if "items" in kept:
        of_list = tuple(schema.get("x-kubernetes-list-map-keys", ()))
        kept["items"] = _closed(kept["items"], partial=partial, keys=of_list)
    if isinstance(kept.get("additionalProperties"), Mapping):
        kept["additionalProperties"] = _closed(kept["additionalProperties"], partial=partial, keys=())
    if "properties" in kept:
        properties = kept["properties"].items()
        kept["properties"] = {name: _closed(value, partial=partial, keys=()) for name, value in properties}
        kept["additionalProperties"] = False
        required = [name for name in kept.pop("required", ()) if not partial or name in keys]
        kept |= {"required": required} if required else {}
    return kept
