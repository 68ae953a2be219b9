"""The ray chart: values are data, whatever is in them."""

from __future__ import annotations

import pytest
import yaml

from generator.schema import Versions
from tests.charts.ray.short import RELEASES, WORKLOADS, cluster, env, ray_container, render, spec
from tests.charts.rendering import one, texts

# --- values are data

STRINGS = (
    "{{ .Values.x }}",
    "${X} $(Y) $Z",
    "100%",
    "a \"quoted\" 'word'",
    "back\\slash",
    "# no comment",
    "two\nlines\n",
    "trailing  \n  leading\n\n\nblank",
    "ends in blank lines\n\n\n",
    "\n\nstarts with them",
    "é 漢字 🙂",
    "tab\there",
    "yes",
    "1e3",
    "12:30",
    "null",
    "- a\n- b",
    "key: value",
    "---\nkind: Secret",
    " ",
    "<b>&amp;</b>",
)


@pytest.mark.parametrize("text", STRINGS)
def test_text_comes_out_as_it_was(text: str) -> None:
    """Env, annotations, code, entrypoint, serveConfig, runtimeEnv; as short form and through an overlay."""
    container = {"name": "ray-head", "env": [{"name": "B", "value": text}]}
    pod = {"env": {"A": text}, "annotations": {"a": text}}
    values = {
        "rayClusters": {
            "plain": {"head": pod, "code": {"files": {"f": text, "g": text}}, "annotations": {"a": text}},
            "overlaid": {
                "head": pod | {"template": {"spec": {"containers": [container]}}},
                "spec": {"headServiceAnnotations": {"a": text}},
            },
        },
        "rayJobs": {"j": {"entrypoint": text, "cluster": "plain", "metadata": {"m": text}}},
        "rayServices": {"s": {"serveConfig": text, "rayCluster": {}}},
    }
    found = render(yaml.safe_dump(values, allow_unicode=True))
    assert one(found, "ConfigMap")["data"] == {"f": text, "g": text}
    for name in ("plain", "overlaid"):
        template = one(found, "RayCluster", name)["spec"]["headGroupSpec"]["template"]
        assert template["metadata"]["annotations"]["a"] == text
        assert env(template["spec"]["containers"][0])["A"] == text
    assert env(ray_container(one(found, "RayCluster", "overlaid")["spec"]["headGroupSpec"]))["B"] == text
    assert one(found, "RayCluster", "overlaid")["spec"]["headServiceAnnotations"]["a"] == text
    assert one(found, "RayCluster", "plain")["metadata"]["annotations"]["a"] == text
    assert one(found, "RayJob")["spec"]["entrypoint"] == text
    assert one(found, "RayJob")["spec"]["metadata"]["m"] == text
    assert one(found, "RayService")["spec"]["serveConfigV2"] == text


@pytest.mark.parametrize("name", ["y", "null", "1", "on"])
def test_keys_are_text_too(name: str) -> None:
    pods = {"labels": {name: "v"}, "annotations": {name: "v"}, "env": {f"{name}_": "v"}, "nodeSelector": {name: "v"}}
    short = yaml.safe_dump(
        {"head": pods | {"rayResources": {name: 1}}, "workerGroups": {"on": {}}, "labels": {name: "v"}}
    )
    made = cluster(short)
    assert made["metadata"]["labels"][name] == "v"
    template = made["spec"]["headGroupSpec"]["template"]
    assert template["metadata"]["labels"][name] == "v"
    assert template["metadata"]["annotations"][name] == "v"
    assert template["spec"]["nodeSelector"] == {name: "v"}
    assert env(template["spec"]["containers"][0]) == {f"{name}_": "v"}
    assert made["spec"]["headGroupSpec"]["resources"][name] == "1"
    assert made["spec"]["workerGroupSpecs"][0]["groupName"] == "on"


@pytest.mark.parametrize("number", [0, 1, 999999, 1000000, 1000660000, 2147483647])
def test_integers_stay_integers(number: int) -> None:
    short = f"""
    head: {{template: {{spec: {{securityContext: {{runAsUser: {number}}}, terminationGracePeriodSeconds: {number}}}}}}}
    autoscaling: {{enabled: true, idleTimeoutSeconds: {number}}}
    workerGroups: {{w: {{maxReplicas: {number}, minReplicas: 0}}}}
    spec: {{autoscalerOptions: {{securityContext: {{runAsGroup: {number}}}}}}}
    """
    found = spec(short)
    pod = found["headGroupSpec"]["template"]["spec"]
    printed = [
        pod["securityContext"]["runAsUser"],
        pod["terminationGracePeriodSeconds"],
        found["autoscalerOptions"]["idleTimeoutSeconds"],
        found["autoscalerOptions"]["securityContext"]["runAsGroup"],
        found["workerGroupSpecs"][0]["maxReplicas"],
    ]
    assert printed == [number] * 5
    assert {type(each) for each in printed} == {int}


@pytest.mark.parametrize("kuberay", RELEASES)
def test_the_text_is_clean(kuberay: str) -> None:
    versions = Versions(kuberay=kuberay)
    values = yaml.safe_load(WORKLOADS) | {"global": {"versions": {"kuberay": kuberay}}}
    for text in texts("ray", values, versions=versions, namespace="team-a"):
        lines = text.rstrip("\n").split("\n")
        assert not [line for line in lines if line != line.rstrip() or not line]
        assert lines[0].startswith("apiVersion: ")
        assert lines[1].startswith("kind: ")
        assert lines[2] == "metadata:"
