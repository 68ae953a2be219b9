"""``oneblock list``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from generator.cli.context import FINDINGS, VALUES, Context, pass_context, tell_findings
from generator.cli.rule_book import OUTPUT

COLUMNS = {
    "workloads": ("namespace", "kind", "name", "queue", "ray", "workers", "cpu", "memory", "gpu", "gcsFT:GCS FT"),
    "queues": ("name", "parent", "namespaces", "weight", "priority", "guarantee", "deserved", "capability"),
    "namespaces": ("name", "owners", "users", "quota", "queues"),
}


@click.command(name="list", short_help="The fleet at a glance: workloads, queues, namespaces.")
@click.argument("what", type=click.Choice(list(COLUMNS)), default="workloads")
@VALUES
@OUTPUT
@pass_context
def command(context: Context, what: str, values: Path | None, output: str) -> None:
    """The fleet at a glance: workloads (the default), queues or namespaces.

    \b
    Examples:
        oneblock list
        oneblock list queues -o json
    """
    from generator.commands.fleet_files import find_clusters
    from generator.commands.listing import listing
    from generator.diagnostics import has_errors, in_order
    from generator.report.progress import Progress
    from generator.report.table import Column, view

    clusters, findings = find_clusters(context.root, values)
    with Progress(sys.stderr, style=context.err) as progress:
        found = listing(clusters, what, partial(progress.step, "reading"))  # type: ignore[arg-type]  # a click.Choice is a plain str
    wrong = in_order([*findings, *found.findings])
    names = [*(["cluster"] if any("cluster" in row for row in found.rows) else []), *COLUMNS[what]]
    columns = [Column(*name.split(":")) for name in names]
    if found.rows or not wrong:
        click.echo(view(columns, found.rows, output, context.out), nl=False)  # type: ignore[arg-type]  # a click.Choice is a plain str
    if wrong:
        tell_findings(context, wrong, files=[file for cluster in clusters for file in cluster.files])
    if has_errors(wrong):
        raise click.exceptions.Exit(FINDINGS)
