"""What an unquoted scalar means to Helm, and whether everybody else agrees.

Helm reads values with sigs.k8s.io/yaml 1.6: go-yaml v2 (``resolve.go``) turns the text into a value, the value becomes
JSON and is read back with every number a 64-bit float. A scalar that YAML 1.1 tools, YAML 1.2 tools, Helm or the person
who wrote it would read differently is a :class:`Doubt`: it carries what Helm sees, and the code it is refused with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

EXACT = 2**53
"""Whole numbers up to here survive Helm's 64-bit floats unchanged."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A refused scalar: ``value`` is what Helm sees (its text where Helm refuses it), ``others`` what others see."""

    code: str
    value: Any
    others: str


def _words(value: object, *words: str) -> dict[str, object]:
    return {form: value for word in words for form in (word, word.capitalize(), word.upper())}


_YES = Doubt("OB107", True, "text")
_NO = Doubt("OB107", False, "text")
WORDS: MappingProxyType[str, object] = MappingProxyType(
    {
        **_words(True, "true"),
        **_words(False, "false"),
        **_words(None, "", "~", "null"),
        **_words(_YES, "y", "yes", "on"),
        **_words(_NO, "n", "no", "off"),
        **_words(Doubt("OB110", ".inf", "infinity"), ".inf"),
        **_words(Doubt("OB110", "+.inf", "infinity"), "+.inf"),
        **_words(Doubt("OB110", "-.inf", "minus infinity"), "-.inf"),
        **_words(Doubt("OB110", ".nan", "not a number"), ".nan"),
        **{word: Doubt("OB110", word, "infinity") for word in (".Inf", "+.Inf", "-.Inf")},
        ".NaN": Doubt("OB110", ".NaN", "not a number"),
        "=": Doubt("OB107", "=", "the default-value sign of YAML 1.1"),
        "<<": Doubt("OB107", "<<", "the merge sign of YAML 1.1"),
    }
)
"""Scalars that are known by their whole text."""

NUMERIC = frozenset("0123456789+-.")
"""A plain scalar that starts with none of these and is no word is text, to everybody."""

_PLAIN_NUMBER = re.compile(
    r"""(?P<int>[-+]?(?:0|[1-9][0-9]*))
      | (?P<hex>0x[0-9a-fA-F]+)
      | (?P<float>[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)""",
    re.VERBOSE,
)
"""Numbers that people, YAML 1.1, YAML 1.2 and Helm agree on."""

_SEXAGESIMAL = re.compile(r"[-+]?(?:[1-9][0-9_]*(?::[0-5]?[0-9])+|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)")
_DATE = re.compile(
    r"""[0-9]{4}-[0-9]{2}-[0-9]{2}
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?
        (?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?""",
    re.VERBOSE,
)
_YAML_1_1_NUMBER = re.compile(
    r"""[-+]?0b[01_]+ | [-+]?0[0-7_]+ | [-+]?[1-9][0-9_]* | [-+]?0x[0-9a-fA-F_]+
      | [-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)? | [-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?""",
    re.VERBOSE,
)
_YAML_1_2_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")

_GO_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[oO](?P<oct>[0-7]+)|0[bB](?P<bin>[01]+)|0(?P<old>[0-7]*)|(?P<dec>[1-9][0-9]*))"
)
_GO_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_GO_SIGNED_BITS = re.compile(r"(?P<sign>-?)0b(?P<inner>[-+]?)(?P<bits>[01]+)")
_DIGITS = re.compile(r"[-+]?[0-9]+")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_BASES = (("hex", 16), ("oct", 8), ("bin", 2), ("old", 8), ("dec", 10))


def plain(text: str) -> object:
    """The value of an unquoted scalar, or a :class:`Doubt`."""
    if text in WORDS:
        return WORDS[text]
    if text[0] in NUMERIC:
        return number(text)
    return text


def number(text: str) -> object:
    """The value of an unquoted scalar that starts like a number: int, float, str or a :class:`Doubt`."""
    agreed = _PLAIN_NUMBER.fullmatch(text)
    if agreed is None:
        return _disputed(text)
    if agreed.lastgroup == "float":
        value = float(text)
        return Doubt("OB110", text, "infinity") if value in (float("inf"), float("-inf")) else as_json(value)
    whole = int(text, 16 if agreed.lastgroup == "hex" else 10)
    if abs(whole) <= EXACT:
        return whole
    return Doubt("OB110", _as_helm(text), "the whole number it spells")


def _disputed(text: str) -> object:
    """A scalar that starts like a number and is not plainly one."""
    value = _as_helm(text)
    if not isinstance(value, str):
        decimal = int(text) if _DIGITS.fullmatch(text) else value
        return Doubt("OB108", value, "text" if decimal == value else str(decimal))
    if ":" in text and _SEXAGESIMAL.fullmatch(text):
        return Doubt("OB109", text, "a number in base 60")
    if "-" in text and _DATE.fullmatch(text):
        return Doubt("OB109", text, "a date")
    if _YAML_1_2_NUMBER.fullmatch(text):
        return Doubt("OB110", text, "a number too large for a 64-bit float")
    if _YAML_1_1_NUMBER.fullmatch(text):
        return Doubt("OB108", text, "a number")
    return text


def _as_helm(text: str) -> int | float | str:
    """What Helm makes of a plain scalar that starts with a digit, a sign or a point, after the trip through JSON."""
    if text[0] == ".":  # left to Go's ParseFloat, which wants underscores between digits
        return _go_float(_BETWEEN_DIGITS.sub("", text), text)
    bare = text.replace("_", "")
    found = _GO_INTEGER.fullmatch(bare)
    if found:
        whole = next(int(found[name] or "0", base) for name, base in _BASES if found[name] is not None)
        whole = -whole if found["sign"] == "-" else whole
        if -(2**63) <= whole < 2**63 or (whole < 2**64 and not found["sign"]):
            return as_json(float(whole)) if abs(whole) > EXACT else whole
    bits = _GO_SIGNED_BITS.fullmatch(bare)
    if bits and not (bits["sign"] and bits["inner"]):
        whole = int(bits["bits"], 2)
        if whole < 2**63:
            whole = -whole if "-" in (bits["sign"], bits["inner"]) else whole
            return as_json(float(whole)) if abs(whole) > EXACT else whole
    return _go_float(bare, text)


def _go_float(bare: str, text: str) -> int | float | str:
    if not _GO_FLOAT.fullmatch(bare):
        return text
    value = float(bare)
    return text if value in (float("inf"), float("-inf")) else as_json(value)


def as_json(value: float) -> int | float:
    """A float as Go's JSON encoder writes it and JSON readers take it: whole numbers below 1e21 have no point."""
    if not value.is_integer() or abs(value) >= 1e21:
        return value
    return int(value) if abs(value) <= EXACT else int(Decimal(repr(value)))
