"""``oneblock``: the group all commands hang on."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from generator import __version__
from generator.cli.context import Context

EPILOG = """\b
Exit codes: 0 fine, 1 findings, 2 wrong usage, 3 an error in OneBlock,
130 interrupted (Ctrl-C), 141 whoever read the output left.
Data goes to standard output, talk to standard error."""


COMMANDS = {
    "init": "init:command",
    "validate": "validate:command",
    "render": "render:command",
    "check": "check:command",
    "diff": "diff:command",
    "list": "listing:command",
    "why": "why:command",
    "rules": "rule_book:rules_command",
    "explain": "rule_book:explain_command",
    "schema": "schemas:command",
    "generate": "charts:command",
    "completion": "completion:command",
}
"""Name → the module of this package and its command. A run loads its own alone: the rest would be a tenth of it."""


class _Commands(click.Group):
    """The commands, each loaded when it is called, or listed with its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (as click calls it)
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"generator.cli.{module}"), name)
        return command


@click.group(
    cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
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
