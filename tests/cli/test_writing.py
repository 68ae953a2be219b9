"""``init``, ``generate``, ``schema``, ``completion``, ``validate``: what they write, and where they refuse."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from generator import __version__, resources
from tests.cli.running import PROGRAM, Runner, edit, environment, tree
from tests.unprivileged import unprivileged


@pytest.mark.parametrize("engine", ["argocd", "flux", "none"])
def test_a_new_fleet_renders_as_it_is(engine: str, tmp_path: Path, run: Runner) -> None:
    ended = run.ok("-C", tmp_path, "init", "ray-fleet", "--gitops", engine, "--ci", "github")
    root = tmp_path / "ray-fleet"
    assert f"{root}/values/platform.yaml" in ended.out.splitlines()[0]
    assert ended.err == f"next:  cd {root} && oneblock render\n"
    ended = run.ok("-C", root, "validate")
    assert "error" not in ended.err
    run.ok("-C", root, "render")
    run.ok("-C", root, "check")
    rendered = {name: text for name, text in tree(root / "rendered").items() if name.endswith(".yaml")}
    kinds = {yaml.safe_load(text)["kind"] for name, text in rendered.items() if name.startswith("gitops")}
    assert (kinds & {"Application", "Kustomization"} != set()) == (engine != "none")
    workflow = yaml.safe_load((root / ".github" / "workflows" / "oneblock.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert f"what pip installs OneBlock {__version__} from" in steps[0]
    assert steps[1:] == ["oneblock validate --format github", "oneblock check"]
    for name in ("platform", "namespace"):
        assert json.loads((root / "schemas" / f"{name}.schema.json").read_text())["$schema"]
    for file in (root / "values").rglob("*.yaml"):
        modeline = file.read_text().splitlines()[0]
        assert modeline.startswith("# yaml-language-server: $schema=")
        assert (file.parent / modeline.partition("=")[2]).resolve().is_file()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    ignored = subprocess.run(
        ["git", "-C", str(root), "check-ignore", ".oneblock_cache/x", ".rendered.oneblock-stage/x"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ignored.stdout.split() == [".oneblock_cache/x", ".rendered.oneblock-stage/x"]


@pytest.mark.parametrize("sample", resources.sample_fleets())
def test_every_sample_is_a_fleet_without_findings(sample: str, tmp_path: Path, run: Runner) -> None:
    root = tmp_path / "fleet"
    run.ok("init", root, "--sample", sample)
    assert "2 files checked, nothing to report" in run.ok("-C", root, "validate").err
    found = [yaml.safe_load(file.read_text()) for file in (root / "values" / "namespaces").iterdir()]
    scripts = [
        (name, text)
        for workloads in found[0].values()
        for workload in workloads.values()
        for name, text in workload.get("code", {}).get("files", {}).items()
    ]
    assert bool(scripts) == (sample not in ("getting-started", "first-cluster"))
    for name, text in scripts:
        compile(text, name, "exec")


def test_init_writes_no_workflow_unasked(tmp_path: Path, run: Runner) -> None:
    run.ok("init", tmp_path / "x")
    assert not (tmp_path / "x" / ".github").exists()
    assert "gitops:" not in (tmp_path / "x" / "values" / "platform.yaml").read_text()


@pytest.mark.parametrize("there", ["file in it", "a file"])
def test_init_refuses_what_is_not_empty(there: str, tmp_path: Path, run: Runner) -> None:
    target = tmp_path / "x"
    if there == "a file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "mine").touch()
    before = sorted(tmp_path.rglob("*"))
    ended = run("init", target)
    assert (ended.code, "is not an empty folder; choose a new one" in ended.err) == (2, True)
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "empty").mkdir()
    run.ok("init", tmp_path / "empty")


def test_init_where_nothing_may_be_written(tmp_path: Path, run: Runner) -> None:
    run.ok("init", tmp_path / "warm")
    with unprivileged() as scratch:
        scratch.chmod(0o555)
        ended = run("init", scratch / "x")
        assert (ended.code, "cannot be written: permission denied" in ended.err.lower()) == (1, True)
        scratch.chmod(0o755)


def test_generate_checks_and_writes(tmp_path: Path, run: Runner) -> None:
    charts = tmp_path / "charts"
    assert run("-C", tmp_path, "generate", "--check", "--charts", charts).code == 1
    assert not charts.exists()
    run.ok("-C", tmp_path, "generate", "--charts", charts)
    ended = run.ok("-C", tmp_path, "generate", "--check", "--charts", charts)
    assert (ended.out, "up to date" in ended.err) == ("", True)
    edit(charts / "oneblock" / "charts" / "ray" / "Chart.yaml", "name: ray", "name: mine")
    ended = run("-C", tmp_path, "generate", "--check", "--charts", charts)
    assert (ended.code, ended.out) == (1, "changed charts/ray/Chart.yaml\n")
    assert "stale: run oneblock generate" in ended.err
    assert "mine" in (charts / "oneblock" / "charts" / "ray" / "Chart.yaml").read_text()


def test_generate_for_the_fleets_versions(fleet: Path, run: Runner) -> None:
    edit(fleet / "values" / "platform.yaml", "  cluster: test\n", "  cluster: test\n  versions: {kuberay: 1.3.2}\n")
    ended = run.ok("-C", fleet, "generate")
    count = len(tree(fleet / "charts"))
    assert ended.out == ""
    assert ended.err == f"{fleet}/charts/oneblock: {count} files, {count} written\n"
    operator = yaml.safe_load((fleet / "charts" / "oneblock" / "charts" / "operator" / "values.yaml").read_text())
    assert operator["global"]["versions"]["kuberay"] == "1.3.2"
    (fleet / "charts" / "oneblock" / "mine").touch()
    assert run.ok("-C", fleet, "generate").err.endswith(f"{count} files, 0 written, 1 removed\n")
    full = (fleet / "charts/oneblock/charts/crds/templates/rayclusters.yaml").stat().st_size
    run.ok("-C", fleet, "generate", "--crds", "slim")
    assert 5 * (fleet / "charts/oneblock/charts/crds/templates/rayclusters.yaml").stat().st_size < full


def test_generate_of_our_own_charts_covers_the_schemas(
    tmp_path: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(resources.charts(), tmp_path / "charts")
    shutil.copytree(resources.schemas(), tmp_path / "schemas")
    monkeypatch.setattr(resources, "ROOT", tmp_path)
    run.ok("-C", tmp_path, "generate")
    run.ok("-C", tmp_path, "generate", "--check")
    with (tmp_path / "schemas" / "namespace.schema.json").open("a") as file:
        file.write("\n")
    ended = run("-C", tmp_path, "generate", "--check")
    assert (ended.code, ended.out) == (1, "changed schemas/namespace.schema.json\n")
    run.ok("-C", tmp_path, "generate")
    assert run.ok("-C", tmp_path, "generate", "--check").out == ""


def test_generate_where_nothing_can_be_written(tmp_path: Path, run: Runner) -> None:
    (tmp_path / "charts").touch()
    ended = run("-C", tmp_path, "generate")
    assert ended.code == 1
    assert "cannot be written" in ended.err


def test_schemas(fleet: Path, tmp_path: Path, run: Runner) -> None:
    schema = json.loads(run.ok("-C", fleet, "schema", "namespace").out)
    assert "rayClusters" in schema["properties"]
    ended = run.ok("-C", fleet, "schema", "--write", tmp_path / "s")
    assert ended.out.splitlines() == [f"{tmp_path}/s/{name}.schema.json" for name in ("platform", "namespace")]
    assert json.loads((tmp_path / "s" / "namespace.schema.json").read_text()) == schema
    (tmp_path / "file").touch()
    ended = run("-C", fleet, "schema", "--write", tmp_path / "file")
    assert (ended.code, "cannot be written" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "complete -o"), ("zsh", "#compdef oneblock"), ("fish", "complete")]
)
def test_completion_scripts(shell: str, mark: str, run: Runner) -> None:
    assert mark in run.ok("completion", shell).out


def test_completion_works_in_bash(tmp_path: Path, run: Runner) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    (tmp_path / "oneblock").write_text(f'#!/bin/sh\nexec {PROGRAM[0]} -m generator "$@"\n')
    (tmp_path / "oneblock").chmod(0o755)
    script = run.ok("completion", "bash").out
    ask = '\nCOMP_WORDS=(oneblock val); COMP_CWORD=1; _oneblock_completion oneblock; echo "${COMPREPLY[@]}"\n'
    done = subprocess.run(
        [bash, "-c", script + ask],
        env=environment(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "validate"), done.stderr


def test_validate_some_files(fleet: Path, run: Runner) -> None:
    team_b = fleet / "values" / "namespaces" / "team-b.yaml"
    team_b.write_text("oops: 1\n")
    assert run.ok("-C", fleet, "validate", fleet / "values" / "namespaces" / "team-a.yaml").code == 0
    assert run("-C", fleet, "validate", team_b).code == 1
    assert run("-C", fleet, "validate", fleet / "values" / "platform.yaml").code == 1
    for path in (fleet / "values" / "namespaces", fleet):
        assert run("-C", fleet, "validate", path).code == 1
    (fleet / "README").touch()
    ended = run("-C", fleet, "validate", fleet / "README")
    assert (ended.code, "no values file of this fleet is" in ended.err) == (2, True)


def test_validate_by_any_name_of_a_file(fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    (fleet.parent / "link").symlink_to(fleet)
    monkeypatch.chdir(fleet / "values")
    for path in ("namespaces/team-a.yaml", "../values/namespaces", fleet.parent / "link/values/namespaces/team-a.yaml"):
        for root in ("..", fleet, fleet.parent / "link"):
            assert re.search(r"(^2 files checked| of 2 files )", run.ok("-C", root, "validate", path).err, re.MULTILINE)


@pytest.mark.parametrize("form", ["concise", "json", "sarif", "github", "junit"])
def test_validate_for_programs(form: str, fleet: Path, run: Runner) -> None:
    (fleet / "values" / "namespaces" / "team-b.yaml").write_text("oops: 1\n")
    ended = run("-C", fleet, "validate", "--format", form)
    assert ended.code == 1
    assert "OB204" in ended.out
    assert ended.err == ""
