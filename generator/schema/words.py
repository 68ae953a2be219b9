"""How findings speak of values, fields and the things they are in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.diagnostics import Path
from generator.schema.walk import Node
from generator.source import Document, lines

_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "null",
}
_SECRET = re.compile(r"passw|secret|token|credential|apikey|api_key|private", re.IGNORECASE)
_LONGEST = 40
_MOST_NAMES = 30
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgtpe])(i?)b?(?:ytes?)?\Z", re.IGNORECASE)


def a(noun: str) -> str:
    """The noun with its article."""
    silent = noun[:1].lower() in "aeiou" and not noun.lower().startswith(("uni", "use"))
    return f"{'an' if silent else 'a'} {noun}"


def kind_of(value: object) -> str:
    """What a value is, in YAML's words."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    names = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "a map"}
    return names.get(type(value), "something else")


def wanted(types: Sequence[str]) -> str:
    """The types a schema allows: ``a string or a map``."""
    names = [_TYPES[each] for each in types if not (each == "integer" and "number" in types)]
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def named(path: Path) -> str:
    """The last step of a path as the subject of a sentence: ``"cpu"``, ``item 2 of "users"``, ``the file``."""
    if not path:
        return "the file"
    last = path[-1]
    if isinstance(last, str):
        return f'"{last}"'
    return f"item {last + 1} of {named(path[:-1])}"


def within(path: Path, nodes: Sequence[Node]) -> str:
    """Where the value at ``path`` is, ready to follow a noun: `` in a worker group``, `` in "labels"``.

    ``nodes`` are those of the whole way or of its beginning.
    """
    if not path:
        return ""
    container = nodes[len(path) - 1] if len(nodes) >= len(path) else None
    if container is not None and container.title and container.fields:
        return f" in {thing(container)}"
    if isinstance(path[-1], int):
        return within(path[:-1], nodes)
    outer = path[:-1]
    while outer and isinstance(outer[-1], int):
        outer = outer[:-1]
    return f' in "{outer[-1]}"' if outer else ""


def thing(node: Node) -> str:
    """What a node is: ``a worker group`` (one of several) or ``the head group``."""
    return a(node.title) if node.reached in ("entry", "item") else f"the {node.title}"


def quoted(value: object, path: Path) -> str:
    """A value for a message, shortened, and hidden where its name says that it is a secret."""
    if any(isinstance(step, str) and _SECRET.search(step) for step in path[-2:]):
        return "this value"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def written(document: Document, path: Path) -> str:
    """A value as it stands in the file, where that is a few characters on one line and no secret; else ``""``."""
    span = document.span(path)
    if span.line != span.end_line or quoted("", path) == "this value":
        return ""
    found = lines(document.text)
    text = found[span.line - 1][span.column - 1 : span.end_column - 1] if span.line <= len(found) else ""
    return text if len(text) <= _LONGEST else ""


def listing(names: Iterable[object]) -> str:
    """Names behind each other; very long lists are cut."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in names]
    more = f" and {len(texts) - _MOST_NAMES} more" if len(texts) > _MOST_NAMES else ""
    return ", ".join(texts[:_MOST_NAMES]) + more


def first_sentence(text: str) -> str:
    """The first sentence of a description, without its full stop."""
    return re.split(r"(?<=[a-z0-9)])\.(?:\s|$)", " ".join(text.split()), maxsplit=1)[0].rstrip(".")


def repaired(value: str, pattern: str) -> str | None:
    """A spelling close to ``value`` that has the form of ``pattern``: ``16GB`` → ``16Gi``, ``Team_A`` → ``team-a``."""
    for each in _spellings(value.strip()):
        if each != value and re.search(pattern, each):
            return each
    return None


def _spellings(value: str) -> Iterable[str]:
    yield value
    if size := _SIZE.match(value):
        yield f"{size[1]}{size[2].upper()}i"
    yield value.removeprefix("v")
    yield value.lower()
    dashed = re.sub(r"[^A-Za-z0-9.]+", "-", value).strip("-")
    yield dashed
    yield dashed.lower()
    yield dashed.lower().replace(".", "-")


def as_number(text: str) -> str | None:
    """A string that a person may have meant as a number, as that number."""
    stripped = text.strip()
    if re.fullmatch(r"[-+]?[0-9]+", stripped):
        return str(int(stripped))
    return stripped if re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", stripped) else None


def as_boolean(text: str) -> str | None:
    """A string that a person may have meant as true or false."""
    word = text.strip().lower()
    return "true" if word in ("true", "yes", "on") else "false" if word in ("false", "no", "off") else None


def example(schema: Mapping[str, Any]) -> str:
    """A schema's first example as it would stand in a file, or ``""``."""
    found = next(iter(schema.get("examples", ())), "")
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
