"""``oneblock render``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from generator.cli.context import ENGINE, FINDINGS, VALUES, Context, pass_context
from generator.cli.trees import run_trees


@click.command(name="render", short_help="Check the values and write the manifests they mean.")
@VALUES
@click.option("--output", type=click.Path(path_type=Path), help="The tree's root (default: gitops.path, or rendered).")
@ENGINE
@click.option("--force", is_flag=True, help="Overwrite files of the tree that were edited by hand.")
@click.option("--allow-shrink", is_flag=True, help="Remove more than a fifth of the tree's objects.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes to use (default: one a core).")
@pass_context
def command(
    context: Context,
    values: Path | None,
    output: Path | None,
    engine: str,
    force: bool,
    allow_shrink: bool,
    jobs: int | None,
) -> None:
    """Check the values and write the manifests they mean, all or nothing.

    \b
    Examples:
        oneblock render
        oneblock render --output /tmp/tree      write somewhere else
        oneblock render --engine binary         use the helm program on PATH
    """
    from generator.commands.trees import Options

    options = Options(
        output=output,
        engine="binary" if engine == "binary" else "sdk",
        force=force,
        allow_shrink=allow_shrink,
        processes=jobs,
        busy=_wait_told,
    )
    started = time.monotonic()
    if run_trees(context, values, options, started):
        raise click.exceptions.Exit(FINDINGS)


def _wait_told() -> None:
    click.echo("waiting for another oneblock that writes this tree", err=True)
