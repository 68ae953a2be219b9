"""Where charts of other versions than the committed ones come from."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator.charts import generate, stale, store
from generator.charts.store import chart_folder
from generator.schema import Versions
from tests.cli.running import environment

OLD = Versions(kuberay="1.3.2")


def whole(folder: Path) -> bool:
    return stale(generate(OLD), folder.parent) == []


def test_charts_are_kept(tmp_path: Path) -> None:
    made = chart_folder(OLD, tmp_path)
    assert made.is_relative_to(tmp_path)
    assert whole(made)
    assert chart_folder(OLD, tmp_path) == made
    assert os.listdir(tmp_path) == [made.parent.name]  # noqa: PTH208


def test_another_process_was_quicker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(versions: Versions) -> dict[str, bytes]:
        monkeypatch.undo()
        chart_folder(versions, tmp_path)  # the other one
        return generate(versions)

    monkeypatch.setattr(store, "generate", slowly)
    made = chart_folder(OLD, tmp_path)
    assert made.is_relative_to(tmp_path)
    assert whole(made)
    assert os.listdir(tmp_path) == [made.parent.name]  # noqa: PTH208


def test_what_killed_runs_left_is_removed_and_what_others_write_is_not(tmp_path: Path) -> None:
    for name, age in (("dead.part", 2 * store.ABANDONED), ("alive.part", 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    chart_folder(OLD, tmp_path)
    assert sorted(each.name for each in tmp_path.glob("*.part")) == ["alive.part"]


def test_a_cache_that_cannot_be_written_is_replaced_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    (tmp_path / "tmp").mkdir()
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from generator.charts.store import chart_folder\n"
        "from generator.schema import Versions\n"
        "folder = chart_folder(Versions(kuberay='1.3.2'), Path(sys.argv[1]))\n"
        "assert folder == chart_folder(Versions(kuberay='1.3.2'), Path(sys.argv[1]))\n"
        "assert (folder / 'ray' / 'Chart.yaml').is_file()\n"
        "print(folder)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "cache")],
        env=environment(TMPDIR=str(tmp_path / "tmp")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / "tmp")
    assert list((tmp_path / "tmp").iterdir()) == []
