"""Checks, renders and writes one cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from generator.commands import known as cache
from generator.commands import pipeline, work_later
from generator.commands.fleet_files import Cluster, Opened
from generator.commands.job import Job
from generator.commands.known import PLATFORM, Known, root_of
from generator.commands.pipeline import Report
from generator.commands.trees import Options, Tree
from generator.commands.units import Result, Unit, units
from generator.diagnostics import Diagnostic, has_errors, in_order
from generator.output import OutputError, Stage, check_root, leftovers, memory
from generator.output.memory import Entry

if TYPE_CHECKING:
    from generator.commands.ahead import Ahead
    from generator.commands.pool import Pool

SHRINK = 0.2
"""The share of a tree's objects one run may remove without being told; small trees may always lose a few."""

FEW = 10
"""Removals that never count as shrinking."""


class _Hands(NamedTuple):
    """Who does the work, where that is not this process, and whom it tells."""

    pool: Pool | None
    ahead: Ahead | None
    report: Report | None


@dataclass(slots=True)
class _Run:
    """One run: what it goes by, and what came of its units."""

    job: Job
    root: Path
    opened: Opened
    options: Options
    known: Known
    hands: _Hands
    results: list[Result] = field(default_factory=list)

    @property
    def cluster(self) -> Cluster:
        return self.opened.cluster

    @property
    def findings(self) -> list[Diagnostic]:
        """All findings, those of earlier runs that still hold among them."""
        fresh = [*self.opened.findings, *(each for result in self.results for each in result.findings)]
        return in_order([*fresh, *(each for entry in self.known.held.values() for each in entry.findings)])

    @property
    def objects(self) -> int:
        before = sum(entry.objects for entry in self.known.held.values())
        return before + sum(result.objects for result in self.results)

    @property
    def units(self) -> list[Unit]:
        """What has to be done."""
        files = [file for file in self.cluster.namespaces if file not in self.known.held]
        return units(self.job, files, platform=PLATFORM not in self.known.held)


def render_cluster(
    cluster: Cluster, options: Options, tree: Tree, known: Known, ahead: Ahead | None, report: Report | None
) -> Tree:
    """See :func:`generator.commands.render.render`.

    Where there is a process that got ``ahead`` for the files that changed, it begins on them before the look at the
    tree, which may find more to do.
    """
    load = work_later.load if options.engine == "sdk" else None
    files = 0 if ahead is not None else len(cluster.namespaces) - len(known.held)
    pool = pipeline.start(files, options.processes, load)
    if pool is None and ahead is None and load is not None:  # Helm takes a while to wake up, and most is not Python
        Thread(target=load, daemon=True).start()
    try:
        return _render(cluster, options, tree, known, _Hands(pool, ahead, report))
    finally:
        if pool is not None:
            pool.stop()


def _render(cluster: Cluster, options: Options, tree: Tree, known: Known, hands: _Hands) -> Tree:
    opened = _open(cluster, known)
    if opened.job is None:
        from generator.commands.checks import shape_of

        findings = [*opened.findings, *(each for file in cluster.namespaces for each in shape_of(opened, file))]
        return replace(tree, path=root_of(cluster, options.output, "rendered"), findings=tuple(in_order(findings)))
    root = root_of(cluster, options.output, opened.job.tree)
    tree = replace(tree, path=root, findings=opened.findings)
    stage: Stage | None = None
    try:
        check_root(root)
        stage = Stage(root, busy=options.busy) if options.write else None
        if stage is not None and stage.waited:
            known = cache.look(cluster, options.output, options.engine)
            known.look_at_tree()
        charts = _charts(opened.job) if hands.pool is not None else None
        place = stage.path if stage else None
        job = replace(opened.job, engine=options.engine, output=root, stage=place, charts=charts)
        return _go(_Run(job, root, opened, options, known, hands), tree, stage)
    except OutputError as error:
        return replace(tree, refusal=str(error))
    finally:
        if hands.ahead is not None:
            hands.ahead.stop()  # it stages what it made
        if stage is not None:
            stage.close()


