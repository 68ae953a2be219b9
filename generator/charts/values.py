"""The text of a chart's ``values.yaml``, written from its JSON schema: every default, each under its description."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 110
_PLAIN = re.compile(r"([A-Za-z][A-Za-z0-9_./-]*|[0-9]+([KMGTP]i|m))\Z")
_NOT_STRINGS = frozenset(("y", "yes", "n", "no", "true", "false", "on", "off", "null"))
_MISSING = object()

Schema = Mapping[str, Any]


def values_yaml(schema: Schema) -> str:
    """The file's text: defaults in the schema's order, a comment over each that starts with the property's name.

    Properties without a default are optional and stay out, unless properties below them have one. A map or list that is
    empty by default shows the schema's first example in a comment.
    """
    return "".join(_properties(schema, schema, defaults(schema), 0)) or "{}\n"


def defaults(schema: Schema, root: Schema | None = None) -> dict[str, Any]:
    """The same defaults as data; ``root`` is the file that references point into, if it is another one."""
    found = _default(schema, schema if root is None else root)
    return {} if found is _MISSING else dict(found)


def resolved(schema: Schema, root: Schema) -> Schema:
    """A schema with its ``$ref`` (into the same file) followed; what stands beside the ``$ref`` wins."""
    while "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def properties(schema: Schema, root: Schema) -> dict[str, Schema]:
    """The named properties of an object schema, references followed."""
    return {
        name: resolved(each, root) for name, each in schema.get("properties", {}).items() if isinstance(each, Mapping)
    }


def scalar(value: Any) -> str:
    """A scalar as YAML that every reader takes the same way; strings that could be anything else are quoted."""
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _NOT_STRINGS:
        return value
    return json.dumps(value, ensure_ascii=False)


def flow(value: Any) -> str:
    """Any value on one line: ``{cpu: 1, memory: 4Gi}``."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    return scalar(value)


def block(value: Any, depth: int = 0) -> Iterator[str]:
    """The lines of a map or list in block style; what is short and flat stands on one line."""
    indent = "  " * depth
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from f"{indent}{scalar(key)}:{_after(each, depth)}".splitlines()
    else:
        for each in value:
            yield f"{indent}- {flow(each)}"


def _default(schema: Schema, root: Schema) -> Any:
    """A schema's default: its own, laid over those of its properties."""
    inner = {name: _default(each, root) for name, each in properties(schema, root).items()}
    below = {name: value for name, value in inner.items() if value is not _MISSING}
    own = schema.get("default", _MISSING)
    if not below or not (own is _MISSING or isinstance(own, Mapping)):
        return own
    whole = _over(below, own)
    return {name: whole[name] for name in dict.fromkeys([*inner, *whole]) if name in whole}


def _over(below: Any, own: Any) -> Any:
    if own is _MISSING:
        return below
    if not isinstance(below, Mapping) or not isinstance(own, Mapping):
        return own
    return {key: _over(below.get(key, own.get(key)), own.get(key, _MISSING)) for key in dict.fromkeys([*below, *own])}


def _properties(schema: Schema, root: Schema, values: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    known = properties(schema, root)
    for name, value in values.items():
        each = known.get(name, {})
        if depth == 0 and name != next(iter(values)):
            yield "\n"
        yield _comment(name, each, value, indent)
        if isinstance(value, Mapping) and value and "properties" in each:
            yield f"{indent}{scalar(name)}:\n"
            yield from _properties(each, root, value, depth + 1)
        else:
            yield f"{indent}{scalar(name)}:{_after(value, depth)}\n"


def _after(value: Any, depth: int) -> str:
    """What stands after ``name:``, on the same line or in a block below it."""
    line = " " + flow(value)
    short = len(line) + 2 * depth < WIDTH - 30 and not _nested(value)
    return line if short or not isinstance(value, Mapping | list) else "\n" + "\n".join(block(value, depth + 1))


def _nested(value: Any) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(isinstance(each, Mapping | list) and each for each in inner)


def _comment(name: str, schema: Schema, value: Any, indent: str) -> str:
    description = " ".join(str(schema.get("description") or schema.get("title") or "").split())
    if not description:
        return ""
    width = WIDTH - len(indent) - 2
    lines = textwrap.wrap(f"{name}: {description}", width, break_long_words=False, break_on_hyphens=False)
    if value in ({}, []) and schema.get("examples"):
        lines += ["For example:", *(f"  {line}" for line in block({name: schema["examples"][0]}))]
    return "".join(f"{indent}# {line}\n" for line in lines)
