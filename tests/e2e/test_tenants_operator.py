"""The operator has the rights it uses and no others; the pods it makes keep their namespace's Pod Security."""

from __future__ import annotations

from typing import Any

import pytest

from generator.charts import blueprints
from tests.e2e import tenant_operator
from tests.e2e.kube import until
from tests.e2e.tenancy import OPERATOR, Tenants
from tests.e2e.tenant_operator import Life, Right, named, rights

KUBERAY = "1.6.2"
CLUSTER_ROLE = "operator/clusterrole-kuberay-operator.yaml"
ELECTION = "operator/role-kuberay-operator-leader-election.yaml"
FORBIDDEN = ("forbidden", "Forbidden", "is not allowed")


def _said() -> dict[Right, str]:
    """Rights that no life of a workload uses by itself, and why the operator has them all the same."""
    rows = blueprints.of_version(blueprints.data("operator")["rbac"], KUBERAY)
    return {
        Right(named(group, resource), verb): row.get("why", "")
        for row in rows
        if row.get("gate", "RayCronJob") == "RayCronJob"
        for group in row["groups"]
        for resource in row["resources"]
        for verb in row["verbs"]
    }


SAID = _said()


@pytest.fixture(scope="module")
def life(tenants: Tenants) -> Life:
    """Everything the operator does, once."""
    return tenant_operator.live(tenants)


def test_the_operator_is_refused_nothing(life: Life) -> None:
    assert life.used
    assert life.refused == []
    lines = [line for line in life.logs.splitlines() if any(word in line for word in FORBIDDEN)]
    assert [line for line in lines if "OB309" not in line] == []


def test_what_is_granted_is_what_the_blueprint_says(life: Life) -> None:
    granted = rights(life.tenants.rendered(CLUSTER_ROLE)["rules"])
    assert granted == set(SAID)
    assert len(life.tenants.rendered(CLUSTER_ROLE)["rules"]) >= 15


@pytest.mark.parametrize("right", sorted(SAID), ids=str)
def test_each_right_is_used_or_has_a_reason(life: Life, right: Right) -> None:
    """So a right can only go if the operator is refused something, or a reason is struck out."""
    if not SAID[right]:
        assert right in life.used, f"nothing used it: {right}"
    else:
        assert right not in life.used, f"it is used after all, so needs no reason: {right}"


def test_the_table_of_rights(life: Life) -> None:
    """Used and granted, for the reader."""
    for right in sorted(SAID):
        print(f"{right!s:50} {'used' if right in life.used else SAID[right]}")
    print(f"{len(SAID)} granted, {len(set(SAID) & life.used)} used, {sum(map(bool, SAID.values()))} with a reason")


def test_each_right_of_the_election_is_used(life: Life) -> None:
    granted = rights(life.tenants.rendered(ELECTION)["rules"])
    assert granted <= life.used
    assert {right.resource for right in granted} == {"leases.coordination.k8s.io", "events"}


def test_what_it_hands_on_is_why_it_has_it(life: Life) -> None:
    """The Role of a cluster with autoscaling: the API server lets nobody give what they do not have."""
    (role,) = (role for role in life.roles if role["metadata"]["name"] == "main")
    given = rights(role["rules"])
    assert given <= set(SAID)
    assert {right for right, why in SAID.items() if "autoscaler" in why} == given - life.used


