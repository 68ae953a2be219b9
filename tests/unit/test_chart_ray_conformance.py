"""The ray chart: what comes out is what KubeRay, Kubernetes and every Helm make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.helm.binary import BinaryEngine
from generator.schema import Versions
from generator.schema.fields import DEFINITION, object_schema
from generator.schema.kubernetes import validator
from tests.binaries import need
from tests.charts.ray.short import RELEASES, Values
from tests.charts.rendering import Object, chart, objects, texts

EVERYTHING = Path(__file__).parents[1] / "charts" / "ray" / "everything.yaml"
POD_TEMPLATE = "io.k8s.api.core.v1.PodTemplateSpec"
LATER = """
global: {}
rayClusters:
  later:
    upgradeStrategy: Recreate
    autoscaling: {enabled: true, version: v2}
    head: {rayLabels: {a: b}, rayResources: {x: 1}}
    workerGroups: {w: {idleTimeoutSeconds: 60, priority: 1, rayLabels: {a: b}}}
rayJobs: {nightly: {entrypoint: x, cluster: later, schedule: "0 3 * * *", timeZone: Europe/Berlin, suspend: false}}
"""


def values(kuberay: str, text: str = "") -> Values:
    given: Values = yaml.safe_load(text or EVERYTHING.read_text(encoding="utf-8"))
    given["global"]["versions"] = {"kuberay": kuberay}
    return given


def rendered(kuberay: str, text: str = "") -> list[Object]:
    return objects("ray", values(kuberay, text), versions=Versions(kuberay=kuberay), namespace="team-a")


def unknown(value: Any, schema: Values, path: str) -> Iterator[str]:
    """Fields that a CRD does not have, required ones that are missing, wrong types, wrong pod templates."""
    if DEFINITION in schema:
        if schema[DEFINITION] == POD_TEMPLATE:
            check = validator("1.36", POD_TEMPLATE, complete=True)
            yield from (f"{path}{each.instance_path}: {each.message}" for each in check.iter_errors(value))
    elif "properties" in schema:
        assert isinstance(value, dict), path
        yield from (f"{path}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, each in value.items():
            if name in schema["properties"]:
                yield from unknown(each, schema["properties"][name], f"{path}.{name}")
            else:
                yield f"{path}.{name} is unknown"
    elif schema.get("type") == "array":
        for index, each in enumerate(value):
            yield from unknown(each, schema["items"], f"{path}[{index}]")
    elif schema.get("type") in KINDS and not isinstance(value, KINDS[schema["type"]]):
        yield f"{path} is {value!r}, not {schema['type']}"


KINDS: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}


def complaints(found: list[Object], kuberay: str) -> list[str]:
    result: list[str] = []
    for each in found:
        if each["apiVersion"] == "ray.io/v1":
            spec: Values = object_schema(each["kind"], kuberay)["properties"]["spec"]
            result += unknown(each["spec"], spec, f"{each['kind']} {each['metadata']['name']}")
    return result


@pytest.mark.parametrize("kuberay", RELEASES)
def test_every_field_is_one_of_this_kuberay(kuberay: str) -> None:
    found = rendered(kuberay)
    assert {each["kind"] for each in found} >= {
        "RayCluster",
        "RayJob",
        "RayService",
        "ConfigMap",
        "PersistentVolumeClaim",
    }
    assert complaints(found, kuberay) == []


def test_fields_of_the_newest_kuberay() -> None:
    found = rendered("1.7.0", LATER)
    assert {each["kind"] for each in found} == {"RayCluster", "RayCronJob"}
    assert complaints(found, "1.7.0") == []


def test_an_older_kuberay_would_have_complained() -> None:
    """The check above can fail: objects for 1.7 have fields that 1.2 does not know."""
    assert any("upgradeStrategy is unknown" in each for each in complaints(rendered("1.7.0"), "1.2.2"))


@pytest.mark.parametrize("kuberay", RELEASES)
def test_core_objects_are_kubernetes(kuberay: str) -> None:
    for each in rendered(kuberay):
        if each["apiVersion"] == "v1":
            check = validator("1.36", f"io.k8s.api.core.v1.{each['kind']}", complete=True)
            assert [error.message for error in check.iter_errors(each)] == []


@pytest.mark.parametrize("program", ["helm", "helm3"])
@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2", "1.7.0"])
def test_every_helm_prints_the_same(program: str, kuberay: str) -> None:
    engine = BinaryEngine(kube_version="1.36", program=str(need(program)))
    versions = Versions(kuberay=kuberay)
    printed = engine.render(chart("ray", versions), "test", "team-a", values(kuberay))
    assert sorted(printed) == sorted(texts("ray", values(kuberay), versions=versions, namespace="team-a"))
    assert sorted(yaml.safe_load(each)["metadata"]["name"] for each in printed)
