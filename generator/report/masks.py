"""Hides secrets in whatever is about to be shown: excerpts, messages, both sides of a difference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.report import secret_text
from generator.report.secret_keys import is_secret
from generator.report.secret_text import Region

MASK = "•••"
"""What stands for a secret; three wherever it is shown, so that not even its length is told."""

_LINE = re.compile(
    r"""(?P<lead>\s*+(?:-\s++)*+)["']?(?P<key>[^\s"'#{}\[\],:]++(?:\s++[^\s"'#{}\[\],:]++)*+)["']?\s*+:(?P<rest>\s.*+)?$"""
)
_BLOCK = re.compile(r"\s*+(?:[&!]\S++\s++)*+[|>][+\-0-9]*+\s*+(?:#.*)?$")
_ARMOUR = "PRIVATE KEY-----"
_REFERENCE = re.compile(r"key|name|optional|valueFrom|\w*(?:Name|Ref)")
"""Keys below a secret's key that say where the secret is, not what it is."""


def continuations(lines: Sequence[str]) -> frozenset[int]:
    """Which lines (0-based) continue a secret: block scalars, lists, values on a line of their own, PEM keys.

    One pass by indentation, so it works on files that are no valid YAML.
    """
    found: set[int] = set()
    above: list[tuple[int, bool, bool]] = []  # of each enclosing line: indent, secret block, secret key
    armour: int | None = None
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" \t"))
        level = indent + line.startswith("- ", indent)  # a list may stand as far left as its key
        while above and above[-1][0] >= level:
            above.pop()
        _, block, secret = above[-1] if above else (0, False, False)
        entry = _LINE.match(line)
        if armour is not None and (indent < armour or _ARMOUR in line):
            armour = None
        if block or armour is not None or (secret and not (entry and _REFERENCE.fullmatch(entry["key"]))):
            found.add(at)
        if "BEGIN" in line and _ARMOUR in line:
            armour = indent
        if entry and (is_secret(entry["key"]) or _is_named_value(lines, at, entry)):
            above.append((indent, block or bool(_BLOCK.match(entry["rest"] or "")), True))
        else:
            above.append((indent, block, False))
    return frozenset(found)


def regions(lines: Sequence[str], index: int, continued: frozenset[int]) -> tuple[Region, ...]:
    """The parts of ``lines[index]`` that hold a secret, from left to right; ``continued`` = :func:`continuations`."""
    line = lines[index].rstrip("\r\n")
    if index in continued:
        return ((len(line) - len(line.lstrip(" \t")), len(line)),)
    found = secret_text.regions(line)
    entry = _LINE.match(line)
    if entry and _is_named_value(lines, index, entry):
        named = secret_text.value_at(line, entry.start("rest"))
        return secret_text.merged([*found, named]) if named else found
    return found


def prose(text: str, known: Sequence[str] = ()) -> str:
    """A message without secrets: values ``known`` to be secret, quoted values of secret keys, tokens by their shape."""
    for value in sorted(known, key=len, reverse=True):
        if value in text:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, text)
    for start, end in reversed(secret_text.quoted_regions(text)):
        text = text[:start] + MASK + text[end:]
    return text


def value(name: str, data: Any) -> Any:
    """``data``, found under the key ``name``, with every secret in it replaced by :data:`MASK`."""
    if isinstance(data, Mapping):
        named = data.get("name")
        return {
            key: value(str(named) if key == "value" and isinstance(named, str) else str(key), each)
            for key, each in data.items()
        }
    if isinstance(data, list | tuple):
        return [value(name, each) for each in data]
    if data is None or isinstance(data, bool):
        return data
    if is_secret(name) and not secret_text.is_harmless(str(data)):
        return MASK
    return prose(data) if isinstance(data, str) else data


def unquoted(text: str) -> str:
    """A scalar without its quotes."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _is_named_value(lines: Sequence[str], index: int, entry: re.Match[str]) -> bool:
    """Whether this is a ``value`` beside a ``name`` that announces a secret: ``env`` as Kubernetes has it."""
    if entry["key"] != "value" or entry["rest"] is None:
        return False
    siblings = [*_siblings(lines, index, -1), *_siblings(lines, index, 1)]
    return any(each["key"] == "name" and is_secret(unquoted((each["rest"] or "").strip())) for each in siblings)


def _siblings(lines: Sequence[str], index: int, step: int) -> list[re.Match[str]]:
    """The pairs right above (``step`` −1) or below of the same mapping: at the same column, in the same list item."""
    found: list[re.Match[str]] = []
    here = _LINE.match(lines[index])
    first = here
    while here and not (step < 0 and "-" in here["lead"]):
        index += step
        here = _LINE.match(lines[index]) if 0 <= index < len(lines) else None
        if not here or not first or len(here["lead"]) != len(first["lead"]) or (step > 0 and "-" in here["lead"]):
            break
        found.append(here)
    return found
