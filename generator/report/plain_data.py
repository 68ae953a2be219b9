"""Plain data (what JSON can hold) as JSON or YAML text.

The YAML is written so that no reader can disagree about it: every string is quoted, keys too unless they are plain
words that no YAML version reads as something else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.report.cells import shown

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./\-]*$")
_BEYOND_ASCII = re.compile(r"[^\x20-\x7e\n]")
_NOT_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


def to_json(data: Any) -> str:
    """Indented JSON in UTF-8 with a line break at the end; what could drive a terminal is escaped."""
    return _BEYOND_ASCII.sub(_escaped, json.dumps(data, ensure_ascii=False, indent=2)) + "\n"


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else json.dumps(char)[1:-1]


def to_yaml(data: Any) -> str:
    """Block-style YAML, with a line break at the end."""
    return "\n".join(_block(data)) + "\n"


def _block(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _entry(f"{_key(str(key))}:", value)
    elif isinstance(data, list | tuple) and data:
        for value in data:
            first, *more = _block(value)
            yield f"- {first}"
            yield from (f"  {line}" for line in more)
    else:
        yield _scalar(data)


def _entry(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        yield key
        yield from (f"  {line}" for line in _block(value))
    else:
        yield f"{key} {_scalar(value)}"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.match(key) and key.lower() not in _NOT_WORDS else _quoted(key)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    return _quoted(str(value))


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    # 1e+16 is a string to YAML 1.1 readers unless it has a dot.
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}.0{mark}{exponent}" if mark and "." not in mantissa else text


def _quoted(text: str) -> str:
    """A double-quoted scalar: JSON's form, whose escapes YAML shares, with every invisible character escaped too."""
    quoted = json.dumps(text, ensure_ascii=False)
    return shown(quoted)
