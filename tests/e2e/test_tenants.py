"""Who may do what: the table of rights, by asking the API server and, for the telling ones, by doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import KubectlError
from tests.e2e.tenancy import FLEET, OPERATOR, PEOPLE, Tenants, cluster, cluster_spec, files, ray

RBAC = "/apis/rbac.authorization.k8s.io/v1"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Right:
    """One cell of the table."""

    person: str
    verb: str
    resource: str
    where: str
    allowed: bool

    def __str__(self) -> str:
        return f"{self.person} {self.verb} {self.resource} in {self.where}"

    def review(self) -> dict[str, Any]:
        """The question to the API server."""
        resource, _, group = self.resource.partition(".")
        resource, _, subresource = resource.partition("/")
        asked = {"verb": self.verb, "group": group, "resource": resource, "subresource": subresource}
        if self.where != "*":
            asked["namespace"] = self.where
        user, *groups = PEOPLE[self.person]
        if user.startswith("system:serviceaccount:"):
            groups = ["system:serviceaccounts", f"system:serviceaccounts:{user.split(':')[2]}"]
        spec = {"user": user, "groups": [*groups, "system:authenticated"], "resourceAttributes": asked}
        return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}


def table() -> Iterator[Right]:
    """Every cell of ``rights.txt``."""
    for line in (FLEET / "rights.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            verbs, resource, where, *marks = line.split()
            assert set(marks) <= {"+", "-"}, line
            for person, mark in zip(PEOPLE, marks, strict=True):
                for verb in verbs.split(","):
                    yield Right(person, verb, resource, where, mark == "+")


def test_the_table_of_rights_holds(tenants: Tenants) -> None:
    rights = list(table())
    assert len(rights) >= 120
    assert len({(right.person, right.verb, right.resource, right.where) for right in rights}) == len(rights)

    def asked(right: Right) -> bool:
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        status, answer = tenants.kube.request("POST", path, right.review())
        assert status == 201, answer
        return bool(answer["status"]["allowed"])

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(asked, rights))
    print(f"{len(rights)} cells, {sum(answers)} allowed")
    wrong = [
        f"{right}: {'allowed' if answer else 'denied'}"
        for right, answer in zip(rights, answers, strict=True)
        if answer != right.allowed
    ]
    assert not wrong, "\n".join(wrong)


def _job(name: str) -> dict[str, Any]:
    return ray("RayJob", {"entrypoint": "true", "rayClusterSpec": cluster_spec()}, "research", name)


RAY = "/apis/ray.io/v1/namespaces"
DONE: dict[str, tuple[str, str, str, dict[str, Any] | None]] = {
    "owner makes a cluster": ("owner", "POST", f"{RAY}/team-a/rayclusters", cluster("research", "done")),
    "owner suspends it": ("owner", "PATCH", f"{RAY}/team-a/rayclusters/done", {"spec": {"suspend": True}}),
    "owner removes it": ("owner", "DELETE", f"{RAY}/team-a/rayclusters/done", None),
    "user submits a job": ("user", "POST", f"{RAY}/team-a/rayjobs", _job("done")),
    "user reads it": ("user", "GET", f"{RAY}/team-a/rayjobs/done", None),
    "user removes it": ("user", "DELETE", f"{RAY}/team-a/rayjobs/done", None),
    "user reads pods": ("user", "GET", "/api/v1/namespaces/team-a/pods", None),
    "owner reads the quota": ("owner", "GET", "/api/v1/namespaces/team-a/resourcequotas/oneblock", None),
}


def test_what_is_granted_can_be_done(tenants: Tenants) -> None:
    for what, (person, method, path, body) in DONE.items():
        kind = MERGE if method == "PATCH" else "application/json"
        status, answer = tenants.person(person).request(method, path, body, content_type=kind)
        assert status < 300, f"{what}: {answer}"


def test_the_deployer_applies_a_release_of_its_team(tenants: Tenants) -> None:
    release = list(files(tenants.tree / "ray" / "team-a"))
    assert release
    said = tenants.person("deployer").apply(*release)
    assert "raycluster.ray.io/main serverside-applied" in said
    for person in ("user", "other"):
        with pytest.raises(KubectlError, match="is forbidden"):
            tenants.person(person).apply(*release)
    with pytest.raises(KubectlError, match="is forbidden"):
        tenants.person("deployer").apply(*files(tenants.tree / "ray" / "team-b"))
    for kind in ("rayclusters", "rayjobs"):
        tenants.kube.kubectl("delete", kind, "--all", "--namespace=team-a", "--wait=false")


def _binding(role: str, namespace: str = "") -> dict[str, Any]:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "team-a-leads"}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "mine"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [group],
    }


ALL = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
TOKEN = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "mine"},
}
POLICIES = "/apis/admissionregistration.k8s.io/v1"
A = "/api/v1/namespaces/team-a"
ROLES = f"{RBAC}/namespaces/team-a"
NETWORK = "/apis/networking.k8s.io/v1/namespaces/team-a/networkpolicies"
PRIVILEGED = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
ESCALATIONS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "bind cluster-admin in the namespace": ("POST", f"{ROLES}/rolebindings", _binding("cluster-admin", "team-a")),
    "bind cluster-admin everywhere": ("POST", f"{RBAC}/clusterrolebindings", _binding("cluster-admin")),
    "widen one's own role": ("PATCH", f"{ROLES}/roles/oneblock-owner", {"rules": [ALL]}),
    "join the deployer's binding": ("PATCH", f"{ROLES}/rolebindings/ray-deployer", {"subjects": []}),
    "a token of the deployer": ("POST", f"{A}/serviceaccounts/ray-deployer/token", TOKEN),
    "a token of the default account": ("POST", f"{A}/serviceaccounts/default/token", TOKEN),
    "a token of the operator": ("POST", f"/api/v1/namespaces/{SYSTEM}/serviceaccounts/kuberay-operator/token", TOKEN),
    "run a command in a pod": ("POST", f"{A}/pods/any/exec?command=id&stdout=true", None),
    "attach to a pod": ("POST", f"{A}/pods/any/attach?stdout=true", None),
    "add a container to a pod": ("PATCH", f"{A}/pods/any/ephemeralcontainers", {"spec": {}}),
    "make a pod": ("POST", f"{A}/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "mine"}, "spec": {}}),
    "read Redis' Secrets": ("GET", f"/api/v1/namespaces/{SYSTEM}/secrets", None),
    "read one's own namespace's Secrets": ("GET", f"{A}/secrets", None),
    "watch all Secrets": ("GET", "/api/v1/secrets?watch=true", None),
    "raise the quota": ("PATCH", f"{A}/resourcequotas/oneblock", {"spec": {"hard": {"requests.cpu": "9999"}}}),
    "remove the quota": ("DELETE", f"{A}/resourcequotas/oneblock", None),
    "remove the limits": ("DELETE", f"{A}/limitranges/oneblock", None),
    "open the network": ("DELETE", f"{NETWORK}/oneblock-default-deny", None),
    "lower Pod Security": ("PATCH", "/api/v1/namespaces/team-a", PRIVILEGED),
    "remove the queue policy": ("DELETE", f"{POLICIES}/validatingadmissionpolicies/oneblock-queue-grants", None),
    "unbind the queue policy": ("DELETE", f"{POLICIES}/validatingadmissionpolicybindings/oneblock-queue-grants", None),
    "a webhook of one's own": ("POST", f"{POLICIES}/validatingwebhookconfigurations", WEBHOOK),
    "go through a node": ("GET", "/api/v1/nodes/any/proxy/pods", None),
    "go through a pod": ("GET", f"{A}/pods/any/proxy/", None),
    "go through a service": ("GET", f"{A}/services/any/proxy/", None),
    "another team's cluster": ("POST", f"{RAY}/team-b/rayclusters", cluster("serving")),
    "another team's Secrets": ("GET", "/api/v1/namespaces/team-b/secrets", None),
    "a cluster beside the operator": ("POST", f"{RAY}/{SYSTEM}/rayclusters", cluster(None)),
    "say that a job succeeded": ("PATCH", f"{RAY}/team-a/rayjobs/any/status", {"status": {"jobStatus": "SUCCEEDED"}}),
}  # fmt: skip


@pytest.mark.parametrize("person", ["owner", "user", "deployer"])
def test_no_way_up(tenants: Tenants, person: str) -> None:
    kube = tenants.person(person)
    got = {}
    for what, (method, path, body) in ESCALATIONS.items():
        kind = MERGE if method == "PATCH" else "application/json"
        status, answer = kube.request(method, path, body, content_type=kind)
        if status != 403 or "cannot" not in answer["message"]:
            got[what] = (status, answer.get("message"))
    assert not got


def test_the_other_owner_gets_nothing_here(tenants: Tenants) -> None:
    other = tenants.person("other")
    for path in (f"{RAY}/team-a/rayclusters", f"{A}/pods", f"{A}/secrets", f"{A}/configmaps", f"{A}/services"):
        status, answer = other.request("GET", path)
        assert (status, answer["reason"]) == (403, "Forbidden"), path


def _as_itself(tenants: Tenants, namespace: str, account: str) -> Callable[..., str]:
    """kubectl with a real token of a service account, without impersonation."""
    token = tenants.kube.kubectl("create", "token", account, f"--namespace={namespace}").stdout.strip()

    def run(*args: str) -> str:
        # kubectl prefers the token on its command line to the one in its configuration.
        done = tenants.kube.kubectl(*args, f"--token={token}", check=False)
        return done.stdout + done.stderr

    return run


def test_the_deployer_can_be_nobody_else(tenants: Tenants) -> None:
    run = _as_itself(tenants, "team-a", "ray-deployer")
    assert PEOPLE["deployer"][0] in run("auth", "whoami")
    for words in (
        ("--as=admin", "--as-group=system:masters"),
        (f"--as={OPERATOR}",),
        ("--as=system:serviceaccount:kube-system:default",),
    ):
        assert "cannot impersonate" in run("get", "secrets", f"--namespace={SYSTEM}", *words)


def test_what_a_ray_pod_may_be_is_not_what_its_namespace_holds(tenants: Tenants) -> None:
    """A pod may run as any service account of its namespace; the deployer is none of a pod's."""
    status, answer = tenants.kube.request("POST", f"{A}/pods?dryRun=All", _pod("ray-deployer"))
    assert status in (403, 422), answer
    assert "ray-deployer" in answer["message"]
    status, answer = tenants.kube.request("POST", f"{A}/pods?dryRun=All", _pod("default"))
    assert status == 201, answer


def _pod(account: str) -> dict[str, Any]:
    spec = {**cluster_spec()["headGroupSpec"]["template"]["spec"], "serviceAccountName": account}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "mine"}, "spec": spec}
