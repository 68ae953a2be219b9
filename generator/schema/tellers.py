"""What is wrong with one value, in words: OB201, OB202 and OB205."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from generator.diagnostics import Diagnostic, Path, near
from generator.schema import words
from generator.schema.walk import Node, Reached
from generator.source import Document

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError


@dataclass(frozen=True, slots=True)
class Site:
    """Where the errors of one validator belong: the schema it used, the way to its root, the Kubernetes it speaks for.

    ``outer`` are the nodes from the file's root down to this schema's own root, which hangs there as ``reached`` says.
    """

    schema: Mapping[str, Any]
    base: Path = ()
    outer: tuple[Node, ...] = ()
    reached: Reached = "root"
    minor: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken keyword at one place, with all that a message needs.

    ``node`` is the value's own, ``nodes`` those of the way or of its start; ``owner`` is the schema with the keyword.
    """

    keyword: str
    path: Path
    value: Any
    node: Node
    nodes: tuple[Node, ...]
    owner: Mapping[str, Any]
    site: Site
    error: ValidationError

    @property
    def rule(self) -> Any:
        """What the keyword says in the schema: the limit, the pattern."""
        return self.owner.get(self.keyword)

    @property
    def where(self) -> str:
        """`` in a worker group``; for a Kubernetes object with the version whose rules are applied."""
        return words.within(self.path[:-1] if self.entry else self.path, self.nodes) + self.by

    @property
    def entry(self) -> bool:
        """Whether the value is a thing with a title under a name of the user's own, such as a worker group."""
        return self.node.reached == "entry" and bool(self.node.fields and self.node.title)

    @property
    def by(self) -> str:
        """The Kubernetes version that says so."""
        return f" (Kubernetes {self.site.minor})" if self.site.minor else ""


def _at(document: Document, code: str, message: str, **more: Any) -> Diagnostic:
    return Diagnostic(code, message, document.span(()), **more)


def wrong_type(fault: Fault, document: Document) -> Diagnostic:
    """OB201: a value of another type, with how to write it."""
    schema, value = fault.node.schema, fault.value
    allowed = schema.get("type", ())
    types = [allowed] if isinstance(allowed, str) else list(allowed)
    name = _subject(fault)
    if value is None:
        empty = f"write {'{}' if 'object' in types else '[]' if 'array' in types else 'a value'}, or leave the key out"
        note = "Helm takes a key without a value as an order to forget it"
        return _at(document, "OB201", f"{name}{fault.where} has no value", label="empty", notes=(note,), help=empty)
    if "enum" in schema and not _quotable(value, document, fault.path, schema["enum"]):
        return _enum(fault, document)
    title = schema.get("title", "")
    measured = bool(title) and "string" in types and bool({"integer", "number"} & set(types))
    got = words.quoted(value, fault.path) if isinstance(value, int | float) else words.kind_of(value)
    remedy = "" if measured and "pattern" not in schema else _remedy(fault, types, document)
    samples = [] if remedy or isinstance(value, dict | list) else _samples(schema)
    return _at(
        document,
        "OB201",
        f"{name}{fault.where} must be {words.a(title) if measured else words.wanted(types)}, not {got}",
        label=words.kind_of(value),
        notes=tuple(samples),
        help=remedy,
    )


def _remedy(fault: Fault, types: list[str], document: Document) -> str:
    """How to write what was probably meant."""
    value = fault.value
    as_written = words.written(document, fault.path)
    if "string" in types and isinstance(value, bool | int | float):
        if not re.search(fault.node.schema.get("pattern", ""), as_written):
            return ""
        quoted = f'write it in quotes: "{as_written}"' if as_written else "write it in quotes"
        plain = str(value).lower() if isinstance(value, bool) else as_written
        return quoted if as_written.lower() == plain else f"{quoted}; without them Helm reads {as_written} as {plain}"
    if isinstance(value, str):
        number = words.as_number(value) if {"integer", "number"} & set(types) else None
        meant = number or (words.as_boolean(value) if "boolean" in types else None)
        if meant:
            return f"write it without quotes: {meant}"
        return f"write it as a list: [{as_written}]" if "array" in types and as_written else ""
    if "object" in types and isinstance(value, list):
        return "write a map with a name for each entry, not a list: no dashes"
    return ""


