"""The namespaces chart: what each declared namespace gets."""

from __future__ import annotations

from typing import Any

import pytest

from generator.helm import HelmError
from generator.schema import Versions
from tests.charts.rendering import SYSTEM, Object, kinds, objects, one


def render(namespace: str = "{}", more: str = "", kuberay: str = "1.6.2") -> list[Object]:
    """One namespace, team-a, with the settings given; ``more`` is further text under ``global``."""
    values = f"global:\n  namespaces: {{team-a: {namespace}}}\n" + "".join(f"  {line}\n" for line in more.splitlines())
    return objects("namespaces", values, versions=Versions(kuberay=kuberay))


def rules(found: list[Object], role: str) -> dict[str, set[str]]:
    """Resource → verbs."""
    result: dict[str, set[str]] = {}
    for rule in one(found, "Role", role, "team-a")["rules"]:
        for resource in rule["resources"]:
            result.setdefault(resource, set()).update(rule["verbs"])
    return result


def test_no_namespace_nothing() -> None:
    assert objects("namespaces") == []


def test_what_a_bare_namespace_gets() -> None:
    found = render()
    assert kinds(found) == ["Namespace", "NetworkPolicy", "NetworkPolicy", "Role", "RoleBinding", "ServiceAccount"]
    assert {each["metadata"].get("namespace") for each in found} == {None, "team-a"}


def test_a_whole_one() -> None:
    found = render("{owners: [leads], users: [team], quota: {cpu: 1}, limits: {cpu: 1}}")
    assert [kind for kind in kinds(found) if kind in ("LimitRange", "ResourceQuota", "Role", "RoleBinding")] == (
        ["LimitRange", "ResourceQuota"] + ["Role"] * 3 + ["RoleBinding"] * 3
    )


