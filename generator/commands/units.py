"""The parts of a cluster's work, and what comes of them. Light to load: the work itself is in ``work``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from generator.commands.job import Job
from generator.diagnostics import Diagnostic
from generator.output import Folder


class Unit(NamedTuple):
    """A part of the work: one namespace file (``name``), some grants (``names``), or the rest of the platform."""

    what: Literal["file", "grants", "platform"]
    name: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one unit: findings, and the folders of the tree it decides (contents left out).

    ``text`` is what the values file held when it was read.
    """

    unit: Unit
    text: str = ""
    findings: tuple[Diagnostic, ...] = ()
    folders: tuple[Folder, ...] = ()
    objects: int = 0


def units(job: Job, files: Iterable[str], *, platform: bool) -> list[Unit]:
    """The work on some namespace files and, if ``platform``, on everything the platform file decides."""
    named = [Unit("file", file) for file in files]
    if not platform:
        return named
    from generator.commands.tools import tools_of
    from generator.plan import BATCH

    about = tools_of(job).platform
    grants = sorted({*about.namespaces, about.system_namespace})
    batches = (tuple(grants[start : start + BATCH]) for start in range(0, len(grants), BATCH))
    return [Unit("platform"), *(Unit("grants", names=names) for names in batches), *named]
