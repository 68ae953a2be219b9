"""Hides secrets in fields of objects, known by the path that leads to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generator.report import masks

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.\[\]]+)')
_CONTENT = {"data", "stringData"}
"""Where a Secret keeps its secrets."""


def masked(kind: str, path: str, value: Any) -> Any:
    """``value`` of the field at the dotted ``path`` of an object of ``kind``, with every secret in it hidden.

    A ``value`` is named by the entry it stands in: ``env[DB_PASSWORD].value``.
    """
    steps = [quoted or index or plain for quoted, index, plain in _STEP.findall(path)]
    if kind == "Secret" and steps[:1] and steps[0] in _CONTENT:
        return masks.MASK
    if kind == "Secret" and not steps and isinstance(value, Mapping):
        value = {key: masks.MASK if key in _CONTENT else each for key, each in value.items()}
    name = steps[-1] if steps else ""
    if name.isdigit() or (name == "value" and len(steps) > 1):  # an item is named by its list, a value by its item
        name = next((step for step in reversed(steps[:-1]) if not step.isdigit()), "").removeprefix("name=")
    return _texts(masks.value(name, value))


def _texts(value: Any) -> Any:
    """Texts with a secret in them, such as a runtime environment: hidden line by line, as in an excerpt of a file."""
    if isinstance(value, Mapping):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    if not isinstance(value, str) or value == masks.MASK:
        return value
    lines = value.split("\n")
    continued = masks.continuations(lines)
    return "\n".join(_line(lines, at, continued) for at in range(len(lines)))


def _line(lines: list[str], at: int, continued: frozenset[int]) -> str:
    line = lines[at]
    for start, end in reversed(masks.regions(lines, at, continued)):
        line = line[:start] + masks.MASK + line[end:]
    return line
