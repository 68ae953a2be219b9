"""Help texts and screens, word for word: ``tests/golden/cli/``. Write them anew with ``ONEBLOCK_UPDATE_GOLDEN=1``."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from generator.cli.app import COMMANDS
from tests.cli.running import Runner, edit

GOLDEN = Path(__file__).parents[1] / "golden" / "cli"


def same(name: str, text: str) -> None:
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("ONEBLOCK_UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told = run.ok(*command.split(), "--help").out
    same(f"help-{command or 'oneblock'}", told)
    assert "Example" in told or not command
    assert max(map(len, told.splitlines())) <= 100


def test_screens(fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fleet)
    told = []

    def screen(*arguments: str) -> None:
        ended = run(*arguments)
        plain = re.sub(r"\d+\.\d\d s", "0.00 s", ended.out + ended.err)
        plain = re.sub(r"\d+ objects", "64 objects", plain)  # how many there are is the charts' business
        told.append(f"$ oneblock {' '.join(arguments)}\n{plain}[{ended.code}]\n")

    edit(Path("values/platform.yaml"), "team-b: {}", "team-b: {owners: [b]}")
    edit(Path("values/platform.yaml"), "{users: [team-a],", "{owners: [a], users: [team-a],")
    run.ok("render")
    edit(Path("values/namespaces/team-a.yaml"), "memory: 8Gi", "memory: 16Gi")
    screen("diff")
    screen("check")
    screen("render")
    screen("render")
    screen("check")
    screen("list")
    screen("list", "queues")
    screen("list", "namespaces")
    screen("why", "team-a/RayCluster/main", "spec.headGroupSpec.template.spec.containers[0].resources.limits.memory")
    edit(Path("values/namespaces/team-a.yaml"), "queue: research", "queue: reserch")
    screen("validate")
    same("screens", "\n".join(told))
