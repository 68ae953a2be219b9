"""What each container of a pod asks for, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from generator.diagnostics import Path
from generator.fleet.quantities import parse

Amounts = dict[str, Fraction]
Side = Literal["requests", "limits"]

NONE = Fraction(0)


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a group's pod template, where it is, and what it asks for. ``init`` ones run before the rest."""

    name: str
    path: Path
    requests: Amounts
    limits: Amounts
    init: bool = False
    sidecar: bool = False

    def amounts(self, side: Side) -> Amounts:
        """Its requests or its limits."""
        return self.requests if side == "requests" else self.limits


def amounts_of(value: Any) -> Amounts:
    """A map of quantities as numbers; what is no quantity is left out."""
    parsed = {str(name): parse(each) for name, each in value.items()} if isinstance(value, dict) else {}
    return {name: each for name, each in parsed.items() if each is not None}


def containers(pod: dict[str, Any], path: Path) -> Iterator[Container]:
    """Every container of the pod spec at ``path``, init containers last. A limit alone is also requested."""
    for kind in ("containers", "initContainers"):
        listed = pod.get(kind)
        for index, each in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(each, dict):
                resources = each.get("resources") or {}
                limits = amounts_of(resources.get("limits"))
                yield Container(
                    name=str(each.get("name", "")),
                    path=(*path, kind, index),
                    requests=limits | amounts_of(resources.get("requests")),
                    limits=limits,
                    init=kind == "initContainers",
                    sidecar=kind == "initContainers" and each.get("restartPolicy") == "Always",
                )