@pytest.mark.parametrize(
    ("settings", "level"),
    [("{}", "baseline"), ("{podSecurity: restricted}", "restricted"), ("{podSecurity: privileged}", "privileged")],
)
def test_pod_security_labels(settings: str, level: str) -> None:
    labels = one(render(settings), "Namespace")["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {level}


def test_the_users_labels_do_not_displace_ours() -> None:
    found = one(
        render('{labels: {team: a, pod-security.kubernetes.io/enforce: privileged}, annotations: {x: "y"}}'),
        "Namespace",
    )
    assert found["metadata"]["labels"]["team"] == "a"
    assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    assert found["metadata"]["annotations"]["x"] == "y"


def test_a_namespace_outlives_its_entry() -> None:
    annotations = one(render(), "Namespace")["metadata"]["annotations"]
    assert annotations["helm.sh/resource-policy"] == "keep"
    assert annotations["kustomize.toolkit.fluxcd.io/prune"] == "disabled"
    assert annotations["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert annotations["argocd.argoproj.io/compare-options"] == "IgnoreExtraneous"


def test_a_namespace_somebody_else_makes() -> None:
    found = kinds(render("{create: false}"))
    assert "Namespace" not in found
    assert "NetworkPolicy" in found


def test_the_system_namespace_only_when_asked_for() -> None:
    assert [each["metadata"]["name"] for each in objects("namespaces", "createSystemNamespace: true")] == [SYSTEM]


@pytest.mark.parametrize(
    ("quota", "hard"),
    [
        ("{cpu: 500, memory: 2Ti}", {"cpu": "500", "memory": "2Ti"}),
        ("{cpu: 0.5, pods: 1000000}", {"cpu": "0.5", "pods": "1000000"}),
        ("{gpu: 0}", {"requests.nvidia.com/gpu": "0"}),
        ("{storage: 1Ti}", {"requests.storage": "1Ti"}),
        ("{amd.com/gpu: 4}", {"requests.amd.com/gpu": "4"}),
        ("{requests.amd.com/gpu: 4}", {"requests.amd.com/gpu": "4"}),
        ("{count/rayclusters.ray.io: 3}", {"count/rayclusters.ray.io": "3"}),
        (
            "{fast.storageclass.storage.k8s.io/requests.storage: 1Gi}",
            {"fast.storageclass.storage.k8s.io/requests.storage": "1Gi"},
        ),
        ("{limits.cpu: 3, services: 2}", {"limits.cpu": "3", "services": "2"}),
    ],
)
def test_quota_names_and_quantities(quota: str, hard: dict[str, str]) -> None:
    assert one(render(f"{{quota: {quota}}}"), "ResourceQuota", "oneblock")["spec"]["hard"] == hard


def test_a_limit_on_gpus_gives_none_to_those_who_do_not_ask() -> None:
    (limit,) = one(render("{limits: {cpu: 64, memory: 512Gi, gpu: 8}}"), "LimitRange", "oneblock")["spec"]["limits"]
    assert limit["type"] == "Container"
    assert limit["max"] == {"cpu": "64", "memory": "512Gi", "nvidia.com/gpu": "8"}
    assert limit["default"] == {"cpu": "64", "memory": "512Gi", "nvidia.com/gpu": "0"}
    assert limit["defaultRequest"]["nvidia.com/gpu"] == "0"
    assert limit["defaultRequest"].keys() == limit["max"].keys(), (
        "what is not written Kubernetes fills in with the most"
    )


SECRETS_AND_SHELLS = {
    "secrets",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "serviceaccounts/token",
    "roles",
    "rolebindings",
}


@pytest.mark.parametrize("role", ["oneblock-owner", "oneblock-user", "ray-deployer"])
def test_nobody_reads_secrets_or_gets_a_shell(role: str) -> None:
    found = render("{owners: [a], users: [b]}")
    assert not SECRETS_AND_SHELLS & rules(found, role).keys()
    for verbs in rules(found, role).values():
        assert not verbs & {"*", "bind", "escalate", "impersonate"}


def test_what_owners_may() -> None:
    found = rules(render("{owners: [a]}"), "oneblock-owner")
    for kind in ("rayclusters", "rayjobs", "rayservices", "raycronjobs"):
        assert found[kind] >= {"create", "delete", "get", "list", "patch", "update", "watch"}
    for kind in ("pods", "pods/log", "services", "configmaps", "persistentvolumeclaims", "events", "podgroups"):
        assert found[kind] == {"get", "list", "watch"}


def test_what_users_may() -> None:
    found = rules(render("{users: [a]}"), "oneblock-user")
    assert found["rayjobs"] == found["raycronjobs"] == {"create", "delete", "get", "list", "watch"}
    assert found["rayclusters"] == found["rayservices"] == {"get", "list", "watch"}
    assert found["pods/log"] == {"get", "list", "watch"}


def test_what_the_deployer_may() -> None:
    found = rules(render(), "ray-deployer")
    assert set(found) == {
        "rayclusters",
        "rayjobs",
        "rayservices",
        "raycronjobs",
        "configmaps",
        "persistentvolumeclaims",
    }
    assert "podmonitors" in rules(render(more="monitoring: {podMonitors: true}"), "ray-deployer")


@pytest.mark.parametrize(("kuberay", "there"), [("1.5.2", False), ("1.6.2", True)])
def test_cron_jobs_where_they_exist(kuberay: str, there: bool) -> None:
    assert ("raycronjobs" in rules(render(kuberay=kuberay), "ray-deployer")) is there


def test_no_pod_groups_without_volcano() -> None:
    assert "podgroups" not in rules(render("{owners: [a]}", "batchScheduler: none"), "oneblock-owner")


RBAC = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("subject", "bound"),
    [
        ("leads", {"apiGroup": RBAC, "kind": "Group", "name": "leads"}),
        ("{kind: User, name: alice@example.com}", {"apiGroup": RBAC, "kind": "User", "name": "alice@example.com"}),
        ("{kind: Group, name: x}", {"apiGroup": RBAC, "kind": "Group", "name": "x"}),
        (
            "{kind: ServiceAccount, name: ci, namespace: tools}",
            {"kind": "ServiceAccount", "name": "ci", "namespace": "tools"},
        ),
    ],
)
@pytest.mark.parametrize(("key", "role"), [("owners", "oneblock-owner"), ("users", "oneblock-user")])
def test_subjects(key: str, role: str, subject: str, bound: dict[str, str]) -> None:
    binding = one(render(f"{{{key}: [{subject}]}}"), "RoleBinding", role, "team-a")
    assert binding["subjects"] == [bound]
    assert binding["roleRef"] == {"apiGroup": RBAC, "kind": "Role", "name": role}


def test_a_service_account_needs_its_namespace() -> None:
    with pytest.raises(HelmError, match="service account ci needs its namespace"):
        render("{owners: [{kind: ServiceAccount, name: ci}]}")


def test_the_deployer_is_bound() -> None:
    binding = one(render(), "RoleBinding", "ray-deployer")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "ray-deployer", "namespace": "team-a"}]


def policy(found: list[Object]) -> Any:
    return one(found, "NetworkPolicy", "oneblock-allow", "team-a")["spec"]


def ports(rule: dict[str, Any]) -> set[int]:
    return {each["port"] for each in rule.get("ports", [])}


def test_everything_is_denied_first() -> None:
    deny = one(render(), "NetworkPolicy", "oneblock-default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_openings_in() -> None:
    own, operator, metrics, gateway = policy(render("{networkPolicy: {allowFrom: [gateway]}}"))["ingress"]
    assert own == {"from": [{"podSelector": {}}]}
    (source,) = operator["from"]
    assert source["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": SYSTEM}
    assert source["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "kuberay-operator"}
    assert ports(operator) == {8265, 52365, 8000}
    assert ports(metrics) == {8080, 44217, 44227}
    assert gateway == {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateway"}}}]}


def test_openings_out() -> None:
    own, dns, redis, api = policy(render())["egress"]
    assert own == {"to": [{"podSelector": {}}]}
    assert ports(dns) == {53}
    assert redis["to"][0]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "redis"}
    assert ports(redis) == {6379, 26379}
    assert ports(api) == {443, 6443}
    assert "to" not in api


def test_no_metrics_no_opening_for_them() -> None:
    assert len(policy(render(more="monitoring: {annotations: false}"))["ingress"]) == 2
    assert len(policy(render(more="monitoring: {annotations: false, podMonitors: true}"))["ingress"]) == 3


def test_network_policies_can_be_left_out() -> None:
    assert "NetworkPolicy" not in kinds(render("{networkPolicy: {enabled: false}}"))
