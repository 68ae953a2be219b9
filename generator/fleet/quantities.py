"""Kubernetes resource quantities as exact numbers.

Grammar and suffixes: Kubernetes apimachinery ``resource.Quantity``: a signed decimal, then a binary suffix (Ki … Ei), a
decimal suffix (n u m k M G T P E) or an exponent (e3).
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

_SUFFIX = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?")

SHORT_NAMES = {"cpu": "cpu", "memory": "memory", "gpu": "nvidia.com/gpu", "storage": "ephemeral-storage"}
"""Short form → Kubernetes resource name; any other name stands for itself."""


def parse(value: Any) -> Fraction | None:
    """The quantity as a number (cores, bytes, devices); None if it is not a quantity."""
    return None if isinstance(value, bool) or value is None else _parsed(str(value))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Fraction | None:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    if exponent:
        return Fraction(number + exponent)
    return Fraction(number) * _SUFFIX[suffix or ""]


def show(value: Fraction, resource: str = "") -> str:
    """A quantity for people: memory in binary units, the rest as a plain number."""
    if resource in ("memory", "ephemeral-storage", "storage") or resource.startswith("requests.storage"):
        for suffix in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
            amount = value / _SUFFIX[suffix]
            if amount >= 1:
                return f"{_trimmed(amount)}{suffix}"
        return _trimmed(value)
    return _trimmed(value)


def _trimmed(value: Fraction) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".") if value.denominator != 1 else str(value)
