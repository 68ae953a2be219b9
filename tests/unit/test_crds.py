"""The CRDs we make: shape, size and text. That they equal upstream's is proved under tests/conformance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from generator.charts.crd_text import crd_yaml
from generator.charts.crds import Form, crds
from generator.charts.crds_kubernetes import structural
from generator.schema.fields import QUANTITY_PATTERN, TIME, UnsupportedRelease, supported

LAST_APPLIED = 262_144
"""Bytes all annotations of an object may have: what ``kubectl apply`` runs into."""

KIB = 1024
SLIM = {"rayclusters.ray.io": 30, "rayjobs.ray.io": 37, "rayservices.ray.io": 46, "raycronjobs.ray.io": 20}
"""KiB of YAML that a slim CRD may have, up to KubeRay 1.6; 1.7 brought many fields."""


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def schema(crd: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    found: dict[str, Any] = next(
        said["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        for said in crd["spec"]["versions"]
        if said["name"] == version
    )
    return found


def test_which_crds_a_release_has() -> None:
    three = ["rayclusters.ray.io", "rayjobs.ray.io", "rayservices.ray.io"]
    assert list(crds("1.2.2")) == three
    assert list(crds("1.6")) == sorted([*three, "raycronjobs.ray.io"])
    with pytest.raises(UnsupportedRelease):
        crds("1.0.0")


@pytest.mark.parametrize("version", [*supported(), "1.5.0"])
def test_slim_crds_are_small(version: str) -> None:
    for name, crd in crds(version, "slim").items():
        limit = SLIM[name] if version < "1.7" else 55
        assert len(crd_yaml(crd)) <= limit * KIB, name
        assert len(json.dumps(crd, separators=(",", ":"))) < LAST_APPLIED / 8, name


@pytest.mark.parametrize("version", [*supported(), "1.5.0"])
def test_full_crds_fit_the_record_of_a_plain_apply(version: str) -> None:
    for name, crd in crds(version).items():
        assert len(json.dumps(crd, separators=(",", ":"))) < LAST_APPLIED, name


def test_full_is_the_default() -> None:
    assert crds("1.6.2") == crds("1.6.2", "full") != crds("1.6.2", "slim")


@pytest.mark.parametrize("form", ["slim", "full"])
@pytest.mark.parametrize("version", ["1.2", "1.7"])
def test_worker_groups_are_a_map_list_in_every_cluster_spec(version: str, form: Form) -> None:
    for crd in crds(version, form).values():
        lists = [node["workerGroupSpecs"] for node in nodes(crd) if "workerGroupSpecs" in node]
        assert len(lists) == len(crd["spec"]["versions"])
        for found in lists:
            assert found["x-kubernetes-list-type"] == "map"
            assert found["x-kubernetes-list-map-keys"] == ["groupName"]
            assert "groupName" in found["items"]["required"]


@pytest.mark.parametrize("version", supported())
def test_full_crds_serve_v1_alone_and_leave_nothing_open(version: str) -> None:
    for crd in crds(version).values():
        assert [each["name"] for each in crd["spec"]["versions"]] == ["v1"]
        assert not [node for node in nodes(crd) if "x-kubernetes-preserve-unknown-fields" in node]
        assert not [node for node in nodes(crd) if node == {"type": "object"} and node is not metadata(crd)]


def metadata(crd: dict[str, Any]) -> Any:
    """The one object without fields of its own: the API server checks it by itself."""
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["metadata"]


def test_slim_leaves_pod_templates_open_and_full_closes_them() -> None:
    slim = schema(crds("1.6.2", "slim")["rayclusters.ray.io"])["headGroupSpec"]["properties"]["template"]
    assert slim == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    full = schema(crds("1.6.2", "full")["rayclusters.ray.io"])["headGroupSpec"]["properties"]["template"]
    container = full["properties"]["spec"]["properties"]["containers"]["items"]["properties"]
    assert container["ports"]["items"]["properties"]["protocol"] == {"type": "string", "default": "TCP"}


def test_slim_still_refuses_wrong_types_in_small_kubernetes_types() -> None:
    env = schema(crds("1.6.2", "slim")["rayclusters.ray.io"])["autoscalerOptions"]["properties"]["env"]["items"]
    assert env["properties"]["value"] == {"type": "string"}
    assert env["required"] == ["name"]


@pytest.mark.parametrize("form", ["slim", "full"])
def test_schemas_are_structural(form: Form) -> None:
    """What the API server asks of every node: a type, nothing referred to, one way to say what else is allowed."""
    for crd in crds("1.7", form).values():
        for version in crd["spec"]["versions"]:
            for node in schemas(version["schema"]["openAPIV3Schema"]):
                assert "type" in node or node.get("x-kubernetes-int-or-string"), node
                assert isinstance(node.get("type", ""), str), node
                assert not {"$ref", "oneOf", "x-kubernetes-definition", "description"} & node.keys(), node
                assert not ("properties" in node and "additionalProperties" in node), node
                if node.get("x-kubernetes-list-type") == "map" and "properties" in node["items"]:
                    for key in node["x-kubernetes-list-map-keys"]:
                        known = node["items"]["properties"][key]
                        assert key in node["items"].get("required", ()) or "default" in known, (key, node)


def schemas(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from schemas(node[key])
    for child in node.get("properties", {}).values():
        yield from schemas(child)


def test_the_old_version_is_deprecated_from_1_7() -> None:
    def old(version: str) -> dict[str, Any]:
        found: dict[str, Any] = crds(version, "slim")["rayjobs.ray.io"]["spec"]["versions"][1]
        return found

    assert old("1.6.2")["name"] == "v1alpha1"
    assert old("1.6.2")["served"]
    assert "deprecated" not in old("1.6.2")
    assert old("1.7.0")["deprecated"]
    assert "1.9" in old("1.7.0")["deprecationWarning"]


def test_columns_follow_the_release() -> None:
    def columns(version: str) -> list[str]:
        said = crds(version)["raycronjobs.ray.io"]["spec"]["versions"][0]["additionalPrinterColumns"]
        return [f"{column['name']} {column['type']}" for column in said]

    assert columns("1.6.2") == ["schedule string", "last schedule string", "age date", "suspend boolean"]
    assert columns("1.7.0") == [
        "schedule string",
        "timezone string",
        "last schedule date",
        "age date",
        "suspend boolean",
    ]


@pytest.mark.parametrize("form", ["slim", "full"])
def test_yaml_is_stable_and_says_the_same(form: Form) -> None:
    made = list(crds("1.6.2", form).values())
    for crd in made if form == "slim" else made[:1]:  # half a megabyte each
        text = crd_yaml(crd)
        assert text == crd_yaml(crd)
        assert yaml.load(text, Loader=yaml.CSafeLoader) == crd
        assert not any(sign in text for sign in ("&id", "*id", "\t", "{{", " \n"))
        assert text.startswith("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n")


@pytest.mark.parametrize(
    ("time", "good"),
    [
        ("2026-01-31T23:59:59Z", True),
        ("2026-01-31T23:59:59.5+05:30", True),
        ("2026-01-31t23:59:59z", False),
        ("2026-01-31T23:59:59x5Z", False),
        ("2026-01-31T23:59:59+99:99", False),
    ],
)
def test_times_are_such_as_go_reads(time: str, good: bool) -> None:
    assert bool(re.search(TIME["pattern"], time)) is good


@pytest.mark.parametrize("good", ["0", "1.", ".5", "+.5", "-1", "1E", "1E1", "1e+1", "5n", "1Ei", "1.5e3", "1e-3"])
def test_quantities_are_such_as_go_reads(good: str) -> None:
    assert re.search(QUANTITY_PATTERN, good)


@pytest.mark.parametrize("bad", ["", ".", "1e1.5", "1e999", "1e-999999999", "1e", "1ki", "1KB", " 1", "lots"])
def test_other_quantities_are_none(bad: str) -> None:
    assert not re.search(QUANTITY_PATTERN, bad)


@pytest.mark.parametrize(
    "value", ["yes", "N", "1.6", "0x10", "", "null", "~", "1e3", "12:30", ".nan", "a: b", "# no", "- x"]
)
def test_strings_that_could_be_something_else_are_quoted(value: str) -> None:
    text = crd_yaml({"value": value})
    assert text in (f"value: '{value}'\n", f'value: "{value}"\n')


def test_go_templates_leave_the_text_alone() -> None:
    assert crd_yaml({"value": "a {{ b }}"}) == "value: 'a {{ \"{{\" }} b }}'\n"


def test_kubernetes_types_as_a_crd_embeds_them() -> None:
    port = structural("io.k8s.api.core.v1.ServicePort", "1.35")
    assert port["properties"]["targetPort"] == {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "minimum": -2147483648,
        "maximum": 2147483647,
        "x-kubernetes-int-or-string": True,
    }
    assert port["properties"]["protocol"]["default"] == "TCP"
    assert port["required"] == ["port"]
    assert "service" in structural("io.k8s.api.core.v1.GRPCAction", "1.30")["properties"]
    assert "default" not in structural("io.k8s.api.core.v1.GRPCAction", "1.30")["properties"]["service"]
    assert structural("io.k8s.api.core.v1.GRPCAction", "1.31")["properties"]["service"]["default"] == ""
    metadata = structural("io.k8s.api.core.v1.PodTemplateSpec", "1.35")["properties"]["metadata"]
    assert sorted(metadata["properties"]) == ["annotations", "finalizers", "labels", "name", "namespace"]
    with pytest.raises(KeyError):
        structural("io.k8s.api.core.v1.Nothing", "1.35")
