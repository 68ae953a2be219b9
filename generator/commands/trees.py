"""What ``render`` and ``check`` are asked for, and what came of each cluster's tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generator.diagnostics import Diagnostic, has_errors
from generator.helm.engine import EngineName
from generator.output import Change, nobody_told


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for.

    ``busy`` is called before waiting for another run that writes the same tree, ``written`` with the root of a tree as
    soon as it is another one.
    """

    output: Path | None = None
    engine: EngineName = "sdk"
    force: bool = False
    allow_shrink: bool = False
    write: bool = True
    processes: int | None = None
    busy: Callable[[], None] = nobody_told
    written: Callable[[Path], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Tree:
    """What happened to one cluster's tree, shown as ``path``; ``edited`` are files somebody changed by hand."""

    cluster: str
    path: Path
    objects: int = 0
    namespaces: int = 0
    changes: tuple[Change, ...] = ()
    edited: tuple[str, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    refusal: str = ""
    checked: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether nothing was written because something is wrong."""
        return bool(self.refusal) or has_errors(self.findings)
