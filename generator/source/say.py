"""The words of the findings about single values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from generator.source.scalars import EXACT, Doubt

_TAG_PREFIX = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Words:
    """What a finding says, apart from where."""

    message: str
    label: str = ""
    help: str = ""
    notes: tuple[str, ...] = ()


MERGE_VALUE = Words(
    'the value of "<<" is not a mapping',
    "mapping expected",
    "name one mapping (<<: *base) or list them here (<<: [*base, *more])",
    ("Helm refuses the file: an alias of a list is no list to it",),
)


def quoted(text: str) -> str:
    """``text`` as a double-quoted scalar."""
    return json.dumps(text, ensure_ascii=False)


def shown(value: Any) -> str:
    """A value as it can be written without doubt."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


def doubt(text: str, found: Doubt) -> Words:
    """A scalar that does not mean the same to everybody."""
    if found.code == "OB110":
        return _number(text, found)
    if isinstance(found.value, str):
        return Words(
            f"{text} is text to Helm and {found.others} to other readers", "ambiguous", f"quote it: {quoted(text)}"
        )
    seen = shown(found.value)
    return Words(
        f"{text} is {seen} to Helm and {found.others} to other readers",
        f"Helm reads {seen}",
        f"write {seen}, or {quoted(text)} if it is text",
    )


def _number(text: str, found: Doubt) -> Words:
    if found.others.endswith(("infinity", "not a number")) and "." in text[:2]:
        return Words(
            f"{text} is no value in JSON: Helm refuses it",
            "not a JSON number",
            f"quote it if it is text: {quoted(text)}",
        )
    seen = "text" if isinstance(found.value, str) else shown(found.value)
    return Words(
        f"Helm cannot hold this number: it reads {seen}",
        f"Helm reads {seen}",
        f"quote it if it is an identifier: {quoted(text)}",
        (f"Helm keeps numbers as 64-bit floats; whole numbers are exact up to {EXACT}",),
    )


def tag(name: str) -> Words:
    """A tag other than ``!!str``."""
    short = "!!" + name.removeprefix(_TAG_PREFIX) if name.startswith(_TAG_PREFIX) else name
    return Words(
        f"the tag {short} is not allowed" if short != "!!str" else "!!str is for single values",
        help="remove it; quote a value that is text",
        notes=("Helm ignores most tags: the value would not be what the tag says",),
    )


def key(value: Any, name: str | None) -> Words:
    """A key that is a boolean, a number, null or a collection."""
    if name is not None:
        return Words(
            f"the key {value} is not text: Helm makes it {quoted(name)}", "not text", f"quote it: {quoted(value)}"
        )
    if isinstance(value, str):
        return Words("this key is empty: Helm refuses it", "no key", "name the key")
    return Words(
        "this key is a list or a mapping: Helm refuses it",
        "not text",
        "quote a value that starts with { or [",
        ("Helm does not read values files as templates: {{ }} is not filled in",),
    )


def duplicate(name: str) -> Words:
    """A key that is written twice in one mapping."""
    return Words(
        f"key {quoted(name)} is written twice",
        "again here",
        "keep one of them",
        ("Helm would take the last one and say nothing",),
    )


def overridden(name: str) -> Words:
    """A key that stands before a merge which sets it again."""
    return Words(
        f'"<<" overrides {quoted(name)}, which is written before it',
        "merged after it",
        'put "<<" first: what follows it wins everywhere',
        ("Helm takes what comes last, other readers what is not merged",),
    )
