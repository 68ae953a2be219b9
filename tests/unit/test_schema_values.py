"""The values schemas themselves: complete, closed, valid, and the committed files up to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from generator import resources
from generator.schema import Versions, values_schema, write_schemas
from generator.schema.fields import DEFINITION
from generator.schema.parts import source
from generator.schema.values import KINDS, build
from generator.schema.walk import resolve

ALL_VERSIONS = [Versions(kuberay=each) for each in ("1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.2", "1.7.0")]
DEFAULT = {kind: build(kind, Versions.DEFAULT) for kind in KINDS}
FREE_MAPS = {"tolerations", "valueFrom", "template", "affinity", "runtimeEnv", "serveConfig"}


def places(
    root: dict[str, Any], node: dict[str, Any] | None = None, at: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place a value can be: its path and its schema, references followed, KubeRay's own fields left out."""
    here = resolve(root if node is None else node, root)[0]
    yield at, dict(here)
    if "x-kuberay" in here:
        return
    for name, each in here.get("properties", {}).items():
        yield from places(root, each, f"{at}.{name}")
    for key in ("additionalProperties", "items"):
        if isinstance(here.get(key), dict):
            yield from places(root, here[key], f"{at}.*")
    for name, each in here.get("patternProperties", {}).items():
        yield from places(root, each, f"{at}.<{name}>")


PLACES = [(kind, at, schema) for kind in KINDS for at, schema in places(DEFAULT[kind])]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("versions", ALL_VERSIONS, ids=lambda each: each.kuberay)
def test_is_a_valid_and_self_contained_schema(kind: Any, versions: Versions) -> None:
    schema = build(kind, versions)
    jsonschema_rs.meta.validate(schema)
    text = json.dumps(schema)
    assert '"$id"' not in text
    assert all(each.startswith('"#/$defs/') for each in text.split('"$ref": ')[1:])
    jsonschema_rs.Draft202012Validator(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_committed_is_what_the_parts_say(kind: Any) -> None:
    for name, content in write_schemas().items():
        assert (resources.schemas() / name).read_bytes() == content, f"{name}: run `oneblock schema --write schemas`"
    assert values_schema(kind, Versions.DEFAULT) == DEFAULT[kind]


def test_there_are_places_to_look_at() -> None:
    assert len(PLACES) > 400


def test_every_value_is_described() -> None:
    assert [f"{kind}{at}" for kind, at, schema in PLACES if not schema.get("description")] == []


def test_descriptions_are_sentences() -> None:
    bad = [f"{kind}{at}" for kind, at, schema in PLACES if not str(schema["description"]).rstrip().endswith(".")]
    assert bad == []


def test_every_object_is_closed_or_free_by_intent() -> None:
    for kind, at, schema in PLACES:
        if "properties" in schema and "x-kuberay" not in schema:
            free = DEFINITION in schema or set(at.split(".")) & FREE_MAPS
            assert schema.get("additionalProperties") is not True or free, f"{kind}{at} is open"
            assert "additionalProperties" in schema, f"{kind}{at} is open"


def test_every_object_that_is_closed_has_a_title() -> None:
    assert [f"{kind}{at}" for kind, at, schema in PLACES if "properties" in schema and not schema.get("title")] == []


def test_only_known_keywords_are_used() -> None:
    """A comma in an unquoted YAML description would make a keyword of what follows it."""
    known = {
        *("title", "description", "type", "default", "examples", "enum", "not", "if", "else", "required", "format"),
        *(
            "properties",
            "patternProperties",
            "additionalProperties",
            "propertyNames",
            "items",
            "uniqueItems",
            "minItems",
        ),
        *("pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum"),
        *("$schema", "$defs", "x-kuberay", DEFINITION),
    }
    assert {key for _, _, schema in PLACES for key in schema} <= known


def test_every_value_has_a_type() -> None:
    assert [f"{kind}{at}" for kind, at, schema in PLACES if "type" not in schema] == []


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_and_examples_fit_their_own_schema(kind: Any) -> None:
    root = DEFAULT[kind]
    seen = 0
    for at, schema in places(root):
        samples = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())]
        if not samples:
            continue
        validator = jsonschema_rs.Draft202012Validator({**schema, "$defs": root["$defs"]})
        for sample in samples:
            seen += 1
            assert validator.is_valid(sample), f"{at}: {sample!r}"
    assert seen > 100


def test_patterns_use_nothing_that_helm_s_engine_lacks() -> None:
    for kind in KINDS:
        for node in _all_nodes(DEFAULT[kind]):
            assert "(?" not in str(node.get("pattern", ""))
            assert "\\d" not in str(node.get("pattern", "")), "means other digits too, in some engines"


