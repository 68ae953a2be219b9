"""From nothing to a Ray cluster that works, applied the way the README says; here with all monitoring on."""

from __future__ import annotations

import json
import time

from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube
from tests.e2e.ray import head
from tests.e2e.redis import Redis

TASK = """
import json, ray, socket
ray.init(log_to_driver=False)

@ray.remote
def where():
    return socket.gethostname()

print(json.dumps({"resources": ray.cluster_resources(), "ran_on": ray.get(where.remote())}))
"""


def test_a_fresh_fleet_runs_ray(kube: Kube, fleet: Fleet) -> None:
    begun = time.monotonic()
    said = kube.exec(head(kube, "team-a", "main"), "python", "-c", TASK, namespace="team-a", timeout=120)
    seen = json.loads(said.splitlines()[-1])
    print(f"a task's answer: {time.monotonic() - begun:.0f} s; the cluster has {seen['resources']}")
    workers = kube.list("pods", "team-a", "ray.io/cluster=main,ray.io/node-type=worker")
    assert seen["ran_on"] in {pod["metadata"]["name"] for pod in workers}
    assert seen["resources"]["CPU"] == len(workers)


def test_its_state_is_in_redis(kube: Kube, fleet: Fleet) -> None:
    """Under the tenant's own prefix, and the operator has to tidy it up at the end."""
    cluster = kube.get("raycluster", "main", "team-a")
    assert cluster is not None
    assert cluster["spec"]["gcsFaultToleranceOptions"]["externalStorageNamespace"] == "team-a.main.1"
    assert Redis(kube).keys("RAYteam-a.main.1*")
    assert cluster["metadata"]["finalizers"]
