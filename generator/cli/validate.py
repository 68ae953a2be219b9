"""``oneblock validate``."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

import click

from generator.cli.context import FINDINGS, VALUES, Context, pass_context, tell_findings


@click.command(name="validate", short_help="Check the values files.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@VALUES
@click.option(
    "--format",
    "name",
    type=click.Choice(["text", "concise", "json", "sarif", "github", "junit"]),
    default="text",
    help="text for people; json, sarif, github, junit for CI.",
)
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes to use (default: one a core).")
@pass_context
def command(context: Context, paths: tuple[Path, ...], values: Path | None, name: str, jobs: int | None) -> None:
    """Check the values files: all of them, or those given. Starts no Helm and writes nothing.

    \b
    Examples:
        oneblock validate
        oneblock validate values/namespaces/team-a.yaml
        oneblock validate --format sarif > oneblock.sarif
    """
    from generator.commands.chunks import WorkerLostError
    from generator.commands.fleet_files import find_clusters
    from generator.commands.validate import validate
    from generator.diagnostics import has_errors, in_order
    from generator.report.progress import Progress

    started = time.monotonic()
    for path in paths:
        if not path.exists():
            raise click.BadParameter(f"{path} does not exist", param_hint="PATH")
    clusters, findings = find_clusters(context.root, values)
    with Progress(sys.stderr, style=context.err) as progress:
        try:
            verdict = validate(clusters, paths, processes=jobs, report=partial(progress.step, "checking"))
        except WorkerLostError as error:
            raise click.ClickException(str(error)) from error
    if paths and not verdict.files and not has_errors(findings):
        raise click.BadParameter(f"no values file of this fleet is {paths[0]}", param_hint="PATH")
    told = in_order([*findings, *verdict.findings])
    seconds = time.monotonic() - started
    tell_findings(context, told, files=verdict.files, name=name, seconds=seconds)
    if has_errors(told):
        raise click.exceptions.Exit(FINDINGS)
