"""The generated charts as files: complete, deterministic, consistent with each other, and what is committed."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from typing import Any

import jsonschema
import pytest
import yaml

from generator import resources
from generator.charts import VERSION, blueprints, generate, stale
from generator.schema import Versions
from tests.binaries import need
from tests.charts.rendering import folder

OLD = Versions(kubernetes="1.30", kuberay="1.2.2", ray="2.38.0", volcano="1.12.2")
NEW = Versions(kuberay="1.7.0", volcano="1.15.1")
VERSIONS = [OLD, Versions.DEFAULT, NEW]
SUB_CHARTS = ["crds", "namespaces", "operator", "queues", "ray", "redis"]
ALL = ["oneblock", *SUB_CHARTS]


@cache
def files(versions: Versions) -> dict[str, bytes]:
    return generate(versions)


def at(chart: str, path: str) -> str:
    return path if chart == "oneblock" else f"charts/{chart}/{path}"


def load(chart: str, path: str, versions: Versions = Versions.DEFAULT) -> Any:
    return yaml.load(files(versions)[at(chart, path)], Loader=yaml.CSafeLoader)


def test_the_committed_charts_are_what_the_generator_writes() -> None:
    assert stale(files(Versions.DEFAULT), resources.charts() / "oneblock") == [], "run `oneblock generate`"


@pytest.mark.parametrize("versions", VERSIONS, ids=lambda each: each.kuberay)
def test_same_versions_same_bytes(versions: Versions) -> None:
    assert generate(versions) == files(versions)
    assert list(files(versions)) == sorted(files(versions))


@pytest.mark.parametrize("versions", VERSIONS, ids=lambda each: each.kuberay)
def test_every_file_is_clean_text(versions: Versions) -> None:
    for path, content in files(versions).items():
        text = content.decode("utf-8")
        if "/files/" in f"/{path}":
            assert "\r" not in text, path
            continue
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        assert "\r" not in text, path
        assert [line for line in text.split("\n") if line != line.rstrip(" ")] == [], path
        assert not re.search(r"<%|%>|<#|#>", text), path


@pytest.mark.parametrize("chart", ALL)
def test_a_chart_is_whole(chart: str) -> None:
    for path in ("Chart.yaml", "README.md", ".helmignore", "values.yaml", "values.schema.json", "templates/NOTES.txt"):
        assert at(chart, path) in files(Versions.DEFAULT)


@pytest.mark.parametrize("chart", ALL)
def test_what_chart_yaml_says(chart: str) -> None:
    said = load(chart, "Chart.yaml")
    assert said["apiVersion"] == "v2"
    assert said["name"] == chart
    assert said["version"] == VERSION
    assert isinstance(said["appVersion"], str)
    assert said["kubeVersion"] == ">=1.29.0-0"
    assert said["description"]


def test_the_umbrella_switches_every_chart() -> None:
    assert load("oneblock", "Chart.yaml")["dependencies"] == [
        {"name": name, "version": VERSION, "condition": f"{name}.enabled"} for name in SUB_CHARTS
    ]
    switches = {name: load("oneblock", "values.yaml")[name]["enabled"] for name in SUB_CHARTS}
    assert switches == {name: name != "ray" for name in SUB_CHARTS}


@pytest.mark.parametrize("versions", VERSIONS, ids=lambda each: each.kuberay)
@pytest.mark.parametrize("chart", ALL)
def test_values_pass_the_schema_beside_them(chart: str, versions: Versions) -> None:
    schema = json.loads(files(versions)[at(chart, "values.schema.json")])
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(load(chart, "values.yaml", versions))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("chart", ALL)
def test_a_schema_refers_to_nothing_outside_itself(chart: str) -> None:
    found = re.findall(r'"\$ref": "([^"]*)"', files(Versions.DEFAULT)[at(chart, "values.schema.json")].decode())
    assert [each for each in found if not each.startswith("#/")] == []


@pytest.mark.parametrize("versions", VERSIONS, ids=lambda each: each.kuberay)
def test_global_values_are_the_same_in_every_chart(versions: Versions) -> None:
    umbrella = load("oneblock", "values.yaml", versions)["global"]
    for chart in SUB_CHARTS:
        own = load(chart, "values.yaml", versions)["global"]
        # The ray chart adds the built-in profile.
        assert {**own, "profiles": {}} == {**umbrella, "profiles": {}}, chart
    assert umbrella["versions"] == {
        name: getattr(versions, name) for name in ("kubernetes", "kuberay", "ray", "volcano")
    }


@pytest.mark.parametrize("chart", ["crds", "operator", "queues", "redis"])
def test_the_umbrella_has_the_values_of_each_chart(chart: str) -> None:
    own = {key: value for key, value in load(chart, "values.yaml").items() if key not in ("global", "enabled")}
    below = load("oneblock", "values.yaml")[chart]
    assert {key: below[key] for key in own} == own


def test_no_two_charts_define_one_template() -> None:
    owner: dict[str, str] = {}
    for path, content in files(Versions.DEFAULT).items():
        chart = path.split("/")[1] if path.startswith("charts/") else "oneblock"
        if "/templates/" in f"/{path}":
            for name in re.findall(r'define "([^"]+)"', content.decode()):
                assert owner.setdefault(name, f"{chart}: {path}") == f"{chart}: {path}"
                assert re.match(rf"(oneblock[.-])?{chart}[.-]", name), f"{path}: {name}"


def test_no_template_gives_other_bytes_another_time() -> None:
    banned = re.compile(
        r"\{\{[^}]*\b(rand\w+|genCA|genPrivateKey|genSelfSignedCert|lookup|now|uuidv4|tpl|getHostByName)\b"
    )
    found = [
        path
        for path, content in files(Versions.DEFAULT).items()
        if path.endswith(("yaml", "tpl")) and banned.search(content.decode())
    ]
    assert found == []


def test_a_row_of_a_table_holds_from_since_until_before_until() -> None:
    rows = [
        {"name": "a"},
        {"name": "b", "since": "1.5"},
        {"name": "c", "until": "1.5"},
        {"name": "d", "since": "1.2", "until": "1.10"},
    ]
    names = {
        version: "".join(str(row["name"]) for row in blueprints.of_version(rows, version))
        for version in ("1.2.2", "1.5.0", "1.10.1")
    }
    assert names == {"1.2.2": "acd", "1.5.0": "abd", "1.10.1": "ab"}


@pytest.mark.parametrize("program", ["helm", "helm3"])
@pytest.mark.parametrize("chart", ALL)
def test_helm_lint_has_nothing_to_say(program: str, chart: str) -> None:
    path = folder() if chart == "oneblock" else folder() / "charts" / chart
    done = subprocess.run([need(program), "lint", "--strict", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout
