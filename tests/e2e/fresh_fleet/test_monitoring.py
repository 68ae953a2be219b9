"""A real Prometheus with what OneBlock writes for it: targets are found, alerts fire, no dashboard is empty."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.e2e.fleet import SYSTEM, Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.monitoring import Object, Prometheus
from tests.e2e.programs import MissingError
from tests.e2e.ray import head

# Needs more workers than there are, so that the autoscaler has something to wait for.
WORK = """
import ray, time
ray.init(log_to_driver=False)

@ray.remote(num_cpus=1)
def busy():
    kept = ray.put(bytes(8 << 20))
    time.sleep(12)
    return kept

@ray.remote(num_cpus=0)
class Counter:
    def count(self):
        return 1

counter = Counter.remote()
ray.get(counter.count.remote())
ray.get([busy.remote() for _ in range(2)])
time.sleep(12)
"""
KNOWN = "from ray.dashboard.modules.reporter.reporter_agent import METRICS_GAUGES; print(*METRICS_GAUGES)"
NO_VOLUMES = "a lab's kubelet does not find its root file system, and so tells of no volume"
# Metrics that nobody has here, and why.
UNKNOWN = {
    "kubelet_volume_stats_used_bytes": NO_VOLUMES,
    "kubelet_volume_stats_capacity_bytes": NO_VOLUMES,
    "ray_node_gpus_utilization": "no node has a GPU",
    "ray_node_gpus_available": "no node has a GPU",
}


@pytest.fixture(scope="module")
def prometheus(lab: Lab, fleet: Fleet, monitors: list[Object]) -> Iterator[Prometheus]:
    """Prometheus beside the fleet."""
    try:
        found = Prometheus(lab, monitors)
    except MissingError as missing:
        pytest.skip(str(missing))
    found.start()
    yield found
    found.stop()


def scraped(prometheus: Prometheus) -> Counter[str]:
    """How many targets of each kind there are, once all of them answer."""

    def up() -> Counter[str] | None:
        targets = prometheus.targets()
        down = [
            f"{each['labels']}: {each['lastError'] or each['health']}" for each in targets if each["health"] != "up"
        ]
        if down:
            raise AssertionError("\n".join(down))
        return Counter(each["scrapePool"].rpartition("/")[0] for each in targets)

    return until("every target answers", up, 120)


def test_every_target_is_found_and_answers(prometheus: Prometheus, kube: Kube) -> None:
    begun = time.monotonic()
    found = until("a target of every monitor", lambda: counts if len(counts := scraped(prometheus)) > 3 else None, 60)
    print(f"every target answers after {time.monotonic() - begun:.0f} s: {dict(found)}")
    assert found[f"ServiceMonitor/{SYSTEM}/kuberay-operator"] == 1
    assert found[f"ServiceMonitor/{SYSTEM}/oneblock-redis"] == 6  # three pods, each with a Redis and a Sentinel
    ray = {series["metric"]["pod"] for series in prometheus.series('up{namespace="team-a"}')}
    assert ray == {pod["metadata"]["name"] for pod in kube.list("pods", "team-a", "ray.io/cluster=main")}
    types = {series["metric"]["ray_io_node_type"] for series in prometheus.series('up{namespace="team-a"}')}
    assert types == {"head", "worker"}
    until("the operator speaks of the cluster", lambda: prometheus.series('kuberay_cluster_info{name="main"}'), 60)


def expressions(dashboard: Object) -> list[str]:
    """Every query of a dashboard, the variable in it as it is when all clusters are chosen."""
    found = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [expression.replace("$cluster", "(main)") for expression in found]


def test_no_query_of_a_dashboard_is_empty(prometheus: Prometheus, kube: Kube) -> None:
    pod = head(kube, "team-a", "main")
    begun = time.monotonic()
    kube.exec(pod, "python", "-c", WORK, namespace="team-a", container="ray-head", timeout=300)
    print(f"the work took {time.monotonic() - begun:.0f} s")
    known = kube.exec(pod, "python", "-c", KNOWN, namespace="team-a", container="ray-head", timeout=120).split()
    excused = {name.removeprefix("ray_") for name in UNKNOWN if name.startswith("ray_")}
    assert excused <= set(known), "Ray has no metric of that name"
    maps = kube.list("configmaps", "team-a", "grafana_dashboard=1")
    assert maps
    dashboards = [json.loads(text) for found in maps for text in found["data"].values()]
    choices = [each["query"]["query"] for board in dashboards for each in board["templating"]["list"][1:]]
    for choice in choices:
        inner = re.fullmatch(r"label_values\((.*), (\w+)\)", choice)
        assert inner
        assert {series["metric"].get(inner[2]) for series in prometheus.series(inner[1])} == {"main"}, choice
    asked = [expression for board in dashboards for expression in expressions(board)]
    empty = {expression for expression in asked if not prometheus.series(expression, minutes=10)}
    print(f"{len(asked)} queries, {len(asked) - len(empty)} with series")
    assert empty == {expression for expression in asked if any(metric in expression for metric in UNKNOWN)}
    used = prometheus.series('ray_node_disk_usage{namespace="team-a"}')
    assert used
    assert all(float(series["value"][1]) > 0 for series in used)  # Ray says 0 where it is not told to look


def test_what_alerts_ask_for_is_there(prometheus: Prometheus) -> None:
    """An alert on a metric that nobody has could never fire."""
    rules = prometheus.get("rules")["groups"][0]["rules"]
    assert {rule["health"] for rule in rules} == {"ok"}
    asked = {name for rule in rules for name in re.findall(r"\b(?:redis|kubelet)_\w+", rule["query"])}
    selector = f'{{namespace="{SYSTEM}"}}'
    known = until("Redis has been scraped", lambda: prometheus.series(f"redis_up{selector}"), 60)
    assert len(known) == 3
    missing = {name for name in asked if not prometheus.series(f"{name}{selector}", minutes=10)}
    assert missing == {name for name, why in UNKNOWN.items() if why is NO_VOLUMES}
    assert not prometheus.firing()


def master(prometheus: Prometheus) -> str:
    """The pod that Prometheus takes for the only master."""
    (found,) = prometheus.series(f'redis_instance_info{{namespace="{SYSTEM}",role="master"}}')
    return str(found["metric"]["pod"])


def test_a_killed_master_is_told(prometheus: Prometheus, kube: Kube) -> None:
    killed = until("Prometheus knows the master", lambda: master(prometheus), 60)
    begun = time.monotonic()
    kube.delete("pod", killed, SYSTEM, force=True, wait=False)
    until("the alert RedisFailedOver fires", lambda: "RedisFailedOver" in prometheus.firing(), 180)
    print(f"the alert fires {time.monotonic() - begun:.0f} s after the master's end")
    # Until the killed pod's series is called stale, it may still be the only one between two scrapes of the new master.
    until("there is a new master", lambda: master(prometheus) != killed, 60)
    assert "RedisNoMaster" not in prometheus.firing()
    scraped(prometheus)
    print(f"every target answers {time.monotonic() - begun:.0f} s after the master's end")


@pytest.mark.full
def test_no_redis_at_all_is_told(prometheus: Prometheus, kube: Kube) -> None:
    def scale(replicas: int) -> None:
        kube.kubectl("scale", f"--namespace={SYSTEM}", "statefulset/oneblock-redis", f"--replicas={replicas}")

    begun = time.monotonic()
    scale(0)
    until("the alert RedisNoMaster fires", lambda: "RedisNoMaster" in prometheus.firing(), 300)
    print(f"the alert fires {time.monotonic() - begun:.0f} s after Redis was taken away")
    scale(3)
    until("the alert is over", lambda: "RedisNoMaster" not in prometheus.firing(), 300)
    print(f"it is over {time.monotonic() - begun:.0f} s after Redis was taken away")
