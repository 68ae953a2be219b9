"""Where the redis chart's passwords come from, and who may make them."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.charts.redis.view import TENANTS, WHOLE, pod_of, render
from tests.charts.rendering import SYSTEM, kinds, one


def test_the_job_is_an_ordinary_object() -> None:
    found = render(TENANTS)
    job = one(found, "Job", namespace=SYSTEM)
    assert re.fullmatch("oneblock-redis-bootstrap-[0-9a-f]{8}", job["metadata"]["name"])
    assert job["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1"
    assert not any("hook" in key for each in found for key in each["metadata"]["annotations"])
    assert "ttlSecondsAfterFinished" not in job["spec"]
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "docker.io/rayproject/ray:2.60.0"
    data = one(found, "ConfigMap", "oneblock-redis-bootstrap")["data"]
    assert json.loads(data["tenants.json"]) == ["team-a", "team-b"]
    compile(data["bootstrap.py"], "bootstrap.py", "exec")


def job_name(values: str) -> str:
    name = one(render(values), "Job")["metadata"]["name"]
    assert isinstance(name, str)
    return name


@pytest.mark.parametrize(
    ("values", "again"),
    [
        ("global: {namespaces: {team-a: {owners: [y]}, team-b: {quota: {cpu: 1}}}}", False),
        ("global: {namespaces: {team-b: {}, team-a: {}}}", False),
        ("global: {namespaces: {team-a: {}}}", True),
        (TENANTS + "bootstrap: {image: {repository: python, tag: slim}}", True),
        (TENANTS + "config: {hz: 20}", False),
    ],
)
def test_it_runs_again_when_what_it_does_changes(values: str, again: bool) -> None:
    assert (job_name(values) != job_name(TENANTS)) is again


@pytest.mark.parametrize(
    ("values", "image", "pull"),
    [
        ("global: {ray: {image: {tag: 2.60.0-gpu}}}", "docker.io/rayproject/ray:2.60.0-gpu", "IfNotPresent"),
        ("global: {ray: {image: {repository: mirror/ray, pullPolicy: Always}}}", "mirror/ray:2.60.0", "Always"),
        ("bootstrap: {image: {repository: python, tag: slim, pullPolicy: Never}}", "python:slim", "Never"),
    ],
)
def test_its_image(values: str, image: str, pull: str) -> None:
    container = one(render(values), "Job")["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["imagePullPolicy"]) == (image, pull)


def test_it_may_do_this_much_and_no_more() -> None:
    found = render(TENANTS)
    by_place = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each for each in found if each["kind"] == "Role"
    }
    assert set(by_place) == {
        (SYSTEM, "oneblock-redis-bootstrap"),
        ("team-a", "oneblock-redis-tenant"),
        ("team-b", "oneblock-redis-tenant"),
    }
    assert by_place[SYSTEM, "oneblock-redis-bootstrap"]["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": ["oneblock-redis-auth"],
            "verbs": ["get", "patch"],
        },
    ]
    assert by_place["team-a", "oneblock-redis-tenant"]["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["oneblock-redis"], "verbs": ["get"]},
    ]
    for each in found:
        if each["kind"] == "RoleBinding":
            assert each["subjects"] == [
                {"kind": "ServiceAccount", "name": "oneblock-redis-bootstrap", "namespace": SYSTEM}
            ]
            assert (each["metadata"]["namespace"], each["roleRef"]["name"]) in by_place


def test_a_secret_of_ones_own_needs_no_job() -> None:
    found = render(WHOLE + "auth: {existingSecret: mine}")
    assert not {"Job", "Role", "RoleBinding"} & set(kinds(found))
    assert [each["metadata"]["name"] for each in found if each["kind"] == "ServiceAccount"] == ["oneblock-redis"]
    assert "oneblock-redis-auth" not in yaml.safe_dump_all(found)
    secret = next(each for each in pod_of(found)["volumes"] if each["name"] == "auth")["secret"]
    assert secret["secretName"] == "mine"


def test_a_tenant_in_the_system_namespace_has_its_own_role() -> None:
    found = render(f"global: {{namespaces: {{{SYSTEM}: {{}}}}}}")
    names = sorted(each["metadata"]["name"] for each in found if each["kind"] == "Role")
    assert names == ["oneblock-redis-bootstrap", "oneblock-redis-tenant"]
