"""``oneblock diff``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.context import ENGINE, FINDINGS, VALUES, Context, pass_context, tell_findings

if TYPE_CHECKING:
    from generator.commands.diff import Changed
    from generator.helm.engine import EngineName
    from generator.report.changes import ObjectChange


@click.command(name="diff", short_help="What a change of the values does to objects.")
@click.argument("revision", required=False)
@VALUES
@ENGINE
@click.option(
    "--fail-on",
    type=click.Choice(["never", "removed", "changed"]),
    default="never",
    help="Exit with 1 when an object is removed, or when anything changes.",
)
@click.option("-o", "output", type=click.Choice(["text", "json"]), default="text", help="For people or for programs.")
@pass_context
def command(
    context: Context, revision: str | None, values: Path | None, engine: str, fail_on: str, output: str
) -> None:
    """What a change of the values does to objects: against a Git revision, or against the written tree.

    \b
    Examples:
        oneblock diff                 the values against rendered/
        oneblock diff main            this branch against main
        oneblock diff main --fail-on removed
    """
    from generator.commands.chunks import WorkerLostError
    from generator.commands.diff import diff
    from generator.report.changes import data, write
    from generator.report.plain_data import to_json
    from generator.report.progress import Progress
    from generator.source.revision import RevisionError

    chosen: EngineName = "binary" if engine == "binary" else "sdk"
    with Progress(sys.stderr, style=context.err) as progress:
        try:
            found = diff(context.root, values, revision, chosen, partial(progress.step, "rendering"))
        except RevisionError as error:
            raise click.BadParameter(str(error), param_hint="REVISION") from error
        except WorkerLostError as error:
            raise click.ClickException(str(error)) from error
    if found.findings:
        tell_findings(context, found.findings, files=[each.span.file for each in found.findings])
        raise click.exceptions.Exit(FINDINGS)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    changes = [_shown(each) for each in found.changes]
    click.echo(to_json(data(changes)) if output == "json" else write(changes, context.out), nl=False)
    removed = any(change.op == "removed" for change in found.changes)
    if (fail_on == "removed" and removed) or (fail_on == "changed" and found.changes):
        raise click.exceptions.Exit(FINDINGS)


def _shown(change: Changed) -> ObjectChange:
    from generator.commands.objects import MISSING
    from generator.report.changes import ABSENT, FieldChange, ObjectChange

    def side(value: object) -> object:
        return ABSENT if value is MISSING else value

    fields = tuple(FieldChange(each.path, side(each.old), side(each.new), each.where) for each in change.fields)
    op: Any = change.op
    return ObjectChange(change.heading, change.kind, change.name, op, fields, change.where, change.notes)