def _quotable(value: Any, document: Document, path: Path, allowed: list[Any]) -> bool:
    """Whether the value is only a choice that lacks its quotes."""
    return isinstance(value, str) or words.written(document, path) in allowed


def _subject(fault: Fault) -> str:
    return f'{fault.node.title} "{fault.path[-1]}"' if fault.entry else words.named(fault.path)


def _enum(fault: Fault, document: Document) -> Diagnostic:
    """OB202: none of the allowed values."""
    allowed = fault.node.schema.get("enum") or [fault.node.schema.get("const")]
    meant = near(fault.value, [str(each) for each in allowed]) if isinstance(fault.value, str) else None
    return _at(
        document,
        "OB202",
        f"{_subject(fault)}{fault.where} cannot be {words.quoted(fault.value, fault.path)}",
        label=f"did you mean {meant}?" if meant else "not one of the allowed values",
        notes=(f"allowed: {words.listing(allowed)}",),
    )


def wrong_form(fault: Fault, document: Document) -> Diagnostic:
    """OB205: the wrong form."""
    schema = fault.node.schema
    title = schema.get("title")
    fixed = words.repaired(fault.value, schema.get("pattern", "")) if isinstance(fault.value, str) else None
    shown = words.quoted(fault.value, fault.path)
    said = f"must be {words.a(title)}, not {shown}" if title else f"has the wrong form: {shown}"
    return _at(
        document,
        "OB205",
        f"{_subject(fault)}{fault.where} {said}",
        label=f"did you mean {fixed}?" if fixed else f"not {words.a(title)}" if title else "wrong form",
        notes=tuple(described(schema)),
    )


def described(schema: Mapping[str, Any]) -> list[str]:
    """Notes: what a value means, and examples."""
    text = words.first_sentence(schema.get("description", ""))
    return [*([text] if text else []), *_samples(schema)]


def _samples(schema: Mapping[str, Any]) -> list[str]:
    examples = schema.get("examples", ())
    return [f"for example: {words.listing(examples)}"] if examples else []


_LIMITS: Mapping[str, str] = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
}
_SIZES: Mapping[str, tuple[str, str]] = {
    "minLength": ("at least", "character"),
    "maxLength": ("at most", "character"),
    "minItems": ("at least", "entry"),
    "maxItems": ("at most", "entry"),
    "minProperties": ("at least", "key"),
    "maxProperties": ("at most", "key"),
}


def _limit(fault: Fault, document: Document) -> Diagnostic:
    """OB205: a number out of range."""
    limit = _LIMITS[fault.keyword].format(fault.rule)
    message = f"{_subject(fault)}{fault.where} must be {limit}, not {words.quoted(fault.value, fault.path)}"
    return _at(document, "OB205", message, label=limit)


def _size(fault: Fault, document: Document) -> Diagnostic:
    """OB205: too long, too short, too many, too few."""
    bound, unit = _SIZES[fault.keyword]
    if fault.rule == 1 and bound == "at least":
        return _at(document, "OB205", f"{_subject(fault)}{fault.where} must not be empty", label="empty")
    units = unit if fault.rule == 1 else unit.replace("entry", "entries") if unit == "entry" else f"{unit}s"
    message = f"{_subject(fault)}{fault.where} must have {bound} {fault.rule} {units}, not {len(fault.value)}"
    return _at(document, "OB205", message, label=f"{len(fault.value)} {units}")


def _twice(fault: Fault, document: Document) -> Diagnostic:
    """OB205: a list that says the same thing twice."""
    repeated = next((each for index, each in enumerate(fault.value) if each in fault.value[:index]), None)
    message = f"{_subject(fault)}{fault.where} names {words.quoted(repeated, fault.path)} twice"
    return _at(document, "OB205", message, label="each entry only once")


Tell = Callable[[Fault, Document], Diagnostic]
TELL: Final[Mapping[str, tuple[int, Tell]]] = {
    "type": (0, wrong_type),
    "enum": (1, _enum),
    "const": (1, _enum),
    "pattern": (2, wrong_form),
    "format": (2, wrong_form),
    "uniqueItems": (3, _twice),
    **dict.fromkeys(_LIMITS, (2, _limit)),
    **dict.fromkeys(_SIZES, (3, _size)),
}
"""Keyword → rank (of several findings about one value the lowest is told) and what tells it."""
