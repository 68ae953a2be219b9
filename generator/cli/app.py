"""``oneblock``: the group all commands hang on."""

from __future__ import annotations

from pathlib import Path

import click

from generator import __version__
from generator.cli import (
    charts,
    check,
    completion,
    diff,
    init,
    listing,
    render,
    rule_book,
    schemas,
    validate,
    why,
)
from generator.cli.context import Context

EPILOG = """\b
Exit codes: 0 fine, 1 findings, 2 wrong usage, 3 an error in OneBlock,
130 interrupted (Ctrl-C), 141 whoever read the output left.
Data goes to standard output, talk to standard error."""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-C",
    "root",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The fleet's root, which holds values/ (default: here).",
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to colour output.")
@click.version_option(__version__, prog_name="oneblock")
@click.pass_context
def oneblock(context: click.Context, root: Path, color: str) -> None:
    """A Ray platform in Git: values files in, checked and rendered Kubernetes manifests out.

    \b
    A first fleet:
        oneblock init ray-fleet
        oneblock -C ray-fleet render
    """
    context.obj = Context(root, color)
    context.color = True  # what is printed is coloured or not already: click must not take colour out of a pipe again


for command in (
    init.command,
    validate.command,
    render.command,
    check.command,
    diff.command,
    listing.command,
    why.command,
    rule_book.rules_command,
    rule_book.explain_command,
    schemas.command,
    charts.command,
    completion.command,
):
    oneblock.add_command(command)
