"""Fleets that cannot be written, pinned versions, missing programs: what a run says and leaves behind."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from benchmarks.make_fleet import make_fleet
from generator.commands import pipeline
from tests.cli.running import Runner, edit, large_fleet, small_fleet
from tests.unprivileged import unprivileged

PLATFORM = Path("values", "platform.yaml")
TEAM = Path("values", "namespaces", "team-a.yaml")


@contextmanager
def read_only(root: Path) -> Iterator[None]:
    """No folder below ``root`` takes a new file."""
    folders = [root, *(each for each in root.rglob("*") if each.is_dir())]
    try:
        for each in folders:
            each.chmod(0o555)
        yield
    finally:
        for each in folders:
            each.chmod(0o755)


def test_a_fleet_that_cannot_be_written_with_versions_of_its_own(run: Runner, tmp_path: Path) -> None:
    warm = small_fleet(tmp_path / "warm")
    edit(warm / PLATFORM, "  cluster: test\n", "  cluster: test\n  versions: {kuberay: 1.3.2}\n")
    run.ok("-C", warm, "render")
    run.ok("-C", warm, "why", "team-a/RayCluster/main", "spec.rayVersion")
    with unprivileged() as scratch:
        root = small_fleet(scratch / "fleet")
        edit(root / PLATFORM, "  cluster: test\n", "  cluster: test\n  versions: {kuberay: 1.3.2}\n")
        with read_only(root):
            run.ok("-C", root, "render", "--output", scratch / "tree")
            run.ok("-C", root, "check", "--output", scratch / "tree")
            run.ok("-C", root, "why", "team-a/RayCluster/main", "spec.rayVersion")
            assert not (root / ".oneblock_cache").exists()


def test_no_room_for_charts(fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(fleet / PLATFORM, "  cluster: test\n", "  cluster: test\n  versions: {kuberay: 1.4.2}\n")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("generator.charts.store.write", full)
    for command in (["render"], ["check"], ["why", "team-a/RayCluster/main", "spec.rayVersion"]):
        ended = run("-C", fleet, *command)
        said = "error: the charts for this fleet's versions cannot be written: no space left on device\n"
        assert (ended.code, ended.err.endswith(said), ended.err.count("error")) == (1, True, 1), ended


def test_charts_are_made_once_before_the_processes_start(
    tmp_path: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    large_fleet(tmp_path, 60)
    edit(tmp_path / PLATFORM, "global:\n", "global:\n  versions: {kuberay: 1.3.2}\n")
    seen: list[bool] = []
    results = pipeline.run

    def watched(work: partial[object], parts: Sequence[object], **more: object) -> Iterator[object]:
        seen.append((work.args[0].charts / "ray" / "Chart.yaml").is_file())
        return results(work, parts, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "run", watched)
    run.ok("-C", tmp_path, "render", "--jobs", "2")
    assert seen == [True]
    assert len([each for each in (tmp_path / ".oneblock_cache").iterdir() if each.is_dir()]) == 1


def test_a_fleet_of_a_thousand_namespaces(tmp_path: Path, run: Runner) -> None:
    make_fleet(tmp_path, 1000)
    assert "1,001 files checked, nothing to report" in run.ok("-C", tmp_path, "validate").err
    ended = run.ok("-C", tmp_path, "render")
    assert "for 1,000 namespaces" in ended.out
    assert ended.err == ""
    assert len(list((tmp_path / "rendered" / "ray").glob("*/raycluster-*.yaml"))) == 3000

    edit(tmp_path / "values" / "namespaces" / "team-0500.yaml", "idleTimeoutSeconds: 80", "idleTimeoutSeconds: 81")
    assert "\n  ~ ray/team-0500/raycluster-train.yaml\n" in run.ok("-C", tmp_path, "render").out
    shutil.rmtree(tmp_path / ".oneblock_cache")
    ended = run.ok("-C", tmp_path, "check")
    assert ended.err == ""


def test_a_faulty_platform_file_still_pins_its_versions(fleet: Path, run: Runner) -> None:
    edit(fleet / PLATFORM, "  cluster: test\n", "  cluster: test\n  oops: 1\n  versions: {kuberay: 1.7.0}\n")
    edit(fleet / TEAM, "    queue: research\n", "    queue: research\n    spec: {tlsOptions: {}}\n")
    for version, told in (("1.7.0", False), ("1.6.2", True)):
        text = (fleet / PLATFORM).read_text()
        (fleet / PLATFORM).write_text(text.replace("kuberay: 1.7.0", f"kuberay: {version}"))
        for command in ("validate", "render"):
            ended = run("-C", fleet, command)
            assert (ended.code, "OB204" in ended.err, "OB206" in ended.err) == (1, True, told)
    (fleet / PLATFORM).write_text("global: {\n")
    ended = run("-C", fleet, "validate")
    assert ("OB101" in ended.err, "OB206" in ended.err) == (True, False)
    assert "= the rules were not checked for its namespaces" in ended.err


def test_rules_look_at_a_file_with_unknown_fields(fleet: Path, run: Runner) -> None:
    edit(fleet / TEAM, "    queue: research\n", "    queue: reserch\n    oops: 1\n")
    ended = run("-C", fleet, "validate")
    assert [code in ended.err for code in ("OB204", "OB313")] == [True, True]
    assert "rules were not checked" not in ended.err
    (fleet / TEAM).write_text("rayClusters: {main: {queue: reserch, head: 3, oops: 1}}\n")
    ended = run("-C", fleet, "validate")
    assert [code in ended.err for code in ("OB201", "OB204", "OB313")] == [True, True, False]
    assert ended.err.count("= the rules were not checked for this file") == 1


def test_the_helm_program_is_missing(fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEBLOCK_HELM", "no-such-helm")
    said = "error: no program 'no-such-helm' on PATH; install Helm 3.18.5 or newer, or drop --engine binary\n"
    for command in ("render", "check", "diff"):
        ended = run("-C", fleet, command, "--engine", "binary")
        assert (ended.code, ended.out, ended.err) == (1, "", said), command
    assert not (fleet / "rendered").exists()


@pytest.mark.parametrize("git", [True, False])
def test_machines_get_paths_of_the_repository(
    git: bool, tmp_path: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = small_fleet(tmp_path / "clusters" / "a")
    (fleet / TEAM).write_text("oops: 1\n")
    monkeypatch.chdir(fleet.parent if git else tmp_path)
    if git:
        (tmp_path / ".git").mkdir()
    root = "a" if git else "clusters/a"
    assert "file=clusters/a/values/namespaces/team-a.yaml," in run("-C", root, "validate", "--format", "github").out
    sarif = run("-C", root, "validate", "--format", "sarif").out
    assert '"uri": "clusters/a/values/namespaces/team-a.yaml"' in sarif
    monkeypatch.chdir(fleet)
    if not git:
        assert "file=values/namespaces/team-a.yaml," in run("validate", "--format", "github").out


def test_explain_quotes_once(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.commands.book import Page, pages

    assert any("``" in page.explanation for page in pages().values())
    page = Page("OB999", "a", "Say ``x: 1`` here.")
    monkeypatch.setattr("generator.commands.book.pages", lambda: {"OB999": page} | {"OB204": page})
    assert "Say `x: 1` here." in run.ok("explain", "OB204").out
