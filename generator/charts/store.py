"""Which folder of charts renders a fleet: the committed one, or one generated for other versions."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from generator import __version__, resources
from generator.charts.generate import generate
from generator.charts.tree import present, stale, write
from generator.schema.versions import DEFAULT, Versions


def chart_folder(versions: Versions, cache_in: Path) -> Path:
    """The folder that holds the sub-charts for ``versions``; generated ones are kept below ``cache_in``."""
    if versions == DEFAULT:
        return resources.charts() / "oneblock" / "charts"
    name = "-".join((__version__, versions.kuberay, versions.kubernetes, versions.ray, versions.volcano))
    folder = cache_in / f"{name}-{charts_digest()[:12]}"
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.part")
        write(generate(versions), part)
        try:
            part.rename(folder)
        except OSError:  # another process was quicker
            if stale(generate(versions), folder):
                raise
    return folder / "charts"


@cache
def charts_digest() -> str:
    """A digest of everything charts are made of: blueprints, schemas, the committed charts."""
    whole = hashlib.sha256()
    for folder in (resources.BLUEPRINTS, resources.schemas(), resources.charts()):
        for path in sorted(present(folder)):
            whole.update(path.encode() + b"\0" + (folder / path).read_bytes())
    return whole.hexdigest()
