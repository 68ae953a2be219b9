"""What the tests of monitoring give Prometheus: monitors in its own words, and what runs as its discovery tells it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.binaries import need
from tests.charts.rendering import objects
from tests.e2e.lab.discovery import endpoint_targets, pod_targets
from tests.e2e.monitoring import KINDS, scrape, write

ON = "global: {monitoring: {podMonitors: true, serviceMonitors: true, rules: true}}\nredis: {metrics: {enabled: true}}"
POD: dict[str, Any] = {
    "metadata": {"name": "redis-0", "namespace": "system", "labels": {"app.kubernetes.io/name": "redis"}},
    "spec": {"containers": [{"name": "exporter", "ports": [{"name": "metrics", "containerPort": 9121}]}]},
    "status": {"phase": "Running", "podIP": "10.0.0.1"},
}


def monitors() -> list[dict[str, Any]]:
    """What the umbrella chart and a team's release have for Prometheus."""
    team = objects("ray", f"{ON}\nrayClusters: {{main: {{}}}}", namespace="team-a")
    return [found for found in (*objects("oneblock", ON), *team) if found["kind"] in KINDS]


def test_prometheus_takes_what_monitors_mean(tmp_path: Path) -> None:
    assert {found["kind"] for found in monitors()} == set(KINDS)
    write(tmp_path, monitors(), tmp_path)
    command: list[str | Path] = [need("promtool"), "check", "config", "--syntax-only", "prometheus.yaml"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_a_target_is_told_as_kubernetes_discovery_would() -> None:
    service = {"metadata": {"name": "redis", "namespace": "system", "labels": {"app": "redis"}}}
    address = {"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "redis-0"}}
    subset = {"notReadyAddresses": [address], "ports": [{"name": "metrics", "port": 9121}]}
    endpoints = {"metadata": {"name": "redis", "namespace": "system"}, "subsets": [subset]}
    (pod,) = pod_targets([POD])
    assert pod["targets"] == ["10.0.0.1:9121"]
    assert pod["labels"] == {
        "__meta_kubernetes_namespace": "system",
        "__meta_kubernetes_pod_container_name": "exporter",
        "__meta_kubernetes_pod_container_port_name": "metrics",
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": "redis",
        "__meta_kubernetes_pod_name": "redis-0",
        "__meta_kubernetes_pod_phase": "Running",
    }
    (found,) = endpoint_targets([endpoints], [service], [POD])
    assert found["labels"] == pod["labels"] | {
        "__meta_kubernetes_endpoint_port_name": "metrics",
        "__meta_kubernetes_service_label_app": "redis",
        "__meta_kubernetes_service_name": "redis",
    }


def test_relabelings_come_last() -> None:
    monitor = next(found for found in monitors() if len(found["spec"].get("endpoints", ())) == 2)
    last = scrape(monitor, 1, monitor["spec"]["endpoints"][1])["relabel_configs"][-1]
    assert last == {"action": "replace", "replacement": "sentinel", "target_label": "endpoint"}
