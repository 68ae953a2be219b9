"""The versions a fleet pins in ``global.versions``, and which of them OneBlock knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar, Literal, Self

Product = Literal["kubernetes", "kuberay", "ray", "volcano"]

NAMES: Mapping[Product, str] = {"kubernetes": "Kubernetes", "kuberay": "KubeRay", "ray": "Ray", "volcano": "Volcano"}
"""The products as their makers write them."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+)(?:[-.+][0-9A-Za-z.+-]+)?)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Versions a product may have: from ``first`` to the last patch release of the minor ``last`` (None: no end)."""

    first: str
    last: str | None = None

    def __contains__(self, version: object) -> bool:
        numbers = parse(version)
        lowest = parse(self.first)
        if numbers is None or lowest is None or numbers < lowest:
            return False
        highest = parse(self.last)
        return highest is None or numbers[:2] <= highest[:2]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}" if self.last else f"{self.first} or later"


SUPPORTED: Mapping[Product, Range] = {
    "kubernetes": Range("1.29"),  # the newest one depends on the installed Kubernetes schemas: see kubernetes.minors()
    "kuberay": Range("1.2", "1.7"),
    "ray": Range("2.9"),  # what KubeRay 1.2's own chart starts
    "volcano": Range("1.9"),  # the first with `deserved` and the capacity plugin
}
"""What OneBlock knows how to generate for."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What runs in a cluster. Every field is ``MAJOR.MINOR`` or ``MAJOR.MINOR.PATCH``, possibly with a suffix."""

    kubernetes: str = "1.36"
    kuberay: str = "1.6.2"
    ray: str = "2.60.0"
    volcano: str = "1.14.1"

    DEFAULT: ClassVar[Versions]
    """What a platform file that pins nothing gets."""

    @classmethod
    def from_platform(cls, data: object) -> Self:
        """The versions of a platform file's data.

        Never fails: what is missing, of the wrong type or no version at all is the default. ``check`` complains.
        """
        pinned = _below(_below(data, "global"), "versions")
        return cls(**{each.name: pinned[each.name] for each in fields(cls) if parse(pinned.get(each.name))})

    def at_least(self, product: Product, version: str) -> bool:
        """Whether ``product`` is pinned to ``version`` or later; a suffix (``-gpu``, ``.post1``) does not count."""
        return at_least(getattr(self, product), version)

    def minor(self, product: Product) -> str:
        """``1.36`` of ``1.36.4``."""
        return minor(getattr(self, product))

    def unsupported(self) -> list[tuple[Product, str, Range]]:
        """The products whose pinned version OneBlock does not know: product, version, what is known."""
        pinned = [(product, getattr(self, product), known) for product, known in SUPPORTED.items()]
        return [each for each in pinned if each[1] not in each[2]]


Versions.DEFAULT = Versions()
DEFAULT = Versions.DEFAULT


@lru_cache(maxsize=256)
def _numbers(version: str) -> tuple[int, int, int] | None:
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def parse(version: object) -> tuple[int, int, int] | None:
    """Major, minor and patch (0 if not given), or None for what is no version. A leading ``v`` is allowed."""
    return _numbers(version) if isinstance(version, str) else None


def at_least(version: str, wanted: str) -> bool:
    """Whether ``version`` is ``wanted`` or later. A bare minor stands for its newest patch, so 1.5 is at least 1.5.1.

    Raises:
        ValueError: one of the two is no version.
    """
    mine, least = _parsed(version), _parsed(wanted)
    return mine[:2] >= least[:2] if bare(version) else mine >= least


def bare(version: str) -> bool:
    """Whether a version names no patch release: ``1.36``."""
    found = _VERSION.match(version)
    return found is not None and found[3] is None


def minor(version: str) -> str:
    """``1.36`` of ``1.36.4``.

    Raises:
        ValueError: it is no version.
    """
    return ".".join(str(each) for each in _parsed(version)[:2])


def _parsed(version: str) -> tuple[int, int, int]:
    numbers = parse(version)
    if numbers is None:
        raise ValueError(f"not a version: {version!r}")
    return numbers


def _below(data: object, key: str) -> Mapping[str, Any]:
    inner = data.get(key) if isinstance(data, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}
