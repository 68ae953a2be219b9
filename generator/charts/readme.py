"""The values table of a chart's README, from its JSON schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.charts.values import Schema, defaults, flow, properties

LONGEST_DEFAULT = 60


def values_table(schema: Schema) -> str:
    """A Markdown table of every value: key, type, default, description; keys in the schema's order.

    Maps keyed by a name of the user's own show their entries as ``queues.<name>.weight``.
    """
    rows = ["| Key | Type | Default | Description |", "|---|---|---|---|"]
    rows += [f"| `{key}` | {kind} | {default} | {text} |" for key, kind, default, text in _rows(schema, schema, defaults(schema), "")]
    return "\n".join(rows)


def _rows(schema: Schema, root: Schema, values: Any, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, each in properties(schema, root).items():
        key = f"{prefix}{name}"
        value = values.get(name) if isinstance(values, Mapping) else None
        inner = "properties" in each
        if not inner or each.get("description"):
            shown = "" if inner or not isinstance(values, Mapping) or name not in values else _code(value)
            yield key, _kind(each, root), shown, _cell(each)
        if inner:
            yield from _rows(each, root, value, f"{key}.")


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
