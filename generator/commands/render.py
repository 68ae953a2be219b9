"""``oneblock render`` and ``oneblock check``: the values as a tree of manifests, written whole or compared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from generator.charts.store import charts_digest
from generator.commands import pipeline, work
from generator.commands.fleet_files import Cluster, Opened, open_cluster
from generator.commands.job import Job, inputs_digest
from generator.commands.work import Result
from generator.diagnostics import Diagnostic, has_errors, in_order
from generator.helm.engine import EngineName
from generator.output import Change, Folder, OutputError, Stage, check_root, leftovers, memory
from generator.output.memory import Memory

SHRINK = 0.2
"""The share of a tree's objects one run may remove without being told; small trees may always lose a few."""

FEW = 10
"""Removals that never count as shrinking."""

PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    output: Path | None = None
    engine: EngineName = "sdk"
    force: bool = False
    allow_shrink: bool = False
    write: bool = True
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """What happened to one cluster's tree. ``path`` is shown as given; ``edited`` are files somebody changed by hand."""

    cluster: str
    path: Path
    objects: int = 0
    namespaces: int = 0
    changes: tuple[Change, ...] = ()
    edited: tuple[str, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    refusal: str = ""
    checked: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether nothing was written because something is wrong."""
        return bool(self.refusal) or has_errors(self.findings)


@dataclass(slots=True)
class _Run:
    """What one run gathers while it goes over the files."""

    results: list[Result] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    objects: int = 0

    @property
    def folders(self) -> list[Folder]:
        return [folder for result in self.results for folder in result.folders]


def render(cluster: Cluster, options: Options, report: pipeline.Report | None = None) -> Tree:
    """Checks and renders one cluster. Nothing is written unless everything is sound."""
    opened = open_cluster(cluster)
    root = options.output or cluster.root / opened.output_path
    tree = Tree(cluster.name, root, namespaces=len(cluster.namespaces), checked=cluster.files)
    if opened.job is None:
        return replace(tree, findings=tuple(in_order([*opened.findings, *_only_schema(opened)])))
    try:
        check_root(root)
        job = replace(opened.job, engine=options.engine, output=root)
        return _render(job, root, opened, tree, options, report)
    except OutputError as error:
        return replace(tree, refusal=str(error), findings=tuple(in_order(opened.findings)))


def _render(
    job: Job, root: Path, opened: Opened, tree: Tree, options: Options, report: pipeline.Report | None
) -> Tree:
    remembered = memory.load(job.root, inputs_digest(root.absolute())[:16])
    base = inputs_digest(charts_digest(), job.engine, job.platform_raw)
    sources, todo, run = _what_is_known(root, opened.cluster, remembered, base)
    stage = Stage(root) if options.write and (todo or PLATFORM not in run.known) else None
    job = replace(job, stage=stage.path if stage else None)
    try:
        run.results += pipeline.run(job, todo, processes=options.processes, report=report)
        findings = in_order([*opened.findings, *(each for result in run.results for each in result.findings)])
        if not has_errors(findings) and PLATFORM not in run.known:
            run.results.append(work.platform_file(job))
            findings = in_order([*findings, *run.results[-1].findings])
        if has_errors(findings):
            return replace(tree, findings=tuple(findings))
        folders = run.folders
        kept = {folder.path for folder in folders} | set(_known_folders(run.known, remembered))
        folders += leftovers(root, kept)
        tree = replace(
            tree,
            findings=tuple(findings),
            objects=run.objects + sum(result.objects for result in run.results),
            changes=tuple(change for folder in folders for change in folder.changes),
            edited=tuple(name for folder in folders for name in folder.edited),
        )
        if not options.write:
            return tree
        tree = replace(tree, refusal=_refusal(tree, options))
        if not tree.refusal:
            if stage is None and any(folder.dirty for folder in folders):
                stage = Stage(root)
            if stage is not None:
                stage.commit(folders)
            _remember(remembered, run, sources, root)
        return tree
    finally:
        if stage is not None:
            stage.close()


def _what_is_known(root: Path, cluster: Cluster, remembered: Memory, base: str) -> tuple[dict[str, str], list[str], _Run]:
    """Digest of every file's inputs, the files to work on, and what needs no work."""
    run = _Run()
    sources = {PLATFORM: base}
    todo = []
    for file in cluster.namespaces:
        sources[file] = inputs_digest(base, cluster.raw(file))
        if entry := remembered.holds(file, sources[file], root):
            run.known.append(file)
            run.objects += entry.objects
        else:
            todo.append(file)
    if entry := remembered.holds(PLATFORM, base, root):
        run.known.append(PLATFORM)
        run.objects += entry.objects
    return sources, todo, run


def _known_folders(known: list[str], remembered: Memory) -> list[str]:
    return [folder for name in known for folder in remembered.entries[name].folders]


def _refusal(tree: Tree, options: Options) -> str:
    if tree.edited and not options.force:
        return (
            f"{len(tree.edited)} file{'s' if len(tree.edited) > 1 else ''} in {tree.path} changed by hand; "
            "keep the edit in the values instead, or overwrite with --force"
        )
    removed = sum(change.op == "-" for change in tree.changes)
    if removed > max(FEW, SHRINK * (tree.objects + removed)) and not options.allow_shrink:
        return (
            f"this would remove {removed} of {tree.objects + removed} objects from {tree.path}; "
            "if that is meant, say --allow-shrink"
        )
    return ""


def _remember(remembered: Memory, run: _Run, sources: dict[str, str], root: Path) -> None:
    entries = {name: remembered.entries[name] for name in run.known}
    remembered.entries = entries
    for result in run.results:
        name = PLATFORM if sources.get(result.file) is None else result.file
        if not result.findings:
            inputs = sources[name]
            remembered.remember(name, inputs, root, tuple(folder.path for folder in result.folders), result.objects)
    if run.results:
        remembered.save()


def _only_schema(opened: Opened) -> list[Diagnostic]:
    """What can be said of namespace files when the platform file is broken: their YAML and their shape."""
    return [finding for file in opened.cluster.namespaces for finding in work.shape_of(opened.cluster.root, file)]
