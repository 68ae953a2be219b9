"""Whole rendered trees of the sample fleets, made once a session."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from generator.commands.fleet_files import find_clusters
from generator.commands.render import render
from generator.commands.trees import Options
from tests.fleets import ROOTS

_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@cache
def tree(fleet: str) -> Path:
    """The tree of a fleet of tests/fleets, rendered by the SDK."""
    _FOLDERS.append(tempfile.TemporaryDirectory(prefix="oneblock-tree-", ignore_cleanup_errors=True))
    root = Path(_FOLDERS[-1].name)
    output = root / "rendered"
    shutil.copytree(ROOTS[fleet] / "values", root / "values")  # the cache is written beside them
    clusters, findings = find_clusters(root, None)
    assert not findings
    for cluster in clusters:
        made = render(cluster, Options(output=output, processes=1))
        assert not made.failed, (made.findings, made.refusal)
    return output


def files(fleet: str) -> list[Path]:
    """The manifests of a fleet's tree."""
    return sorted(tree(fleet).rglob("*.yaml"))
