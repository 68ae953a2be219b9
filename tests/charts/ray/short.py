"""The short form of a namespace file, rendered, and the parts of it that tests look at."""

from __future__ import annotations

from typing import Any

import yaml

from generator.schema import Versions
from tests.charts.rendering import Object, objects, one

Values = dict[str, Any]
RELEASES = ("1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.2", "1.7.0")
"""The last release of each KubeRay minor."""

WORKLOADS = """
rayClusters: {a: {autoscaling: {enabled: true}, workerGroups: {w: {}}}}
rayJobs: {b: {entrypoint: x, rayCluster: {profile: default}}, c: {entrypoint: x, cluster: a}}
rayServices: {d: {rayCluster: {}}}
"""
"""One of each kind of cluster."""


def merged(base: Values, over: Values) -> Values:
    """``over`` on ``base``, maps deep, as Helm merges two values files."""
    return base | {
        key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in over.items()
    }


def render(values: str, *, kuberay: str = "1.6.2", platform: str = "{}") -> list[Object]:
    versions = Versions(kuberay=kuberay)
    pinned = {"global": {"versions": {"kuberay": kuberay}}}
    given = merged(merged(yaml.safe_load(platform), yaml.safe_load(values)), pinned)
    return objects("ray", given, versions=versions, namespace="team-a", release="ray-team-a")


def cluster(short: str, *, kuberay: str = "1.6.2", platform: str = "{}") -> Object:
    """The RayCluster whose short form is ``short``, called main."""
    values = yaml.safe_dump({"rayClusters": {"main": yaml.safe_load(short)}})
    return one(render(values, kuberay=kuberay, platform=platform), "RayCluster", "main")


def spec(short: str, **how: Any) -> Object:
    found: Object = cluster(short, **how)["spec"]
    return found


def head(short: str, **how: Any) -> Object:
    found: Object = spec(short, **how)["headGroupSpec"]
    return found


def group(short: str, name: str = "w", **how: Any) -> Object:
    """The worker group ``name`` of the cluster with that short form."""
    groups = [each for each in spec(short, **how)["workerGroupSpecs"] if each["groupName"] == name]
    assert len(groups) == 1
    found: Object = groups[0]
    return found


def ray_container(group: Object) -> Object:
    found: Object = group["template"]["spec"]["containers"][0]
    return found


def env(container: Object) -> Values:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env", [])}


def quantities(cpu: str, memory: str, **others: str) -> Values:
    return {"cpu": cpu, "memory": memory} | {name.replace("_", "/"): value for name, value in others.items()}
