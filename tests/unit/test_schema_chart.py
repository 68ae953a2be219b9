"""The values schemas of the charts, as data and as Helm applies them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from generator.schema import CHARTS, DEFAULT, Versions, chart_schema
from tests.schema_findings import found
from tests.unit.test_schema_check import GOOD, PLATFORM

helm_python = pytest.importorskip("helm_python", reason="needs helm-python-sdk to apply schemas as Helm does")


def data(text: str) -> dict[str, Any]:
    from generator.source import read

    document, findings = read("f", text.encode())
    assert document is not None
    assert findings == []
    return document.data


PLATFORM_DATA = data(PLATFORM)
VALUES: dict[str, dict[str, Any]] = {
    "crds": {"enabled": True},
    "operator": PLATFORM_DATA["operator"],
    "redis": PLATFORM_DATA["redis"],
    "queues": PLATFORM_DATA["queues"],
    "namespaces": {"enabled": True},
    "ray": {**{key: PLATFORM_DATA[key] for key in ("operator", "redis", "queues", "gitops")}, **data(GOOD)},
    "oneblock": {**PLATFORM_DATA, "namespaces": {"enabled": True}, "ray": {"enabled": False}},
}
BROKEN: dict[str, dict[str, Any]] = {
    "crds": {"enable": True},
    "operator": {"replicas": "two"},
    "redis": {"storag": "1Gi"},
    "queues": {"research": {"capabilty": {}}},
    "namespaces": {"team-a": {}},
    "ray": {"rayClusters": {"main": {"workerGroups": {"cpu": {"minReplica": 1}}}}},
    "oneblock": {"raycluster": {}},
}


def test_every_chart_has_values_here() -> None:
    assert set(CHARTS) == set(VALUES) == set(BROKEN)


@pytest.mark.parametrize("shipped", [False, True], ids=["full", "shipped"])
@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2", "1.7.0"])
def test_good_values_fit_and_broken_ones_do_not(chart: Any, shipped: bool, kuberay: str) -> None:
    schema = chart_schema(chart, Versions(kuberay=kuberay), shipped=shipped)
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.Draft202012Validator(schema)
    values = {"global": PLATFORM_DATA["global"], **VALUES[chart]}
    if kuberay == "1.6.2" or chart != "ray":
        assert [error.message for error in validator.iter_errors(values)] == []
    assert validator.is_valid({})
    assert validator.is_valid({"global": {}})
    assert validator.is_valid({"enabled": True}) is (chart != "oneblock")
    assert not validator.is_valid({"global": {"clustr": "a"}})
    assert not validator.is_valid(BROKEN[chart])


@pytest.mark.parametrize("chart", CHARTS)
def test_shipped_schemas_carry_no_text_and_stay_small(chart: Any) -> None:
    text = json.dumps(chart_schema(chart, DEFAULT, shipped=True))
    assert len(text) < 25_000, "Helm compiles it at every render: about 0.4 ms a kilobyte"
    assert '"examples"' not in text
    assert '"$id"' not in text
    assert "x-" not in text.replace("ex-", "")
    assert len(text) < len(json.dumps(chart_schema(chart, DEFAULT)))


def test_what_a_chart_says_is_what_check_says() -> None:
    """Nothing that OneBlock accepts is refused by the chart it is rendered with."""
    assert found("namespace", GOOD) == found("platform", PLATFORM) == []


def test_built_in_profiles_are_the_default_of_the_ray_chart() -> None:
    profiles = chart_schema("ray", DEFAULT)["$defs"]["global"]["properties"]["profiles"]
    assert "default" in profiles["default"]
    assert jsonschema_rs.Draft202012Validator({**profiles, "$defs": chart_schema("ray", DEFAULT)["$defs"]}).is_valid(
        profiles["default"]
    )


def test_an_unknown_chart_is_refused() -> None:
    with pytest.raises(KeyError):
        chart_schema("raycluster", DEFAULT)  # type: ignore[arg-type]


@pytest.mark.parametrize("chart", CHARTS)
def test_helm_applies_them(chart: Any, tmp_path: Path) -> None:
    folder = _chart(tmp_path / chart, chart)
    with helm_python.Chart.load(folder) as loaded:
        values = {"global": PLATFORM_DATA["global"], **VALUES[chart]}
        assert loaded.render(values=values, name="a", namespace="b")
        with pytest.raises(helm_python.errors.HelmError, match=r"additional propert|want"):
            loaded.render(values=BROKEN[chart], name="a", namespace="b")


def test_helm_applies_a_sub_chart_s_schema_with_what_it_injects(tmp_path: Path) -> None:
    """`global` and the condition `enabled` reach the sub-chart; its closed schema must know them."""
    parent = tmp_path / "parent"
    _chart(parent / "charts" / "queues", "queues")
    dependency = "dependencies: [{name: queues, version: 0.1.0, condition: queues.enabled}]\n"
    (parent / "Chart.yaml").write_text(f"apiVersion: v2\nname: parent\nversion: 0.1.0\n{dependency}")
    with helm_python.Chart.load(parent) as loaded:
        values = {"global": PLATFORM_DATA["global"], "queues": {**VALUES["queues"], "enabled": True}}
        assert loaded.render(values=values, name="a", namespace="b")


def _chart(folder: Path, chart: Any) -> Path:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {chart}\nversion: 0.1.0\n")
    (folder / "values.yaml").write_text("{}\n")
    (folder / "templates" / "a.yaml").write_text("kind: {{ .Chart.Name }}\n")
    (folder / "values.schema.json").write_text(json.dumps(chart_schema(chart, DEFAULT, shipped=True)))
    return folder
