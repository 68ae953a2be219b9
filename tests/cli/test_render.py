"""``render`` and ``check``: what is written, what the cache may skip, several clusters, both engines."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from generator.commands.fleet_files import Cluster, find_clusters
from tests.binaries import need
from tests.cli.running import Runner, edit, small_fleet, tree
from tests.fleet_cases import FOLDERS, NAMES

TEAM = Path("values", "namespaces", "team-a.yaml")
PLATFORM = Path("values", "platform.yaml")


def files(root: Path) -> set[str]:
    return {name for name in tree(root) if not name.endswith("oneblock.sum")}


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_fleet(name: str, tmp_path: Path, run: Runner) -> None:
    shutil.copytree(FOLDERS[name], tmp_path / "values")
    ended = run.ok("-C", tmp_path, "render")
    found = re.search(r"([\d,]+) objects for (\d+) namespaces?: 0 changed", ended.out)
    assert found is not None, ended
    assert int(found[1]) == len(files(tmp_path / "rendered"))
    assert int(found[2]) == len(list((tmp_path / "values" / "namespaces").iterdir()))
    before = tree(tmp_path / "rendered")
    assert "nothing changed" in run.ok("-C", tmp_path, "render").out
    assert f"{found[1]} objects" in run.ok("-C", tmp_path, "check").out
    assert run.ok("-C", tmp_path, "diff").out == "no object changes\n"
    shutil.rmtree(tmp_path / ".oneblock_cache")
    assert "nothing changed" in run.ok("-C", tmp_path, "render").out
    assert tree(tmp_path / "rendered") == before


def test_one_changed_value(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    before = tree(fleet / "rendered")
    edit(fleet / TEAM, "cpu: 2,", "cpu: 3,")
    ended = run("-C", fleet, "check")
    assert ended.code == 1
    assert ended.out.splitlines()[1:] == [
        "  ~ ray/team-a/raycluster-main.yaml",
        "run oneblock render and commit the result",
    ]
    assert tree(fleet / "rendered") == before
    assert "1 changed, 0 new, 0 removed" in run.ok("-C", fleet, "render").out
    now = tree(fleet / "rendered")
    assert {name for name in now if now[name] != before.get(name)} == {
        "ray/team-a/raycluster-main.yaml",
        "ray/team-a/oneblock.sum",
    }
    edit(fleet / TEAM, "cpu: 3,", "cpu: 2,")
    run.ok("-C", fleet, "render")
    assert tree(fleet / "rendered") == before


def test_a_changed_platform_file_is_not_missed(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    edit(fleet / PLATFORM, "capability: {cpu: 40}", "capability: {cpu: 50}")
    assert "~ queues/queue-research.yaml" in run.ok("-C", fleet, "render").out
    edit(fleet / PLATFORM, "namespaces: [team-a]", "namespaces: [team-b]")
    ended = run("-C", fleet, "render")
    assert (ended.code, "error[OB312]" in ended.err) == (1, True)


def test_warnings_are_told_every_time(fleet: Path, run: Runner) -> None:
    edit(fleet / PLATFORM, "team-b: {}", "team-b: {users: []}")
    first = run.ok("-C", fleet, "render")
    assert "warning[" in first.err
    again = run.ok("-C", fleet, "render")
    took = re.compile(r"[\d.]+ s")
    assert took.sub("", again.err) == took.sub("", first.err)
    (fleet / "rendered" / "crds" / "oneblock.sum").unlink()
    assert took.sub("", run.ok("-C", fleet, "render").err) == took.sub("", first.err)


def test_a_missing_index_is_stale_and_repaired(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    (fleet / "rendered" / "crds" / "oneblock.sum").unlink()
    ended = run("-C", fleet, "check")
    assert (ended.code, "+ crds/oneblock.sum" in ended.out) == (1, True)
    run.ok("-C", fleet, "render")
    run.ok("-C", fleet, "check")


def test_check_remembers_too(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    shutil.rmtree(fleet / ".oneblock_cache")
    run.ok("-C", fleet, "check")
    assert list((fleet / ".oneblock_cache").glob("*.json"))
    assert run.ok("-C", fleet, "check").code == 0


def test_a_touched_file_is_looked_into(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    file = fleet / "rendered" / "ray" / "team-a" / "raycluster-main.yaml"
    status = file.stat()
    file.write_bytes(file.read_bytes().replace(b'cpu: "2"', b'cpu: "9"'))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert run("-C", fleet, "check").code == 1


def test_a_file_with_the_stamp_of_last_time_is_not_read(
    fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.commands.fleet_files.JUST_NOW", 0)
    file, read = fleet / "values" / "namespaces" / "team-a.yaml", []
    raw = Cluster.raw

    def watched(cluster: Cluster, name: str) -> bytes:
        read.append(name)
        return raw(cluster, name)

    monkeypatch.setattr(Cluster, "raw", watched)
    run.ok("-C", fleet, "render")
    read.clear()
    run.ok("-C", fleet, "check")
    assert read == ["values/platform.yaml"]
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    edit(file, "cpu: 2,", "cpu: 3,")  # as long as before, and dated back
    os.utime(file, ns=times)
    assert run("-C", fleet, "check").code == 1
    assert "values/namespaces/team-a.yaml" in read


def test_a_file_that_changed_just_now_is_read_again(fleet: Path, run: Runner) -> None:
    [cluster], _ = find_clusters(fleet, None)
    file = fleet / cluster.namespaces[0]
    file.touch()
    assert cluster.stamp(cluster.namespaces[0]) == ""
    assert cluster.stamp("values/namespaces/nobody.yaml") == ""


def test_a_new_namespace_and_a_renamed_one(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    (fleet / TEAM).rename(fleet / "values" / "namespaces" / "team-b.yaml")
    edit(fleet / "values" / "namespaces" / "team-b.yaml", "    queue: research\n", "")
    ended = run.ok("-C", fleet, "render")
    assert "- ray/team-a/raycluster-main.yaml" in ended.out
    assert "+ ray/team-b/raycluster-main.yaml" in ended.out


@pytest.mark.parametrize("output", [None, "elsewhere"])
def test_several_clusters(output: str | None, tmp_path: Path, run: Runner) -> None:
    for name in ("prod", "staging"):
        small_fleet(tmp_path / name)
        (tmp_path / "fleet" / "values").mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "values").rename(tmp_path / "fleet" / "values" / name)
    edit(tmp_path / "fleet" / "values" / "prod" / "namespaces" / "team-a.yaml", "cpu: 2,", "cpu: 8,")
    where: list[str | Path] = ["--output", tmp_path / output] if output else []
    run.ok("-C", tmp_path / "fleet", "render", *where)
    root = tmp_path / (output or "fleet/rendered")
    assert sorted(each.name for each in root.iterdir()) == ["prod", "staging"]
    texts = [(root / each / "ray/team-a/raycluster-main.yaml").read_text() for each in ("prod", "staging")]
    assert texts[0] != texts[1]
    assert run.ok("-C", tmp_path / "fleet", "check", *where).out.count("is what the values say") == 2
    assert "nothing changed" in run.ok("-C", tmp_path / "fleet", "render", *where).out


def test_gitops_path_names_the_tree(fleet: Path, run: Runner) -> None:
    with (fleet / PLATFORM).open("a") as file:
        file.write("gitops: {path: deploy/ray}\n")
    assert run.ok("-C", fleet, "render").out.startswith(f"{fleet}/deploy/ray/")
    assert (fleet / "deploy" / "ray" / "crds").is_dir()
    assert "deploy/ray/ is what" in run.ok("-C", fleet, "check").out


@pytest.mark.parametrize("program", ["helm", "helm3"])
def test_the_helm_program_writes_the_same_tree(
    program: str, fleet: Path, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEBLOCK_HELM", str(need(program)))
    run.ok("-C", fleet, "render")
    run.ok("-C", fleet, "render", "--engine", "binary", "--output", tmp_path / "theirs")
    assert tree(tmp_path / "theirs") == tree(fleet / "rendered")
    run.ok("-C", fleet, "check", "--engine", "binary")


def test_without_the_helm_program(fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONEBLOCK_HELM", str(tmp_path / "nowhere"))
    ended = run("-C", fleet, "render", "--engine", "binary")
    assert ended.code == 1
    assert ended.err.startswith("error: no program ")
    assert ended.err.count("\n") == 1
    assert not (fleet / "rendered").exists()
    ended = run("-C", fleet, "diff", "--engine", "binary")
    assert (ended.code, "no program" in ended.err) == (1, True)


def test_a_lost_process_is_told_of(fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.commands.chunks import WorkerLostError

    def lost(*_: object, **__: object) -> None:
        raise WorkerLostError("try --jobs 1")

    monkeypatch.setattr("generator.commands.pipeline.run", lost)
    for command in ("render", "validate"):
        ended = run("-C", fleet, command)
        assert (ended.code, ended.err) == (1, "Error: try --jobs 1\n")


def test_other_versions_have_charts_of_their_own(fleet: Path, run: Runner) -> None:
    edit(fleet / PLATFORM, "  cluster: test\n", "  cluster: test\n  versions: {kuberay: 1.5.1}\n")
    run.ok("-C", fleet, "render")
    assert "kuberay/operator:v1.5.1" in (fleet / "rendered/operator/deployment-kuberay-operator.yaml").read_text()
    assert not list((fleet / ".oneblock_cache").glob("*.part"))