def _handed_on(role: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What it does for a cluster with autoscaling."""
    body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "given"}}
    return "/apis/rbac.authorization.k8s.io/v1/namespaces/team-b/roles", {**body, "rules": role["rules"]}


def _owned(kind: str) -> tuple[str, dict[str, Any]]:
    """What it does for everything it makes."""
    owner = {"apiVersion": "ray.io/v1", "kind": kind, "name": "try", "uid": "1", "blockOwnerDeletion": True}
    ports = {"ports": [{"port": 1}], "clusterIP": "None"}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "owned", "ownerReferences": [owner]}}
    return "/api/v1/namespaces/team-b/services", {**body, "spec": ports}


OWNERS = {
    "rayclusters": "RayCluster",
    "rayjobs": "RayJob",
    "rayservices": "RayService",
    "raycronjobs": "RayCronJob",
}


@pytest.mark.parametrize(
    "right", [right for right in sorted(SAID) if SAID[right] and "OpenShift it" not in SAID[right]], ids=str
)
def test_each_reason_holds(life: Life, right: Right) -> None:
    """Without the right the API server refuses what the reason names, and with it does not."""
    (role,) = (role for role in life.roles if role["metadata"]["name"] == "main")
    owner, slash, _ = right.resource.partition("/finalizers")
    path, body = _owned(OWNERS[owner]) if slash else _handed_on(role)
    kube = life.tenants.kube
    with_all = f"{path}?dryRun=All"
    status, answer = kube.as_user(OPERATOR).request("POST", with_all, body)
    assert status == 201, answer
    name = f"less-{right.verb}-{right.resource.replace('/', '-')}"
    rules = [
        {"apiGroups": [group], "resources": [resource], "verbs": [each.verb]}
        for each in sorted(set(SAID) - {right})
        for resource, _, group in [each.resource.partition(".")]
    ]
    api = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}
    kube.apply(
        {**api, "kind": "ClusterRole", "rules": rules},
        {**api, "kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [user]},
    )

    def refused_for_it() -> bool:
        status, answer = kube.as_user(name).request("POST", with_all, body)
        return status == 403 and (
            "attempting to grant" in answer["message"] or "blockOwnerDeletion" in answer["message"]
        )

    until("it is refused", refused_for_it, 20, every=0.1)


def test_a_pod_that_runs_as_the_deployer_is_refused_and_the_owner_is_told(life: Life) -> None:
    told = [warning for warning in life.warnings if warning.startswith("RayCluster denied: ")]
    assert told
    assert all("OB309" in warning for warning in told)


KINDS = {
    "a head with autoscaler and state in Redis": ("team-a", "main-head-", {"ray-head", "autoscaler"}),
    "a worker": ("team-a", "main-cpu-worker-", {"ray-worker"}),
    "a head that cleans up Redis": ("team-a", "main-redis-cleanup-", {"ray-head"}),
    "a service's head": ("team-a", "answer-", {"ray-head"}),
    "a job's head": ("team-a", "over-http-", {"ray-head"}),
    "a submitter where pods are restricted": ("team-a", "train-", {"ray-job-submitter"}),
    "a submitter elsewhere": ("team-b", "train-", {"ray-job-submitter"}),
    "a submitter beside the head": ("team-b", "beside-", {"ray-head", "ray-job-submitter"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_pods_as_the_operator_makes_them_are_let_in(life: Life, kind: str) -> None:
    """Pod Security is enforced as they are made: those that are there have passed."""
    team, name, containers = KINDS[kind]
    found = [
        {each["name"] for each in pod["spec"]["containers"]}
        for key, pod in life.pods.items()
        if key.startswith(f"{team}/{name}")
    ]
    assert containers in found
    level = life.tenants.kube.get("namespace", team)
    assert level
    expected = {"team-a": "restricted", "team-b": "baseline"}[team]
    assert level["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == expected


def test_pod_security_refused_no_pod(life: Life) -> None:
    assert [warning for warning in life.warnings if "PodSecurity" in warning] == []


@pytest.mark.full
def test_the_oldest_operator_is_refused_nothing_either(oldest: Tenants) -> None:
    life = tenant_operator.live_alone(oldest)
    granted = rights(oldest.rendered(CLUSTER_ROLE)["rules"])
    print("unused in a short life:", *sorted(map(str, granted - life.used)), sep="\n  ")
    assert len(life.used & granted) > 30
    assert life.refused == []
    assert [role["metadata"]["name"] for role in life.roles] == ["main"]
