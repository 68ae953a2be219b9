"""The fleet's view of a Ray object is what Helm renders: field by field, on every fleet."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.fleet import Workload
from generator.fleet.places import BY_NAME
from generator.plan import namespace_releases
from tests.charts.rendering import chart, engine
from tests.fleets import ROOTS, load
from tests.leaves import walk

CASES = [
    pytest.param(fleet, namespace.name, workload, id=f"{fleet}-{namespace.name}-{workload.kind}-{workload.name}")
    for fleet in ROOTS
    for namespace in load(fleet).namespaces
    for workload in namespace.workloads
]


def rendered(fleet: str, namespace: str) -> list[dict[str, Any]]:
    opened = load(fleet)
    (found,) = (each for each in opened.namespaces if each.name == namespace)
    (release,) = namespace_releases(found)
    texts = engine().render(chart("ray", opened.platform.versions), release.name, release.namespace, release.values)
    return [yaml.safe_load(text) for text in texts]


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def named(value: Any) -> Any:
    """Lists that merge by name become maps, so that their order does not count."""
    if isinstance(value, dict):
        return {key: by_name(each, BY_NAME.get(key)) for key, each in value.items()}
    return [named(each) for each in value] if isinstance(value, list) else value


def by_name(value: Any, key: str | None) -> Any:
    if key is None or not isinstance(value, list):
        return named(value)
    return {each.get(key, index): named(each) for index, each in enumerate(value)}


@pytest.mark.parametrize(("fleet", "namespace", "workload"), CASES)
def test_every_field_of_the_view_is_rendered_so(fleet: str, namespace: str, workload: Workload) -> None:
    objects = rendered(fleet, namespace)
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (workload.kind, workload.name))
    looked_at = 0
    for path, expected in walk(named(workload.object.data)):
        if expected in ({}, []):
            continue
        assert str(at(named(found), path)) == str(expected), path
        looked_at += 1
    assert looked_at > 3


@pytest.mark.parametrize(("fleet", "namespace", "workload"), CASES)
def test_every_place_shows_the_value_it_gave(fleet: str, namespace: str, workload: Workload) -> None:
    for path, place in workload.object.placed():
        span = place.span()
        assert span.file.endswith(".yaml"), path
        lines = place.document.text.split("\n")
        assert 1 <= span.line <= len(lines), path
