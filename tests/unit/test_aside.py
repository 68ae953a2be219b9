"""Another process looks at the tree: the same result, the same errors, and nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.output import OutputError, aside, memory
from generator.output.aside import states_aside
from tests.unit.test_stage import put

PROGRAM = """
import os, signal, sys
from pathlib import Path
from generator.output import OutputError, memory
from generator.output.aside import states_aside

root = Path(sys.argv[1])
wait = states_aside(root)
children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
os.kill(int(children[0]), signal.SIGINT)
try:
    assert wait() == memory.states(root)
    print(len(children), "and the same")
except OutputError as error:
    print(len(children), "and", error)
"""


def said_by_itself(root: Path) -> str:
    """What a process without threads says; this one has some."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, root], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


needs_fork = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir() or sys.platform == "darwin", reason="needs fork, and /proc to see the child"
)


@needs_fork
def test_the_same_and_ctrl_c_goes_to_the_parent_alone(tmp_path: Path) -> None:
    put(tmp_path / "tree", {f"ray/team-{number}": {"a.yaml": b"a: 1\n"} for number in range(20)})
    assert len(memory.states(tmp_path / "tree")) == 20
    assert said_by_itself(tmp_path / "tree") == "1 and the same"
    assert said_by_itself(tmp_path / "no tree") == "1 and the same"


@needs_fork
def test_the_same_errors(tmp_path: Path) -> None:
    (tmp_path / "tree").write_text("a file")
    assert said_by_itself(tmp_path / "tree") == f"1 and {tmp_path / 'tree'} cannot be read: not a directory"
    with pytest.raises(OutputError, match="not a directory"):
        states_aside(tmp_path / "tree")()


def test_a_process_with_threads_looks_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"), raising=False)
    monkeypatch.setattr(aside.threading, "active_count", lambda: 2)
    put(tmp_path / "tree", {"ray/team": {"a.yaml": b"a: 1\n"}})
    assert states_aside(tmp_path / "tree")() == memory.states(tmp_path / "tree") != {}
