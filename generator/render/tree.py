"""Where each object of a release goes in the rendered tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from generator.helm import Engine, HelmError, Printed
from generator.plan import Release
from generator.render.manifests import Manifest, ManifestError, identify


@dataclass(frozen=True, slots=True)
class File:
    """One file of the tree. ``path`` is relative to the tree's root, with forward slashes."""

    path: str
    content: bytes


Rendered = list[File] | HelmError | ManifestError
"""What came of a release: its files, by path, or why there are none."""


def render_release(release: Release, engine: Engine, charts: Path) -> list[File]:
    """The files of a release, by path. ``charts`` holds the sub-charts. Raises HelmError, ManifestError."""
    [rendered] = render_releases([release], engine, charts)
    if isinstance(rendered, Exception):
        raise rendered
    return rendered


def render_releases(releases: Sequence[Release], engine: Engine, charts: Path) -> list[Rendered]:
    """What comes of each release. Those of one chart cost less together than one by one."""
    printed: dict[int, Printed] = {}
    for chart in dict.fromkeys(each.chart for each in releases):
        chosen = [index for index, each in enumerate(releases) if each.chart == chart]
        texts = engine.render_many(charts / chart, [releases[index] for index in chosen])
        printed |= zip(chosen, texts, strict=True)
    return [_placed(release, printed[index]) for index, release in enumerate(releases)]


def _placed(release: Release, printed: Printed) -> Rendered:
    if isinstance(printed, HelmError):
        return printed
    try:
        return place(release.folder, release.home, [identify(text) for text in printed])
    except ManifestError as error:
        return error


def place(folder: str, home: str, manifests: list[Manifest]) -> list[File]:
    """``<folder>/<kind>-<name>.yaml``, one folder deeper for namespaces other than ``home``.

    A Namespace counts as being in itself. Kinds of two groups that would share a file (Volcano's Job and batch Job)
    carry their group: ``job.batch-x.yaml``.
    """
    taken = Counter((each.namespace, _name(each)) for each in manifests)
    files = []
    for each in manifests:
        name = _name(each)
        if taken[each.namespace, name] > 1:
            name = _name(each, with_group=True)
        owner = each.name if each.kind == "Namespace" else each.namespace
        below = f"{owner}/" if owner not in ("", home) else ""
        files.append(File(f"{folder}/{below}{name}", each.text.encode()))
    return sorted(files, key=lambda file: file.path)


def _name(manifest: Manifest, *, with_group: bool = False) -> str:
    kind = manifest.kind.lower() + (f".{manifest.group}" if with_group and manifest.group else "")
    return f"{kind}-{quote(manifest.name, safe='')}.yaml"
