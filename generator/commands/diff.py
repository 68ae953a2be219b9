"""``oneblock diff``: what a change of the values does to objects."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from generator.commands import meanings, objects, pipeline, words, work
from generator.commands.fleet_files import Cluster, Opened, find_clusters
from generator.commands.job import Job
from generator.commands.known import root_of
from generator.commands.objects import Pair
from generator.commands.pipeline import Report
from generator.commands.platform_file import open_cluster
from generator.commands.tools import tools_of
from generator.commands.units import units
from generator.commands.words import Field, Home
from generator.diagnostics import Diagnostic, Span, has_errors, in_order
from generator.fleet import Namespace, Workload
from generator.helm.engine import EngineName
from generator.output import folders
from generator.source import load
from generator.source.revision import extract

CLUSTER_WIDE = {"Queue": "queues", "PriorityClass": "queues", "CustomResourceDefinition": "crds"}
"""The heading of kinds without a namespace; other ones stand under ``cluster``."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An object that changes; ``op`` is added, removed or changed. ``notes``: what that means for what runs."""

    heading: str
    kind: str
    name: str
    op: str
    fields: tuple[Field, ...] = ()
    where: Span | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """Every change, or the findings that stop the comparison. ``notes``: what of the old side could not be compared."""

    changes: tuple[Changed, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Side:
    """One side: its files by path in the tree, what they come from, and what is wrong with it.

    ``values`` are the namespace files by the namespace's name.
    """

    job: Job | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    opened: dict[str, Namespace | None] = field(default_factory=dict)

    def home(self, file: str, kind: str, name: str, rendered: dict[str, Any]) -> Home:
        """What the object in ``file`` comes from."""
        platform = tools_of(self.job).platform if self.job is not None else None
        folder, _, rest = file.partition("/")
        namespace = self._namespace(rest.split("/")[0]) if folder == "ray" else None
        return Home(file, kind, name, _workload(namespace, kind, name), platform, rendered)

    def _namespace(self, name: str) -> Namespace | None:
        """The namespace as its file has it: read once more, for the few that have changes."""
        if name not in self.opened:
            job, file = self.job, self.values.get(name)
            document = load(job.root, file)[0] if job is not None and file is not None else None
            self.opened[name] = tools_of(job).namespace(document) if job is not None and document is not None else None
        return self.opened[name]


def diff(
    root: Path, values: Path | None, revision: str | None, engine: EngineName, report: Report | None = None
) -> Diff:
    """The values now against those at ``revision``, or against the written tree. Raises RevisionError."""
    clusters, findings = find_clusters(root, values)
    opened = [open_cluster(cluster) for cluster in clusters]
    findings += [each for one in opened for each in one.findings]
    if has_errors(findings):
        return Diff(findings=tuple(in_order(findings)))
    if revision is None:
        return _join([_against_tree(one, engine, report) for one in opened])
    folder = values.as_posix() if values is not None else "values"
    with tempfile.TemporaryDirectory(prefix="oneblock-") as scratch:
        extract(root, revision, folder, Path(scratch))
        before = {each.name: each for each in find_clusters(Path(scratch), values)[0]}
        pairs = [(one, before.get(one.cluster.name)) for one in opened]
        return _join([_against_revision(one, was, revision, engine, report) for one, was in pairs])


def _join(parts: Sequence[Diff]) -> Diff:
    findings = tuple(in_order(each for part in parts for each in part.findings))
    changes = tuple(each for part in parts for each in part.changes)
    return Diff(() if has_errors(findings) else changes, findings, tuple(note for part in parts for note in part.notes))


def _against_tree(opened: Opened, engine: EngineName, report: Report | None) -> Diff:
    assert opened.job is not None  # noqa: S101
    after = _side(replace(opened.job, engine=engine), opened.cluster.namespaces, platform=True, report=report)
    written = _Side(files=_written(root_of(opened.cluster, None, opened.job.tree)))
    return Diff(tuple(_changes(written, after)), tuple(after.findings))


def _against_revision(
    opened: Opened, before: Cluster | None, revision: str, engine: EngineName, report: Report | None
) -> Diff:
    assert opened.job is not None  # noqa: S101
    was = open_cluster(before) if before is not None else None
    notes = []
    if was is None or was.job is None or before is None:
        if before is not None and before.files:
            notes.append(f"{before.platform or 'the platform file'} has errors at {revision}: everything is new")
        after = _side(replace(opened.job, engine=engine), opened.cluster.namespaces, platform=True, report=report)
        return Diff(tuple(_changes(_Side(), after)), tuple(after.findings), tuple(notes))
    same = was.job.platform_text == opened.job.platform_text
    quiet = {
        file
        for file in (set(opened.cluster.namespaces) & set(before.namespaces) if same else ())
        if before.raw(file) == opened.cluster.raw(file)
    }
    new, old = (
        _side(
            replace(job, engine=engine), [each for each in files if each not in quiet], platform=not same, report=report
        )
        for job, files in ((opened.job, opened.cluster.namespaces), (was.job, before.namespaces))
    )
    broken = sorted({each.span.file for each in old.findings if each.level == "error"})
    notes += [f"{file} has errors at {revision}: what it brings is shown as new" for file in broken]
    return Diff(tuple(_changes(old, new)), tuple(new.findings), tuple(notes))


def _side(job: Job, files: Sequence[str], *, platform: bool, report: Report | None) -> _Side:
    """Renders one side in memory; what cannot be read, checked or rendered gives findings and is left out."""
    job = replace(job, charts=tools_of(job).charts)  # made here: every process would make them again
    side = _Side(job, values={PurePosixPath(file).stem: file for file in files})
    todo = partial(work.make, job)
    for made in pipeline.run(todo, units(job, files, platform=platform), report=report):
        side.findings += [each for each in made.findings if each.level == "error"]
        for folder, inside in made.folders:
            side.files.update({f"{folder}/{name}": content for name, content in inside.items()})
    return side


def _written(root: Path) -> dict[str, bytes]:
    """The objects of the tree on disk."""
    found = (file for folder in folders(root) for file in (root / folder).rglob("*.yaml") if file.is_file())
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in found}


def _changes(old: _Side, new: _Side) -> Iterator[Changed]:
    return (_changed(pair, old, new) for pair in objects.pairs(old.files, new.files))


def _changed(pair: Pair, old: _Side, new: _Side) -> Changed:
    metadata, kind = pair.either.get("metadata", {}), str(pair.either.get("kind"))
    name, namespace = str(metadata.get("name")), metadata.get("namespace")
    heading = str(namespace or CLUSTER_WIDE.get(kind, "cluster"))
    notes = meanings.notes(pair)
    if pair.new is None:  # a place in the old file would lead to another line of the new
        return Changed(heading, kind, name, "removed", notes=notes)
    after = new.home(pair.path, kind, name, pair.new)
    if pair.old is None:
        return Changed(heading, kind, name, "added", where=after.whole, notes=notes)
    before = old.home(pair.path, kind, name, pair.old)
    fields = words.fields(objects.differences(pair.old, pair.new), before, after)
    return Changed(heading, kind, name, "changed", tuple(fields), notes=notes)


def _workload(namespace: Namespace | None, kind: str, name: str) -> Workload | None:
    if namespace is None:
        return None
    return next((each for each in namespace.workloads if (each.kind, each.name) == (kind, name)), None)
