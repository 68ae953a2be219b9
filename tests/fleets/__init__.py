"""Fleets that double as tests: each folder is a fleet, ``load`` opens one."""

from __future__ import annotations

from pathlib import Path

from generator.fleet import Fleet, Platform, open_namespace
from generator.resources import sample_fleets
from generator.source import Document, find_values, read

HERE = Path(__file__).resolve().parent
ROOTS = {
    **{name: values.parent for name, values in sample_fleets().items()},
    **{each.name: each for each in sorted(HERE.iterdir()) if (each / "values").is_dir()},
}
"""Name → the fleet's root; the sample fleets that ``oneblock init`` copies are among them."""


def document(root: Path, file: str) -> Document:
    """A values file, read."""
    found, findings = read(file, (root / file).read_bytes())
    assert found is not None, findings
    return found


def load(name: str) -> Fleet:
    """The fleet called ``name``."""
    root = ROOTS[name]
    clusters, findings = find_values(root)
    assert not findings
    (files,) = clusters
    assert files.platform is not None
    platform = Platform(document(root, files.platform))
    namespaces = (open_namespace(Path(file).stem, document(root, file), platform) for file in files.namespaces)
    return Fleet("", platform, tuple(namespaces))
