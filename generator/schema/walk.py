"""The schemas along the way to a value, so that messages can speak of what people wrote and not of schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from generator.diagnostics import Path

Reached = Literal["root", "field", "entry", "item"]


@dataclass(frozen=True, slots=True)
class Node:
    """The schema of one value, references followed, and how it hangs in its parent.

    ``field``: a named property; ``entry``: a map's value under a name of the user's own; ``item``: one of a list's.
    ``reference``: the name of the definition it came from, if any.
    """

    schema: Mapping[str, Any]
    reached: Reached
    reference: str = ""

    @property
    def title(self) -> str:
        """What such a thing is called, or ``""``."""
        return str(self.schema.get("title", ""))

    @property
    def fields(self) -> Mapping[str, Any]:
        """The properties it may have by name."""
        found: Mapping[str, Any] = self.schema.get("properties", {})
        return found


def resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """A schema with its ``$ref`` followed (what stands beside it wins) and the name of the definition referred to."""
    name = ""
    while isinstance(target := schema.get("$ref"), str):
        found: Any = root
        for step in target.removeprefix("#/").split("/"):
            found = found[step]
        name = name or target.rsplit("/", 1)[-1]
        schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema, name


def nodes(root: Mapping[str, Any], path: Path) -> list[Node]:
    """The nodes from the root to the value at ``path``, one for each step; fewer where the schema knows no more."""
    schema, name = resolve(root, root)
    found = [Node(schema, "root", name)]
    for step in path:
        inner = _below(found[-1].schema, step)
        if inner is None:
            break
        schema, name = resolve(inner[0], root)
        found.append(Node(schema, inner[1], name))
    return found


def value_at(data: Any, path: Sequence[str | int]) -> Any:
    """The value at a path that is there."""
    for step in path:
        data = data[step]
    return data


def _below(schema: Mapping[str, Any], step: str | int) -> tuple[Mapping[str, Any], Reached] | None:
    if isinstance(step, int):
        items = schema.get("items")
        return (items, "item") if isinstance(items, Mapping) else None
    if step in schema.get("properties", {}):
        return schema["properties"][step], "field"
    for each in (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")):
        if isinstance(each, Mapping):
            return each, "entry"
    return None
