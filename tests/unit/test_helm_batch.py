"""Many releases in one render give what each gives alone: the same bytes, the same refusals, the same values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.helm import HelmError
from generator.helm.engine import one_by_one
from generator.helm.sdk import SdkEngine
from generator.plan import Release
from tests.fleet_cases import NAMES, fleet
from tests.unit.test_helm import chart_at

KEYS = st.sampled_from(["a", "b", "global", "c"])
SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), st.sampled_from(["", "x", "1"]))
SEEN = "---\nkind: A\ndata: |\n  {{ toJson .Values }}\n"


def values_of(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    below = st.recursive(scalars, lambda each: st.dictionaries(KEYS, each) | st.lists(each, max_size=2), max_leaves=8)
    return st.dictionaries(KEYS, below)


def release(number: int, values: dict[str, Any]) -> Release:
    return Release("ray", f"r{number}", f"n{number}", f"ray/n{number}", f"n{number}", values)


def with_defaults(chart: Path, values: dict[str, Any]) -> Path:
    (chart / "values.yaml").write_text(json.dumps(values))
    return chart


@pytest.mark.parametrize("name", NAMES)
def test_every_fleets_releases(name: str, tmp_path: Path) -> None:
    case = fleet(name, tmp_path)
    engine = SdkEngine()
    every = list(case.releases())
    for chart in ("ray", "namespaces"):
        releases = [each for each in every if each.chart == chart] * 2
        folder = case.charts / chart
        assert engine.render_many(folder, releases) == one_by_one(SdkEngine(), folder, releases)


@settings(max_examples=60)
@given(values_of(SCALARS), st.lists(values_of(SCALARS | st.none()), min_size=2, max_size=4))
def test_defaults_lie_below_values_as_helm_lays_them(
    tmp_path_factory: pytest.TempPathFactory, defaults: dict[str, Any], given_values: list[dict[str, Any]]
) -> None:
    defaults["global"] = {"always": "there"}  # as in every chart of ours: Helm makes one where there is none
    given_values = [{**each, "global": {"own": 1}} for each in given_values]
    chart = with_defaults(chart_at(tmp_path_factory.mktemp("c") / "c", a=SEEN), defaults)
    releases = [release(number, values) for number, values in enumerate(given_values)]
    assert SdkEngine().render_many(chart, releases) == one_by_one(SdkEngine(), chart, releases)


def test_releases_do_not_see_each_other(tmp_path: Path) -> None:
    writes = '{{- $_ := set .Values.shared .Release.Name "was here" -}}\n' + SEEN
    chart = with_defaults(chart_at(tmp_path / "c", a=writes), {"shared": {"from": "defaults"}})
    releases = [release(number, {}) for number in range(3)]
    assert SdkEngine().render_many(chart, releases) == one_by_one(SdkEngine(), chart, releases)


def test_a_refused_release_leaves_the_others_alone(tmp_path: Path) -> None:
    picky = '{{- if .Values.bad }}{{ fail (printf "%s: no" .Release.Name) }}{{ end }}\n' + SEEN
    chart = chart_at(tmp_path / "c", a=picky)
    first, second, third = SdkEngine().render_many(chart, [release(each, {"bad": each == 1}) for each in range(3)])
    assert isinstance(second, HelmError)
    assert str(second) == "r1: no"
    assert [len(each) for each in (first, third) if isinstance(each, list)] == [1, 1]


def test_names_files_and_helpers(tmp_path: Path) -> None:
    chart = chart_at(
        tmp_path / "c",
        a='---\nkind: A\nname: {{ include "c.name" . }}\ntext: {{ .Files.Get "files/a.txt" }}\n---\nkind: B\n',
        empty="{{- if .Values.never }}\nkind: C\n{{- end }}\n",
    )
    (chart / "files").mkdir()
    (chart / "files" / "a.txt").write_text("words")
    (chart / "templates" / "_names.tpl").write_text(
        '{{- define "c.name" }}{{ .Release.Namespace }}/{{ .Release.Service }}/{{ .Chart.Name }}{{ end }}'
    )
    releases = [release(number, {}) for number in range(2)]
    expected = one_by_one(SdkEngine(), chart, releases)
    assert SdkEngine().render_many(chart, releases) == expected
    assert expected[0] == ["kind: A\nname: n0/Helm/c\ntext: words\n", "kind: B\n"]
