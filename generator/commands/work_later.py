"""``work`` for processes that load it only once they do some: it brings schemas, rules and Helm along."""

from __future__ import annotations

from collections.abc import Sequence

from generator.commands.job import Job
from generator.commands.units import Result, Unit


def load() -> None:
    """What a process can have ready before it knows its work: Helm, which wakes up by itself, schemas and rules."""
    from generator.helm import sdk  # noqa: F401, I001 (loading them, in this order, is the point)
    from generator.commands import work  # noqa: F401


def do(job: Job, some: Sequence[Unit]) -> list[Result]:
    """Does some units: what differs from the disk is staged."""
    from generator.commands import work

    return work.do(job, some)
