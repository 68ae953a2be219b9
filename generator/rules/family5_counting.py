"""Family 5: how Volcano's webhook counts and compares amounts, version by version."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

from generator.fleet import Place, Platform, Queue
from generator.fleet.plain import as_map
from generator.fleet.quantities import SHORT_NAMES, parse

Amounts = Mapping[str, tuple[Fraction, Place]]
"""Amounts by Kubernetes resource name, with the places where they are written."""


def amounts(queue: Queue, field: str) -> dict[str, tuple[Fraction, Place]]:
    """A queue's ``capability``, ``deserved`` or ``guarantee``."""
    found = {}
    for key, value in as_map(queue.spec.get(field)).items():
        amount = parse(value)
        if amount is not None:
            found[SHORT_NAMES.get(key, key)] = (amount, queue.place / field / key)
    return found


def counted(amount: Fraction, resource: str) -> Fraction:
    """The amount as Volcano's ``api.Resource`` holds it: bytes and pods whole, all else in thousandths, rounded up."""
    parts = 1 if resource in ("memory", "pods") else 1000
    return Fraction(ceil(amount * parts), parts)


def reads_missing_as_nothing(platform: Platform) -> bool:
    """Whether the webhook takes a resource left out of an upper amount for 0 (1.13 to 1.14.1)."""
    return platform.versions.at_least("volcano", "1.13") and not platform.versions.at_least("volcano", "1.14.2")


def first_tree_rules(platform: Platform) -> bool:
    """Whether the webhook checks trees, and does so as it first did (1.14.0 and 1.14.1): a queue's ceiling against its
    parent's only, and shares against the parent's ceiling where that has no share."""
    return platform.versions.at_least("volcano", "1.14") and not platform.versions.at_least("volcano", "1.14.2")


def too_much_of_nothing(amount: Fraction, resource: str, platform: Platform) -> bool:
    """Whether ``amount`` is more than an upper amount that leaves the resource out, where that counts as 0.

    From 1.14 on even 0 is, but for CPU and memory: the comparison looks whether the resource is there at all.
    """
    return amount > 0 or (resource not in ("cpu", "memory") and platform.versions.at_least("volcano", "1.14"))
