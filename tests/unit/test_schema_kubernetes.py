from __future__ import annotations

from typing import Any

import pytest

from generator.schema import kubernetes, pod_fields
from generator.schema.fields import DEFINITION
from generator.schema.kubernetes import POD_TEMPLATE, chosen, minors, object_schema, since, validator
from generator.schema.values import KINDS, build
from generator.schema.versions import Versions

CORE = "io.k8s.api.core.v1."


def test_minors_are_in_order_and_hold_the_default() -> None:
    known = minors()
    assert list(known) == sorted(known, key=lambda each: int(each.split(".")[1]))
    assert {"1.29", Versions.DEFAULT.minor("kubernetes")} <= set(known)


@pytest.mark.parametrize(
    ("version", "minor"), [("1.36", "1.36"), ("1.36.4", "1.36"), ("1.99", minors()[-1]), ("1.3", minors()[0])]
)
def test_the_nearest_lower_minor_is_chosen(version: str, minor: str) -> None:
    assert chosen(version) == minor


@pytest.mark.parametrize("minor", [each for each in minors() if int(each.split(".")[1]) >= 29])
@pytest.mark.parametrize("kuberay", ["1.2.2", "1.7.0"])
def test_every_type_the_schemas_name_is_there(minor: str, kuberay: str) -> None:
    named = {each for kind in KINDS for each in _definitions(build(kind, Versions(kuberay=kuberay)))}
    assert {CORE + "Toleration", POD_TEMPLATE} <= named
    for definition in named:
        validator(minor, definition)


VALID: list[tuple[str, Any]] = [
    (POD_TEMPLATE, {}),
    (POD_TEMPLATE, {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "ray-head"}]}}),
    (
        POD_TEMPLATE,
        {"spec": {"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}], "nodeSelector": {"a": "b"}}},
    ),
    (
        POD_TEMPLATE,
        {
            "spec": {
                "containers": [
                    {"name": "a", "ports": [{"containerPort": 1}], "resources": {"limits": {"cpu": "1.5", "memory": 1}}}
                ]
            }
        },
    ),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": "web"}}}]}}),
    (CORE + "Toleration", {"operator": "Exists"}),
]
INVALID: list[tuple[str, Any]] = [
    (POD_TEMPLATE, {"spec": {"containers": [{"image": "a"}]}}),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "env": [{"value": "x"}]}]}}),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "volumeMounts": [{"name": "x"}]}]}}),
    (POD_TEMPLATE, {"spec": {"nodeSelector": None}}),
    (POD_TEMPLATE, {"spec": {"hostNetwork": "yes"}}),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "1core"}}}]}}),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": 1.5}}}]}}),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": 1.5}}}]}}),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": 2**31}}}]}}),
    (POD_TEMPLATE, {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 2**31}]}]}}),
    (POD_TEMPLATE, {"spec": {"securityContext": {"runAsUser": 2**63}}}),
    (POD_TEMPLATE, {"spec": {"overhead": {"cpu": "1e1.5"}}}),
    (POD_TEMPLATE, {"spec": {"overhead": {"cpu": "1e999999999"}}}),
    (POD_TEMPLATE, {"spec": {"overhead": {"cpu": "9" * 65}}}),
    (POD_TEMPLATE, {"spec": {"containers": {"name": "a"}}}),
    (CORE + "Toleration", {"key": 1}),
    (CORE + "Toleration", []),
]


@pytest.mark.parametrize(("definition", "value"), VALID, ids=str)
def test_what_kubernetes_takes_is_taken(definition: str, value: Any) -> None:
    assert validator("1.36", definition).is_valid(value)


@pytest.mark.parametrize(("definition", "value"), INVALID, ids=str)
def test_what_kubernetes_would_not_take_is_refused(definition: str, value: Any) -> None:
    assert not validator("1.36", definition).is_valid(value)


def test_only_a_merged_template_may_leave_containers_out() -> None:
    value: dict[str, Any] = {"spec": {"restartPolicy": "Never"}}
    assert validator("1.36", POD_TEMPLATE).is_valid(value)
    assert not validator("1.36", POD_TEMPLATE, complete=True).is_valid(value)


def test_a_definition_brings_only_what_it_needs() -> None:
    assert set(object_schema("1.36", CORE + "Toleration")["$defs"]) == {CORE + "Toleration"}


def test_since() -> None:
    assert since("1.29", CORE + "PodSpec", "hostnameOverride") == "1.34"
    assert since("1.29", CORE + "PodSpec", "nonsense") is None
    assert since("1.29", "no.such.Type", "a") is None


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes._folders.cache_clear()
    monkeypatch.setattr(kubernetes, "find_spec", lambda name: None)
    with pytest.raises(kubernetes.MissingData, match="kubernetes-validate"):
        chosen("1.36")
    kubernetes._folders.cache_clear()


def _definitions(node: Any) -> set[str]:
    if isinstance(node, dict):
        return (
            {str(node[DEFINITION])}
            if DEFINITION in node
            else {each for value in node.values() for each in _definitions(value)}
        )
    return {each for value in node for each in _definitions(value)} if isinstance(node, list) else set()


def test_the_table_of_pod_fields_names_types_and_fields_that_are_there() -> None:
    newest = kubernetes._definitions(minors()[-1])
    for name, fields in pod_fields._table().items():
        found = [newest[each] for each in newest if each.endswith(f".{name}")]
        assert found, name
        assert set(fields) - {"."} <= set(found[0]["properties"]), name


@pytest.mark.parametrize(
    ("minor", "pod", "taken"),
    [
        ("1.36", {"spec": {"restartPolicy": "Sometimes"}}, False),
        ("1.36", {"spec": {"restartPolicy": "Never"}}, True),
        ("1.31", {"spec": {"containers": [{"name": "a", "env": [{"name": "1 odd"}]}]}}, False),
        ("1.32", {"spec": {"containers": [{"name": "a", "env": [{"name": "1 odd"}]}]}}, True),
        ("1.34", {"spec": {"containers": [{"name": "a", "restartPolicy": "Never"}]}}, False),
        ("1.35", {"spec": {"containers": [{"name": "a", "restartPolicy": "Never"}]}}, True),
        ("1.29", {"spec": {"hostAliases": [{"ip": "10.0.0"}]}}, False),
    ],
    ids=str,
)
def test_single_fields_are_checked_by_minor(minor: str, pod: Any, taken: bool) -> None:
    assert validator(minor, POD_TEMPLATE).is_valid(pod) is taken
