"""The work on one part of a cluster: check, render, compare, stage. The loop and the processes are in ``pipeline``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple

from generator.commands.checks import check_file
from generator.commands.job import Job
from generator.commands.tools import tools_of
from generator.commands.units import Result, Unit
from generator.diagnostics import Diagnostic, Span
from generator.fleet import Namespace
from generator.output import Stage, compare
from generator.plan import BATCH, Release, namespace_grants, namespace_releases, platform_releases
from generator.render import Rendered, render_releases

Files = tuple[str, dict[str, bytes]]
"""A folder of the tree and what it holds: name → content."""


def do(job: Job, some: Sequence[Unit]) -> list[Result]:
    """Does some units: what differs from the disk is staged."""
    return [_stage(job, begun, rendered) for begun, rendered in _rendered(job, some)]


def make(job: Job, some: Sequence[Unit]) -> list[Made]:
    """Does some units in memory."""
    return [
        Made(
            _findings(begun, rendered),
            () if _refused(rendered) else (*_folders(begun.releases, rendered), *begun.folders),
        )
        for begun, rendered in _rendered(job, some)
    ]


class Made(NamedTuple):
    """What came of one unit that was done in memory: findings, and the folders of the tree it decides."""

    findings: tuple[Diagnostic, ...]
    folders: tuple[Files, ...]


@dataclass(frozen=True, slots=True)
class _Begun:
    """A unit that is checked and not yet rendered: its releases, and the folders that are made without Helm."""

    result: Result
    culprit: str
    releases: tuple[Release, ...] = ()
    folders: Iterable[Files] = ()


def _rendered(job: Job, some: Iterable[Unit]) -> Iterator[tuple[_Begun, list[Rendered]]]:
    """Each unit with what Helm made of its releases. What several of them ask of one chart is rendered together."""
    begun = [_begin(job, unit) for unit in some]
    releases = [release for each in begun for release in each.releases]
    rendered = iter(render_releases(releases, tools_of(job).engine, tools_of(job).charts) if releases else [])
    return ((each, list(islice(rendered, len(each.releases)))) for each in begun)


def _begin(job: Job, unit: Unit) -> _Begun:
    if unit.what == "file":
        document, found = check_file(job, unit.name)
        if document is None:
            return _Begun(Result(unit, findings=tuple(found)), unit.name)
        namespace = tools_of(job).namespace(document)
        result = Result(unit, document.text, tuple(found))
        return _Begun(result, unit.name, tuple(namespace_releases(namespace)), _gitops_of(job, namespace))
    platform = tools_of(job).platform
    if unit.what == "grants":
        return _Begun(Result(unit), job.platform_file, tuple(namespace_grants(platform, unit.names)))
    return _Begun(Result(unit), job.platform_file, tuple(platform_releases(platform)), gitops_of_platform(job))


def _refused(rendered: Iterable[Rendered]) -> Exception | None:
    return next((each for each in rendered if isinstance(each, Exception)), None)


def _findings(begun: _Begun, rendered: Iterable[Rendered]) -> tuple[Diagnostic, ...]:
    refused = _refused(rendered)
    if refused is None:
        return begun.result.findings
    span = Span.of_file(begun.culprit)
    return (*begun.result.findings, Diagnostic("OB801", f"Helm cannot render this: {refused}", span))


def _stage(job: Job, begun: _Begun, rendered: Sequence[Rendered]) -> Result:
    """Compares each folder with the disk, and stages those that differ."""
    assert job.output is not None  # noqa: S101 (a job whose work is staged has an output)
    result = replace(begun.result, findings=_findings(begun, rendered))
    if _refused(rendered):
        return result
    place = Stage(job.output, job.stage) if job.stage is not None else None
    compared, objects = [], 0
    for path, files in chain(_folders(begun.releases, rendered), begun.folders):
        folder = compare(job.output, path, files)
        if place is not None and folder.dirty:
            place.put(folder)
        compared.append(replace(folder, files=dict.fromkeys(folder.files, b"")))
        objects += len(files)
    return replace(result, folders=tuple(compared), objects=objects)


def _folders(releases: Iterable[Release], rendered: Iterable[Rendered]) -> Iterator[Files]:
    """Each release's folder, or folders, and their files by name. Raises HelmError, ManifestError."""
    for release, files in zip(releases, rendered, strict=True):
        if isinstance(files, Exception):
            raise files
        depth = release.folder.count("/") + (1 if release.home else 2)
        folders: dict[str, dict[str, bytes]] = {} if not release.home else {release.folder: {}}
        for file in files:
            parts = file.path.split("/")
            folders.setdefault("/".join(parts[:depth]), {})["/".join(parts[depth:])] = file.content
        yield from folders.items()


def rendered(job: Job, releases: Iterable[Release]) -> Iterator[Files]:
    """Each release's folder, or folders, and their files by name. Raises HelmError, ManifestError."""
    waiting = iter(releases)
    while some := list(islice(waiting, BATCH)):
        yield from _folders(some, render_releases(some, tools_of(job).engine, tools_of(job).charts))


def of_namespace(job: Job, namespace: Namespace) -> Iterator[Files]:
    """All folders of a namespace."""
    yield from chain(rendered(job, namespace_releases(namespace)), _gitops_of(job, namespace))


def _gitops_of(job: Job, namespace: Namespace) -> Iterator[Files]:
    if _without_engine(job):
        return
    from generator import gitops

    if files := gitops.namespace_files(namespace, job.tree):
        yield f"{gitops.TEAMS_FOLDER}/{namespace.name}", files


def gitops_of_platform(job: Job) -> Iterator[Files]:
    """The GitOps engine's objects for the platform; nothing where there is no engine."""
    if _without_engine(job):
        return
    from generator import gitops

    platform = tools_of(job).platform
    releases = chain(platform_releases(platform), namespace_grants(platform))
    folders = sorted({release.folder.split("/")[0] for release in releases})
    if files := gitops.platform_files(platform, job.tree, folders):
        yield gitops.PLATFORM_FOLDER, files


def _without_engine(job: Job) -> bool:
    """Most local trees: then the blueprints' engine need not be loaded."""
    return (tools_of(job).platform.at("gitops", "engine") or "none") == "none"
