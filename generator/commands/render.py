"""``oneblock render`` and ``oneblock check``: the values as a tree of manifests, written whole or compared.

When the cache proves that nothing changed, neither schemas nor rules nor Helm are loaded: that part is here, the
rest in ``rendering``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from generator.commands import ahead, work_later
from generator.commands.fleet_files import Cluster
from generator.commands.known import Known, look
from generator.commands.pipeline import Report
from generator.commands.trees import Options, Tree
from generator.diagnostics import in_order
from generator.helm.engine import EngineName
from generator.output import OutputError


def render(cluster: Cluster, options: Options, report: Report | None = None) -> Tree:
    """Checks and renders one cluster. Nothing is written unless everything is sound."""
    workers = ahead.start(cluster, work_later.load) if options.engine == "sdk" and options.processes != 1 else None
    tree = Tree(cluster.name, Path(), namespaces=len(cluster.namespaces), checked=cluster.files)
    try:
        known = look(cluster, options.output, options.engine)
        if workers is None or not known.changed:
            known.look_at_tree()
        if known.everything:
            return _nothing_to_do(tree, known)
        from generator.commands.rendering import render_cluster

        return render_cluster(cluster, options, tree, known, workers if known.changed else None, report)
    except OutputError as error:
        return replace(tree, path=options.output or Path(), refusal=str(error))
    finally:
        if workers is not None:
            workers.stop()


def check_engine(name: EngineName) -> None:
    """Raises OutputError where the helm program is asked for and cannot be used: said once, before any work."""
    if name == "sdk":
        return
    from generator.helm import HelmError, open_engine
    from generator.schema.versions import DEFAULT

    try:
        open_engine(name, kube_version=DEFAULT.kubernetes)
    except HelmError as error:
        raise OutputError(str(error)) from error


def _nothing_to_do(tree: Tree, known: Known) -> Tree:
    objects = sum(each.objects for each in known.memory.entries.values())
    findings = in_order(finding for each in known.memory.entries.values() for finding in each.findings)
    return replace(tree, path=known.root, objects=objects, findings=tuple(findings))
