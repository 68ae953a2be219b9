"""What the cache is measured against."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from generator.commands import known


def test_the_libraries_that_decide_a_result_count() -> None:
    found = known.libraries(sys.path)
    for name in ("helm-python-sdk", "jsonschema-rs", "kubernetes-validate", "PyYAML"):
        plain = name.lower().replace("-", "_")
        assert f"{plain}_{version(name)}.dist_info" in found


def test_another_version_is_another_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), "/nowhere"])
    digests = set()
    for number in ("1", "2"):
        folder = tmp_path / f"jsonschema_rs-{number}.dist-info"
        folder.mkdir()
        known.installation.cache_clear()
        digests.add(known.installation())
        folder.rmdir()
    known.installation.cache_clear()
    assert len(digests) == 2
