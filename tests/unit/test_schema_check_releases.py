"""Findings OB201 – OB207: what a release of KubeRay or Kubernetes knows, and how a file for another one is told so."""

from __future__ import annotations

from tests.schema_findings import cluster, found, group, one


def test_fields_are_known_by_release() -> None:
    text = cluster("head: {rayLabels: {a: b}}, spec: {authOptions: {}, headGroupSpec: {labels: {}}}")
    said = [(each.code, each.message) for each in found("namespace", text, kuberay="1.3.2")]
    assert said == [
        ("OB206", '"rayLabels" in the head group came with KubeRay 1.5; this fleet pins 1.3.2'),
        ("OB206", '"authOptions" in the RayCluster spec came with KubeRay 1.5.1; this fleet pins 1.3.2'),
        ("OB206", '"labels" in "headGroupSpec" came with KubeRay 1.5; this fleet pins 1.3.2'),
    ]
    assert found("namespace", text, kuberay="1.6.2") == []
    assert found("namespace", text, kuberay="1.5") == []  # a bare minor is its newest patch


def test_profiles_follow_the_release_as_well() -> None:
    text = "global: {profiles: {p: {upgradeStrategy: None}}}"
    assert one("platform", text, kuberay="1.5.2").code == "OB206"
    assert found("platform", text) == []


def test_fields_that_are_gone_say_so() -> None:
    finding = one("namespace", "rayJobs: {a: {entrypoint: x, spec: {deletionPolicy: x}}}")
    assert finding.message == '"deletionPolicy" in the RayJob spec left with KubeRay 1.5; this fleet pins 1.6.2'
    assert finding.help == "leave it out"


def test_choices_are_known_by_release() -> None:
    text = "rayJobs: {a: {entrypoint: x, submissionMode: SidecarMode}}"
    finding = one("namespace", text, kuberay="1.4.2")
    message = '"SidecarMode" for "submissionMode" in a RayJob came with KubeRay 1.5; this fleet pins 1.4.2'
    assert (finding.code, finding.message) == ("OB206", message)
    assert found("namespace", text) == []


def test_fields_of_a_later_kubernetes_say_so() -> None:
    text = group("template: {spec: {hostnameOverride: a}}")
    assert found("namespace", text, kubernetes="1.36") == []
    finding = one("namespace", text, kubernetes="1.29")
    assert finding.message == '"hostnameOverride" in the PodSpec came with Kubernetes 1.34'
    assert finding.label == "this fleet pins Kubernetes 1.29"


def test_so_do_fields_that_kuberay_does_not_know_yet() -> None:
    """Its CRDs drop them, whatever the cluster runs."""
    text = group("template: {spec: {schedulingGroup: {podGroupName: a}}}")
    assert found("namespace", text, kubernetes="1.36", kuberay="1.7.0") == []
    finding = one("namespace", text, kubernetes="1.36", kuberay="1.6.2")
    assert finding.message == '"schedulingGroup" in the PodSpec came with Kubernetes 1.36'
    assert finding.label == "KubeRay 1.6.2 knows the pods of Kubernetes 1.35"
    assert finding.help == "leave it out, or raise global.versions.kuberay"


def test_a_kubernetes_that_is_newer_than_kuberays_is_checked_as_kuberays() -> None:
    text = group("template: {spec: {nodeSelectr: {}}}")
    assert "(Kubernetes 1.36)" in one("namespace", text, kubernetes="1.99", kuberay="1.7.0").message
    assert "(Kubernetes 1.30)" in one("namespace", text, kubernetes="1.99", kuberay="1.2.2").message