def _open(cluster: Cluster, known: Known) -> Opened:
    """The platform file: from the cache, where that says that it was sound."""
    if not known.platform:
        from generator.commands.platform_file import open_cluster  # which loads schemas and rules

        return open_cluster(cluster)
    kept = known.memory
    job = Job(cluster.root, cluster.platform or "", known.text.decode(), kept.platform, kept.tree)
    return Opened(cluster, kept.entries[PLATFORM].findings, job)


def _charts(job: Job) -> Path:
    """The folder of sub-charts, made here for a pool: every process of it would make them again."""
    from generator.commands.tools import tools_of

    return tools_of(job).charts


def _go(run: _Run, tree: Tree, stage: Stage | None) -> Tree:
    run.results += _work(run)
    tree = replace(tree, findings=tuple(run.findings), objects=run.objects)
    if has_errors(tree.findings):
        return tree
    folders = [folder for result in run.results for folder in result.folders]
    kept = {folder.path for folder in folders} | {path for entry in run.known.held.values() for path in entry.state}
    folders += leftovers(run.root, kept, run.known.states or None)
    tree = replace(
        tree,
        changes=tuple(change for folder in folders for change in folder.changes),
        edited=tuple(name for folder in folders for name in folder.edited),
    )
    if stage is not None:
        tree = replace(tree, refusal=_refusal(tree, run.options))
        if tree.refusal:
            return tree
        stage.commit(folders, run.options.written)
    if stage is not None or not tree.changes:
        _remember(run)
    return tree


def _work(run: _Run) -> Iterator[Result]:
    do, processes = partial(work_later.do, run.job), run.options.processes
    pool, ahead, report = run.hands
    changed = [Unit("file", name) for name in run.known.changed] if ahead is not None else []
    if ahead is None or not changed:
        yield from pipeline.run(do, run.units, processes=processes, pool=pool, report=report)
        return
    ahead.begin(do, changed)
    run.known.look_at_tree()
    rest = [unit for unit in run.units if unit not in changed]
    yield from ahead.results()
    yield from pipeline.run(do, rest, processes=processes, report=report)


def _refusal(tree: Tree, options: Options) -> str:
    if tree.edited and not options.force:
        files = "1 file" if len(tree.edited) == 1 else f"{len(tree.edited):,} files"
        return (
            f"{files} in {tree.path} changed by hand; "
            "say it in the values instead, or overwrite with --force; nothing was written"
        )
    removed = sum(change.op == "-" for change in tree.changes)
    if removed > max(FEW, SHRINK * (tree.objects + removed)) and not options.allow_shrink:
        return (
            f"this would remove {removed:,} of {tree.objects + removed:,} objects from {tree.path}; "
            "if that is meant, say --allow-shrink; nothing was written"
        )
    return ""


def _remember(run: _Run) -> None:
    """Keeps what this run proved for the next one."""
    known, kept = run.known, run.known.memory
    # Folders that this run did not touch are as they were: only its own are looked at.
    made = [folder for result in run.results for folder in result.folders]
    states = {folder.path: found for folder in made if (found := memory.state(run.root, folder.path)) is not None}
    kept.tree, kept.platform, kept.entries = run.job.tree, run.job.platform_data, dict(known.held)
    for result in run.results:
        if result.unit.what == "file":
            state = {folder.path: states[folder.path] for folder in result.folders if folder.path in states}
            inputs, stamp = known.inputs(result.text.encode()), known.stamps.get(result.unit.name, "")
            kept.entries[result.unit.name] = Entry(inputs, state, result.objects, result.findings, stamp)
    platform = [result for result in run.results if result.unit.what != "file"]
    if platform:
        paths = [folder.path for result in platform for folder in result.folders]
        state = {path: states[path] for path in paths if path in states}
        objects = sum(result.objects for result in platform)
        kept.entries[PLATFORM] = Entry(known.base, state, objects, run.opened.findings)
    if run.results:
        kept.save()
