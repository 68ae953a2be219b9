"""Whatever the short form says, the fleet's view of the RayCluster is what Helm renders."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.fleet import Platform, open_namespace
from generator.plan import namespace_releases
from generator.schema import Versions, check
from generator.source import Document, read
from tests.charts.rendering import chart, engine
from tests.leaves import walk
from tests.unit.test_fleet_is_the_charts import at, named

PLATFORM = """\
global:
  batchScheduler: none
  gcsFaultTolerance: {enabled: true}
  nodes:
    a100: {count: 1, cpu: 9, memory: 1Ti, gpu: 8, gpuResource: amd.com/gpu, labels: {p: a}, taints: ["a=b:NoSchedule"]}
  namespaces: {team: {owners: [a]}}
  profiles:
    small: {head: {cpu: 1, env: {A: "1"}}, workerGroups: {a: {minReplicas: 1, cpu: 2}}, autoscaling: {enabled: true}}
    default: {head: {memory: 9Gi}}
"""

names = st.sampled_from(["a", "b", "c"])
counts = st.integers(0, 5)
quantities = st.sampled_from([1, 2, "500m", "4Gi", "1e3"])
text = st.sampled_from(["x", "{{ .Values }}", "${HOME}", "1", "true", "a: b", "ü 世界", "'\"", ""])
env = st.dictionaries(st.sampled_from(["A", "B"]), text, max_size=2)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


amounts = {"cpu": quantities, "memory": quantities, "gpu": counts}
group = {
    **amounts,
    "resources": some(
        limits=st.dictionaries(st.sampled_from(["cpu", "memory"]), quantities),
        requests=st.dictionaries(st.sampled_from(["cpu", "memory"]), quantities),
    ),
    "env": env,
    "labels": st.dictionaries(st.sampled_from(["l", "m"]), st.sampled_from(["x", "1"])),
    "rayStartParams": st.dictionaries(st.sampled_from(["num-cpus", "block"]), st.sampled_from(["2", "true"])),
    "serviceAccountName": st.just("sa"),
    "nodes": st.just("a100"),
    "template": some(
        metadata=st.just({"labels": {"t": "1"}}),
        spec=some(
            containers=st.sampled_from(
                [
                    [{"name": "ray-head", "env": [{"name": "A", "value": "t"}]}],
                    [{"name": "ray-worker", "imagePullPolicy": "Always"}],
                    [{"name": "sidecar", "image": "i"}],
                ]
            ),
            restartPolicy=st.sampled_from(["Never", "Always"]),
            tolerations=st.just([{"key": "z", "operator": "Exists"}]),
        ),
    ),
}
worker = some(
    **group,
    minReplicas=counts,
    replicas=counts,
    maxReplicas=counts,
    numOfHosts=st.integers(1, 2),
    suspend=st.booleans(),
)
clusters = some(
    profile=st.sampled_from(["small", "default"]),
    queue=names,
    rayVersion=st.just("2.50.0"),
    autoscaling=some(
        enabled=st.booleans(), idleTimeoutSeconds=st.integers(1, 2_000_000), version=st.sampled_from(["v1", "v2"])
    ),
    gcsFaultTolerance=some(enabled=st.booleans(), generation=st.integers(1, 3)),
    head=some(**group, numCpus=counts),
    workerGroups=st.dictionaries(names, worker, max_size=2),
    spec=some(
        suspend=st.booleans(),
        headGroupSpec=some(rayStartParams=st.just({"dashboard-host": "::"})),
        workerGroupSpecs=st.sampled_from(
            [
                [{"groupName": "a", "rayStartParams": {"q": "1"}}],
                [{"groupName": "new", "template": {"spec": {"containers": [{"name": "ray-worker", "image": "i"}]}}}],
            ]
        ),
    ),
)


def document(file: str, data: object) -> Document:
    found, findings = read(
        file, json.dumps(data, ensure_ascii=False).encode() if not isinstance(data, str) else data.encode()
    )
    assert found is not None, findings
    return found


@settings(max_examples=60)
@given(clusters)
def test_the_view_is_what_helm_renders(short: dict[str, Any]) -> None:
    platform = Platform(document("platform.yaml", PLATFORM))
    file = document("team.yaml", {"rayClusters": {"main": short}})
    assert not check(file, "namespace", Versions.DEFAULT)
    namespace = open_namespace("team", file, platform)
    (release,) = namespace_releases(namespace)
    texts = engine().render(chart("ray"), release.name, release.namespace, release.values)
    rendered = next(found for found in map(yaml.safe_load, texts) if found["kind"] == "RayCluster")
    (workload,) = namespace.clusters
    for path, expected in walk(named(workload.object.data)):
        if expected not in ({}, []):
            assert str(at(named(rendered), path)) == str(expected), path
