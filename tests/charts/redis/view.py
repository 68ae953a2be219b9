"""What tests of the redis chart look at."""

from __future__ import annotations

from typing import Any

from tests.charts.rendering import Object, objects, one

TENANTS = "global: {namespaces: {team-a: {owners: [x]}, team-b: {}}}\n"
WHOLE = """
global:
  imagePullSecrets: [registry]
  namespaces: {team-a: {}, team-b: {}}
  monitoring: {serviceMonitors: true, rules: true, labels: {release: prometheus}}
metrics: {enabled: true}
backup: {enabled: true}
nodeSelector: {pool: infra}
tolerations: [{key: infra, operator: Exists}]
priorityClassName: system-cluster-critical
podLabels: {team: platform}
podAnnotations: {note: "x"}
storageClass: fast
"""


def render(values: str = "", **how: Any) -> list[Object]:
    """The chart's objects."""
    return objects("redis", values, **how)


def pod_of(found: list[Object]) -> dict[str, Any]:
    """The spec of the Redis pods."""
    spec: dict[str, Any] = one(found, "StatefulSet")["spec"]["template"]["spec"]
    return spec


def containers(found: list[Object]) -> dict[str, dict[str, Any]]:
    """Every container of every pod by "object/container"."""
    result = {}
    for each in found:
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        pod = spec.get("template", {}).get("spec", {})
        for container in pod.get("initContainers", []) + pod.get("containers", []):
            result[f"{each['metadata']['name']}/{container['name']}"] = container
    return result


def config(values: str = "") -> dict[str, str]:
    """What the Redis pods read."""
    data: dict[str, str] = one(render(values), "ConfigMap", "oneblock-redis")["data"]
    return data
