"""The Ray cluster goes, and leaves no trace."""

from __future__ import annotations

import time

from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.redis import Redis


def test_a_deleted_cluster_leaves_nothing(kube: Kube, fleet: Fleet) -> None:
    redis = Redis(kube)
    redis.wait_healthy()
    assert redis.keys()
    begun = time.monotonic()
    kube.delete("raycluster", "main", "team-a", timeout=180)
    print(f"RayCluster gone: {time.monotonic() - begun:.0f} s after its deletion")
    assert kube.get("raycluster", "main", "team-a") is None
    until("no key of Ray is left on any Redis", lambda: not redis.keys(), 20)
    assert until("no pod of it is left", lambda: not kube.list("pods", "team-a"), 60)
