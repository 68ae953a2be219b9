"""The harness itself: what the other tests stand on."""

from __future__ import annotations

import pytest

from tests.e2e.kube import Kube, KubectlError, until

ADMISSION = "/apis/admissionregistration.k8s.io/v1"


def _config_map(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def test_objects_come_and_go(api: Kube) -> None:
    api.apply(_config_map("one", a="1"), _config_map("two", a="2"), manager="test")
    found = api.get("configmap", "one", "default")
    assert found is not None
    assert found["data"] == {"a": "1"}
    assert {item["metadata"]["name"] for item in api.list("configmap", "default")} >= {"one", "two"}
    api.delete("configmap", "one", "default")
    assert api.get("configmap", "one", "default") is None


def test_a_user_without_rights_is_refused(api: Kube) -> None:
    nobody = api.as_user("nobody", "nothing")
    with pytest.raises(KubectlError, match='User "nobody" cannot list resource "secrets"'):
        nobody.list("secrets", "default")
    status, answer = nobody.request("GET", "/api/v1/namespaces/default/secrets")
    assert (status, answer["reason"]) == (403, "Forbidden")
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    status, review = nobody.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
    assert status == 201
    assert "nothing" in review["status"]["userInfo"]["groups"]


def test_admission_policies_are_enforced(api: Kube) -> None:
    match = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    spec = {
        "matchConstraints": {"resourceRules": [match]},
        "validations": [{"expression": "object.metadata.name != 'forbidden'", "message": "not that name"}],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": "harness"}}
    api.apply(
        {**kind, "kind": "ValidatingAdmissionPolicy", "spec": spec},
        {
            **kind,
            "kind": "ValidatingAdmissionPolicyBinding",
            "spec": {"policyName": "harness", "validationActions": ["Deny"]},
        },
    )

    def denied() -> bool:
        path = "/api/v1/namespaces/default/configmaps?dryRun=All"
        status, answer = api.request("POST", path, _config_map("forbidden"))
        return status == 422 and "not that name" in answer["message"]

    until("the policy denies", denied, 20)


def test_pod_security_is_enforced(api: Kube) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "strict", "labels": labels}})
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": "strict"},
        "spec": {"containers": [{"name": "c", "image": "c"}]},
    }
    with pytest.raises(KubectlError, match='violates PodSecurity "restricted:latest"'):
        api.apply(pod)


def test_until_says_what_was_last_seen() -> None:
    with pytest.raises(AssertionError, match="not within 0 s: the sky falls; last seen: KeyError: 'x'"):
        until("the sky falls", lambda: dict[str, str]()["x"], 0, 0)
