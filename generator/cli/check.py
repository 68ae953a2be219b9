"""``oneblock check``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from generator.cli.context import ENGINE, FINDINGS, VALUES, Context, pass_context
from generator.cli.trees import run_trees


@click.command(name="check", short_help="Is the written tree what the values say?")
@VALUES
@click.option("--output", type=click.Path(path_type=Path), help="The tree's root (default: gitops.path, or rendered).")
@ENGINE
@pass_context
def command(context: Context, values: Path | None, output: Path | None, engine: str) -> None:
    """Is the written tree what the values say? Writes nothing; exit code 1 says no, and which files.

    \b
    Example, in CI:
        oneblock check || { echo "run oneblock render and commit the result"; exit 1; }
    """
    from generator.commands.trees import Options

    options = Options(output=output, engine="binary" if engine == "binary" else "sdk", write=False)
    if run_trees(context, values, options, time.monotonic()):
        raise click.exceptions.Exit(FINDINGS)
