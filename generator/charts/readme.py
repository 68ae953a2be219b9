"""The values table of a chart's README, from its JSON schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from generator.charts.values import Schema, defaults, flow, properties, resolved
from generator.schema.fields import DEFINITION
from generator.schema.parts import KUBERAY

LONGEST_DEFAULT = 60
BIG = 12
"""Properties from which on a shape is shown once and only named where it comes again (a RayCluster inside a RayJob)."""

Row = tuple[str, str, str, str]


def values_table(schema: Schema, *, elsewhere: Mapping[str, str] = MappingProxyType({})) -> str:
    """A Markdown table of every value: key, type, default, description; keys in the schema's order.

    Maps keyed by a name of the user's own show their entries as ``queues.<name>.weight``. Keys in ``elsewhere`` get one
    row, which says where the table of what is below them is.
    """
    rows = ["| Key | Type | Default | Description |", "|---|---|---|---|"]
    for key, kind, default, text in _Table(schema, elsewhere).rows():
        rows.append(f"| `{key}` | {kind} | {default} | {text} |")
    return "\n".join(rows)


class _Table:
    """One walk over a schema."""

    def __init__(self, schema: Schema, elsewhere: Mapping[str, str]) -> None:
        self._root = schema
        self._elsewhere = elsewhere
        self._shown: dict[frozenset[str], str] = {}

    def rows(self) -> Iterator[Row]:
        """The rows, from the root on."""
        return self._object(self._root, defaults(self._root), "")

    def _object(self, schema: Schema, values: Any, prefix: str) -> Iterator[Row]:
        known = values if isinstance(values, Mapping) else {}
        for name, each in properties(schema, self._root).items():
            yield from self._value(name, each, known, prefix)
        entry = _entries(schema, self._root)
        if entry is not None:
            yield from self._object(entry, defaults(entry, self._root), f"{prefix}<name>.")

    def _value(self, name: str, schema: Schema, values: Mapping[str, Any], prefix: str) -> Iterator[Row]:
        key = f"{prefix}{name}"
        parts = "properties" in schema and not _foreign(schema)
        entry = _entries(schema, self._root)
        there = self._elsewhere.get(key) or self._again(entry or (schema if parts else {}), key, entry is not None)
        if there or not parts or schema.get("description"):
            default = _code(values[name]) if name in values and not parts and not there else ""
            yield key, _kind(schema, self._root), default, " ".join(each for each in (_cell(schema), there) if each)
        if (parts or entry) and not there:
            yield from self._object(schema, values.get(name), f"{key}.")

    def _again(self, schema: Schema, key: str, named: bool) -> str:
        """Where a big shape has been shown before, or nothing."""
        shape = frozenset(schema.get("properties", {}))
        if len(shape) < BIG:
            return ""
        first = self._shown.setdefault(shape, f"{key}.<name>" if named else key)
        return f"Keys as in `{first}`." if first not in (key, f"{key}.<name>") else ""


def _entries(schema: Schema, root: Schema) -> Schema | None:
    """What each entry of a map looks like, if the map's keys are names and its entries objects of ours."""
    entry = schema.get("additionalProperties")
    if not isinstance(entry, Mapping) or _foreign(schema):
        return None
    entry = resolved(entry, root)
    return entry if "properties" in entry and not _foreign(entry) else None


def _foreign(schema: Schema) -> bool:
    """Whether the fields are Kubernetes' or KubeRay's own, which have documents of their own."""
    return DEFINITION in schema or KUBERAY in schema


def _kind(schema: Schema, root: Schema) -> str:
    kind = schema.get("type")
    if "enum" in schema:
        return " \\| ".join(f"`{flow(each)}`" for each in schema["enum"])
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return "map"
    if kind is None and ("anyOf" in schema or "oneOf" in schema):
        kinds = (_kind(each, root) for each in schema.get("anyOf", schema.get("oneOf", ())))
        return " or ".join(dict.fromkeys(kinds))
    return str(kind or "any")


def _code(value: Any) -> str:
    text = flow(value)
    return f"`{text}`" if len(text) <= LONGEST_DEFAULT else "see values.yaml"


def _cell(schema: Schema) -> str:
    """A description on one line; bars would end the cell."""
    text = str(schema.get("description") or schema.get("title") or "")
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
