"""The text of a CRD. PyYAML would write the same, but takes longer over it than a whole render of a small fleet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_PLAIN: Final = re.compile(r"\.?[A-Za-z][\w./-]*(?: [A-Za-z][\w./-]*)*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"})
"""What some YAML reader takes for a bool, a null or a float."""


def crd_yaml(crd: Mapping[str, Any]) -> str:
    """An object as block YAML, the same bytes for the same object: keys in their order, no anchors, no folded lines.

    Strings that any YAML reader could take for something else are quoted. Go templates leave the text as it is.
    """
    lines: list[str] = []
    _mapping(crd, "", lines)
    return "\n".join([*lines, ""]).replace("{{", '{{ "{{" }}')


def _mapping(node: Mapping[str, Any], margin: str, lines: list[str]) -> None:
    for key, value in node.items():
        if value and isinstance(value, Mapping):
            lines.append(f"{margin}{_string(key)}:")
            _mapping(value, margin + "  ", lines)
        elif value and isinstance(value, list):
            lines.append(f"{margin}{_string(key)}:")
            _list(value, margin, lines)
        else:
            lines.append(f"{margin}{_string(key)}: {_scalar(value)}")


def _list(node: list[Any], margin: str, lines: list[str]) -> None:
    for item in node:
        if item and isinstance(item, Mapping):
            start = len(lines)
            _mapping(item, margin + "  ", lines)
            lines[start] = f"{margin}- {lines[start].lstrip()}"
        else:
            lines.append(f"{margin}- {_scalar(item)}")


def _scalar(value: Any) -> str:
    return _string(value) if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=4096)
def _string(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if not value.isprintable() or ("'" in value and not {'"', "\\"} & set(value)):
        return json.dumps(value)
    return "'" + value.replace("'", "''") + "'"
