"""Which releases a fleet becomes, and what each is told."""

from __future__ import annotations

import yaml

from generator.fleet import Platform, open_namespace
from generator.plan import Release, namespace_grants, namespace_releases, platform_releases
from generator.source import read

PLATFORM = """
global:
  cluster: c
  systemNamespace: sys
  nodes: {cpu: {count: 1}}
  namespaces: {b: {users: [u]}, a: {}}
queues: {q: {namespaces: [a]}}
redis: {storage: 1Gi}
"""


def platform(text: str = PLATFORM) -> Platform:
    document, findings = read("platform.yaml", text.encode())
    assert document is not None, findings
    return Platform(document)


def releases(text: str = PLATFORM) -> dict[str, Release]:
    return {each.chart: each for each in platform_releases(platform(text))}


def test_platform_releases() -> None:
    found = releases()
    assert sorted(found) == ["crds", "operator", "queues", "redis"]
    assert {(each.name, each.namespace, each.home) for each in found.values()} == {
        (f"oneblock-{chart}", "sys", "sys") for chart in found
    }
    assert {each.folder for each in found.values()} == set(found)


def test_a_release_is_told_only_what_its_chart_reads() -> None:
    found = releases()
    assert found["redis"].values["storage"] == "1Gi"
    assert found["redis"].values["global"]["namespaces"] == {"a": {}, "b": {}}
    assert "nodes" not in found["operator"].values["global"]
    assert "namespaces" not in found["operator"].values["global"]
    assert found["queues"].values["q"] == {"namespaces": ["a"]}


def test_switched_off_parts_are_no_releases() -> None:
    off = (
        "redis: {enabled: false}\ncrds: {enabled: false}\noperator: {enabled: false}\nglobal: {batchScheduler: none}\n"
    )
    assert releases(off) == {}
    assert sorted(releases(off + "queues: {q: {}}\n")) == ["queues"]
    classes = yaml.safe_dump({"global": {"batchScheduler": "none", "priorityClasses": {"p": {"value": 1}}}})
    assert "queues" in releases(classes)


def test_grants_are_rendered_together_with_the_platforms_own_namespace() -> None:
    (found,) = namespace_grants(platform())
    assert (found.folder, found.home) == ("namespaces", "")
    assert found.values["global"]["namespaces"] == {"a": {}, "b": {"users": ["u"]}}
    assert found.values["createSystemNamespace"] is True


def test_grants_come_in_batches() -> None:
    names = [f"n{number:02}" for number in range(40)]
    declared = yaml.safe_dump({"global": {"namespaces": {name: {"labels": {"l": name}} for name in names}}})
    found = list(namespace_grants(platform(declared)))
    batches = [list(each.values["global"]["namespaces"]) for each in found]
    assert [len(batch) for batch in batches] == [16, 16, 8]
    assert [name for batch in batches for name in batch] == names
    assert [each.values.get("createSystemNamespace") for each in found] == [None, None, True]
    (some,) = namespace_grants(platform(declared), ["n03"])
    assert some.values["global"]["namespaces"] == {"n03": {"labels": {"l": "n03"}}}


def test_a_declared_system_namespace_keeps_its_own_grant() -> None:
    found = list(namespace_grants(platform("global: {systemNamespace: sys, namespaces: {sys: {labels: {x: '1'}}}}")))
    assert [each.values["global"]["namespaces"] for each in found] == [{"sys": {"labels": {"x": "1"}}}]


def test_a_teams_release() -> None:
    document, _ = read("a.yaml", b"rayClusters: {x: {}}")
    assert document is not None
    (release,) = namespace_releases(open_namespace("a", document, platform()))
    assert (release.chart, release.name, release.namespace, release.folder) == ("ray", "ray-a", "a", "ray/a")
    assert release.values["rayClusters"] == {"x": {}}
    assert release.values["redis"] == {"enabled": True}
    assert release.values["global"]["nodes"] == {"cpu": {"count": 1}}
    assert "namespaces" not in release.values["global"]
