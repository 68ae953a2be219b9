"""``oneblock rules`` and ``oneblock explain``."""

from __future__ import annotations

import click

from generator.cli.context import Context, pass_context

OUTPUT = click.option(
    "-o", "output", type=click.Choice(["table", "json", "yaml"]), default="table", help="The form of the list."
)


@click.command(name="rules", short_help="List every rule OneBlock checks.")
@OUTPUT
@pass_context
def rules_command(context: Context, output: str) -> None:
    """List every rule OneBlock checks.

    \b
    Examples:
        oneblock rules
        oneblock rules -o json
    """
    from generator.commands.book import pages
    from generator.report.table import Column, view

    rows = [
        {
            "code": page.code,
            "level": page.level,
            "family": page.family,
            "policy": bool(page.policies),
            "rule": page.title,
        }
        for page in pages().values()
    ]
    columns = [Column("code"), Column("level"), Column("family"), Column("policy"), Column("rule")]
    click.echo(view(columns, rows, output, context.out), nl=False)  # type: ignore[arg-type]  # a click.Choice is a plain str


@click.command(name="explain", short_help="Explain a code that a finding carries.")
@click.argument("code")
@pass_context
def explain_command(context: Context, code: str) -> None:
    """Explain a code that a finding carries.

    \b
    Example:
        oneblock explain OB312
    """
    from generator.commands.book import pages
    from generator.diagnostics import near
    from generator.report.book import page_text

    book = pages()
    page = book.get(code.upper())
    if page is None:
        close = near(code.upper(), book)
        raise click.BadParameter(f"no rule {code}" + (f"; did you mean {close}?" if close else ""), param_hint="CODE")
    click.echo(page_text(page, context.out), nl=False)
