"""``oneblock schema``."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.context import Context, pass_context


@click.command(name="schema", short_help="The JSON schemas of the values files.")
@click.argument("kind", type=click.Choice(["platform", "namespace"]), required=False)
@click.option("--write", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write both schemas to DIR.")
@pass_context
def command(context: Context, kind: str | None, folder: Path | None) -> None:
    """Print a JSON schema for the fleet's versions, or write both for editors.

    \b
    Examples:
        oneblock schema namespace | jq .
        oneblock schema --write schemas
    """
    from generator.commands.schemas import fleet_schemas

    files = fleet_schemas(context.root)
    if folder is None and kind is None:
        raise click.UsageError("name a schema (platform, namespace) or a folder (--write DIR)")
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_bytes(content)
                click.echo(f"{folder / name}")
        except OSError as error:
            raise click.ClickException(f"{folder} cannot be written: {error.strerror}") from error
    if kind is not None:
        click.echo(files[f"{kind}.schema.json"].decode(), nl=False)
