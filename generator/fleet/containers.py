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


def container(name: str, path: Path, resources: Any, *, init: bool = False, sidecar: bool = False) -> Container:
    """The container at ``path`` with these ``resources``. A limit alone is also requested."""
    given = resources if isinstance(resources, dict) else {}
    limits = amounts_of(given.get("limits"))
    return Container(name, path, limits | amounts_of(given.get("requests")), limits, init, sidecar)


def containers(pod: dict[str, Any], path: Path) -> Iterator[Container]:
    """Every container of the pod spec at ``path``, init containers last."""
    for kind in ("containers", "initContainers"):
        listed = pod.get(kind)
        for index, each in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(each, dict):
                init = kind == "initContainers"
                yield container(
                    str(each.get("name", "")),
                    (*path, kind, index),
                    each.get("resources"),
                    init=init,
                    sidecar=init and each.get("restartPolicy") == "Always",
                )
