"""Differences between objects, and the places in the values that decide them."""

from __future__ import annotations

from typing import Any

import pytest

from generator.commands.entries import Entry, named, positions, readable
from generator.commands.objects import MISSING, Difference, differences, pairs, parse
from generator.commands.origins import ORIGINS, in_entry, origin
from generator.commands.words import Field, Home, fields, value_at
from generator.diagnostics import dotted
from generator.fleet import Platform
from generator.source import read


def told(old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    return {dotted(each.new_path): (each.old, each.new) for each in differences(old, new)}


def test_fields_that_differ() -> None:
    assert told({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}) == {"b.c": (2, 3)}
    assert told({"a": 1}, {}) == {"a": (1, MISSING)}
    assert told({}, {"a": None}) == {"a": (MISSING, None)}
    assert told({"a": 1}, {"a": True}) == {"a": (1, True)}
    assert told({"a": [1, 2]}, {"a": [1, 3]}) == {"a[1]": (2, 3)}
    assert told({"a": [1]}, {"a": [1, 2]}) == {"a": ([1], [1, 2])}
    assert told({"a": {}}, {"a": []}) == {"a": ({}, [])}


def test_lists_are_compared_by_name() -> None:
    old = {"env": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}
    new = {"env": [{"name": "b", "value": "3"}]}
    assert told(old, new) == {"env[0]": ({"name": "a", "value": "1"}, MISSING), "env[0].value": ("2", "3")}
    assert told({}, {"env": [{"name": "a"}]}) == {"env[0]": (MISSING, {"name": "a"})}
    assert told({"env": []}, {"env": ["odd"]}) == {"env[0]": (MISSING, "odd")}
    assert told({}, {"env": []}) == {"env": (MISSING, [])}


def test_pairs_of_files() -> None:
    found = list(pairs({"a": b"x: 1", "b": b"x: 1", "c": b"x: 1"}, {"b": b"x: 1", "c": b"x: 2", "d": b"x: 3"}))
    assert [(each.path, each.old, each.new) for each in found] == [
        ("a", {"x": 1}, None),
        ("c", {"x": 1}, {"x": 2}),
        ("d", None, {"x": 3}),
    ]
    assert [each.either for each in found] == [{"x": 1}, {"x": 2}, {"x": 3}]
    assert [parse(each) for each in (b"a: [", b"3", b"")] == [{}, {}, {}]


PLATFORM = """\
global:
  namespaces:
    a: {quota: {cpu: 1}}
queues:
  q: {capability: {gpu: 2}}
"""


def platform(text: str = PLATFORM) -> Platform:
    document, _ = read("values/platform.yaml", text.encode())
    assert document is not None
    return Platform(document)


@pytest.mark.parametrize(
    ("file", "kind", "name", "field", "expected"),
    [
        ("queues/q.yaml", "Queue", "q", ("spec", "capability", "nvidia.com/gpu"), ("queues.q.capability.gpu", True)),
        ("queues/q.yaml", "Queue", "q", ("spec", "weight"), ("queues.q", False)),
        ("queues/x.yaml", "Queue", "x", ("spec", "weight"), None),
        ("namespaces/a/x.yaml", "ResourceQuota", "o", ("spec", "hard", "cpu"), ("global.namespaces.a.quota.cpu", True)),
        ("namespaces/a/x.yaml", "LimitRange", "o", ("spec",), None),
        ("redis/x.yaml", "StatefulSet", "r", ("spec", "replicas"), None),
        ("elsewhere/x.yaml", "Queue", "q", (), None),
    ],
)
def test_origins(file: str, kind: str, name: str, field: tuple[str, ...], expected: object) -> None:
    found = origin(file, kind, name, field, platform().document.data)
    assert (None if found is None else (dotted(found[0]), found[1])) == expected


def test_every_origin_is_reached() -> None:
    """A row that an earlier one hides says nothing."""
    for number, row in enumerate(ORIGINS):
        hidden = [
            each
            for each in ORIGINS[:number]
            if each.folder == row.folder and each.kind in ("", row.kind) and row.field[: len(each.field)] == each.field
        ]
        assert not hidden, row


def test_paths_from_the_entry_on() -> None:
    assert in_entry(("global", "namespaces", "a", "quota", "cpu")) == ("quota", "cpu")
    assert in_entry(("queues", "q", "weight")) == ("weight",)
    assert in_entry(("operator", "replicas")) == ("replicas",)
    assert in_entry(("queues", "q")) == ("queues", "q")


def test_a_removed_value_is_told_where_it_was_or_would_be() -> None:
    before = Home("queues/q.yaml", "Queue", "q", platform=platform())
    after = Home("queues/q.yaml", "Queue", "q", platform=platform(PLATFORM.replace("{gpu: 2}", "{cpu: 1}")))
    path = ("spec", "capability", "nvidia.com/gpu")
    gone = Difference(path, path, "2", MISSING)
    (field,) = fields([gone], before, after)
    assert (field.path, field.old, field.new) == ("capability.gpu", 2, MISSING)
    assert field.where is not None


def test_without_values_there_is_only_the_objects_own_path() -> None:
    nowhere = Home("crds/x.yaml", "CustomResourceDefinition", "x")
    assert nowhere.whole is None
    difference = Difference(("spec", "a"), ("spec", "a"), 1, 2)
    assert fields([difference], nowhere, nowhere) == [Field("spec.a", 1, 2)]
    assert Home("gitops/x.yaml", "Application", "x").template == "generator/blueprints/gitops"


def test_values_by_path() -> None:
    data = {"a": [{"b": 1}]}
    assert value_at(data, ("a", 0, "b")) == 1
    assert [value_at(data, path) for path in [("x",), ("a", 1), ("a", "0"), ("a", 0, "b", "c")]] == [MISSING] * 4


def test_entries_of_lists_by_name() -> None:
    data = {"env": [{"name": "a.b", "value": {"x y": 1}}, "odd"], "args": [1]}
    path = named(data, ("env", 0, "value", "x y"))
    assert readable(path) == 'env[a.b].value["x y"]'
    moved = {"env": [{"name": "c"}, {"name": "a.b"}]}
    assert positions(moved, path) == ("env", 1, "value", "x y")
    assert positions({"env": []}, path) is None
    assert positions({}, ("env", Entry("a"))) is None
    assert [named(data, each) for each in (("env", 1), ("env", 7), ("args", 0))] == [
        ("env", 1),
        ("env", 7),
        ("args", 0),
    ]


def test_a_value_that_the_object_does_not_show_is_only_a_place() -> None:
    before, after = (
        Home("queues/q.yaml", "Queue", "q", platform=platform(PLATFORM.replace("gpu: 2", f"gpu: {each}")))
        for each in (2, 3)
    )
    path = ("spec", "capability", "nvidia.com/gpu")
    (field,) = fields([Difference(path, path, "2", "3")], before, after)
    assert (field.path, field.old, field.new) == ("capability.gpu", 2, 3)
    (field,) = fields([Difference(path, path, "two", "3")], before, after)
    assert (field.path, field.old, field.new) == ('spec.capability["nvidia.com/gpu"]', "two", "3")
    assert field.where is not None
