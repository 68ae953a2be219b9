"""The pods of ``helm test``: fit for any namespace, of images that are there anyway, and nothing that is rendered."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from generator.charts.blueprints import CHARTS
from generator.helm import split_documents
from generator.helm.archive import TESTS, contents, pack
from tests.binaries import need
from tests.charts.rendering import SYSTEM, Object, chart, objects

TESTED = ["operator", "redis", "ray"]
VALUES = """
global: {imagePullSecrets: [registry], batchScheduler: none}
rayClusters:
  main: {head: {image: "registry.example.com/ray:1"}}
  other: {}
  paused: {suspend: true}
"""


@cache
def hooks(name: str) -> list[Object]:
    """What Helm makes of a chart's tests."""
    values = yaml.safe_load(VALUES)
    values = {key: each for key, each in values.items() if name == "ray" or key == "global"}
    folder = chart(name)
    tests = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.glob(f"{TESTS}*")}
    loaded = helm_python.Chart.load_archive(pack(name, contents(folder) | tests))
    printed = loaded.render(values, name="test", namespace=SYSTEM)
    texts = [text for path in sorted(printed) if TESTS in path for text in split_documents(printed[path])]
    return [yaml.safe_load(text) for text in texts]


def test_one_a_part_and_one_a_cluster() -> None:
    names = [each["metadata"]["name"] for name in TESTED for each in hooks(name)]
    assert names == ["kuberay-operator-test", "oneblock-redis-test", "main-test", "other-test"]


@pytest.mark.parametrize("name", TESTED)
def test_they_are_not_rendered(name: str) -> None:
    assert not [each for each in objects(name) if "helm.sh/hook" in each["metadata"]["annotations"]]


def images(tree: Any) -> set[str]:
    """Every image that is named."""
    if isinstance(tree, dict):
        own = {tree["image"]} if isinstance(tree.get("image"), str) else set()
        return own.union(*map(images, tree.values()))
    return set().union(*map(images, tree)) if isinstance(tree, list) else set()


@pytest.mark.parametrize("name", TESTED)
def test_they_need_no_image_of_their_own(name: str) -> None:
    there = images([*objects("redis"), *objects("ray", VALUES)])
    assert images(hooks(name)) <= there


@pytest.mark.parametrize("name", TESTED)
def test_they_run_where_only_restricted_pods_may(name: str) -> None:
    for pod in hooks(name):
        assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not spec["automountServiceAccountToken"]
        assert spec["imagePullSecrets"] == [{"name": "registry"}]
        (container,) = spec["containers"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert spec["activeDeadlineSeconds"] < 300, "Helm waits five minutes"


@pytest.mark.parametrize("name", TESTED)
def test_a_service_does_not_take_them_for_its_own(name: str) -> None:
    selectors = [each["spec"]["selector"] for each in objects(name) if each["kind"] == "Service"]
    for pod in hooks(name):
        labels = pod["metadata"]["labels"].items()
        assert not [each for each in selectors if each.items() <= labels]


@pytest.mark.parametrize("name", TESTED)
def test_shellcheck(name: str) -> None:
    command: list[str | Path] = [need("shellcheck"), "-x", "-s", "sh", "test.sh"]
    checked = subprocess.run(command, cwd=CHARTS / name / "files", capture_output=True, text=True, check=False)
    assert checked.stdout + checked.stderr == ""


def run(name: str, folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Runs a chart's test with these lines of shell in place of programs."""
    for program, text in {"sleep": ":", **programs}.items():
        (folder / program).write_text(f"#!/bin/sh\n{text}\n")
        (folder / program).chmod(0o755)
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "OPERATOR": "operator", "HEAD": "head"}
    command: list[str | Path] = ["sh", CHARTS / name / "files" / "test.sh"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


LEADS = """echo 'controller_runtime_max_concurrent_reconciles{controller="raycluster-controller"} 1'"""


@pytest.mark.parametrize(
    ("wget", "code", "said"),
    [
        (LEADS, 0, "the operator leads"),
        ("echo go_goroutines 12", 1, "none of its pods leads"),
        ("exit 4", 1, "http://operator:8080/metrics: nothing"),
    ],
)
def test_what_is_said_of_an_operator(wget: str, code: int, said: str, tmp_path: Path) -> None:
    done = run("operator", tmp_path, wget=wget)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wget", "ray", "code", "said"),
    [
        ("exit 0", 'echo "$*"', 0, "job submit --address http://head:8265 -- python -c import ray;"),
        ("exit 0", "exit 7", 7, ""),
        ("exit 4", "exit 0", 1, "http://head:8265 does not answer"),
    ],
)
def test_what_is_said_of_a_cluster(wget: str, ray: str, code: int, said: str, tmp_path: Path) -> None:
    done = run("ray", tmp_path, wget=wget, ray=ray)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
