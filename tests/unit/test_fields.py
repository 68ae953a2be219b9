"""The KubeRay field tables: releases, look-ups, near names and the schemas made from them."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from generator.schema import fields
from generator.schema.fields import FieldInfo, UnsupportedRelease
from generator.schema.fields_table import Type, parse_type, tables

KINDS = ("RayCluster", "RayCronJob", "RayJob", "RayService")


def found(kind: str, *path: str | int) -> FieldInfo:
    info = fields.lookup(kind, path)
    assert info is not None
    return info


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("1.2", (1, 2, 2)),
        ("1.5", (1, 5, 2)),
        ("1.5.0", (1, 5, 0)),
        ("v1.6.2", (1, 6, 2)),
        ("1.7.3", (1, 7, 3)),
        ("1.7.0-rc.0", (1, 7, 0)),
    ],
)
def test_a_bare_minor_is_its_newest_patch(version: str, release: tuple[int, int, int]) -> None:
    assert fields.release(version) == release


@pytest.mark.parametrize("version", ["1.1.1", "1.8", "2.0.0", "nightly", "", "1"])
def test_other_releases_are_refused_with_the_known_ones(version: str) -> None:
    with pytest.raises(UnsupportedRelease, match=r"known are 1\.2, 1\.3, 1\.4, 1\.5, 1\.6, 1\.7"):
        fields.release(version)


def test_every_release_has_a_kubernetes_of_its_own() -> None:
    minors = [fields.kubernetes(version) for version in fields.supported()]
    assert minors == sorted(minors)
    assert fields.kubernetes("1.6.1") == "1.35"


def test_kinds_by_release() -> None:
    assert fields.kinds("1.5.2") == ("RayCluster", "RayJob", "RayService")
    assert fields.kinds("1.6.0") == KINDS


@pytest.mark.parametrize(
    ("kind", "path", "since", "until"),
    [
        ("RayCluster", ("spec", "rayVersion"), None, None),
        ("RayCluster", ("spec", "authOptions"), "1.5.1", None),
        ("RayCluster", ("spec", "authOptions", "mode"), "1.5.1", None),
        ("RayCluster", ("spec", "authOptions", "secretName"), "1.6", None),
        ("RayCluster", ("spec", "headGroupSpec", "replicas"), None, "1.1"),
        ("RayCluster", ("spec", "workerGroupSpecs", 0, "labels"), "1.5", None),
        ("RayCluster", ("spec", "workerGroupSpecs", "3", "priority"), "1.7", None),
        ("RayJob", ("spec", "deletionPolicy"), "1.3", "1.5"),
        ("RayJob", ("spec", "deletionStrategy", "deletionRules", 0, "condition", "jobDeploymentStatus"), "1.6", None),
        ("RayJob", ("spec", "rayClusterSpec", "tlsOptions", "enabled"), "1.7", None),
        ("RayService", ("spec", "rayClusterConfig", "managedBy"), "1.3", None),
        (
            "RayService",
            ("status", "activeServiceStatus", "applicationStatuses", "app", "healthLastUpdateTime"),
            None,
            "1.3",
        ),
        ("RayCronJob", ("spec", "jobTemplate", "entrypoint"), "1.6", None),
        ("RayCronJob", ("spec", "timeZone"), "1.7", None),
    ],
)
def test_since_and_until_count_the_objects_around(
    kind: str, path: tuple[str | int, ...], since: str | None, until: str | None
) -> None:
    info = found(kind, *path)
    assert (info.since, info.until) == (since, until)


def test_a_list_index_may_be_left_out() -> None:
    without = found("RayCluster", "spec", "workerGroupSpecs", "numOfHosts")
    assert without.path == ("spec", "workerGroupSpecs", "numOfHosts")
    assert found("RayCluster", "spec", "workerGroupSpecs", 2, "numOfHosts") == without


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("RayCluster", ("spec", "rayversion")),
        ("RayCluster", ("spec",)),
        ("RayCluster", ("metadata", "labels")),
        ("RayCluster", ("spec", "headGroupSpec", "template", "spec")),
        ("RayCluster", ("spec", "rayVersion", "deeper")),
        ("RayCluster", ()),
        ("RayCat", ("spec", "rayVersion")),
    ],
)
def test_what_no_release_ever_had(kind: str, path: tuple[str | int, ...]) -> None:
    assert fields.lookup(kind, path) is None


def test_availability_follows_the_patch_release() -> None:
    auth = found("RayCluster", "spec", "authOptions")
    assert not auth.available("1.5.0")
    assert auth.available("1.5.1")
    assert auth.available("1.5"), "a bare minor is its newest patch"
    removed = found("RayJob", "spec", "deletionPolicy")
    assert removed.available("1.4.2")
    assert not removed.available("1.5.0")


def test_kubernetes_types_are_named() -> None:
    assert found("RayCluster", "spec", "headGroupSpec", "template").definition == "io.k8s.api.core.v1.PodTemplateSpec"
    env = found("RayCluster", "spec", "autoscalerOptions", "env")
    assert env.definition == "io.k8s.api.core.v1.EnvVar"
    assert env.type == "list<io.k8s.api.core.v1.EnvVar>"
    assert found("RayCluster", "spec", "rayVersion").definition is None


def test_names_near_by_are_those_of_the_release() -> None:
    assert fields.fields_at("RayCluster", ("spec", "upgradeStrategy"), "1.6.2") == ["type"]
    assert fields.fields_at("RayCluster", ("spec", "upgradeStrategy"), "1.5.2") == []
    assert "labels" not in fields.fields_at("RayJob", ("spec", "rayClusterSpec", "headGroupSpec"), "1.4")
    assert "labels" in fields.fields_at("RayJob", ("spec", "rayClusterSpec", "headGroupSpec"), "1.5")
    assert fields.fields_at("RayCluster", ("spec", "workerGroupSpecs", 0, "scaleStrategy"), "1.2") == [
        "workersToDelete"
    ]
    assert fields.fields_at("RayCluster", ("spec", "rayVersion"), "1.6") == []
    assert fields.fields_at("RayCluster", ("spec", "nothing"), "1.6") == []


@pytest.mark.parametrize("version", fields.supported())
@pytest.mark.parametrize("partial", [True, False])
def test_spec_schemas_are_schemas(version: str, partial: bool) -> None:
    for kind in fields.kinds(version):
        Draft202012Validator.check_schema(dict(fields.spec_schema(kind, version, partial=partial)))


def errors(value: Any, kind: str = "RayCluster", version: str = "1.6.2", *, partial: bool = True) -> list[str]:
    validator = Draft202012Validator(dict(fields.spec_schema(kind, version, partial=partial)))
    return sorted(f"{error.json_path} {error.validator}" for error in validator.iter_errors(value))


def test_a_partial_spec_needs_only_the_keys_of_map_lists() -> None:
    assert errors({}) == []
    assert errors({"headGroupSpec": {"serviceType": "NodePort"}}) == []
    assert errors({"workerGroupSpecs": [{"replicas": 1}]}) == ["$.workerGroupSpecs[0] required"]
    assert errors({"headGroupSpec": {}}, partial=False) == ["$.headGroupSpec required"]


def test_what_was_required_once() -> None:
    head: dict[str, Any] = {"headGroupSpec": {"template": {}}}
    assert errors(head, version="1.3", partial=False) == ["$.headGroupSpec required"]
    assert errors(head, version="1.4", partial=False) == []
    redis = head | {"gcsFaultToleranceOptions": {}}
    assert errors(redis, version="1.6", partial=False) == ["$.gcsFaultToleranceOptions required"]
    assert errors(redis, version="1.7", partial=False) == []


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"rayversion": "2.9"}, "$ additionalProperties"),
        ({"headGroupSpec": {"labels": {"a": 1}}}, "$.headGroupSpec.labels.a type"),
        ({"workerGroupSpecs": [{"groupName": "a", "replicas": 2**31}]}, "$.workerGroupSpecs[0].replicas maximum"),
        ({"upgradeStrategy": {"type": "Rolling"}}, "$.upgradeStrategy.type enum"),
        ({"autoscalerOptions": {"env": "A=1"}}, "$.autoscalerOptions.env type"),
        ({"headGroupSpec": {"template": []}}, "$.headGroupSpec.template type"),
        ({"networkPolicy": {}}, "$ additionalProperties"),
    ],
)
def test_what_a_spec_may_not_say(value: Any, wrong: str) -> None:
    assert errors(value) == [wrong]


def test_quantities_are_numbers_or_text() -> None:
    def size(value: object) -> list[str]:
        return errors({"gcsFaultToleranceOptions": {"storage": {"size": value}}}, version="1.7")

    assert size("1Gi") == size(1073741824) == size("1e3") == []
    assert size("1 Gi") != []
    assert size(1.5) != []
    assert size(True) != []


def test_kubernetes_types_are_marked_and_everything_is_described() -> None:
    schema = fields.spec_schema("RayCluster", "1.6.2")
    head = schema["properties"]["headGroupSpec"]
    assert head["properties"]["template"][fields.DEFINITION] == "io.k8s.api.core.v1.PodTemplateSpec"
    assert head["description"]
    assert head["additionalProperties"] is False


def test_object_schema_has_no_descriptions_and_the_old_version_is_frozen() -> None:
    old = fields.object_schema("RayCluster", "1.7", "v1alpha1")["properties"]["spec"]["properties"]
    assert "gcsFaultToleranceOptions" not in old
    assert "suspend" in old
    assert "rayStartParams" in old["headGroupSpec"]["required"]
    assert "numOfHosts" not in old["workerGroupSpecs"]["items"]["properties"]
    assert "description" not in str(fields.object_schema("RayJob", "1.7"))
    with pytest.raises(KeyError):
        fields.object_schema("RayCronJob", "1.7", "v1alpha1")


def test_types_are_read() -> None:
    assert parse_type("here", "map<list<string>>").element.element == Type("scalar", "string")
    for wrong in ("strin", "list<int>", "storage.v1.Thing", "list<string"):
        with pytest.raises(ValueError, match="here"):
            parse_type("here", wrong)


def test_the_tables_keep_their_own_rules() -> None:
    """Things a maintainer can get wrong that the loader cannot see."""
    for name, shape in tables().shapes.items():
        for field in shape.values():
            where = f"{name}.{field.name}"
            assert field.span.since < field.span.until, where
            assert "keys" not in field.keywords or field.keywords["list"] == "map", where
            assert (
                "default" not in field.keywords
                or "enum" not in field.keywords
                or (field.keywords["default"] in field.keywords["enum"])
            ), where
            if field.keywords.get("list") == "map" and field.type.element.kind == "shape":
                element = tables().shapes[field.type.element.name]
                assert all(element[key].keywords.get("required") for key in field.keywords["keys"]), where
            for span, _ in field.when:
                assert field.span.since < span.until, where
                assert span.since < field.span.until, where
