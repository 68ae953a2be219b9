"""What is seen when the API server refuses the pods of a Ray cluster, and that they come once it does not.

No pod has to run for that: the operator is a process beside a control plane of its own. The messages are those of
docs/troubleshooting.yaml, as in test_faults.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.binaries import need
from tests.e2e import kuberay_operator
from tests.e2e.faults import SMALL, TEAM, Ray
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.pods import BUSYBOX, pod

CLUSTERS = f"rayClusters: {{plain: {{head: {{{SMALL}}}}}}}"


@pytest.fixture(scope="module")
def ray(
    scratch: Callable[[], AbstractContextManager[tuple[Lab, Kube]]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ray]:
    """A team's namespace with its quota, and an operator that looks at it."""
    need(kuberay_operator.OPERATOR)
    fleet = Fleet.sample(tmp_path_factory.mktemp("refused") / "fleet", {"values/namespaces/team-a.yaml": CLUSTERS})
    with scratch() as (lab, kube):
        fleet.apply(kube, ())
        kuberay_operator.start(lab, "refused", TEAM, (), 18000)
        yield Ray(kube, fleet)


def test_a_webhook_that_does_not_answer(ray: Ray) -> None:
    webhook = {
        "name": "nowhere.example.com",
        "clientConfig": {"service": {"name": "nowhere", "namespace": "default"}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": TEAM}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    ray.kube.apply({**kind, "metadata": {"name": "nowhere"}, "webhooks": [webhook]})
    try:
        until("the webhook is in force", lambda: "nowhere" in refusal(ray.kube, pod("probe", TEAM)), 30)
        ray.apply("plain")
        ray.event("webhook-down")
        assert not ray.pods("plain")
    finally:
        ray.kube.delete("validatingwebhookconfiguration", "nowhere")
    begun = time.monotonic()
    until("the head's pod is there", lambda: ray.pods("plain"), 120)
    print(f"the head's pod is there {time.monotonic() - begun:.0f} s after the webhook is gone")
    ray.delete("plain")


def refusal(kube: Kube, wanted: dict[str, Any]) -> str:
    """What the API server says against a pod, without making it."""
    path = f"/api/v1/namespaces/{wanted['metadata']['namespace']}/pods?dryRun=All"
    return str(kube.request("POST", path, wanted)[1].get("message", ""))


def test_a_quota_that_is_used_up(ray: Ray) -> None:
    resources = {"cpu": "3900m", "memory": "64Mi"}
    container = {"resources": {"requests": resources, "limits": resources}}
    filler = pod("filler", TEAM, BUSYBOX, container=container)
    # Deleted pods are taken off the quota's account a little later.
    until("there is room for another pod", lambda: ray.kube.apply(filler), 60)
    ray.apply("plain")
    ray.event("quota-used-up")
    assert not ray.pods("plain")
    ray.kube.delete("pod", "filler", TEAM, force=True)
    begun = time.monotonic()
    until("the head's pod is there", lambda: ray.pods("plain"), 120)
    print(f"the head's pod is there {time.monotonic() - begun:.0f} s after the other one is gone")
    ray.delete("plain")
