"""A Redis of the team's own, with its password in a Secret of the team's: it works the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.ray_cluster import RayUnderTest
from tests.e2e.ray_survivors import check, remember, started
from tests.e2e.redis_fleet import WITHOUT_REDIS, deployed, ray_fleet

pytestmark = pytest.mark.full
TEAM = "team-a"
GCS = "{enabled: true, redis: {address: 'own-redis.team-a:6379', passwordSecret: {name: own-redis, key: secret-word}}}"
PASSWORD = "OneOfTheTeams"  # noqa: S105
LABELS = {"app": "own-redis"}


def own_redis() -> list[dict[str, object]]:
    """One pod and what leads to it."""
    named = {"name": "own-redis", "namespace": TEAM}
    container = {
        "name": "redis",
        "image": "docker.io/library/redis:8.0",
        "command": ["sh", "-c", 'exec redis-server --dir /tmp --requirepass "$PASSWORD"'],
        "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "own-redis", "key": "secret-word"}}}],
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }
    secret = {"kind": "Secret", "metadata": named, "stringData": {"secret-word": PASSWORD}}
    pod = {"kind": "Pod", "metadata": {**named, "labels": LABELS}, "spec": {"containers": [container]}}
    service = {"kind": "Service", "metadata": named, "spec": {"selector": LABELS, "ports": [{"port": 6379}]}}
    return [{"apiVersion": "v1", **made} for made in (secret, pod, service)]


@pytest.fixture
def ray(kube: Kube, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RayUnderTest]:
    files = ray_fleet(GCS)
    files["values/platform.yaml"] = WITHOUT_REDIS
    fleet = Fleet.written(tmp_path / "fleet", files)
    fleet.deploy(kube, parts=())  # the namespaces, for what follows
    kube.apply(*own_redis())
    with deployed(fleet, kube, request):
        yield started(kube, TEAM)


def keys(kube: Kube) -> set[str]:
    """What is in it."""
    command = f"redis-cli --no-auth-warning -a {PASSWORD} --json KEYS '*'"
    return set(json.loads(kube.exec("own-redis", "sh", "-c", command, namespace=TEAM)))


def test_a_head_comes_back_to_it_and_the_end_is_clean(ray: RayUnderTest) -> None:
    assert all(key.startswith("RAYteam-a.main.1@") for key in keys(ray.kube))
    ray.settle()
    before = remember(ray)
    seconds = ray.recovery(ray.kill_head)
    print(f"own Redis, head pod killed: an actor answers by its name after {seconds:.1f} s")
    check(ray, before)
    ray.kube.delete("rayjob", "beat", TEAM)
    ray.kube.delete("raycluster", "main", TEAM, timeout=240)
    until("no key is left", lambda: not keys(ray.kube), 60)
