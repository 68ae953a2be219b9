"""``oneblock diff``: what a change of the values does to objects."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from generator.commands import objects, work
from generator.commands.fleet_files import Cluster, Opened, find_clusters, open_cluster
from generator.commands.job import Job
from generator.commands.objects import MISSING, Difference, Pair
from generator.diagnostics import Diagnostic, Span, dotted, has_errors, in_order
from generator.fleet import Namespace, Workload
from generator.helm.engine import EngineName
from generator.output import SUM_FILE, folders
from generator.plan import namespace_grants, namespace_releases, platform_releases
from generator.source import load
from generator.source.revision import extract

CLUSTER_WIDE = {"Queue": "queues", "PriorityClass": "queues", "CustomResourceDefinition": "crds"}
"""The heading of kinds without a namespace; other ones stand under ``cluster``."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that changes; ``old`` or ``new`` is :data:`MISSING` where it is not there."""

    path: str
    old: Any
    new: Any
    where: Span | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """An object that changes; ``op`` is added, removed or changed."""

    heading: str
    kind: str
    name: str
    op: str
    fields: tuple[Field, ...] = ()
    where: Span | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """Every change, or the findings that stop the comparison."""

    changes: tuple[Changed, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's files by path in the tree, and its namespaces by name."""

    files: dict[str, bytes]
    namespaces: dict[str, Namespace]
    job: Job | None = None


def diff(root: Path, values: Path | None, revision: str | None, engine: EngineName) -> Diff:
    """The values now against those at ``revision``, or against the written tree. Raises RevisionError."""
    clusters, findings = find_clusters(root, values)
    opened = [open_cluster(cluster) for cluster in clusters]
    findings += [each for one in opened for each in one.findings]
    if has_errors(findings):
        return Diff(findings=tuple(in_order(findings)))
    if revision is None:
        return _join([_against_tree(one, engine) for one in opened])
    folder = values.as_posix() if values is not None else "values"
    with tempfile.TemporaryDirectory(prefix="oneblock-") as scratch:
        extract(root, revision, folder, Path(scratch))
        before, _ = find_clusters(Path(scratch), values)
        return _join([_against_revision(one, _named(before, one.cluster.name), engine) for one in opened])


def _join(parts: Sequence[Diff]) -> Diff:
    findings = in_order(each for part in parts for each in part.findings)
    return Diff(tuple(each for part in parts for each in part.changes), tuple(findings))


def _named(clusters: Sequence[Cluster], name: str) -> Cluster | None:
    return next((each for each in clusters if each.name == name), None)


def _against_tree(opened: Opened, engine: EngineName) -> Diff:
    assert opened.job is not None  # noqa: S101
    after = _side(replace(opened.job, engine=engine), opened.cluster.namespaces)
    if isinstance(after, Diff):
        return after
    return Diff(tuple(_changes(_Side(_written(opened.cluster.root / opened.output_path), {}), after)))


def _against_revision(opened: Opened, before: Cluster | None, engine: EngineName) -> Diff:
    assert opened.job is not None  # noqa: S101
    job = replace(opened.job, engine=engine)
    was = open_cluster(before) if before is not None else None
    same = was is not None and was.job is not None and was.job.platform_raw == job.platform_raw
    both = set(opened.cluster.namespaces) & set(before.namespaces) if before is not None and same else set()
    quiet = {file for file in both if before is not None and before.raw(file) == opened.cluster.raw(file)}
    after = _side(job, [file for file in opened.cluster.namespaces if file not in quiet], platform=not same)
    if isinstance(after, Diff):
        return after
    old = _Side({}, {})
    if was is not None and was.job is not None and before is not None:
        found = _side(
            replace(was.job, engine=engine),
            [file for file in before.namespaces if file not in quiet],
            platform=not same,
            lenient=True,
        )
        old = found if isinstance(found, _Side) else old
    return Diff(tuple(_changes(old, after)))


def _side(job: Job, files: Sequence[str], *, platform: bool = True, lenient: bool = False) -> _Side | Diff:
    """Renders one side in memory; what cannot be read or checked gives findings, or is left out if ``lenient``."""
    side = _Side({}, {}, job)
    findings: list[Diagnostic] = []
    releases = [*platform_releases(job.tools.platform), *namespace_grants(job.tools.platform)] if platform else []
    for file in files:
        document, found = load(job.root, file)
        if document is not None:
            found = found + work.check_namespace(document, job)
        if has_errors(found) or document is None:
            findings += found
            continue
        namespace = job.tools.namespace(document)
        side.namespaces[namespace.name] = namespace
        releases += namespace_releases(namespace)
    if has_errors(findings) and not lenient:
        return Diff(findings=tuple(in_order(findings)))
    everything = chain(work.rendered(job, releases), work.gitops_folders(job, side.namespaces.values(), releases))
    for folder, made in everything:
        side.files.update({f"{folder}/{name}": content for name, content in made.items()})
    return side


def _written(root: Path) -> dict[str, bytes]:
    """The objects of the tree on disk."""
    files = {}
    for folder in folders(root) if root.is_dir() else []:
        for file in (root / folder).rglob("*.yaml"):
            if file.name != SUM_FILE:
                files[file.relative_to(root).as_posix()] = file.read_bytes()
    return files


def _changes(old: _Side, new: _Side) -> Iterator[Changed]:
    for pair in objects.pairs(old.files, new.files):
        yield _changed(pair, old, new)


def _changed(pair: Pair, old: _Side, new: _Side) -> Changed:
    metadata, kind = pair.either.get("metadata", {}), str(pair.either.get("kind"))
    name, namespace = str(metadata.get("name")), metadata.get("namespace")
    heading = str(namespace or CLUSTER_WIDE.get(kind, "cluster"))
    before, after = (_workload(side, heading, kind, name) for side in (old, new))
    if pair.old is None or pair.new is None:
        op = "added" if pair.old is None else "removed"
        where = after.place.span(key=True) if after is not None else None
        return Changed(heading, kind, name, op, where=where)
    fields = _fields(objects.differences(pair.old, pair.new), before, after)
    return Changed(heading, kind, name, "changed", tuple(fields))


def _workload(side: _Side, namespace: str, kind: str, name: str) -> Workload | None:
    found = side.namespaces.get(namespace)
    if found is None:
        return None
    return next((each for each in found.workloads if (each.kind, each.name) == (kind, name)), None)


def _fields(found: Iterator[Difference], before: Workload | None, after: Workload | None) -> list[Field]:
    """In the words of the values files where a value decided the field; one value that decides many is told once."""
    told: dict[str, Field] = {}
    for each in found:
        field = _field(each, before, after)
        told.setdefault(field.path, field)
    return list(told.values())


def _field(each: Difference, before: Workload | None, after: Workload | None) -> Field:
    plain = Field(dotted(each.new_path), each.old, each.new)
    side = after if each.new is not MISSING or before is None else before
    place = side.object.place(each.new_path if side is after else each.old_path) if side is not None else None
    if side is None or place is None:
        return plain
    written = _value(place.document.data, place.path)
    if written is MISSING:
        return replace(plain, where=place.span())
    start = len(side.place.path)
    inside = place.document is side.place.document and place.path[:start] == side.place.path
    path = place.path[start:] if inside else place.path
    other = before if side is after else after
    value = _value(other.place.document.data, place.path) if other is not None and inside else MISSING
    old, new = (value, written) if side is after else (written, value)
    if old is MISSING and side is after and each.old is not MISSING:
        old = each.old
    return Field(dotted(path), old, new, place.span())


def _value(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(data, dict) and step in data:
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return MISSING
    return data
