"""Quota, limits and Pod Security: what a team and the platform themselves cannot leave."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import Kube, until
from tests.e2e.tenancy import OPERATOR, Tenants, cluster, files, template

PODS = "/api/v1/namespaces/team-a/pods"
CLAIMS = "/api/v1/namespaces/team-a/persistentvolumeclaims"


@pytest.fixture
def operator(tenants: Tenants) -> Iterator[Kube]:
    """Who makes the pods that an owner describes; what it made is removed, and no longer counted."""
    yield tenants.kube.as_user(OPERATOR)
    tenants.kube.kubectl("delete", "pods", "--selector=limits", "--namespace=team-a", "--wait=true")
    until("the quota is free again", lambda: _used(tenants.kube)["pods"] == "0", 60)


def _used(kube: Kube) -> dict[str, str]:
    """What is counted against the quota of the team; its controller learns of a deletion a moment later."""
    quota = kube.get("resourcequota", "oneblock", "team-a")
    assert quota
    used: dict[str, str] = quota["status"]["used"]
    return used


def pod(name: str, amounts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A pod of one container that asks for that, or for nothing."""
    made = template("one")
    made["spec"]["containers"][0]["resources"] = {"requests": amounts, "limits": amounts} if amounts else {}
    return {**made, "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"limits": ""}}}


CAN = {
    "cpu": ({"cpu": "16", "memory": "1Gi"}, 2, "requests.cpu"),
    "memory": ({"cpu": "1", "memory": "32Gi"}, 3, "requests.memory"),
    "gpu": ({"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}, 2, "requests.nvidia.com/gpu=1"),
}


@pytest.mark.parametrize("resource", CAN)
def test_pods_beyond_the_quota_are_refused(operator: Kube, resource: str) -> None:
    amounts, fit, words = CAN[resource]
    for number in range(fit):
        status, answer = operator.request("POST", PODS, pod(f"fits-{number}", amounts))
        assert status == 201, answer
    status, answer = operator.request("POST", PODS, pod("too-much", amounts))
    assert status == 403
    assert "exceeded quota: oneblock" in answer["message"]
    assert words.removeprefix("requests.") in answer["message"]


def test_more_pods_than_granted_are_refused(operator: Kube, tenants: Tenants) -> None:
    answers = [operator.request("POST", PODS, pod(f"many-{number}")) for number in range(25)]
    status, answer = answers[-1]
    assert status == 403
    assert len(tenants.kube.list("pods", "team-a")) == 24
    assert "exceeded quota: oneblock, requested: pods=1" in answer["message"]


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ({"cpu": "17", "memory": "1Gi"}, "maximum cpu usage per Container is 16"),
        ({"cpu": "1", "memory": "33Gi"}, "maximum memory usage per Container is 32Gi"),
        ({"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "2"}, "maximum nvidia.com/gpu usage per Container is 1"),
    ],
)
def test_a_container_beyond_the_limits_is_refused(operator: Kube, amounts: dict[str, str], words: str) -> None:
    status, answer = operator.request("POST", PODS, pod("large", amounts))
    assert status == 403
    assert words in answer["message"]


def test_a_container_that_asks_for_nothing_gets_little_and_no_gpu(operator: Kube) -> None:
    status, answer = operator.request("POST", PODS, pod("modest"))
    assert status == 201, answer
    assert answer["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "10m", "memory": "32Mi", "nvidia.com/gpu": "0"},
        "limits": {"cpu": "16", "memory": "32Gi", "nvidia.com/gpu": "0"},
    }


def claim(name: str, storage: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def test_volumes_beyond_the_quota_are_refused(tenants: Tenants) -> None:
    deployer = tenants.person("deployer")
    try:
        assert deployer.request("POST", CLAIMS, claim("large", "15Gi"))[0] == 201
        status, answer = deployer.request("POST", CLAIMS, claim("larger", "10Gi"))
        assert status == 403
        assert "requested: requests.storage=10Gi, used: requests.storage=15Gi" in answer["message"]
        for name in ("one", "two"):
            assert deployer.request("POST", CLAIMS, claim(name, "1Gi"))[0] == 201
        status, answer = deployer.request("POST", CLAIMS, claim("three", "1Gi"))
        assert status == 403
        assert "requested: persistentvolumeclaims=1, used: persistentvolumeclaims=3" in answer["message"]
    finally:
        tenants.kube.kubectl("delete", "persistentvolumeclaims", "--all", "--namespace=team-a", "--wait=false")


def test_more_clusters_than_granted_are_refused(tenants: Tenants) -> None:
    owner = tenants.kube.as_user("carla", "team-c-leads")
    path = "/apis/ray.io/v1/namespaces/team-c/rayclusters"
    quota = str(tenants.tree / "namespaces" / "team-c" / "resourcequota-oneblock.yaml")

    def let_in() -> bool:
        status, answer = owner.request("POST", path, cluster("default", "one"))
        if "status unknown" in answer.get("message", ""):
            # The controller that counts notices a new kind within half a minute, but looks at a quota that was there
            # before it only every five minutes. One that comes later is counted at once.
            tenants.kube.kubectl("replace", "--force", f"--filename={quota}")
        assert status in (201, 409), answer["message"]
        return True

    until("the first is let in", let_in, 90, every=2)
    status, answer = owner.request("POST", path, cluster("default", "two"))
    assert status == 403
    assert "exceeded quota: oneblock, requested: count/rayclusters.ray.io=1" in answer["message"]


CONTAINERS = ("containers", "initContainers")


def _templates(tenants: Tenants) -> dict[str, dict[str, Any]]:
    """The pod template of everything of the platform that runs pods."""
    found = {}
    for path in files(tenants.tree / "operator", tenants.tree / "redis"):
        made = yaml.safe_load(path.read_text())
        spec = made["spec"]["jobTemplate"]["spec"] if made["kind"] == "CronJob" else made.get("spec", {})
        if "template" in spec:
            claims = [
                {"name": each["metadata"]["name"], "emptyDir": {}} for each in spec.get("volumeClaimTemplates", ())
            ]
            pod_spec = spec["template"]["spec"]
            pod_spec["volumes"] = [*pod_spec.get("volumes", ()), *claims]
            found[f"{made['kind']} {made['metadata']['name']}"] = spec["template"]
    return found


def test_the_platforms_pods_are_restricted(tenants: Tenants) -> None:
    """Each as a pod of its own in the real namespace, which enforces it."""
    namespace = tenants.kube.get("namespace", SYSTEM)
    assert namespace
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    found = _templates(tenants)
    assert [name.partition(" ")[0] for name in found] == ["Deployment", "CronJob", "Job", "StatefulSet"]
    names = {each["name"] for made in found.values() for kind in CONTAINERS for each in made["spec"].get(kind, ())}
    assert names >= {"kuberay-operator", "redis", "sentinel", "exporter"}
    for name, made in found.items():
        body = {**made, "apiVersion": "v1", "kind": "Pod"}
        body["metadata"] = {**made["metadata"], "name": "try"}
        status, answer = tenants.kube.request("POST", f"/api/v1/namespaces/{SYSTEM}/pods?dryRun=All", body)
        assert status == 201, f"{name}: {answer}"


def test_the_platforms_controllers_get_their_pods(tenants: Tenants) -> None:
    """Not only by dry run: the ReplicaSet, the StatefulSet and the Jobs make them."""
    job = ("create", "job", "backup", "--from=cronjob/oneblock-redis-backup", f"--namespace={SYSTEM}")
    tenants.kube.kubectl(*job)

    def made() -> bool:
        owners = [pod["metadata"]["ownerReferences"][0]["kind"] for pod in tenants.kube.list("pods", SYSTEM)]
        return (owners.count("ReplicaSet"), owners.count("StatefulSet"), owners.count("Job")) == (2, 3, 2)

    until("all pods are made", made, 60)
    assert [event for event in tenants.kube.events(SYSTEM) if "PodSecurity" in event["message"]] == []


BAD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "privileged": ({}, {"privileged": True, "allowPrivilegeEscalation": True}),
    "hostNetwork": ({"hostNetwork": True}, {}),
    "hostPID": ({"hostPID": True}, {}),
    "hostPath": ({"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, {}),
    "SYS_ADMIN": ({}, {"capabilities": {"add": ["SYS_ADMIN"]}}),
}
ROOT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "root": ({"securityContext": {"runAsUser": 0}}, {}),
    "privilege escalation": ({}, {"allowPrivilegeEscalation": True}),
}


def _bad(pod_spec: dict[str, Any], container: dict[str, Any]) -> dict[str, Any]:
    body = copy.deepcopy(pod("bad", {"cpu": "1", "memory": "1Gi"}))
    body["spec"] |= pod_spec
    body["spec"]["containers"][0]["securityContext"] |= container
    return body


@pytest.mark.parametrize("what", BAD)
def test_no_pod_reaches_the_node(tenants: Tenants, what: str) -> None:
    for namespace, level in (("team-a", "restricted"), ("team-b", "baseline"), (SYSTEM, "restricted")):
        path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
        status, answer = tenants.kube.as_user(OPERATOR).request("POST", path, _bad(*BAD[what]))
        assert status == 403, f"{namespace}: {answer}"
        assert f'violates PodSecurity "{level}:latest"' in answer["message"]


@pytest.mark.parametrize("what", ROOT)
def test_where_pods_are_restricted_none_is_root(tenants: Tenants, what: str) -> None:
    asked = tenants.kube.as_user(OPERATOR)
    for namespace, expected in (("team-a", 403), ("team-b", 201), (SYSTEM, 403)):
        path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
        status, answer = asked.request("POST", path, _bad(*ROOT[what]))
        assert status == expected, f"{namespace}: {answer}"
