"""The life of a RayCluster: how it is made, grows, shrinks, sleeps, and what is left of it."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import ray
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until

pytestmark = pytest.mark.full
Deploy = Callable[..., Fleet]

QUEUE = """
import time
@ray.remote(num_cpus=1)
def work(number):
    time.sleep(15)
    return number
print(sum(ray.get([work.remote(number) for number in range(6)])))
"""
WHERE = """
import socket
@ray.remote(num_cpus=1)
def where():
    return socket.gethostname()
print(json.dumps([ray.get(where.remote()), ray.get(where.options(num_cpus=0, resources={"special": 1}).remote())]))
"""
NODES = """
print(json.dumps({node["NodeManagerHostname"]: node for node in ray.nodes()}))
"""
EXPECTED_TERMINATION = 1  # ray.protobuf's NodeDeathInfo.Reason


def fixed(**groups: Any) -> dict[str, Any]:
    """A RayCluster whose groups have fixed sizes."""
    return {"main": {"head": ray.SMALL, "workerGroups": {name: {**ray.SMALL, **how} for name, how in groups.items()}}}


def workers_ready(kube: Kube, number: int) -> list[str]:
    """The workers, once that many are ready."""

    def ready() -> bool:
        found = kube.get("raycluster", "main", "explore") or {}
        return bool(found["status"].get("readyWorkerReplicas", 0) == number == len(ray.pods(kube, "explore", "main")))

    until(f"{number} workers are ready", ready, 240)
    return ray.pods(kube, "explore", "main")


def test_the_default_profile(kube: Kube, deploy: Deploy, tmp_path: Path) -> None:
    deploy(ray.exploring(tmp_path / "fleet", rayClusters={"main": {"profile": "default"}}))
    found = kube.get("raycluster", "main", "explore")
    assert found is not None
    assert found["spec"]["enableInTreeAutoscaling"] is True
    assert ray.python(kube, "explore", "main", "print(ray.get(ray.remote(num_cpus=0)(lambda: 6 * 7).remote()))") == "42"
    assert not ray.pods(kube, "explore", "main")


def test_groups_of_different_kinds(kube: Kube, deploy: Deploy, tmp_path: Path) -> None:
    plain, special = {"replicas": 1}, {"replicas": 1, "rayResources": {"CPU": 0, "special": 2}}
    deploy(ray.exploring(tmp_path / "fleet", rayClusters=fixed(plain=plain, special=special)))
    workers_ready(kube, 2)
    on_plain, on_special = json.loads(ray.python(kube, "explore", "main", WHERE))
    assert [on_plain] == ray.pods(kube, "explore", "main", of_group="plain")
    assert [on_special] == ray.pods(kube, "explore", "main", of_group="special")


def test_a_queue_of_tasks_brings_workers_and_its_end_takes_them(kube: Kube, deploy: Deploy, tmp_path: Path) -> None:
    group = {"minReplicas": 0, "maxReplicas": 2, **ray.SMALL}
    cluster = {"autoscaling": ray.AUTOSCALING, "head": ray.SMALL, "workerGroups": {"cpu": group}}
    deploy(ray.exploring(tmp_path / "fleet", rayClusters={"main": cluster}))
    assert not ray.pods(kube, "explore", "main")
    pod = ray.head(kube, "explore", "main")
    start = f"python -c {shlex.quote(ray.START + QUEUE)} >sum 2>&1 &"
    kube.exec(pod, "bash", "-c", start, namespace="explore", container="ray-head")
    begun = time.monotonic()
    most = 0

    def summed() -> bool:
        nonlocal most
        most = max(most, len(ray.pods(kube, "explore", "main")))
        said = kube.exec(pod, "cat", "sum", namespace="explore", container="ray-head").splitlines()
        return bool(said) and said[-1] == "15"

    until("the tasks are done", summed, 300)
    print(f"six tasks of 15 s: {time.monotonic() - begun:.0f} s with {most} workers started for them")
    assert most == 2
    begun = time.monotonic()
    until("all workers are gone", lambda: not ray.pods(kube, "explore", "main"), 180)
    print(f"2 → 0: {time.monotonic() - begun:.0f} s")


def test_a_worker_removed_by_name_says_goodbye(kube: Kube, deploy: Deploy, tmp_path: Path) -> None:
    fleet = deploy(ray.exploring(tmp_path / "fleet", rayClusters=fixed(cpu={"replicas": 2})))
    stays, goes = workers_ready(kube, 2)
    begun = time.monotonic()
    ray.change(fleet, kube, rayClusters=fixed(cpu={"replicas": 1, "removeWorkers": [goes]}))
    until("its pod is gone", lambda: kube.get("pod", goes, "explore") is None, 120)
    print(f"removed by name: {time.monotonic() - begun:.0f} s")
    assert workers_ready(kube, 1) == [stays]
    # `ray stop` in preStop told Ray, which need not find out by missing heartbeats.
    nodes = json.loads(ray.python(kube, "explore", "main", NODES))
    print(f"Ray on its end: {nodes[goes]['DeathReasonMessage']}")
    assert nodes[stays]["Alive"] is True
    assert nodes[goes]["Alive"] is False
    assert nodes[goes]["DeathReason"] == EXPECTED_TERMINATION
    reasons = {event["reason"] for event in kube.events("explore", goes)}
    assert "FailedPreStopHook" not in reasons


def test_logs_outlive_their_pod(kube: Kube, deploy: Deploy, tmp_path: Path) -> None:
    cluster = {"head": {**ray.SMALL, "numCpus": 1}, "logs": {"size": "1Gi"}}
    deploy(ray.exploring(tmp_path / "fleet", rayClusters={"main": cluster}))
    pod = ray.head(kube, "explore", "main")
    submit = "ray job submit --address http://localhost:8265 --submission-id noted -- echo written before the end"
    kube.exec(pod, "bash", "-c", submit, namespace="explore", container="ray-head", timeout=120)
    kube.delete("raycluster", "main", "explore")
    until("the pod is gone", lambda: kube.get("pod", pod, "explore") is None, 120)
    find = "cat $(find /logs -name job-driver-noted.log)"
    reader = {"name": "reader", "image": "docker.io/library/busybox:stable", "command": ["sh", "-c", find]}
    volume = {"name": "logs", "persistentVolumeClaim": {"claimName": "main-logs"}}
    container = {**reader, "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]}
    spec = {"containers": [container], "volumes": [volume], "restartPolicy": "Never"}
    kube.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader", "namespace": "explore"}, "spec": spec}
    )
    until("the log is read", lambda: "written before the end" in kube.logs("reader", namespace="explore"), 60)
    kube.delete("pod", "reader", "explore")  # a pod that has ended still holds its volume


def test_a_cluster_sleeps_and_wakes(kube: Kube, deploy: Deploy, tmp_path: Path) -> None:
    awake = fixed(cpu={"replicas": 1})
    asleep = {"main": {**awake["main"], "suspend": True}}
    fleet = deploy(ray.exploring(tmp_path / "fleet", rayClusters=awake))
    workers_ready(kube, 1)
    ray.change(fleet, kube, rayClusters=asleep)

    def state() -> str:
        return str((kube.get("raycluster", "main", "explore") or {})["status"]["state"])

    until("it sleeps", lambda: state() == "suspended" and not kube.list("pods", "explore"), 120)
    begun = time.monotonic()
    ray.change(fleet, kube, rayClusters=awake)
    until("it is awake", lambda: state() == "ready", 240)
    workers_ready(kube, 1)
    print(f"awake after {time.monotonic() - begun:.0f} s")
