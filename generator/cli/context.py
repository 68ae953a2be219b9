"""What every command gets: the fleet's root and how to print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic
    from generator.report.style import Style

FINDINGS = 1
USAGE = 2
INTERNAL = 3


@dataclass(frozen=True)
class Context:
    """``root`` is the fleet's root as given, ``color`` what ``--color`` says."""

    root: Path
    color: str

    @cached_property
    def out(self) -> Style:
        """How to draw on standard output."""
        return _style(sys.stdout, self.color)

    @cached_property
    def err(self) -> Style:
        """How to draw on standard error."""
        return _style(sys.stderr, self.color)

    @cached_property
    def prefix(self) -> str:
        """From the top of the Git checkout (else from here) to the fleet's root; empty when that is the same folder."""
        root, here = self.root.resolve(), Path.cwd()
        top = next((each for each in (root, *root.parents) if (each / ".git").exists()), here)
        return root.relative_to(top).as_posix() if root != top and root.is_relative_to(top) else ""

    def lines(self, file: str) -> Sequence[str] | None:
        """The lines of a values file, for excerpts."""
        try:
            return (self.root / file).read_text(encoding="utf-8-sig", errors="replace").split("\n")
        except OSError:
            return None


VALUES = click.option("--values", type=click.Path(path_type=Path), help="The folder of values files (default: values).")
ENGINE = click.option(
    "--engine", type=click.Choice(["sdk", "binary"]), default="sdk", help="Helm in process, or the helm program."
)


class Interrupted(click.Abort):
    """Ctrl-C after something was written: the trees in ``written``."""

    def __init__(self, written: Sequence[Path]) -> None:
        super().__init__()
        self.written = written


pass_context = click.make_pass_decorator(Context)


def _style(stream: object, color: str) -> Style:
    """From the command line and the environment: ``NO_COLOR``, ``FORCE_COLOR``, the terminal's width and encoding."""
    from generator.report.style import Style

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
    from generator.report.formats import write
    from generator.report.run import Run

    to_people = name in ("text", "concise")
    described = {}
    if name in ("sarif", "junit"):
        from generator.commands.book import titles

        described = titles()
    run = Run(
        findings,
        files,
        lines=context.lines,
        rules=described,
        version=__version__,
        seconds=seconds,
        prefix=context.prefix,
    )
    style = context.err if to_people and name == "text" else context.out
    click.echo(write(name, run, style), nl=False, err=name == "text")