def test_names_of_the_user_s_own_are_restricted() -> None:
    """A map with typed objects in it is keyed by names, and names have a form."""
    for kind, at, schema in PLACES:
        inner = schema.get("additionalProperties")
        if isinstance(inner, dict) and "x-kuberay" not in schema and DEFINITION not in schema and "metadata" not in at:
            assert "propertyNames" in schema or at.endswith("rayResources"), f"{kind}{at}"


@pytest.mark.parametrize("name", ["clusterFields", "podFields", "head", "workerGroup", "rayJob", "rayService"])
def test_later_fields_are_only_there_from_their_version_on(name: str) -> None:
    later = {
        key: str(each["x-since"])
        for key, each in source("namespace")["$defs"][name]["properties"].items()
        if "x-since" in each
    }
    owner = {"clusterFields": "rayCluster", "podFields": "head"}.get(name, name)
    for versions in ALL_VERSIONS:
        properties = build("namespace", versions)["$defs"][owner]["properties"]
        for key, since in later.items():
            assert (key in properties) is versions.at_least("kuberay", since), (key, versions.kuberay)


@pytest.mark.parametrize("versions", ALL_VERSIONS, ids=lambda each: each.kuberay)
def test_there_are_no_unions(versions: Versions) -> None:
    """Choices are lists of types, so that every error is about one thing."""
    assert not {"anyOf", "oneOf", "allOf"} & {
        key for kind in KINDS for node in _all_nodes(build(kind, versions)) for key in node
    }


def test_the_two_schemas_agree_on_a_cluster() -> None:
    shared = set(DEFAULT["platform"]["$defs"]) & set(DEFAULT["namespace"]["$defs"])
    assert {"head", "workerGroup", "kuberayRayClusterSpec", "labels"} <= shared
    assert all(DEFAULT["platform"]["$defs"][name] == DEFAULT["namespace"]["$defs"][name] for name in shared)


SAMPLES: list[tuple[Any, Any]] = [
    ("namespace", {}),
    ("namespace", {"rayClusters": {"a": {"head": {"cpu": 1.5, "memory": "4Gi"}}}}),
    ("namespace", {"rayClusters": {"a": {"head": {"cpu": "1 core"}}}}),
    ("namespace", {"rayClusters": {"A": {}}}),
    ("namespace", {"rayJobs": {"a": {"submissionMode": "InteractiveMode"}, "b": {"submissionMode": "HTTPMode"}}}),
    ("namespace", {"rayClusters": {"a": {"workerGroups": {"b": {"replicas": 2.0, "env": {"X": {"valueFrom": {}}}}}}}}),
    ("namespace", {"rayClusters": {"a": {"spec": {"autoscalerOptions": {"resources": {"limits": {"cpu": 1}}}}}}}),
    ("platform", {"queues": {"root": {}}}),
    ("platform", {"queues": {"a": {"capability": {"cpu": 1, "nvidia.com/gpu": 3, "gpus": 4}}}}),
    ("platform", {"redis": {"bootstrap": {"forceMasterOrdinal": None}}}),
    ("platform", {"redis": {"bootstrap": {"forceMasterOrdinal": 9}}}),
    ("platform", {"global": {"namespaces": {"a": {"owners": ["x", {"kind": "User", "name": "y"}, {"kind": "User"}]}}}}),
]


@pytest.mark.parametrize(("kind", "data"), SAMPLES, ids=lambda each: json.dumps(each)[:60])
def test_the_fast_validator_and_the_reference_agree(kind: Any, data: Any) -> None:
    fast = {tuple(error.instance_path) for error in jsonschema_rs.Draft202012Validator(DEFAULT[kind]).iter_errors(data)}
    reference = {
        tuple(error.absolute_path) for error in jsonschema.Draft202012Validator(DEFAULT[kind]).iter_errors(data)
    }
    assert fast == reference


def test_fleets_of_the_design_fit() -> None:
    """Every short-form word of the contract between people and OneBlock is there."""
    cluster = set(resolve({"$ref": "#/$defs/rayCluster"}, DEFAULT["namespace"])[0]["properties"])
    assert cluster == {
        *(
            "profile",
            "queue",
            "priorityClassName",
            "image",
            "rayVersion",
            "suspend",
            "labels",
            "annotations",
            "autoscaling",
        ),
        *("gcsFaultTolerance", "head", "workerGroups", "logs", "code", "upgradeStrategy", "monitoring", "spec"),
    }
    assert set(DEFAULT["platform"]["properties"]) == {"global", "crds", "operator", "redis", "queues", "gitops"}
    assert set(DEFAULT["namespace"]["properties"]) == {"rayClusters", "rayJobs", "rayServices"}
    assert "profile" not in DEFAULT["platform"]["$defs"]["profile"]["properties"]


def _all_nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from _all_nodes(each)
    elif isinstance(node, list):
        for each in node:
            yield from _all_nodes(each)
