"""Which folder of charts renders a fleet: the committed one, or one generated for other versions."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from generator import __version__, resources
from generator.charts.generate import generate
from generator.charts.tree import present, write
from generator.schema.versions import DEFAULT, Versions

ABANDONED = 3600.0
"""Seconds after which a half-written folder belongs to no run any more: writing one takes a second or two."""


def chart_folder(versions: Versions, cache_in: Path) -> Path:
    """The folder that holds the sub-charts for ``versions``; generated ones are kept below ``cache_in``.

    Where that cannot be written, a temporary folder takes its place until the process ends. Raises OSError when there
    is no room for that either.
    """
    if versions == DEFAULT:
        return resources.sub_charts()
    name = "-".join((__version__, versions.kuberay, versions.kubernetes, versions.ray, versions.volcano))
    folder = cache_in / f"{name}-{charts_digest()[:12]}"
    try:
        if not folder.is_dir():
            _make(versions, folder)
    except OSError:  # read-only, full, somebody else's
        folder = _temporary(versions)
    return folder / "charts"


def _make(versions: Versions, folder: Path) -> None:
    """Writes the charts beside ``folder`` and puts them there whole: other processes may do the same."""
    _sweep(folder.parent)
    part = folder.with_name(f"{folder.name}.{os.urandom(16).hex()}.part")
    try:
        write(generate(versions), part)
        try:
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Removes what killed runs left half-written."""
    for part in folder.glob("*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > ABANDONED:
                shutil.rmtree(part)


@cache
def _temporary(versions: Versions) -> Path:
    """The charts in a folder that goes away with this process."""
    folder = Path(tempfile.mkdtemp(prefix="oneblock-charts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write(generate(versions), folder)
    return folder


@cache
def charts_digest() -> str:
    """A digest of everything charts are made of: blueprints, schemas, the committed charts."""
    whole = hashlib.sha256()
    for folder in (resources.BLUEPRINTS, resources.schemas(), resources.charts()):
        for path in sorted(present(folder)):
            whole.update(path.encode() + b"\0" + (folder / path).read_bytes())
    return whole.hexdigest()
