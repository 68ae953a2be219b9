"""The umbrella: the same objects as its charts by themselves, whatever the release is called; rules for all of them."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from generator.helm import split_documents
from tests.binaries import need
from tests.charts.rendering import SYSTEM, Object, chart, keyed, objects, texts
from tests.parsing import parsed

PLATFORM = """
global:
  namespaces:
    team-a: {owners: [leads], users: [team], quota: {cpu: 500, gpu: 8}, limits: {cpu: 64}}
    team-b: {networkPolicy: {enabled: false}, create: false}
  priorityClasses: {urgent: {value: 1000000}}
  monitoring: {serviceMonitors: true, podMonitors: true, rules: true, dashboards: true}
operator: {replicas: 3, watchNamespaces: [team-a], podAnnotations: {note: "${HOME} {{ x }}"}}
redis: {metrics: {enabled: true}, backup: {enabled: true}}
queues:
  company: {deserved: {gpu: 8}}
  research: {parent: company, namespaces: [team-a]}
"""
SECTIONS = ["crds", "namespaces", "operator", "queues", "redis"]
CLUSTER_WIDE = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "Namespace",
    "PriorityClass",
    "Queue",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}


def values_of(name: str, platform: dict[str, Any]) -> dict[str, Any]:
    """What a chart is handed when it is installed by itself."""
    return {"global": platform["global"], **platform.get(name, {})}


@cache
def all_objects() -> list[Object]:
    return objects("oneblock", PLATFORM)


def test_the_umbrella_is_its_charts() -> None:
    platform = yaml.safe_load(PLATFORM)
    apart = [each for name in SECTIONS for each in objects(name, values_of(name, platform))]
    assert keyed(all_objects()) == keyed(apart)


@pytest.mark.parametrize("name", SECTIONS)
def test_nothing_depends_on_the_releases_name(name: str) -> None:
    values = values_of(name, yaml.safe_load(PLATFORM))
    assert texts(name, values, release="one") == texts(name, values, release="another")


@pytest.mark.parametrize("name", SECTIONS)
def test_a_switched_off_chart_is_not_rendered(name: str) -> None:
    left = keyed(objects("oneblock", f"{name}: {{enabled: false}}"))
    assert set(left) == set(keyed(objects("oneblock"))) - set(keyed(objects(name)))


def test_the_text_is_clean() -> None:
    for text in texts("oneblock", PLATFORM):
        lines = text.split("\n")
        assert not [line for line in lines if line != line.rstrip()], text
        script = "kind: ConfigMap" in text
        assert script or "" not in lines[:-1], text


def test_the_first_keys_of_every_object() -> None:
    for text in texts("oneblock", PLATFORM):
        loaded = parsed(text)
        assert list(loaded)[:3] == ["apiVersion", "kind", "metadata"]
        name = loaded["metadata"]["name"]
        namespaced = loaded["kind"] not in CLUSTER_WIDE
        expected = ["name", *(["namespace"] if namespaced else []), "labels", "annotations"]
        assert list(loaded["metadata"]) == expected, f"{loaded['kind']} {name}"


def test_labels_and_annotations_of_every_object() -> None:
    for each in all_objects():
        labels, where = each["metadata"]["labels"], f"{each['kind']} {each['metadata']['name']}"
        assert labels["app.kubernetes.io/name"], where
        assert labels["app.kubernetes.io/instance"] == "oneblock", where
        assert labels["app.kubernetes.io/part-of"] == "oneblock", where
        assert labels["app.kubernetes.io/managed-by"] == "Helm", where
        assert not {"app.kubernetes.io/version", "helm.sh/chart"} & set(labels), where
        assert each["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled", where


@pytest.mark.parametrize("kubernetes", ["1.30", "1.36"])
def test_kubernetes_takes_every_object_of_its_own(kubernetes: str) -> None:
    platform = yaml.safe_load(PLATFORM)
    platform["global"]["versions"] = {"kubernetes": kubernetes}
    seen = set()
    for each in objects("oneblock", platform):
        try:
            kubernetes_validate.validate(each, kubernetes, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            seen.add(each["kind"])
    assert seen == {"PrometheusRule", "Queue", "ServiceMonitor"}, "kinds Kubernetes does not know"


def test_what_users_write_is_not_run() -> None:
    (deployment,) = (
        each for each in all_objects() if each["kind"] == "Deployment" and "operator" in each["metadata"]["name"]
    )
    assert deployment["spec"]["template"]["metadata"]["annotations"]["note"] == "${HOME} {{ x }}"


@pytest.mark.parametrize("program", ["helm", "helm3"])
@pytest.mark.parametrize("name", ["oneblock", *SECTIONS])
def test_every_helm_prints_the_same_bytes(program: str, name: str, tmp_path: Path) -> None:
    platform = yaml.safe_load(PLATFORM)
    values = platform if name == "oneblock" else values_of(name, platform)
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    command: list[str | Path] = [need(program), "template", "test", chart(name), "--namespace", SYSTEM]
    command += ["--skip-tests", "-f", file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert sorted(split_documents(done.stdout)) == sorted(texts(name, values))
