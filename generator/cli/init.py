"""``oneblock init``."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.context import FINDINGS, USAGE, Context, pass_context
from generator.resources import sample_fleets


@click.command(name="init", short_help="Write a new fleet, ready to render.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--gitops", type=click.Choice(["argocd", "flux", "none"]), default="none", help="Who applies the tree.")
@click.option("--ci", type=click.Choice(["github"]), help="Also write a workflow that checks every pull request.")
@click.option("--sample", type=click.Choice(sorted(sample_fleets())), default="getting-started", help="What is in it.")
@pass_context
def command(context: Context, folder: Path, gitops: str, ci: str | None, sample: str) -> None:
    """Write a new fleet to DIR: one platform, one team, ready to render.

    \b
    Examples:
        oneblock init ray-fleet
        oneblock init ray-fleet --gitops argocd --ci github
        oneblock init training --sample training-job
    """
    from generator.commands.init import InitError, UnwritableError, new_fleet, write_fleet

    target = context.root / folder
    files = new_fleet(gitops, ci, sample)  # type: ignore[arg-type]  # a click.Choice is a plain str
    try:
        write_fleet(target, files)
    except (InitError, UnwritableError) as error:
        click.echo(f"error: {error}", err=True)
        raise click.exceptions.Exit(USAGE if isinstance(error, InitError) else FINDINGS) from None
    told = [(f"{target / file.path}", file.about) for file in files if file.about]
    width = max(len(path) for path, _ in told)
    for path, about in told:
        click.echo(f"{path:<{width}}  {about}")
    click.echo(f"next:  cd {target} && oneblock render", err=True)
