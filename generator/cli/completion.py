"""``oneblock completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(name="completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
        source <(oneblock completion bash)
        oneblock completion fish > ~/.config/fish/completions/oneblock.fish
    """
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 (the three shells above are click's own)
    click.echo(made(context.find_root().command, {}, "oneblock", "_ONEBLOCK_COMPLETE").source())
