"""``oneblock generate``."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.context import FINDINGS, Context, pass_context


@click.command(name="generate", short_help="Generate the Helm charts from blueprints.")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when the charts would change.")
@click.option("--charts", type=click.Path(path_type=Path), metavar="DIR", help="The charts' folder (default: charts).")
@click.option(
    "--crds", type=click.Choice(["full", "slim"]), default="full", help="Pod templates in CRDs: typed or open."
)
@pass_context
def command(context: Context, check: bool, charts: Path | None, crds: str) -> None:
    """Generate the Helm charts from blueprints and schemas, for the fleet's versions.

    \b
    Examples:
        oneblock generate --check          in CI
        oneblock generate --charts vendor  charts of one's own, for helm install
    """
    from generator.commands.generate import generate_charts

    folder = (charts or context.root / "charts") / "oneblock"
    try:
        report = generate_charts(context.root, folder, crds="slim" if crds == "slim" else "full", write=not check)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}") from error
    if check:
        for line in report.stale:
            click.echo(line)
    state = "up to date" if not report.stale else "stale: run oneblock generate" if check else report.written
    click.echo(f"{folder}: {report.files} files, {state}", err=True)
    if check and report.stale:
        raise click.exceptions.Exit(FINDINGS)
