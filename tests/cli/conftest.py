"""A fleet to run on, and a way to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Runner, small_fleet


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour unless asked for."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    """Runs the command line in this process."""
    return Runner(capsys)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A small fleet's root."""
    return small_fleet(tmp_path / "fleet")
