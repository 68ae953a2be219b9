"""What every command gets: the fleet's root and how to print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.report.style import Style

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic

FINDINGS = 1
USAGE = 2
INTERNAL = 3


@dataclass(frozen=True, slots=True)
class Context:
    """``root`` is the fleet's root as given; ``out`` and ``err`` say how to draw on the two streams."""

    root: Path
    out: Style
    err: Style

    @classmethod
    def of(cls, root: Path, color: str) -> Context:
        """From the command line and the environment (``NO_COLOR``, ``FORCE_COLOR``, the terminal's encoding)."""
        return cls(root, _style(sys.stdout, color), _style(sys.stderr, color))

    def lines(self, file: str) -> Sequence[str] | None:
        """The lines of a values file, for excerpts."""
        try:
            return (self.root / file).read_text(encoding="utf-8-sig", errors="replace").split("\n")
        except OSError:
            return None


pass_context = click.make_pass_decorator(Context)


def _style(stream: object, color: str) -> Style:
    terminal = bool(getattr(stream, "isatty", lambda: False)())
    encoding = str(getattr(stream, "encoding", "") or "").lower().replace("-", "")
    if color == "auto":
        colour = bool(os.environ.get("FORCE_COLOR")) or (terminal and not os.environ.get("NO_COLOR"))
    else:
        colour = color == "always"
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    return Style(colour=colour, unicode=encoding in ("utf8", "utf8sig"), width=width)


def tell_findings(
    context: Context,
    findings: Sequence[Diagnostic],
    *,
    files: Sequence[str],
    name: str = "text",
    seconds: float | None = None,
) -> None:
    """Prints findings: for people on standard error, for programs (any other format) on standard output."""
    from generator import __version__
    from generator.report import Run, write

    to_people = name in ("text", "concise")
    described = {}
    if name in ("sarif", "junit"):
        from generator.commands.book import titles

        described = titles()
    run = Run(findings, files, lines=context.lines, rules=described, version=__version__, seconds=seconds)
    style = context.err if to_people and name == "text" else context.out
    click.echo(write(name, run, style), nl=False, err=name == "text")
