"""The work on one file: read, check, render, compare. Pure steps; the loop and the processes are in ``pipeline``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from generator import rules, schema
from generator.commands.job import Job
from generator.diagnostics import Diagnostic, Span, has_errors
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
    releases = namespace_releases(job.tools.namespace(document))
    return stage(job, file, releases, raw=raw, findings=tuple(found), culprit=Span.of_file(file))


def platform_file(job: Job) -> Result:
    """Stages every folder the platform file decides, the namespaces' grants among them."""
    platform = job.tools.platform
    releases = [*platform_releases(platform), *namespace_grants(platform)]
    return stage(job, job.platform_file, releases, raw=job.platform_raw, culprit=Span.of_file(job.platform_file))


def stage(
    job: Job,
    file: str,
    releases: Iterable[Release],
    *,
    culprit: Span,
    raw: bytes = b"",
    findings: tuple[Diagnostic, ...] = (),
) -> Result:
    """Renders ``releases``, compares each folder with the disk and stages those that differ."""
    assert job.output is not None  # noqa: S101 (a job that renders has an output)
    place = Stage(job.output, job.stage) if job.stage is not None else None
    folders, objects = [], 0
    try:
        for path, files in rendered(job, releases):
            folder = compare(job.output, path, files)
            if place is not None and folder.dirty:
                place.put(folder)
            folders.append(replace(folder, files=dict.fromkeys(folder.files, b"")))
            objects += len(files)
    except (HelmError, ManifestError) as error:
        findings += (Diagnostic("OB801", f"Helm cannot render this: {error}", culprit),)
    return Result(file, raw, findings, tuple(folders), objects)


def rendered(job: Job, releases: Iterable[Release]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each release's folder and its files by name."""
    tools = job.tools
    for release in releases:
        files = render_release(release, tools.engine, tools.charts)
        start = len(release.folder) + 1
        yield release.folder, {each.path[start:]: each.content for each in files}


def shape_of(root: Path, file: str) -> list[Diagnostic]:
    """What can be said of a namespace file without its platform: its YAML and its shape at the default versions."""
    document, found = load(root, file)
    return found if document is None else found + schema.check(document, "namespace", schema.DEFAULT)
