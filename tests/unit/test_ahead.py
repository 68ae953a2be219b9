"""A process that got ready ahead of its work: the same results, the same errors, and nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from generator.commands import ahead, pipeline
from generator.commands.fleet_files import Cluster

PROGRAM = """
import os, signal, sys
from pathlib import Path
from generator.commands.ahead import Ahead

def doubled(parts):
    if "fail" in parts:
        raise ValueError(f"failed in {os.getpid() == parent and 'the parent' or 'the child'}")
    return [(2 * each, os.getpid() == parent) for each in parts]

parent = os.getpid()
workers = Ahead(lambda: None)
(child,) = Path(f"/proc/self/task/{parent}/children").read_text().split()
how = sys.argv[1]
try:
    if how == "killed":
        os.kill(int(child), signal.SIGKILL)
    os.kill(int(child), signal.SIGINT)
    if how == "long":  # longer than a pipe holds: this process goes on
        workers.begin(doubled, ["a" * 500_000])
        print(workers.results() == [("a" * 1_000_000, False)])
    elif how != "idle":
        workers.begin(doubled, [how, "b"])
        print(workers.results())
except ValueError as error:
    print(error)
finally:
    workers.stop()
    workers.stop()
assert not Path(f"/proc/{child}").exists()
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs fork, and /proc to see the child")
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("a", "[('aa', False), ('bb', False)]"),  # Ctrl-C, which a terminal sends to all, is the parent's alone
        ("fail", "failed in the parent"),
        ("killed", "[('killedkilled', True), ('bb', True)]"),
        ("idle", ""),
        ("long", "True"),
    ],
)
def test_what_comes_of_it(how: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == said


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A hundred files that are older than the cache."""
    names = tuple(f"team-{number}.yaml" for number in range(100))
    for name in ("platform.yaml", *names):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / ".oneblock_cache").mkdir()
    monkeypatch.setattr(ahead, "_may_fork", lambda: True)
    monkeypatch.setattr(ahead, "Ahead", lambda load: load)
    monkeypatch.setattr(pipeline, "cores", lambda: 2)
    return Cluster(tmp_path, "", "platform.yaml", names)


def starts(cluster: Cluster) -> bool:
    """Whether the process would be started."""
    return ahead.start(cluster, lambda: None) is not None


def test_it_starts_for_a_few_files_that_changed(cluster: Cluster) -> None:
    assert not starts(cluster)
    for name in cluster.namespaces[:47]:
        (cluster.root / name).touch()
        assert starts(cluster)
    (cluster.root / cluster.namespaces[47]).touch()
    assert not starts(cluster)  # a pool will do these


def test_it_does_not_start_when_all_has_to_be_done(cluster: Cluster) -> None:
    (cluster.root / cluster.namespaces[0]).touch()
    (cluster.root / "platform.yaml").touch()
    assert not starts(cluster)


def test_it_does_not_start_without_an_earlier_run(cluster: Cluster) -> None:
    (cluster.root / cluster.namespaces[0]).touch()
    (cluster.root / ".oneblock_cache").rmdir()
    assert not starts(cluster)


def test_it_does_not_start_beside_threads_or_on_one_core(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    (cluster.root / cluster.namespaces[0]).touch()
    assert starts(cluster)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "cores", lambda: 1)
        assert not starts(cluster)
    monkeypatch.undo()
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert not starts(cluster)
