"""Where each object of a release goes in the rendered tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from generator.helm import Engine
from generator.plan import Release
from generator.render.manifests import Manifest, identify


@dataclass(frozen=True, slots=True)
class File:
    """One file of the tree. ``path`` is relative to the tree's root, with forward slashes."""

    path: str
    content: bytes


def render_release(release: Release, engine: Engine, charts: Path) -> list[File]:
    """The files of a release, by path. ``charts`` holds the sub-charts. Raises HelmError, ManifestError."""
    texts = engine.render(charts / release.chart, release.name, release.namespace, release.values)
    return place(release.folder, release.home, [identify(text) for text in texts])


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
