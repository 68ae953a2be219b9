"""What ``render`` and ``check`` share: going over the clusters and telling what became of each tree."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.context import Context, Interrupted, tell_findings

if TYPE_CHECKING:
    from generator.commands.trees import Options, Tree


def run_trees(context: Context, values: Path | None, options: Options, started: float) -> bool:
    """Renders or checks every cluster; whether anything is wrong."""
    from generator.commands.chunks import WorkerLostError
    from generator.commands.fleet_files import find_clusters
    from generator.commands.render import check_engine, render
    from generator.diagnostics import has_errors, in_order
    from generator.report.progress import Progress

    check_engine(options.engine)
    clusters, findings = find_clusters(context.root, values)
    if has_errors(findings):  # nothing can be rendered: say all there is to say
        from generator.commands.validate import validate

        verdict = validate(clusters)
        findings = in_order([*findings, *verdict.findings])
        tell_findings(context, findings, files=verdict.files, seconds=time.monotonic() - started)
        return True
    wrong, written = False, list[Path]()
    options = replace(options, written=written.append)
    try:
        for cluster in clusters:
            with Progress(sys.stderr, style=context.err) as progress:
                tree = render(cluster, options, partial(progress.step, "rendering"))
            wrong |= _tell(context, tree, options, time.monotonic() - started)
    except WorkerLostError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        if written:
            raise Interrupted(written) from None
        raise
    return wrong


def _tell(context: Context, tree: Tree, options: Options, seconds: float) -> bool:
    from generator.report.trees import TreeChange, checked, rendered

    if tree.findings:
        tell_findings(context, tree.findings, files=tree.checked, seconds=seconds)
    if tree.refusal:
        for name in tree.edited:
            click.echo(f"  {name}", err=True)
        click.echo(f"error: {tree.refusal}", err=True)
    if tree.failed:
        return True
    by_op = {op: [change.path for change in tree.changes if change.op == op] for op in "+~-"}
    change = TreeChange(str(tree.path), tree.objects, tree.namespaces, by_op["~"], by_op["+"], by_op["-"], seconds)
    click.echo((rendered if options.write else checked)(change, style=context.out), nl=False)
    return not options.write and bool(tree.changes)
