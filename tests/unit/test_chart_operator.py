"""The operator chart: flags, gates and rights of each KubeRay version, and what the values do."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest

from generator.charts import blueprints
from generator.helm import HelmError
from generator.rules import policies
from generator.schema import Versions
from tests.binaries import need
from tests.charts.rendering import SYSTEM, Object, kinds, objects, one

SUPPORTED = ["1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.2", "1.7.0"]
Rights = dict[tuple[str, str], set[str]]


def render(values: str = "", kuberay: str = "1.6.2", **how: Any) -> list[Object]:
    return objects("operator", values, versions=Versions(kuberay=kuberay), **how)


def container(found: list[Object]) -> Any:
    (only,) = one(found, "Deployment")["spec"]["template"]["spec"]["containers"]
    return only


def arguments(found: list[Object]) -> dict[str, str]:
    return dict(each.removeprefix("--").split("=", 1) for each in container(found)["args"])


def rights(role: Object) -> Rights:
    found: Rights = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                found.setdefault((group, resource), set()).update(rule["verbs"])
    return found


def test_what_there_is_by_default() -> None:
    assert kinds(each for each in render() if "AdmissionPolicy" not in each["kind"]) == [
        "ClusterRole",
        "ClusterRoleBinding",
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Role",
        "RoleBinding",
        "Service",
        "ServiceAccount",
    ]


@pytest.mark.parametrize("kuberay", SUPPORTED)
def test_arguments_are_those_the_version_has(kuberay: str) -> None:
    minor = int(kuberay.split(".")[1])
    always = {
        "enable-leader-election",
        "leader-election-namespace",
        "reconcile-concurrency",
        "log-stdout-encoder",
        "batch-scheduler",
    }
    expected = always | ({"enable-metrics"} if minor >= 4 else set()) | ({"qps", "burst"} if minor >= 5 else set())
    assert set(arguments(render(kuberay=kuberay))) == expected | ({"feature-gates"} if minor >= 6 else set())


@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2"])
def test_the_operator_itself_knows_every_argument(kuberay: str) -> None:
    program = need(f"kuberay-{kuberay}")
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=False).stderr
    known = set(re.findall(r"^  -([a-z-]+)", text, re.MULTILINE))
    found = render("watchNamespaces: [a, b]", kuberay=kuberay)
    assert set(arguments(found)) <= known
    assert "log-stdout-encoder" in known


@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2"])
def test_the_operator_itself_knows_every_gate(kuberay: str) -> None:
    program = need(f"kuberay-{kuberay}")
    table = blueprints.data("operator")["gates"]
    gates = {row["gate"]: "true" for row in blueprints.of_version(table, kuberay)}

    def said(gates: dict[str, str]) -> str:
        # Without a cluster it ends after it has read its flags.
        flag = "--feature-gates=" + ",".join(f"{name}={on}" for name, on in gates.items())
        nowhere = {"KUBECONFIG": "/nonexistent"}
        return subprocess.run([program, flag], capture_output=True, text=True, check=False, env=nowhere).stderr

    assert "unrecognized feature gate" not in said(gates)
    assert "unrecognized feature gate: Nonsense" in said(gates | {"Nonsense": "true"})


@pytest.mark.parametrize(
    ("values", "flag", "value"),
    [
        ("", "batch-scheduler", "volcano"),
        ("global: {batchScheduler: none}", "batch-scheduler", None),
        ("", "watch-namespace", None),
        ("watchNamespaces: [a, b]", "watch-namespace", "a,b"),
        ("", "feature-gates", "RayCronJob=true"),
        ("featureGates: {RayCronJob: false}", "feature-gates", "RayCronJob=false"),
        ("featureGates: {RayMultiHostIndexing: false}", "feature-gates", "RayCronJob=true,RayMultiHostIndexing=false"),
        ("reconcileConcurrency: 10", "reconcile-concurrency", "10"),
        ("kubeClient: {qps: 1000000, burst: 2000000}", "qps", "1000000"),
        ("kubeClient: {qps: 0.5}", "qps", "0.5"),
        ("kubeClient: {burst: 2000000}", "burst", "2000000"),
        ("logging: {encoder: console}", "log-stdout-encoder", "console"),
        ("", "leader-election-namespace", SYSTEM),
    ],
)
def test_values_become_arguments(values: str, flag: str, value: str | None) -> None:
    assert arguments(render(values)).get(flag) == value


@pytest.mark.parametrize(
    ("kuberay", "gate"),
    [
        ("1.5.2", "RayCronJob"),
        ("1.7.0", "AsyncJobInfoQuery"),
        ("1.6.2", "RayClusterMTLS"),
        ("1.2.2", "RayJobDeletionPolicy"),
        ("1.6.2", "Nonsense"),
    ],
)
def test_a_gate_the_version_does_not_know_ends_the_render(kuberay: str, gate: str) -> None:
    with pytest.raises(HelmError, match=rf"KubeRay {kuberay} has no gate {gate} .*; it has RayClusterStatusConditions"):
        render(f"featureGates: {{{gate}: true}}", kuberay=kuberay)


@pytest.mark.parametrize(
    ("kuberay", "gate"),
    [("1.6.2", "AsyncJobInfoQuery"), ("1.7.0", "RayClusterMTLS"), ("1.3.2", "RayJobDeletionPolicy")],
)
def test_a_gate_the_version_knows_does_not(kuberay: str, gate: str) -> None:
    assert f"{gate}=true" in arguments(render(f"featureGates: {{{gate}: true}}", kuberay=kuberay))["feature-gates"]


@pytest.mark.parametrize(
    ("kuberay", "asked", "tag"),
    [("1.6.2", "1.6.2", "v1.6.2"), ("1.6.2", "1.6.1", "v1.6.1"), ("1.2.2", "1.2.2", "v1.2.2")],
)
def test_the_image_is_of_the_version_asked_for(kuberay: str, asked: str, tag: str) -> None:
    found = render(f'global: {{versions: {{kuberay: "{asked}"}}}}', kuberay=kuberay)
    assert container(found)["image"] == f"quay.io/kuberay/operator:{tag}"


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ('image: {tag: "1"}', "quay.io/kuberay/operator:1"),
        (
            "image: {repository: r.example.com/op, tag: x, digest: 'sha256:" + "0" * 64 + "'}",
            "r.example.com/op@sha256:" + "0" * 64,
        ),
    ],
)
def test_an_image_of_ones_own(values: str, image: str) -> None:
    assert container(render(values))["image"] == image


@pytest.mark.parametrize(("product", "asked"), [("kuberay", "1.5.2"), ("kuberay", "1.7.0"), ("volcano", "1.15.1")])
def test_a_chart_of_another_minor_version_says_so(product: str, asked: str) -> None:
    with pytest.raises(HelmError, match=f"generated for {product} 1.*global.versions.{product} is {asked}"):
        render(f'global: {{versions: {{{product}: "{asked}"}}}}')


@pytest.mark.parametrize(
    ("right", "versions"),
    [
        (("", "secrets"), {"1.5.2", "1.6.2", "1.7.0"}),
        (("", "pods/resize"), {"1.5.2", "1.6.2", "1.7.0"}),
        (("", "endpoints"), {"1.2.2", "1.3.2", "1.4.2", "1.5.2"}),
        (("discovery.k8s.io", "endpointslices"), {"1.6.2", "1.7.0"}),
        (("ray.io", "raycronjobs"), {"1.6.2", "1.7.0"}),
        (("ray.io", "rayclusters"), set(SUPPORTED)),
        (("", "persistentvolumeclaims"), {"1.7.0"}),
        (("networking.k8s.io", "networkpolicies"), {"1.7.0"}),
        (("apiextensions.k8s.io", "customresourcedefinitions"), {"1.2.2", "1.3.2", "1.4.2"}),
        (("gateway.networking.k8s.io", "httproutes"), {"1.7.0"}),
        (("cert-manager.io", "issuers"), set()),
    ],
)
def test_rights_come_and_go_with_the_version(right: tuple[str, str], versions: set[str]) -> None:
    assert {each for each in SUPPORTED if right in rights(one(render(kuberay=each), "ClusterRole"))} == versions


@pytest.mark.parametrize("kuberay", SUPPORTED)
def test_it_holds_what_the_autoscaler_is_given_and_nothing_that_widens_itself(kuberay: str) -> None:
    held = rights(one(render(kuberay=kuberay), "ClusterRole"))
    given = {"get", "list", "watch"} if kuberay in ("1.3.2", "1.4.2") else {"get", "list", "watch", "patch"}
    assert held["", "pods"] >= given, "common/rbac.go BuildRole of each release"
    assert ("patch" in held["", "pods"]) is ("patch" in given)
    assert held["ray.io", "rayclusters"] >= {"get", "patch"}
    for (group, resource), verbs in held.items():
        assert not verbs & {"*", "escalate", "bind", "impersonate"}, (group, resource)
        assert "*" not in (group, resource)
    assert ("", "nodes") not in held
    assert not any(resource.endswith(("exec", "proxy", "attach")) for _, resource in held)


@pytest.mark.parametrize(
    ("values", "kuberay", "right", "there"),
    [
        ("", "1.6.2", ("scheduling.volcano.sh", "podgroups"), True),
        ("global: {batchScheduler: none}", "1.6.2", ("scheduling.volcano.sh", "podgroups"), False),
        ("", "1.6.2", ("gateway.networking.k8s.io", "gateways"), False),
        (
            "featureGates: {RayServiceIncrementalUpgrade: true}",
            "1.6.2",
            ("gateway.networking.k8s.io", "gateways"),
            True,
        ),
        (
            "featureGates: {RayServiceIncrementalUpgrade: false}",
            "1.7.0",
            ("gateway.networking.k8s.io", "gateways"),
            False,
        ),
        ("featureGates: {RayClusterMTLS: true}", "1.7.0", ("cert-manager.io", "certificates"), True),
    ],
)
def test_rights_follow_scheduler_and_gates(values: str, kuberay: str, right: tuple[str, str], there: bool) -> None:
    assert (right in rights(one(render(values, kuberay=kuberay), "ClusterRole"))) is there


def test_named_namespaces_get_roles_and_nothing_is_cluster_wide() -> None:
    found = render("watchNamespaces: [team-a, team-b]")
    assert "ClusterRole" not in kinds(found)
    assert "ClusterRoleBinding" not in kinds(found)
    everywhere = one(render(), "ClusterRole")["rules"]
    for namespace in ("team-a", "team-b"):
        assert one(found, "Role", "kuberay-operator", namespace)["rules"] == everywhere
        binding = one(found, "RoleBinding", "kuberay-operator", namespace)
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "kuberay-operator", "namespace": SYSTEM}]


def test_up_to_1_4_volcanos_crd_is_looked_up_cluster_wide_whatever_is_watched() -> None:
    found = render("watchNamespaces: [team-a]", kuberay="1.4.2")
    assert set(rights(one(found, "ClusterRole"))) == {("apiextensions.k8s.io", "customresourcedefinitions")}
    one(found, "ClusterRoleBinding")
    assert "ClusterRole" not in kinds(render("watchNamespaces: [a]\nglobal: {batchScheduler: none}", kuberay="1.4.2"))


def test_the_lease_is_in_its_own_namespace() -> None:
    role = one(render(), "Role", "kuberay-operator-leader-election", SYSTEM)
    assert rights(role)["coordination.k8s.io", "leases"] == {"create", "get", "update"}
    assert [rule.get("resourceNames") for rule in role["rules"]] == [None, ["ray-operator-leader"], None]
    assert ("coordination.k8s.io", "leases") not in rights(one(render(), "ClusterRole"))


@pytest.mark.parametrize(
    ("values", "there"), [("", True), ("replicas: 1", False), ("podDisruptionBudget: {enabled: false}", False)]
)
def test_a_budget_only_where_there_is_somebody_to_take_over(values: str, there: bool) -> None:
    assert ("PodDisruptionBudget" in kinds(render(values))) is there


def test_one_replica_is_not_spread() -> None:
    assert "topologySpreadConstraints" in one(render(), "Deployment")["spec"]["template"]["spec"]
    assert "topologySpreadConstraints" not in one(render("replicas: 1"), "Deployment")["spec"]["template"]["spec"]
    assert one(render("replicas: 0"), "Deployment")["spec"]["replicas"] == 0


def test_the_pod_meets_the_restricted_standard() -> None:
    pod = one(render(), "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(render())["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container(render())["resources"]["requests"].keys() >= {"cpu", "memory"}


def test_pod_settings_are_passed_on() -> None:
    values = """
    nodeSelector: {pool: system}
    tolerations: [{key: a, operator: Exists}]
    affinity: {nodeAffinity: {}}
    priorityClassName: system-cluster-critical
    podLabels: {team: platform, app.kubernetes.io/name: mine}
    podAnnotations: {a: "1"}
    serviceAccount: {annotations: {role: "${ARN}"}}
    env: {B: "2", A: "true"}
    global: {clusterDomain: example.org, imagePullSecrets: [registry]}
    """
    found = render(values)
    template = one(found, "Deployment")["spec"]["template"]
    assert template["spec"]["nodeSelector"] == {"pool": "system"}
    assert template["spec"]["tolerations"] == [{"key": "a", "operator": "Exists"}]
    assert template["spec"]["priorityClassName"] == "system-cluster-critical"
    assert template["metadata"]["labels"]["team"] == "platform"
    assert template["metadata"]["labels"]["app.kubernetes.io/name"] == "kuberay-operator", (
        "the selector's labels are ours"
    )
    assert template["metadata"]["annotations"] == {"a": "1"}
    assert container(found)["env"] == [
        {"name": "A", "value": "true"},
        {"name": "B", "value": "2"},
        {"name": "CLUSTER_DOMAIN", "value": "example.org"},
    ]
    account = one(found, "ServiceAccount")
    assert account["imagePullSecrets"] == [{"name": "registry"}]
    assert account["metadata"]["annotations"]["role"] == "${ARN}"


def test_selectors_stay_as_they_are_when_labels_change() -> None:
    stable = {"app.kubernetes.io/name": "kuberay-operator", "app.kubernetes.io/instance": "oneblock"}
    found = render("podLabels: {team: x}")
    assert one(found, "Deployment")["spec"]["selector"]["matchLabels"] == stable
    assert one(found, "Service")["spec"]["selector"] == stable


def test_probes_ask_the_health_port() -> None:
    spec = container(render())
    assert spec["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    assert spec["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    assert {each["name"]: each["containerPort"] for each in spec["ports"]} == {"http": 8080, "health": 8082}


def test_monitors_when_asked_for() -> None:
    assert "ServiceMonitor" not in kinds(render())
    found = render("global: {monitoring: {serviceMonitors: true, labels: {release: prometheus}}}")
    assert one(found, "ServiceMonitor")["metadata"]["labels"]["release"] == "prometheus"


def test_the_network_policy_can_be_left_out() -> None:
    assert "NetworkPolicy" not in kinds(render("networkPolicy: {enabled: false}"))


def test_the_policies_are_the_rules() -> None:
    wanted: dict[str, list[tuple[str, str]]] = {}
    for rule in policies(Versions.DEFAULT):
        wanted.setdefault(rule.kind, []).append((rule.expression, rule.message))
    found = {
        each["metadata"]["name"].removeprefix("oneblock-ray-rules-"): [
            (v["expression"], v["message"]) for v in each["spec"]["validations"]
        ]
        for each in render()
        if each["kind"] == "ValidatingAdmissionPolicy" and each["metadata"]["name"] != "oneblock-deployer"
    }
    assert wanted
    assert found == {kind.lower(): rules for kind, rules in wanted.items()}
    for each in render():
        if each["kind"] == "ValidatingAdmissionPolicy":
            # An expression that fails may not refuse what the operator takes; one that guards an account may.
            guard = each["metadata"]["name"] == "oneblock-deployer"
            assert each["spec"]["failurePolicy"] == ("Fail" if guard else "Ignore")


@pytest.mark.parametrize(
    ("values", "actions"),
    [
        ("", {"Deny"}),
        ("global: {admissionPolicies: {action: Warn}}", {"Warn"}),
        ("global: {admissionPolicies: {enabled: false}}", set()),
        ('global: {versions: {kubernetes: "1.29"}}', set()),
        ('global: {versions: {kubernetes: "1.30.4"}}', {"Deny"}),
    ],
)
def test_policies_where_they_are_wanted_and_served(values: str, actions: set[str]) -> None:
    found = render(values)
    bindings = [each for each in found if each["kind"] == "ValidatingAdmissionPolicyBinding"]
    assert {action for each in bindings for action in each["spec"]["validationActions"]} == actions
    assert {each["spec"]["policyName"] for each in bindings} == {
        each["metadata"]["name"] for each in found if each["kind"] == "ValidatingAdmissionPolicy"
    }
