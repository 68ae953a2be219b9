"""Data that remembers where each part was written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from generator.fleet import Place, Sourced
from generator.fleet.quantities import parse, show
from generator.source import read

UNDER = """\
head: {cpu: 1, memory: 4Gi}
containers:
  - {name: ray, image: a}
  - {name: log, image: b}
tolerations: [{key: a}]
"""
OVER = """\
head: {cpu: 2}
containers:
  - name: log
    image: c
  - name: new
tolerations: [{key: b}]
"""


def document(text: str, file: str) -> Place:
    found, findings = read(file, text.encode())
    assert found is not None, findings
    return Place(found)


@pytest.fixture
def merged() -> Sourced:
    made = Sourced()
    for text, file in ((UNDER, "under.yaml"), (OVER, "over.yaml")):
        place = document(text, file)
        made.overlay(place.document.data, place)
    return made


def test_maps_merge_deep_and_the_later_layer_wins(merged: Sourced) -> None:
    assert merged.get("head") == {"cpu": 2, "memory": "4Gi"}


def test_lists_with_names_merge_by_name_and_others_are_replaced(merged: Sourced) -> None:
    assert merged.get("containers") == [{"name": "ray", "image": "a"}, {"name": "log", "image": "c"}, {"name": "new"}]
    assert merged.get("tolerations") == [{"key": "b"}]


@pytest.mark.parametrize(
    ("path", "file", "line"),
    [
        (("head", "cpu"), "over.yaml", 1),
        (("head", "memory"), "under.yaml", 1),
        (("containers", 0, "image"), "under.yaml", 3),
        (("containers", 1, "image"), "over.yaml", 4),
        (("containers", 2), "over.yaml", 5),
        (("tolerations", 0, "key"), "over.yaml", 6),
    ],
)
def test_every_part_knows_its_place(merged: Sourced, path: tuple[str | int, ...], file: str, line: int) -> None:
    place = merged.place(path)
    assert place is not None
    assert (place.span().file, place.span().line) == (file, line)


def test_a_default_has_no_place() -> None:
    made = Sourced()
    made.put(("spec", "rayVersion"), "2.60.0", None)
    assert made.get("spec", "rayVersion") == "2.60.0"
    assert made.place(("spec", "rayVersion")) is None
    assert made.get("spec", "nothing", "below", default="-") == "-"


def test_what_was_merged_does_not_change_its_document() -> None:
    place = document(UNDER, "under.yaml")
    made = Sourced()
    made.overlay(place.document.data, place)
    made.put(("head", "cpu"), 9, None)
    assert place.document.data["head"]["cpu"] == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (1, Fraction(1)),
        (0.5, Fraction(1, 2)),
        ("250m", Fraction(1, 4)),
        ("4Gi", Fraction(4 * 1024**3)),
        ("1k", Fraction(1000)),
        ("1e3", Fraction(1000)),
        ("-2", Fraction(-2)),
        (".5", Fraction(1, 2)),
        ("100n", Fraction(1, 10**7)),
        ("4GB", None),
        ("", None),
        (True, None),
        (None, None),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(text: object, value: Fraction | None) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("value", "resource", "text"),
    [
        (Fraction(3, 2), "cpu", "1.5"),
        (Fraction(28), "cpu", "28"),
        (Fraction(112 * 1024**3), "memory", "112Gi"),
        (Fraction(1900 * 1024**3), "memory", "1.86Ti"),
        (Fraction(512), "memory", "512"),
        (Fraction(0), "gpu", "0"),
    ],
)
def test_quantities_are_shown_for_people(value: Fraction, resource: str, text: str) -> None:
    assert show(value, resource) == text
