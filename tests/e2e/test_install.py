"""From nothing to a Ray cluster that works, the way the README says, and away again without a trace."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.fleet import SYSTEM, Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.ray import head

LIST_KEYS = ". /etc/oneblock/redis/lib.sh && cli 127.0.0.1 6379 --raw KEYS 'RAY*'"
TASK = """
import json, ray, socket
ray.init(log_to_driver=False)

@ray.remote
def where():
    return socket.gethostname()

print(json.dumps({"resources": ray.cluster_resources(), "ran_on": ray.get(where.remote())}))
"""


def redis_keys(kube: Kube) -> set[str]:
    """What Redis holds of Ray's, asked of every pod, since any of them may be the master."""
    pods = [f"oneblock-redis-{ordinal}" for ordinal in range(3)]
    answers = [kube.exec(pod, "/bin/sh", "-c", LIST_KEYS, namespace=SYSTEM, container="redis") for pod in pods]
    return {key for answer in answers for key in answer.split()}


def test_a_fresh_fleet_runs_ray_and_leaves_nothing(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    begun = time.monotonic()
    deploy(Fleet.sample(tmp_path / "fleet"))
    cluster = kube.get("raycluster", "main", "team-a")
    assert cluster is not None
    print(f"RayCluster ready: {time.monotonic() - begun:.0f} s after oneblock init")

    # The state is in Redis, under the tenant's own prefix, and the operator has to tidy it up at the end.
    assert cluster["spec"]["gcsFaultToleranceOptions"]["externalStorageNamespace"] == "team-a.main.1"
    assert any(key.startswith("RAYteam-a.main.1") for key in redis_keys(kube))
    assert cluster["metadata"]["finalizers"]

    begun = time.monotonic()
    said = kube.exec(head(kube, "team-a", "main"), "python", "-c", TASK, namespace="team-a", timeout=120)
    seen = json.loads(said.splitlines()[-1])
    print(f"a task's answer: {time.monotonic() - begun:.0f} s; the cluster has {seen['resources']}")
    workers = kube.list("pods", "team-a", "ray.io/cluster=main,ray.io/node-type=worker")
    assert seen["ran_on"] in {pod["metadata"]["name"] for pod in workers}
    assert seen["resources"]["CPU"] == len(workers)

    begun = time.monotonic()
    kube.delete("raycluster", "main", "team-a", timeout=180)
    print(f"RayCluster gone: {time.monotonic() - begun:.0f} s after its deletion")
    assert kube.get("raycluster", "main", "team-a") is None
    until("no key of Ray is left on any Redis", lambda: not redis_keys(kube), 20)
