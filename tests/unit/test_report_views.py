"""Tables, what a change does, what render wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.diagnostics import Span
from generator.report import secret_fields
from generator.report.changes import ABSENT, FieldChange, ObjectChange, data, write
from generator.report.plain_data import to_json, to_yaml
from generator.report.style import Style
from generator.report.table import Column, view
from generator.report.trees import TreeChange, checked, rendered
from generator.report.words import amount, time

PLAIN_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


# --- tables

ROWS: list[dict[str, Any]] = [
    {"namespace": "team-a", "kind": "RayCluster", "workers": 14, "gpu": "16–32", "hidden": {"a": 1}},
    {"namespace": "日本", "kind": "RayJob", "workers": None, "gpu": None, "hidden": {}},
    {"namespace": "x\x1b[31m", "kind": "", "workers": 3, "gpu": ["a", "b"], "hidden": {}},
]
COLUMNS = [Column("namespace"), Column("workers"), Column("gpu", "GPU/TPU"), Column("kind")]


def test_a_table_is_aligned_by_what_the_eye_sees() -> None:
    assert view(COLUMNS, ROWS) == (
        "NAMESPACE  WORKERS  GPU/TPU  KIND\n"
        "team-a          14  16–32    RayCluster\n"
        "日本             –  –        RayJob\n"
        "x\\x1b[31m        3  a, b\n"
    )


def test_colour_does_not_shift_columns() -> None:
    coloured = view(COLUMNS, ROWS, style=Style(colour=True))
    assert coloured.replace("\x1b[1m", "").replace("\x1b[0m", "") == view(COLUMNS, ROWS)
    assert coloured.startswith("\x1b[1mNAMESPACE\x1b[0m")


def test_cells_of_other_kinds() -> None:
    rows = [{"a": True, "b": {"x": 1, "y": None}, "c": 1.5}, {"a": False, "b": {}, "c": 10}]
    assert view([Column("a"), Column("b"), Column("c"), Column("d")], rows, style=Style(unicode=False)) == (
        "A    B           C  D\nyes  x=1, y=-  1.5  -\nno              10  -\n"
    )


def test_no_rows() -> None:
    assert view(COLUMNS, []) == "NAMESPACE  WORKERS  GPU/TPU  KIND\n"
    assert view(COLUMNS, [], "json") == view(COLUMNS, [], "yaml") == "[]\n"


def test_programs_get_whole_rows() -> None:
    assert json.loads(view(COLUMNS, ROWS, "json")) == ROWS
    assert yaml.safe_load(view(COLUMNS, ROWS, "yaml")) == ROWS


def test_yaml_quotes_strings_and_dangerous_keys() -> None:
    assert to_yaml({"a": "no", "on": [1, [True, {}], {"b": "1e3", "c": [None]}], "x/y-z": 1e16, "1": []}) == (
        'a: "no"\n"on":\n  - 1\n  - - true\n    - {}\n  - b: "1e3"\n    c:\n      - null\nx/y-z: 1.0e+16\n"1": []\n'
    )
    assert to_yaml([float("inf"), -float("inf"), float("nan")]) == "- .inf\n- -.inf\n- .nan\n"


@given(PLAIN_DATA)
def test_what_is_emitted_reads_back(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value
    assert json.loads(to_json(value)) == value


# --- changes

TEAM, PLATFORM = "values/namespaces/team-a.yaml", "values/platform.yaml"


def changed(*fields: FieldChange, kind: str = "RayCluster") -> ObjectChange:
    return ObjectChange("team-a", kind, "main", "changed", fields)


EVERYDAY = [
    changed(
        FieldChange("workerGroups.a100.maxReplicas", 4, 6, Span(TEAM, 12)),
        FieldChange("head.memory", "16Gi", "32Gi", Span(TEAM, 9)),
    ),
    ObjectChange(
        "queues", "Queue", "research", fields=(FieldChange("capability.nvidia.com/gpu", 24, 40, Span(PLATFORM, 17)),)
    ),
]


def test_a_change_of_fields() -> None:
    assert write(EVERYDAY) == (
        "team-a  RayCluster main\n"
        "  ~ workerGroups.a100.maxReplicas   4 → 6        values/namespaces/team-a.yaml:12\n"
        "  ~ head.memory                     16Gi → 32Gi  values/namespaces/team-a.yaml:9\n"
        "queues  Queue research\n"
        "  ~ capability.nvidia.com/gpu       24 → 40      values/platform.yaml:17\n"
        "3 fields in 2 objects, no object removed\n"
    )


def test_objects_that_come_and_go() -> None:
    text = write(
        [
            ObjectChange("team-a", "RayJob", "nightly", "added", where=Span(TEAM, 20)),
            ObjectChange("team-a", "RayCluster", "old", "removed", notes=("its 4 workers stop",)),
            ObjectChange("", "Namespace", "x", "removed"),
        ]
    )
    assert text == (
        "team-a  RayJob nightly\n"
        "  + new object  values/namespaces/team-a.yaml:20\n"
        "team-a  RayCluster old\n"
        "  - removed\n"
        "  = its 4 workers stop\n"
        "Namespace x\n"
        "  - removed\n"
        "1 object added, 2 objects removed\n"
    )


def test_nothing_changed() -> None:
    assert write([]) == "no object changes\n"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (ABSENT, 2, "+ f   2"),
        (2, ABSENT, "- f   2"),
        (None, 2, "~ f   null → 2"),
        ("1", 1, '~ f   "1" → 1'),
        ("", " x", '~ f   "" → " x"'),
        ("true", True, '~ f   "true" → true'),
        ({"a": 1}, [1], '~ f   {"a": 1} → [1]'),
        ("a" * 60 + "x", "a" * 60 + "y", "~ f   …aaaaaax → …aaaaaay"),
        ("a" * 60, "b", "~ f   aaaaaaaaaaaaaaaaa… → b"),
        ("a\nb", "a\nb\nc", "~ f   2 lines → 3 lines"),
        ("a\nb", "a\nc", "~ f   2 lines, edited"),
        ("x" * 60, ABSENT, "- f   " + "x" * 39 + "…"),
        ("\x1b[2J", "日本", '~ f   "\\u001b[2J" → 日本'),
    ],
)
def test_values(old: Any, new: Any, line: str) -> None:
    assert write([changed(FieldChange("f", old, new))]).splitlines()[1].strip() == line


@pytest.mark.parametrize(
    ("path", "kind", "hidden"),
    [
        ("head.env.HF_TOKEN", "RayCluster", True),
        ('head.env["HF_TOKEN"].value', "RayCluster", True),
        ("spec.containers[0].env[name=DB_PASSWORD].value", "RayCluster", True),
        ("spec.passwords[0]", "RayCluster", True),
        ("data.anything", "Secret", True),
        ("stringData.anything", "Secret", True),
        ("data.anything", "ConfigMap", False),
        ("metadata.name", "Secret", False),
        ("spec.passwordSecret.name", "RayCluster", False),
        ("spec.passwordSecret", "RayCluster", False),
        ("spec.env[name=LOG].value", "RayCluster", False),
        ("spec.args[0]", "RayCluster", False),
    ],
)
def test_secrets_stay_hidden_on_both_sides(path: str, kind: str, hidden: bool) -> None:
    change = [changed(FieldChange(path, "hunter2", "hunter3"), kind=kind)]
    for text in (write(change), to_json(data(change)), to_yaml(data(change))):
        assert ("hunter2" in text, "hunter3" in text) == (not hidden, not hidden)
    assert ("••• → •••" in write(change)) == hidden
    assert ("*** -> ***" in write(change, Style(unicode=False))) == hidden


def test_secrets_inside_a_whole_value() -> None:
    old = {"env": [{"name": "A_TOKEN", "value": "hunter2"}], "args": ["--password=hunter2"], "cpu": 1}
    text = write([changed(FieldChange("spec", ABSENT, {"password": "hunter2"}), FieldChange("x", old, ABSENT))])
    assert "hunter2" not in text
    assert "hunter2" not in to_json(data([changed(FieldChange("x", old, ABSENT))]))


def test_a_very_long_path_is_kept_whole_and_moves_nobody_else() -> None:
    long = "spec." + "x" * 60
    lines = write([changed(FieldChange(long, 1, 2, Span(TEAM, 1)), FieldChange("a", 1, 2, Span(TEAM, 2)))]).splitlines()
    assert lines[1] == f"  ~ {long}   1 → 2  {TEAM}:1"
    assert lines[2] == f"  ~ a   1 → 2  {TEAM}:2"


def test_changes_for_programs() -> None:
    assert data([*EVERYDAY[1:], changed(FieldChange("a", ABSENT, None))]) == [
        {
            "namespace": "queues",
            "kind": "Queue",
            "name": "research",
            "op": "changed",
            "fields": [{"path": "capability.nvidia.com/gpu", "old": 24, "new": 40, "file": PLATFORM, "line": 17}],
            "notes": [],
        },
        {
            "namespace": "team-a",
            "kind": "RayCluster",
            "name": "main",
            "op": "changed",
            "fields": [{"path": "a", "new": None}],
            "notes": [],
        },
    ]


def test_colours_of_a_change() -> None:
    text = write([ObjectChange("a", "RayJob", "b", "removed")], Style(colour=True))
    assert "\x1b[31m-\x1b[0m removed" in text
    assert text.endswith("\x1b[1;31m1 object removed\x1b[0m\n")


# --- trees


def test_what_render_wrote() -> None:
    tree = TreeChange("rendered", 212, 14, ["b/x.yaml", "b/y.yaml"], ["c/z.yaml"], ["a/w.yaml"], 0.41)
    assert rendered(tree) == (
        "rendered/  212 objects for 14 namespaces: 2 changed, 1 new, 1 removed (0.41 s)\n"
        "  - a/w.yaml\n  ~ b/x.yaml\n  ~ b/y.yaml\n  + c/z.yaml\n"
    )
    assert rendered(tree, limit=2).splitlines()[1:] == ["  - a/w.yaml", "  ~ b/x.yaml", "  … and 2 more"]
    assert rendered(TreeChange("out/", 1, 1)) == "out/  1 object for 1 namespace: nothing changed\n"


def test_whether_a_tree_is_what_the_values_say() -> None:
    assert checked(TreeChange("rendered", 212, 14, seconds=0.35)) == (
        "rendered/ is what the values say (212 objects, 0.35 s)\n"
    )
    assert checked(TreeChange("rendered", 212, 14, ["a\x1b.yaml"])) == (
        "rendered/ is not what the values say: 1 changed, 0 new, 0 removed\n"
        "  ~ a\\x1b.yaml\n"
        "run oneblock render and commit the result\n"
    )


def test_numbers_and_times() -> None:
    assert [amount(n, "file") for n in (0, 1, 2, 12004)] == ["0 files", "1 file", "2 files", "12,004 files"]
    assert amount(0, "object", none="no") == "no object"
    assert [time(n) for n in (0.004, 0.18, 9.994, 9.996, 59.94, 59.96, 125, 3600)] == [
        "0.00 s",
        "0.18 s",
        "9.99 s",
        "10.0 s",
        "59.9 s",
        "1 min 00 s",
        "2 min 05 s",
        "60 min 00 s",
    ]


@pytest.mark.parametrize(
    ("kind", "path", "value", "shown"),
    [
        ("StatefulSet", "spec.containers[redis].env[DB_PASSWORD].value", "x", "•••"),
        ("StatefulSet", "spec.containers[redis].env[MODE].value", "x", "x"),
        ("RayCluster", "head.env.HF_TOKEN", "x", "•••"),
        ("RayJob", "runtimeEnv", "env_vars:\n  HF_TOKEN: x\n  A: b", "env_vars:\n  HF_TOKEN: •••\n  A: b"),
        ("RayJob", "spec", {"runtimeEnvYAML": "{HF_TOKEN: x}"}, {"runtimeEnvYAML": "{HF_TOKEN: •••}"}),
        ("Secret", "data.a", "x", "•••"),
        ("Secret", "", {"data": {"a": "x"}, "type": "Opaque"}, {"data": "•••", "type": "Opaque"}),
        ("ConfigMap", "data.a", "x", "x"),
    ],
)
def test_fields_that_hold_a_secret(kind: str, path: str, value: Any, shown: Any) -> None:
    assert secret_fields.masked(kind, path, value) == shown


def test_the_schema_of_a_crd_is_told_by_how_much_of_it_changes() -> None:
    at = Span("values/platform.yaml", 5, 3, 5, 9)
    path = "spec.versions[0].schema.openAPIV3Schema.properties.spec.properties"
    fields = [FieldChange(f"{path}.new{number}", ABSENT, {"type": "string"}, at) for number in range(4)]
    fields += [FieldChange(f"{path}.gone", "a", ABSENT, at), FieldChange(f"{path}.kept.default", "a", "b", at)]
    fields.append(FieldChange("metadata.labels.x", "1", "2", at))
    change = ObjectChange("crds", "CustomResourceDefinition", "rayclusters.ray.io", fields=tuple(fields))
    told = write([change])
    assert told.splitlines()[1:] == [
        '  ~ metadata.labels.x         "1" → "2"                 values/platform.yaml:5',
        "  ~ spec.versions[*].schema   4 new, 1 gone, 1 changed  values/platform.yaml:5",
        "7 fields in 1 object, no object removed",
    ]
    assert len(data([change])[0]["fields"]) == 7
    few = ObjectChange("crds", "CustomResourceDefinition", "rayclusters.ray.io", fields=tuple(fields[:4]))
    assert write([few]).count(path) == 4
