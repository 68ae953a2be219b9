"""The work on one file: read, check, render, compare. Pure steps; the loop and the processes are in ``pipeline``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from generator import gitops, rules, schema
from generator.commands.job import Job
from generator.diagnostics import Diagnostic, Span, has_errors
from generator.fleet import Namespace
from generator.helm import HelmError
from generator.output import Folder, Stage, compare
from generator.plan import Release, namespace_grants, namespace_releases, platform_releases
from generator.render import ManifestError, render_release
from generator.source import Document, load


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one values file: findings, and the folders of the tree it decides (contents left out)."""

    file: str
    raw: bytes = b""
    findings: tuple[Diagnostic, ...] = ()
    folders: tuple[Folder, ...] = ()
    objects: int = 0


def check_platform(document: Document, job: Job) -> list[Diagnostic]:
    """Every finding of the platform file by itself."""
    platform = job.tools.platform
    found = schema.check(document, "platform", platform.versions)
    return found if has_errors(found) else found + rules.check_platform(platform)


def check_namespace(document: Document, job: Job) -> list[Diagnostic]:
    """Every finding of a namespace file under the platform."""
    tools = job.tools
    found = schema.check(document, "namespace", tools.platform.versions)
    return found if has_errors(found) else found + rules.check_namespace(tools.namespace(document))


def namespace_file(job: Job, file: str) -> Result:
    """Reads and checks one namespace file and, if it is sound and the job renders, stages its folder."""
    document, found = load(job.root, file)
    if document is None:
        return Result(file, findings=tuple(found))
    found = found + check_namespace(document, job)
    raw = document.text.encode()
    if has_errors(found) or job.output is None:
        return Result(file, raw, tuple(found))
    namespace = job.tools.namespace(document)
    folders = chain(rendered(job, namespace_releases(namespace)), _gitops_of(job, namespace))
    return stage(job, file, folders, raw=raw, findings=tuple(found))


def platform_file(job: Job) -> Result:
    """Stages every folder the platform file decides, the namespaces' grants among them."""
    platform = job.tools.platform
    releases = [*platform_releases(platform), *namespace_grants(platform)]
    folders = chain(rendered(job, releases), _gitops_of_platform(job, releases))
    return stage(job, job.platform_file, folders, raw=job.platform_raw)


def stage(
    job: Job,
    file: str,
    rendered_folders: Iterable[tuple[str, dict[str, bytes]]],
    *,
    raw: bytes = b"",
    findings: tuple[Diagnostic, ...] = (),
) -> Result:
    """Compares each folder with the disk as it is rendered, and stages those that differ."""
    assert job.output is not None  # noqa: S101 (a job that renders has an output)
    place = Stage(job.output, job.stage) if job.stage is not None else None
    folders, objects = [], 0
    try:
        for path, files in rendered_folders:
            folder = compare(job.output, path, files)
            if place is not None and folder.dirty:
                place.put(folder)
            folders.append(replace(folder, files=dict.fromkeys(folder.files, b"")))
            objects += len(files)
    except (HelmError, ManifestError) as error:
        findings += (Diagnostic("OB801", f"Helm cannot render this: {error}", Span.of_file(file)),)
    return Result(file, raw, findings, tuple(folders), objects)


def rendered(job: Job, releases: Iterable[Release]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each release's folder and its files by name."""
    tools = job.tools
    for release in releases:
        files = render_release(release, tools.engine, tools.charts)
        start = len(release.folder) + 1
        yield release.folder, {each.path[start:]: each.content for each in files}


def gitops_folders(job: Job, namespaces: Iterable[Namespace], releases: Iterable[Release]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The GitOps engine's objects for some namespaces and, where there are any, for the platform's releases."""
    for namespace in namespaces:
        yield from _gitops_of(job, namespace)
    platform = [release for release in releases if release.chart != "ray"]
    if platform:
        yield from _gitops_of_platform(job, platform)


def _gitops_of(job: Job, namespace: Namespace) -> Iterator[tuple[str, dict[str, bytes]]]:
    if files := gitops.namespace_files(namespace, job.tree):
        yield f"gitops/ray-{namespace.name}", files


def _gitops_of_platform(job: Job, releases: Iterable[Release]) -> Iterator[tuple[str, dict[str, bytes]]]:
    folders = sorted({release.folder.split("/")[0] for release in releases})
    if files := gitops.platform_files(job.tools.platform, job.tree, folders):
        yield "gitops/platform", files


def shape_of(root: Path, file: str) -> list[Diagnostic]:
    """What can be said of a namespace file without its platform: its YAML and its shape at the default versions."""
    document, found = load(root, file)
    return found if document is None else found + schema.check(document, "namespace", schema.DEFAULT)
