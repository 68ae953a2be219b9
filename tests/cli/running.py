"""Runs the command line in this process, and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.cli.app import oneblock
from generator.cli.shield import shielded

PROGRAM = (sys.executable, "-m", "generator")
TREE = dict[str, bytes]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Runner:
    """``run("list")``: exit code, standard output, standard error."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> Ended:
        self.capture.readouterr()
        code = shielded(oneblock, [str(each) for each in arguments])
        said = self.capture.readouterr()
        assert "Traceback" not in said.out + said.err
        return Ended(code, said.out, said.err)

    def ok(self, *arguments: str | Path) -> Ended:
        """The same, and nothing may be wrong."""
        ended = self(*arguments)
        assert ended.code == 0, ended
        return ended


def environment(**more: str) -> Mapping[str, str]:
    """This process's environment without what changes how things are drawn."""
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {**plain, "PYTHONPATH": str(Path(__file__).parents[2]), **more}


def process(*arguments: str | Path, cwd: Path | None = None, **more: str) -> Ended:
    """A whole run as a process."""
    command = [*PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A run as a process group of its own, as a terminal starts it; ended at the end."""
    command = [*PROGRAM, *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(), stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as run:
        try:
            yield run
        finally:
            if run.poll() is None:
                run.kill()


def tree(root: Path) -> TREE:
    """Every file below ``root`` but the cache."""
    return {
        each.relative_to(root).as_posix(): each.read_bytes()
        for each in sorted(root.rglob("*"))
        if each.is_file() and ".oneblock_cache" not in each.parts
    }


def edit(file: Path, old: str, new: str) -> None:
    """Replaces the one place where ``old`` stands."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, text
    file.write_text(text.replace(old, new), encoding="utf-8")


PLATFORM = """\
global:
  cluster: test
  namespaces:
    team-a: {users: [team-a], quota: {cpu: 100, memory: 1Ti}}
    team-b: {}
queues:
  research: {namespaces: [team-a], capability: {cpu: 40}}
"""

TEAM = """\
rayClusters:
  main:
    queue: research
    head: {cpu: 2, memory: 8Gi}
    workerGroups:
      cpu: {replicas: 1, cpu: 4, memory: 16Gi}
"""


def small_fleet(root: Path, namespaces: tuple[str, ...] = ("team-a",)) -> Path:
    """A fleet of one cluster, with one RayCluster a namespace."""
    (root / "values" / "namespaces").mkdir(parents=True)
    (root / "values" / "platform.yaml").write_text(PLATFORM, encoding="utf-8")
    for name in namespaces:
        text = TEAM if name == "team-a" else TEAM.replace("    queue: research\n", "")
        (root / "values" / "namespaces" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return root


def large_fleet(root: Path, namespaces: int) -> Path:
    """A fleet that is worth several processes."""
    folder = root / "values" / "namespaces"
    folder.mkdir(parents=True)
    names = [f"team-{number:03}" for number in range(namespaces)]
    declared = "".join(f"    {name}: {{}}\n" for name in names)
    (root / "values" / "platform.yaml").write_text(f"global:\n  namespaces:\n{declared}", encoding="utf-8")
    for name in names:
        (folder / f"{name}.yaml").write_text(TEAM.replace("    queue: research\n", ""), encoding="utf-8")
    return root
