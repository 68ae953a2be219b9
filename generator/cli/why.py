"""``oneblock why``."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.context import FINDINGS, VALUES, Context, pass_context, tell_findings


@click.command(name="why", short_help="Which value, profile or default made a field.")
@click.argument("target", metavar="[NAMESPACE/]KIND/NAME")
@click.argument("field", metavar="FIELD")
@VALUES
@click.option("-o", "output", type=click.Choice(["text", "json"]), default="text", help="For people or for programs.")
@pass_context
def command(context: Context, target: str, field: str, values: Path | None, output: str) -> None:
    """Which value, profile or default made a field of a rendered object.

    \b
    Examples:
        oneblock why team-a/RayCluster/main spec.headGroupSpec.serviceType
        oneblock why Queue/research spec.capability.cpu
    """
    from generator.commands.fleet_files import find_clusters
    from generator.commands.why import WhyError, why
    from generator.report.answers import answer_data, answer_text
    from generator.report.plain_data import to_json

    clusters, findings = find_clusters(context.root, values)
    if findings:
        tell_findings(context, findings, files=[each.span.file for each in findings])
        raise click.exceptions.Exit(FINDINGS)
    try:
        answer = why(clusters, target, field)
    except WhyError as error:
        click.echo(f"error: {error}", err=True)
        raise click.exceptions.Exit(FINDINGS) from None
    click.echo(to_json(answer_data(answer)) if output == "json" else answer_text(answer, context.out), nl=False)
