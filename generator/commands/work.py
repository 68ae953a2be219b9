"""The work on one part of a cluster: check, render, compare, stage. The loop and the processes are in ``pipeline``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, NamedTuple

from generator.commands.checks import check_file
from generator.commands.job import Job
from generator.diagnostics import Diagnostic, Span
from generator.fleet import Namespace
from generator.helm import HelmError
from generator.output import Folder, Stage, compare
from generator.plan import Release, namespace_grants, namespace_releases, platform_releases
from generator.render import ManifestError, render_release

Files = tuple[str, dict[str, bytes]]
"""A folder of the tree and what it holds: name → content."""


class Unit(NamedTuple):
    """A part of the work: one namespace file (``name``), some grants (``names``), or the rest of the platform."""

    what: Literal["file", "grants", "platform"]
    name: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one unit: findings, and the folders of the tree it decides (contents left out).

    ``text`` is what the values file held when it was read.
    """

    unit: Unit
    text: str = ""
    findings: tuple[Diagnostic, ...] = ()
    folders: tuple[Folder, ...] = ()
    objects: int = 0


def do(job: Job, unit: Unit) -> Result:
    """Does one unit."""
    if unit.what == "file":
        return _namespace_file(job, unit)
    platform = job.tools.platform
    if unit.what == "grants":
        return _stage(job, Result(unit), rendered(job, namespace_grants(platform, unit.names)), job.platform_file)
    releases = list(platform_releases(platform))
    folders = chain(rendered(job, releases), gitops_of_platform(job))
    return _stage(job, Result(unit), folders, job.platform_file)


def _namespace_file(job: Job, unit: Unit) -> Result:
    document, found = check_file(job, unit.name)
    result = Result(unit, document.text if document is not None else "", tuple(found))
    if document is None or job.output is None:
        return result
    namespace = job.tools.namespace(document)
    folders = chain(rendered(job, namespace_releases(namespace)), _gitops_of(job, namespace))
    return _stage(job, result, folders, unit.name)


def _stage(job: Job, result: Result, folders: Iterable[Files], culprit: str) -> Result:
    """Compares each folder with the disk as it is rendered, and stages those that differ."""
    assert job.output is not None  # noqa: S101 (a job that renders has an output)
    place = Stage(job.output, job.stage) if job.stage is not None else None
    compared, objects = [], 0
    try:
        for path, files in folders:
            folder = compare(job.output, path, files)
            if place is not None and folder.dirty:
                place.put(folder)
            compared.append(replace(folder, files=dict.fromkeys(folder.files, b"")))
            objects += len(files)
    except (HelmError, ManifestError) as error:
        finding = Diagnostic("OB801", f"Helm cannot render this: {error}", Span.of_file(culprit))
        return replace(result, findings=(*result.findings, finding))
    return replace(result, folders=tuple(compared), objects=objects)


def rendered(job: Job, releases: Iterable[Release]) -> Iterator[Files]:
    """Each release's folder, or folders, and their files by name."""
    tools = job.tools
    for release in releases:
        depth = release.folder.count("/") + (1 if release.home else 2)
        folders: dict[str, dict[str, bytes]] = {} if not release.home else {release.folder: {}}
        for file in render_release(release, tools.engine, tools.charts):
            parts = file.path.split("/")
            folders.setdefault("/".join(parts[:depth]), {})["/".join(parts[depth:])] = file.content
        yield from folders.items()


def everything(job: Job, namespaces: Iterable[Namespace], *, platform: bool) -> Iterator[Files]:
    """All folders of some namespaces and, if ``platform``, of the platform."""
    if platform:
        releases = chain(platform_releases(job.tools.platform), namespace_grants(job.tools.platform))
        yield from chain(rendered(job, releases), gitops_of_platform(job))
    for namespace in namespaces:
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

    platform = job.tools.platform
    releases = chain(platform_releases(platform), namespace_grants(platform))
    folders = sorted({release.folder.split("/")[0] for release in releases})
    if files := gitops.platform_files(platform, job.tree, folders):
        yield gitops.PLATFORM_FOLDER, files


def _without_engine(job: Job) -> bool:
    """Most local trees: then the blueprints' engine need not be loaded."""
    return (job.tools.platform.at("gitops", "engine") or "none") == "none"
