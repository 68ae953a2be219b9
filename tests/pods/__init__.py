"""Pods to try the rules on: the files of this folder are a table of a few fields of pod templates each.

A case is the spec of the head's template, or ``{template | worker | submitter | head: …}`` for another place; ``why``
says what makes OneBlock stricter than the API server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from generator.fleet import Namespace, Platform, open_namespace
from generator.fleet.cluster_spec import CLUSTER_SPEC
from generator.fleet.plain import as_list, as_map
from generator.plan import namespace_releases
from generator.source import Document, read
from tests.charts.rendering import chart, engine

Case = dict[str, Any]
LEVELS = ("baseline", "restricted")
PLACES = {"template", "worker", "submitter", "head"}
VERSIONS = {"kubernetes": "1.36", "kuberay": "1.6.2", "ray": "2.60.0", "volcano": "1.14.1"}


def _cases(name: str) -> dict[str, Case]:
    found: dict[str, Case] = yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_bytes())
    return found


TABLE = {name: _cases(name) for name in ("accepted", "refused", "strict")}


def _document(name: str, data: Any) -> Document:
    found, findings = read(name, json.dumps(data, indent=1).encode())
    assert found is not None, findings
    assert not findings, findings
    return found


def values(case: Case) -> dict[str, Any]:
    """The namespace file of a case."""
    case = {key: each for key, each in case.items() if key != "why"}
    if "file" in case:
        return dict(case["file"])
    if not PLACES & set(case):
        case = {"template": {"spec": case}}
    cluster: dict[str, Any] = {"head": case.get("head", {"template": case["template"]} if "template" in case else {})}
    cluster |= {key: case[key] for key in ("logs", "code", "autoscaling", "spec") if key in case}
    if "worker" in case:
        cluster["workerGroups"] = {"cpu": {"template": case["worker"]}}
    made: dict[str, Any] = {"rayClusters": {"main": cluster}}
    if "submitter" in case:
        job = {"entrypoint": "python a.py", "cluster": "main", "spec": {"submitterPodTemplate": case["submitter"]}}
        made["rayJobs"] = {"job": job}
    return made


def namespace_of(case: Case, level: str) -> Namespace:
    """The namespace of a case, of a Pod Security level."""
    name = f"pods-{level}"
    grants = {name: {"owners": ["leads"], "podSecurity": level}}
    shared = {"versions": VERSIONS, "batchScheduler": "none", "namespaces": grants}
    platform = Platform(_document("platform.yaml", {"global": shared}))
    return open_namespace(name, _document(f"namespaces/{name}.yaml", values(case)), platform)


def rendered(namespace: Namespace) -> Iterator[dict[str, Any]]:
    """The Ray objects that the chart makes of a namespace file."""
    (release,) = namespace_releases(namespace)
    texts = engine().render(chart("ray", namespace.platform.versions), release.name, release.namespace, release.values)
    for text in texts:  # read as Helm and kubectl do: PyYAML takes ".0_" for a number, and 010 for eight
        found, findings = read("rendered", text.encode())
        assert found is not None, findings
        if found.data["kind"] in CLUSTER_SPEC:
            yield found.data


def pods(namespace: Namespace) -> Iterator[dict[str, Any]]:
    """The pod templates among them, as bare Pods."""
    for found in rendered(namespace):
        spec = found["spec"]
        cluster = as_map(spec if found["kind"] == "RayCluster" else spec.get("rayClusterSpec"))
        groups = [cluster.get("headGroupSpec"), *as_list(cluster.get("workerGroupSpecs"))]
        for template in [*(as_map(each).get("template") for each in groups), spec.get("submitterPodTemplate")]:
            if isinstance(template, dict):
                metadata = as_map(template.get("metadata")) | {"name": "pod"}
                yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
