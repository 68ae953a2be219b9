"""A run that is stopped leaves the old tree or the new one, no process, and nothing the next run trips over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from generator.cli.app import oneblock
from generator.cli.shield import shielded
from generator.commands import rendering
from generator.output import Stage
from tests.cli.running import PROGRAM, TREE, environment, large_fleet, process, started, tree
from tests.unit.test_pipeline import alive

NAMESPACES = 60
KILLS = 10


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet large enough for several processes, rendered."""
    root = large_fleet(tmp_path_factory.mktemp("large") / "fleet", NAMESPACES)
    assert process("-C", root, "render", "-j", "2").code == 0
    return root


def change(fleet: Path, cpu: int) -> None:
    """Another value in every namespace file."""
    for file in (fleet / "values" / "namespaces").iterdir():
        head, _, tail = file.read_text().partition("head: {cpu: ")
        file.write_text(f"{head}head: {{cpu: {cpu}{tail[tail.index(',') :]}")


def rendered_elsewhere(fleet: Path, output: Path) -> TREE:
    assert process("-C", fleet, "render", "-j", "1", "--output", output).code == 0
    return tree(output)


def workers(pid: int) -> set[int]:
    found = set()
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.add(int(each.parent.name))
    return found


def gone(pids: set[int], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(alive(pid) for pid in pids)


def test_the_number_of_processes_changes_nothing(fleet: Path, tmp_path: Path) -> None:
    assert rendered_elsewhere(fleet, tmp_path / "one") == tree(fleet / "rendered")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the processes of a run")
def test_ctrl_c(fleet: Path) -> None:
    before = tree(fleet / "rendered")
    change(fleet, 3)
    with started("-C", fleet, "render", "-j", "2") as run:
        while not (children := workers(run.pid)) and run.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2)
        children |= workers(run.pid)
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all of them
        out, err = run.communicate(timeout=20)
    # Python ends by the signal itself when that came while a class was being made; a shell tells no difference.
    assert run.returncode in (130, -signal.SIGINT)
    assert (out, err.strip()) == ("", "interrupted; nothing was written")
    assert gone(children)
    assert tree(fleet / "rendered") == before
    assert not list(fleet.glob(".rendered*"))
    assert process("-C", fleet, "render").code == 0


def test_ctrl_c_after_the_tree_was_written(
    fleet: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    change(fleet, 5)
    monkeypatch.setattr(rendering, "_remember", interrupted)
    assert shielded(oneblock, ["-C", str(fleet), "render", "-j", "1"]) == 130
    assert capfd.readouterr().err.strip() == f"interrupted; written before that: {(fleet / 'rendered').resolve()}"
    assert process("-C", fleet, "check").code == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the processes of a run")
def test_killed_at_any_moment(fleet: Path, tmp_path: Path) -> None:
    moments = random.Random(4)  # noqa: S311
    old, cpu, took = tree(fleet / "rendered"), 4, 0.0
    change(fleet, cpu)
    new = rendered_elsewhere(fleet, tmp_path / "0")
    begun = time.monotonic()
    assert process("-C", fleet, "render", "-j", "2", "--output", tmp_path / "timed").code == 0
    took = time.monotonic() - begun
    for attempt in range(KILLS):
        with started("-C", fleet, "render", "-j", "2") as run:
            time.sleep(took * (1 if attempt % 2 else moments.random()) + moments.uniform(-0.15, 0.15) * took)
            children = workers(run.pid)
            run.kill()
            run.communicate()
        assert gone(children), "processes outlive the run that started them"
        now = tree(fleet / "rendered")
        assert now in (old, new), f"kill {attempt} left a mix"
        if now == new:
            cpu += 1
            change(fleet, cpu)
            old, new = new, rendered_elsewhere(fleet, tmp_path / f"{attempt + 1}")
    assert process("-C", fleet, "render").code == 0
    assert tree(fleet / "rendered") == new
    assert [each.name for each in fleet.iterdir() if each.name.startswith(".rendered")] == []
    assert process("-C", fleet, "check").code == 0


def test_two_runs_at_once(fleet: Path, tmp_path: Path) -> None:
    change(fleet, 90)
    expected = rendered_elsewhere(fleet, tmp_path / "alone")
    with started("-C", fleet, "render") as first, started("-C", fleet, "render") as second:
        ended = [each.communicate(timeout=60) for each in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], ended
    assert tree(fleet / "rendered") == expected
    assert process("-C", fleet, "check").code == 0


def test_a_run_that_waits_says_so_and_looks_again(fleet: Path) -> None:
    change(fleet, 91)
    held = Stage(fleet / "rendered")
    with started("-C", fleet, "render") as run:
        assert run.stderr is not None
        assert run.stderr.readline() == "waiting for another oneblock that writes this tree\n"
        assert run.poll() is None
        held.close()
        out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert f"{NAMESPACES} changed" in out


def test_interrupted_while_starting(tmp_path: Path) -> None:
    code = "import generator.cli, sys, os, signal; sys.modules['generator.cli.app'] = None; generator.cli.main()"
    interrupt = "import builtins; real = builtins.__import__\n"
    interrupt += "def hooked(name, *rest):\n    if name == 'generator.cli.app': raise KeyboardInterrupt\n"
    interrupt += "    return real(name, *rest)\nbuiltins.__import__ = hooked\n"
    done = subprocess.run(
        [PROGRAM[0], "-c", interrupt + code], env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
