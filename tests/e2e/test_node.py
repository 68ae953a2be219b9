"""The harness' node: pods run on it as they would elsewhere."""

from __future__ import annotations

import socket

import pytest

from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.pods import pod, run

RAY = "docker.io/rayproject/ray:2.60.0"


def test_a_volume_can_be_written_by_a_group(kube: Kube, namespace: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    nobody = {"runAsUser": 999, "runAsGroup": 999, "runAsNonRoot": True, "fsGroup": 999}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    kube.apply(claim)
    run(kube, pod("writer", namespace, securityContext=nobody, volumes=volumes, container=mounts))
    kube.exec("writer", "sh", "-c", "echo kept >/data/file", namespace=namespace)
    kube.delete("pod", "writer", namespace)
    run(kube, pod("reader", namespace, securityContext=nobody, volumes=volumes, container=mounts))
    assert kube.exec("reader", "cat", "/data/file", namespace=namespace) == "kept\n"
    kube.delete("pod", "reader", namespace)
    volume = kube.list("pvc", namespace)[0]["spec"]["volumeName"]
    kube.delete("pvc", "data", namespace)
    until("the volume is gone with its claim", lambda: kube.get("pv", volume) is None, 60)


def test_services_are_found_by_name_and_address(lab: Lab, kube: Kube, namespace: str) -> None:
    server = pod("server", namespace, container={"command": ["httpd", "-f", "-p", "8080", "-h", "/etc"]})
    server["metadata"]["labels"] = {"app": "server"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server", "namespace": namespace},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    kube.apply(service)
    run(kube, server, pod("client", namespace))
    url = f"http://server.{namespace}.svc.cluster.local/hostname"
    said = until("the Service answers", lambda: kube.exec("client", "wget", "-qO-", url, namespace=namespace), 20)
    assert said == "server\n"
    # This process is on the cluster's network: Services and pods answer it too.
    found = kube.get("service", "server", namespace)
    assert found is not None
    with socket.create_connection((found["spec"]["clusterIP"], 80), timeout=5) as connection:
        connection.sendall(b"GET /hostname HTTP/1.0\r\n\r\n")
        assert b" 200 OK" in connection.recv(100)


def test_the_ray_image_is_as_the_charts_expect(lab: Lab, kube: Kube, namespace: str) -> None:
    if why := lab.missing_images.get(RAY):
        pytest.skip(f"no image {RAY}: {why}")
    run(kube, pod("ray", namespace, RAY, securityContext={"runAsNonRoot": True}))
    asked = (
        "id -un; pwd; ray --version; python -c 'import ray.train, ray.data, ray.serve, redis; print(ray.__version__)'"
    )
    said = kube.exec("ray", "bash", "-lc", asked, namespace=namespace, timeout=120).split("\n")
    assert said[:2] == ["ray", "/home/ray"]
    assert said[2:4] == ["ray, version 2.60.0", "2.60.0"]
    kube.exec("ray", "bash", "-lc", "command -v wget pgrep ps pip serve", namespace=namespace)


def test_what_a_pod_said_and_what_was_said_of_it(kube: Kube, namespace: str) -> None:
    run(kube, pod("talker", namespace, container={"command": ["sh", "-c", "echo hello; sleep 1000"]}))
    assert until("its log", lambda: kube.logs("talker", namespace=namespace), 10) == "hello\n"
    assert "Started" in {event["reason"] for event in kube.events(namespace, "talker")}
    assert kube.exec("talker", "cat", namespace=namespace, input="through") == "through"
