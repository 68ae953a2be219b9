"""Tells Prometheus what runs in a lab: Debian's Prometheus is built without Kubernetes' discovery, but reads files.

Pods and the endpoints of Services are written with the labels that Prometheus' own discovery gives them
(``__meta_kubernetes_…``), so that the scrape configuration can select and relabel as it would anywhere.

    python -m tests.e2e.lab.discovery SOCKET FOLDER
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e.lab.watching import keep_looking
from tests.e2e.proxy import Proxy

Object = dict[str, Any]
PREFIX = "__meta_kubernetes_"


def labels_of(what: str, found: Object) -> dict[str, str]:
    """The name and the labels of a pod or Service, as labels of a target."""
    meta = found["metadata"]
    told = {f"label_{re.sub('[^a-zA-Z0-9_]', '_', key)}": value for key, value in meta.get("labels", {}).items()}
    named = {f"{PREFIX}{what}_{key}": value for key, value in {**told, "name": meta["name"]}.items()}
    return {**named, f"{PREFIX}namespace": meta["namespace"]}


def ports_of(pod: Object) -> Iterator[tuple[int, dict[str, str]]]:
    """The ports of a pod's containers, with what is said of them."""
    whole = {**labels_of("pod", pod), f"{PREFIX}pod_phase": pod["status"].get("phase", "")}
    for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
        for port in container.get("ports", ()):
            named = {"container_name": container["name"], "container_port_name": port.get("name", "")}
            yield port["containerPort"], {**whole, **{f"{PREFIX}pod_{key}": value for key, value in named.items()}}


def pod_targets(pods: list[Object]) -> list[Object]:
    """A target for every port of every pod that has an address."""
    return [
        {"targets": [f"{pod['status']['podIP']}:{port}"], "labels": labels}
        for pod in pods
        if pod["status"].get("podIP")
        for port, labels in ports_of(pod)
    ]


def endpoint_targets(endpoints: list[Object], services: list[Object], pods: list[Object]) -> list[Object]:
    """A target for every address and port behind every Service."""
    known = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in services}
    ports = {
        (pod["metadata"]["namespace"], pod["metadata"]["name"], port): labels
        for pod in pods
        for port, labels in ports_of(pod)
    }
    targets = []
    for found in endpoints:
        namespace = found["metadata"]["namespace"]
        service = known.get((namespace, found["metadata"]["name"]))
        if service is None:
            continue
        for subset in found.get("subsets", ()):
            for address in (*subset.get("addresses", ()), *subset.get("notReadyAddresses", ())):
                for port in subset.get("ports", ()):
                    pod = address.get("targetRef", {}).get("name", "")
                    labels = {**ports.get((namespace, pod, port["port"]), {}), **labels_of("service", service)}
                    labels[f"{PREFIX}endpoint_port_name"] = port.get("name", "")
                    targets.append({"targets": [f"{address['ip']}:{port['port']}"], "labels": labels})
    return targets


def step(api: Proxy, folder: Path) -> None:
    """Writes what there is, at once: Prometheus may be reading."""
    pods, services, endpoints = (
        api.request("GET", f"/api/v1/{kind}")[1].get("items", []) for kind in ("pods", "services", "endpoints")
    )
    for role, targets in {"pod": pod_targets(pods), "endpoints": endpoint_targets(endpoints, services, pods)}.items():
        written = folder / f"{role}.new"
        written.write_text(json.dumps(targets))
        written.rename(folder / f"{role}.json")


def main(socket: str, folder: str) -> None:
    """Looks once a second, for ever."""
    keep_looking(socket, 1, lambda api: step(api, Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
