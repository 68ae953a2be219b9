"""What the tests on clusters have for ``kubectl get``: names of kinds become paths."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.kinds import Kind, Kinds


def resource(plural: str, singular: str, *short: str, scope: str = "Namespaced") -> dict[str, Any]:
    return {"resource": plural, "singularResource": singular, "shortNames": list(short), "scope": scope}


def group(name: str, version: str, *resources: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name}, "versions": [{"version": version, "resources": list(resources)}]}


CORE = group(
    "", "v1", resource("pods", "pod", "po"), resource("nodes", "node", scope="Cluster"), resource("events", "")
)
EVENTS = group("events.k8s.io", "v1", resource("events", "event", "ev"))
RAY = group("ray.io", "v1", resource("rayclusters", "raycluster"))


class Cluster:
    def __init__(self) -> None:
        self.groups: list[dict[str, Any]] = [EVENTS]
        self.asked = 0

    def answer(self, root: str, _wanted: str) -> dict[str, Any]:
        self.asked += 1
        return {"items": [CORE] if root == "/api" else self.groups}


@pytest.mark.parametrize("name", ["pods", "pod", "po"])
def test_every_name_is_known(name: str) -> None:
    assert Kinds(Cluster().answer).named(name) == Kind("/api/v1", "pods", namespaced=True)


def test_of_two_the_first_is_meant() -> None:
    kinds = Kinds(Cluster().answer)
    assert kinds.named("events") == Kind("/api/v1", "events", namespaced=True)
    assert kinds.named("ev") == Kind("/apis/events.k8s.io/v1", "events", namespaced=True)


def test_kinds_that_come_later_are_found() -> None:
    cluster = Cluster()
    kinds = Kinds(cluster.answer)
    assert kinds.named("raycluster") is None
    cluster.groups.append(RAY)
    assert kinds.named("raycluster") == Kind("/apis/ray.io/v1", "rayclusters", namespaced=True)
    asked = cluster.asked
    assert kinds.named("pods")
    assert cluster.asked == asked


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({}, "/api/v1/pods"),
        ({"namespace": "a"}, "/api/v1/namespaces/a/pods"),
        ({"namespace": "a", "name": "b"}, "/api/v1/namespaces/a/pods/b"),
        ({"selector": "ray.io/cluster=x,ray.io/serve"}, "/api/v1/pods?labelSelector=ray.io/cluster%3Dx%2Cray.io/serve"),
    ],
)
def test_paths(where: dict[str, str], path: str) -> None:
    assert Kind("/api/v1", "pods", namespaced=True).path(**where) == path


def test_a_kind_without_namespaces_has_none_in_its_path() -> None:
    assert Kind("/api/v1", "nodes", namespaced=False).path("default", "one") == "/api/v1/nodes/one"
