"""A real Prometheus that scrapes what OneBlock's monitors select, and knows OneBlock's alert rules.

The kinds of the Prometheus operator (ServiceMonitor, PodMonitor, PrometheusRule) are turned into Prometheus' own
configuration the way that operator does it, with the same labels on every series; only what OneBlock writes is known.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.fleet import Fleet
from tests.e2e.kube import until
from tests.e2e.lab import watching
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.network import ADDRESS
from tests.e2e.lab.processes import Process
from tests.e2e.programs import find, install, program

Object = dict[str, Any]
KINDS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")
EVERY = "5s"  # where a monitor does not say how often
URL = "http://127.0.0.1:9090"
SOURCE = "__meta_kubernetes_"


def copied(source: str, target: str) -> Object:
    """A label that a target gets from what Kubernetes says of it."""
    return {"source_labels": [SOURCE + source], "target_label": target}


def kept(source: str, *values: str) -> Object:
    """Only targets of which Kubernetes says one of these."""
    return {"action": "keep", "source_labels": [SOURCE + source], "regex": "|".join(map(re.escape, values))}


def underscored(relabeling: Object) -> Object:
    """A relabeling in Prometheus' own spelling: targetLabel is target_label there."""
    return {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): value for key, value in relabeling.items()}


def selected(monitor: Object) -> list[Object]:
    """What a monitor's selector keeps."""
    what = "service" if monitor["kind"] == "ServiceMonitor" else "pod"
    assert monitor["spec"]["selector"].keys() == {"matchLabels"}, "only that is translated"
    labels = monitor["spec"]["selector"]["matchLabels"].items()
    return [kept(f"{what}_label_{re.sub('[^a-zA-Z0-9_]', '_', name)}", value) for name, value in labels]


def scrape(monitor: Object, number: int, endpoint: Object) -> Object:
    """The scrape configuration of one endpoint of a monitor."""
    of_pods = monitor["kind"] == "PodMonitor"
    meta, spec = monitor["metadata"], monitor["spec"]
    namespaces = spec.get("namespaceSelector", {}).get("matchNames", [meta["namespace"]])
    job = {"target_label": "job", "replacement": f"{meta['namespace']}/{meta['name']}"}
    labels = [
        kept("namespace", *namespaces),
        *selected(monitor),
        kept("pod_container_port_name" if of_pods else "endpoint_port_name", endpoint["port"]),
        {"action": "drop", "source_labels": [f"{SOURCE}pod_phase"], "regex": "Failed|Succeeded"},
        copied("namespace", "namespace"),
        copied("pod_container_name", "container"),
        copied("pod_name", "pod"),
        *([job] if of_pods else [copied("service_name", "service"), copied("service_name", "job")]),
        {"target_label": "endpoint", "replacement": endpoint["port"]},
        *map(underscored, endpoint.get("relabelings", ())),
    ]
    return {
        "job_name": f"{monitor['kind']}/{meta['namespace']}/{meta['name']}/{number}",
        "file_sd_configs": [{"files": ["pod.json" if of_pods else "endpoints.json"]}],
        "metrics_path": endpoint.get("path", "/metrics"),
        "params": endpoint.get("params", {}),
        "scrape_interval": endpoint.get("interval", EVERY),
        "honor_labels": endpoint.get("honorLabels", False),
        "relabel_configs": labels,
        "metric_relabel_configs": [underscored(each) for each in endpoint.get("metricRelabelings", ())],
    }


def kubelet(pki: Path) -> Object:
    """What every installation scrapes besides: the kubelet, which knows how full volumes are."""
    return {
        "job_name": "kubelet",
        "scheme": "https",
        "tls_config": {
            "insecure_skip_verify": True,
            "cert_file": str(pki / "kubelet-client.crt"),
            "key_file": str(pki / "kubelet-client.key"),
        },
        "honor_labels": True,
        "static_configs": [{"targets": [f"{ADDRESS}:10250"]}],
    }


def taken_out(fleet: Fleet) -> list[Object]:
    """Takes the monitors and rules out of a rendered tree, for a cluster that does not know their kinds."""
    found = []
    for file in sorted(fleet.rendered.rglob("*.yaml")):
        wanted = yaml.load(file.read_text(), yaml.CSafeLoader)
        if wanted["kind"] in KINDS:
            found.append(wanted)
            file.unlink()
    return found


def write(folder: Path, monitoring: Iterable[Object], pki: Path) -> None:
    """Writes what these monitors and rules mean to Prometheus."""
    rules: list[Object] = []
    scrapes = [kubelet(pki)]
    for found in monitoring:
        spec = found["spec"]
        rules += spec.get("groups", ())
        endpoints = spec.get("endpoints", spec.get("podMetricsEndpoints", ()))
        scrapes += [scrape(found, number, each) for number, each in enumerate(endpoints)]
    every = {"scrape_interval": EVERY, "evaluation_interval": EVERY}
    configuration = {"global": every, "rule_files": ["rules.yaml"], "scrape_configs": scrapes}
    (folder / "prometheus.yaml").write_text(json.dumps(configuration))
    (folder / "rules.yaml").write_text(json.dumps({"groups": rules}))


class Prometheus:
    """One Prometheus in a lab."""

    def __init__(self, lab: Lab, monitoring: Iterable[Object]) -> None:
        """With these monitors and rules."""
        if find("prometheus") is None:
            install(["prometheus"])
        self._program = program("prometheus")
        self._lab = lab
        self._processes: list[Process] = []
        self.folder = lab.folder / "prometheus"
        self.folder.mkdir()
        write(self.folder, monitoring, lab.folder / "pki")

    def start(self) -> None:
        """Starts it, and what tells it of pods and Services."""
        told: list[str | Path] = [sys.executable, "-m", "tests.e2e.lab.discovery", self._lab.proxy, self.folder]
        data = f"--storage.tsdb.path={self.folder / 'data'}"
        config = f"--config.file={self.folder / 'prometheus.yaml'}"
        itself = self._lab.spawn("prometheus", [self._program, config, data, "--web.listen-address=127.0.0.1:9090"])
        self._processes = [itself, self._lab.spawn("discovery", told, watching.SURROUNDINGS)]
        until("Prometheus answers", lambda: itself.alive and self.get("query", query="1"), 60)

    def stop(self) -> None:
        """Ends both."""
        for process in self._processes:
            process.stop()

    def get(self, path: str, **parameters: str) -> Any:
        """What its API answers; the lab's network has to be this process' own."""
        url = f"{URL}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
            return json.load(answer)["data"]

    def series(self, expression: str, minutes: int = 0) -> list[Object]:
        """What an expression gives now, or gave at any time of the last minutes (as a dashboard would show it)."""
        if not minutes:
            return list(self.get("query", query=expression)["result"])
        end = float(self.get("query", query="time()")["result"][1])
        span = {"start": str(end - 60 * minutes), "end": str(end), "step": "5"}
        return list(self.get("query_range", query=expression, **span)["result"])

    def targets(self) -> list[Object]:
        """What it scrapes, and how that went."""
        return list(self.get("targets", state="active")["activeTargets"])

    def firing(self) -> set[str]:
        """The alerts that fire."""
        return {found["labels"]["alertname"] for found in self.get("alerts")["alerts"] if found["state"] == "firing"}
