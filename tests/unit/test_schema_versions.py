from __future__ import annotations

from typing import Any

import pytest

from generator.schema.versions import DEFAULT, SUPPORTED, Versions, at_least, bare, minor, parse


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.6.2", (1, 6, 2)),
        ("1.6", (1, 6, 0)),
        ("v1.6.2", (1, 6, 2)),
        ("2.60.0-gpu", (2, 60, 0)),
        ("2.60.0.post1", (2, 60, 0)),
        ("1.7.0-rc.0", (1, 7, 0)),
        ("1", None),
        ("", None),
        ("nightly", None),
        ("1.6.2x", None),
        ("１.6", None),
        (1.6, None),
        (None, None),
    ],
)
def test_parse(text: object, numbers: object) -> None:
    assert parse(text) == numbers


@pytest.mark.parametrize(
    ("version", "wanted", "yes"),
    [
        ("1.6.2", "1.6", True),
        ("1.6.2", "1.6.2", True),
        ("1.6.2", "1.6.3", False),
        ("1.10.0", "1.9", True),
        ("1.5", "1.5.1", True),  # a bare minor is its newest patch
        ("1.5.0", "1.5.1", False),
        ("1.4", "1.5", False),
        ("2.0.0", "1.99", True),
    ],
)
def test_at_least(version: str, wanted: str, yes: bool) -> None:
    assert at_least(version, wanted) is yes
    assert Versions(kuberay=version).at_least("kuberay", wanted) is yes


def test_what_is_no_version_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="not a version: 'latest'"):
        at_least("latest", "1.0")


def test_minor_and_bare() -> None:
    assert minor("1.36.4") == "1.36"
    assert Versions(kubernetes="1.36.4").minor("kubernetes") == "1.36"
    assert bare("1.36")
    assert not bare("1.36.0")


def test_from_platform_takes_what_is_pinned() -> None:
    data = {"global": {"versions": {"kubernetes": "1.33", "kuberay": "1.2.2"}}}
    assert Versions.from_platform(data) == Versions("1.33", "1.2.2", DEFAULT.ray, DEFAULT.volcano)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"global": None},
        {"global": []},
        {"global": {"versions": "1.6"}},
        {"global": {"versions": {"kubernetes": 1.36, "kuberay": "latest", "ray": None, "volcano": {}, "other": "1.0"}}},
    ],
)
def test_from_platform_never_fails(data: Any) -> None:
    assert Versions.from_platform(data) == DEFAULT == Versions.DEFAULT


def test_ranges() -> None:
    known = SUPPORTED["kuberay"]
    assert all(each in known for each in ("1.2.0", "1.2", "1.7.0", "1.7.9"))
    assert all(each not in known for each in ("1.1.1", "1.8.0", "latest", None))
    assert "1.28.9" not in SUPPORTED["kubernetes"]
    assert "1.99" in SUPPORTED["kubernetes"]
    assert (str(known), str(SUPPORTED["kubernetes"])) == ("1.2 to 1.7", "1.29 or later")


def test_unsupported_names_the_product_the_version_and_the_range() -> None:
    assert DEFAULT.unsupported() == []
    assert Versions(kuberay="1.9.0").unsupported() == [("kuberay", "1.9.0", SUPPORTED["kuberay"])]


def test_defaults_are_those_of_the_schema() -> None:
    from generator.schema import values_schema

    properties = values_schema("platform", DEFAULT)["$defs"]["versions"]["properties"]
    assert {name: each["default"] for name, each in properties.items()} == {
        "kubernetes": DEFAULT.kubernetes,
        "kuberay": DEFAULT.kuberay,
        "ray": DEFAULT.ray,
        "volcano": DEFAULT.volcano,
    }


def test_supported_kuberays_are_those_with_field_tables() -> None:
    from generator.schema import fields

    known = fields.supported()
    assert (known[0], known[-1]) == (SUPPORTED["kuberay"].first, SUPPORTED["kuberay"].last)
