"""values.yaml and the README table, written from a schema."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
import yaml

from generator.charts.readme import values_table
from generator.charts.values import defaults, flow, scalar, values_yaml
from generator.schema import Versions
from generator.schema.chart import Chart, chart_schema

CHARTS: tuple[Chart, ...] = get_args(Chart)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("volcano", "volcano"),
        ("quay.io/kuberay/operator", "quay.io/kuberay/operator"),
        ("4Gi", "4Gi"),
        ("100m", "100m"),
        ("", '""'),
        ("1.36", '"1.36"'),
        ("1.6.2", '"1.6.2"'),
        ("no", '"no"'),
        ("Off", '"Off"'),
        ("null", '"null"'),
        ("0 2 * * *", '"0 2 * * *"'),
        ("1e3", '"1e3"'),
        ("- a", '"- a"'),
        ("a: b", '"a: b"'),
        ("größe", '"größe"'),
        (True, "true"),
        (None, "null"),
        (0, "0"),
        (0.5, "0.5"),
    ],
)
def test_a_scalar_reads_back_as_what_it_was(value: object, text: str) -> None:
    assert scalar(value) == text
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    "value",
    [{}, [], {"a": {"b": [1, "x y"]}}, ["*"], {"nvidia.com/gpu": 1}, {"when": "12:30", "y": "y"}],
)
def test_flow_style_reads_back_as_what_it_was(value: object) -> None:
    assert yaml.safe_load(flow(value)) == value


SCHEMA: dict[str, Any] = {
    "$defs": {
        "image": {
            "description": "An image.",
            "properties": {"repository": {"type": "string"}, "tag": {"type": "string", "default": ""}},
        },
    },
    "properties": {
        "enabled": {"description": "Whether it is\nthere.", "default": True},
        "image": {
            "$ref": "#/$defs/image",
            "description": "The image.",
            "default": {"repository": "a/b", "extra": {"x": 1}},
        },
        "optional": {"description": "Nothing by default.", "type": "string"},
        "deep": {"properties": {"empty": {"properties": {"none": {}}}, "number": {"default": 3}}},
        "names": {"description": "Names.", "default": [], "examples": [["a", "b"]]},
        "queues": {"default": {}, "examples": [{"q": {"deserved": {"gpu": 1}}}], "description": "Queues."},
    },
}


def test_the_text_shows_every_default_under_its_comment() -> None:
    assert values_yaml(SCHEMA) == (
        "# enabled: Whether it is there.\n"
        "enabled: true\n"
        "\n"
        "# image: The image.\n"
        "image:\n"
        "  repository: a/b\n"
        '  tag: ""\n'
        "  extra: {x: 1}\n"
        "\n"
        "deep:\n"
        "  number: 3\n"
        "\n"
        "# names: Names.\n"
        "# For example:\n"
        "#   names: [a, b]\n"
        "names: []\n"
        "\n"
        "# queues: Queues.\n"
        "# For example:\n"
        "#   queues:\n"
        "#     q:\n"
        "#       deserved: {gpu: 1}\n"
        "queues: {}\n"
    )


def test_a_schema_without_defaults_is_an_empty_map() -> None:
    assert values_yaml({"properties": {"a": {"type": "string"}}}) == "{}\n"
    assert defaults({"properties": {"a": {"type": "string"}}}) == {}


def test_a_default_of_false_or_zero_is_shown() -> None:
    assert defaults({"properties": {"a": {"default": False}, "b": {"default": 0}, "c": {"default": None}}}) == {
        "a": False,
        "b": 0,
        "c": None,
    }


def test_the_own_default_wins_over_those_of_properties() -> None:
    inner = {"properties": {"a": {"default": 1}, "b": {"default": 2}}}
    assert defaults({"properties": {"x": inner | {"default": {"b": 3}}}}) == {"x": {"a": 1, "b": 3}}
    assert defaults({"properties": {"x": inner | {"default": None}}}) == {"x": None}


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_reads_back_as_its_defaults(chart: Chart) -> None:
    schema = chart_schema(chart, Versions.DEFAULT)
    assert yaml.safe_load(values_yaml(schema)) == defaults(schema)


@pytest.mark.parametrize("chart", CHARTS)
def test_every_comment_begins_with_the_name_below_it(chart: Chart) -> None:
    lines = values_yaml(chart_schema(chart, Versions.DEFAULT)).splitlines()
    previous = ""
    for number, line in enumerate(lines):
        starts = re.match(r" *# ([A-Za-z]+): ", line) and not previous.lstrip().startswith("#")
        if starts:
            name = line.split("# ")[1].split(":")[0]
            below = next(each for each in lines[number:] if not each.lstrip().startswith("#"))
            assert below.lstrip().startswith(f"{name}:"), line
        previous = line


@pytest.mark.parametrize("chart", CHARTS)
def test_lines_are_no_longer_than_the_width(chart: Chart) -> None:
    assert [line for line in values_yaml(chart_schema(chart, Versions.DEFAULT)).splitlines() if len(line) > 120] == []


def test_the_table_has_a_row_for_every_value() -> None:
    table = values_table(SCHEMA)
    assert "| `enabled` | any | `true` | Whether it is there. |" in table
    assert '| `image.tag` | string | `""` |  |' in table
    assert "| `optional` | string |  | Nothing by default. |" in table


def test_bars_do_not_end_a_cell() -> None:
    table = values_table({"properties": {"a": {"type": "string", "description": "x | y", "enum": ["p", "q"]}}})
    assert table.splitlines()[-1] == "| `a` | `p` \\| `q` |  | x \\| y |"


@pytest.mark.parametrize("chart", CHARTS)
def test_every_row_has_four_cells(chart: Chart) -> None:
    for row in values_table(chart_schema(chart, Versions.DEFAULT)).splitlines():
        assert len(re.split(r"(?<!\\)\|", row)) == 6, row


CLUSTER = {"properties": {f"p{number}": {"type": "string"} for number in range(12)}}


def test_a_big_shape_is_shown_once() -> None:
    schema = {
        "$defs": {"cluster": CLUSTER},
        "properties": {
            "clusters": {"type": "object", "additionalProperties": {"$ref": "#/$defs/cluster"}},
            "jobs": {
                "type": "object",
                "properties": {"cluster": {"$ref": "#/$defs/cluster", "description": "Its own."}},
            },
        },
    }
    table = values_table(schema)
    assert table.count("p3") == 1
    assert "| `clusters.<name>.p3` | string |  |  |" in table
    assert "| `jobs.cluster` | any |  | Its own. Keys as in `clusters.<name>`. |" in table


def test_a_table_leaves_to_others_what_is_theirs() -> None:
    table = values_table(SCHEMA, elsewhere={"image": "See there."})
    assert "| `image` | any |  | The image. See there. |" in table
    assert "image.tag" not in table


def test_entries_of_maps_show_their_defaults() -> None:
    inner = {"type": "object", "properties": {"size": {"type": "string", "default": "10Gi"}}}
    entry = {"type": "object", "properties": {"logs": inner, "on": {"type": "boolean", "default": False}}}
    table = values_table({"properties": {"things": {"type": "object", "additionalProperties": entry, "default": {}}}})
    assert "| `things` | map | `{}` |  |" in table
    assert "| `things.<name>.logs.size` | string | `10Gi` |  |" in table
    assert "| `things.<name>.on` | boolean | `false` |  |" in table
