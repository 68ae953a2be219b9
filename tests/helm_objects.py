"""The objects of a sample fleet by what they are: those that ``oneblock render`` writes, those that Helm says it would.

Two named differences: the Namespace the platform itself lives in, which Helm's users get by ``--create-namespace``, and
the pods of ``helm test``, which only Helm can run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from generator.helm import split_documents
from generator.helm.sdk import SdkEngine
from generator.plan import Release
from tests.fleet_cases import FleetCase
from tests.parsing import parsed

Key = tuple[str, str, str, str]
Objects = dict[Key, Any]


def keyed(texts: Iterable[str]) -> Objects:
    """Objects by API version, kind, namespace and name; two of one key are an error."""
    found: Objects = {}
    for text in texts:
        each = parsed(text)
        metadata = each["metadata"]
        key = (each["apiVersion"], each["kind"], metadata.get("namespace", ""), metadata["name"])
        assert key not in found, f"{key} twice"
        found[key] = each
    return found


@cache
def sdk() -> SdkEngine:
    """The engine in process."""
    return SdkEngine()


def rendered(case: FleetCase, releases: Iterable[Release]) -> Iterator[str]:
    """What OneBlock renders of releases."""
    for each in releases:
        yield from sdk().render(case.charts / each.chart, each.name, each.namespace, each.values)


def of_the_umbrella(case: FleetCase) -> Objects:
    """What OneBlock renders of the platform's file, but for the Namespace it lives in."""
    system = case.platform.system_namespace
    ours = keyed(rendered(case, case.platform_releases()))
    if system not in case.platform.namespaces:
        del ours["v1", "Namespace", "", system]
    return ours


def of_a_namespace(case: FleetCase, namespace: str) -> Objects:
    """What OneBlock renders of a team's file."""
    return keyed(rendered(case, (each for each in case.releases() if each.folder == f"ray/{namespace}")))


def tests_of_the_umbrella(case: FleetCase) -> set[Key]:
    """The pods of ``helm test oneblock``."""
    system = case.platform.system_namespace
    names = ["kuberay-operator-test", *(["oneblock-redis-test"] if case.platform.redis_enabled else [])]
    return {("v1", "Pod", system, name) for name in names}


def tests_of_a_namespace(case: FleetCase, namespace: str) -> set[Key]:
    """The pods of ``helm test ray-<namespace>``: one a RayCluster."""
    clusters = case.namespaces[namespace].document.data.get("rayClusters") or {}
    return {("v1", "Pod", namespace, f"{name}-test") for name in clusters}


def without_tests(objects: Mapping[Key, Any], tests: set[Key]) -> Objects:
    """Helm's objects without its tests, which are exactly these."""
    hooks = {key for key, each in objects.items() if "helm.sh/hook" in each["metadata"].get("annotations", {})}
    assert hooks == tests
    assert all(objects[key]["metadata"]["annotations"]["helm.sh/hook"] == "test" for key in hooks)
    return {key: each for key, each in objects.items() if key not in hooks}


def of_a_dry_run(text: str) -> Objects:
    """What ``helm install --dry-run=client --output=json`` says it would make, its tests included."""
    said = json.loads(text)
    return keyed([*split_documents(said["manifest"]), *(hook["manifest"] for hook in said.get("hooks") or ())])


def installs(case: FleetCase) -> Iterator[tuple[list[str | Path], Objects, set[Key]]]:
    """Every ``helm install`` of a fleet: its arguments, what OneBlock renders of it, and the pods of its tests."""
    platform = case.platform_file
    umbrella: list[str | Path] = ["oneblock", case.charts.parent, "--namespace", case.platform.system_namespace]
    yield [*umbrella, "-f", platform], of_the_umbrella(case), tests_of_the_umbrella(case)
    for name in case.namespaces:
        release: list[str | Path] = [f"ray-{name}", case.charts / "ray", "--namespace", name, "-f", platform]
        ours = of_a_namespace(case, name)
        yield [*release, "-f", case.namespace_file(name)], ours, tests_of_a_namespace(case, name)
