"""Ray on the platform's Redis: what goes on when a part of either falls, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e import redis_faults as faults
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.ray_cluster import RayUnderTest
from tests.e2e.ray_survivors import check, remember, started
from tests.e2e.redis import ORDINALS, Redis
from tests.e2e.redis_fleet import ray_deployed, ray_fleet

TEAM = "team-a"


@pytest.fixture(scope="module")
def ray(
    kube: Kube, redis: Redis, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RayUnderTest]:
    redis.wait_healthy()
    fleet = Fleet.written(tmp_path_factory.mktemp("gcs") / "fleet", ray_fleet())
    with ray_deployed(fleet, kube, request):
        yield started(kube, TEAM)


@pytest.fixture(autouse=True)
def healthy(redis: Redis) -> None:
    """Whatever the test before did to it."""
    redis.wait_healthy()


def survives(ray: RayUnderTest, what: str, fault: Callable[[], object], *, new_pod: bool = False) -> None:
    """A fault that ends GCS: everything is there again afterwards; prints how long that took."""
    ray.fresh_head()
    if new_pod:
        ray.settle()
    before, restarts, head = remember(ray), ray.restarts(), ray.head()
    seconds = ray.recovery(fault)
    again = f"{ray.restarts() - restarts} restarts in place" if ray.head() == head else "a new pod"
    print(f"{what}: an actor answers by its name after {seconds:.1f} s (head: {again})")
    check(ray, before)


def test_the_head_is_killed(ray: RayUnderTest) -> None:
    survives(ray, "head pod killed", ray.kill_head, new_pod=True)


@pytest.mark.full
def test_the_new_head_is_killed_too(ray: RayUnderTest) -> None:
    """Workers have just looked up the head's address, and only ask again after a while."""
    ray.settle()
    before = remember(ray)
    first, second = ray.recovery(ray.kill_head), ray.recovery(ray.kill_head)
    print(f"head pod killed, and the new one at once: {first:.1f} s, then {second:.1f} s")
    check(ray, before)


@pytest.mark.full
def test_the_master_is_killed(ray: RayUnderTest, redis: Redis) -> None:
    master = redis.wait_healthy()

    def kill() -> None:
        faults.kill(redis, master)

    survives(ray, "Redis master killed", kill)


@pytest.mark.full
def test_all_of_redis_is_killed(ray: RayUnderTest) -> None:
    survives(ray, "all of Redis killed", lambda: faults.delete_pods(ray.kube, ORDINALS))


@pytest.mark.full
def test_the_master_hangs(ray: RayUnderTest, redis: Redis, lab: Lab) -> None:
    master = redis.wait_healthy()
    survives(ray, "Redis master hangs", lambda: faults.freeze(lab, ray.kube, master))


@pytest.mark.full
def test_a_sentinel_is_killed(ray: RayUnderTest, redis: Redis) -> None:
    before, life = remember(ray), ray.life()
    for ordinal in ORDINALS:
        faults.crash_sentinel(redis, ordinal)
        redis.wait_healthy()
    check(ray, before)
    assert ray.life() == life, "the head was restarted"
    print("each Sentinel killed: the head did not notice")


@pytest.mark.full
def test_two_of_three_are_killed(ray: RayUnderTest, redis: Redis) -> None:
    master = redis.wait_healthy()
    survives(ray, "two of three killed", lambda: faults.delete_pods(ray.kube, [master, (master + 1) % 3]))


@pytest.mark.full
def test_a_rolling_restart(ray: RayUnderTest) -> None:
    survives(ray, "rolling restart of Redis (with its own time)", lambda: faults.restart_all(ray.kube))


@pytest.mark.full
def test_the_master_is_drained(ray: RayUnderTest, redis: Redis) -> None:
    master = redis.wait_healthy()

    def drain() -> None:
        assert faults.evict(ray.kube, master) == 201
        assert [faults.evict(ray.kube, other) for other in ORDINALS if other != master] == [429, 429]

    survives(ray, "master evicted by a drain", drain)


@pytest.mark.full
def test_the_head_is_killed_while_redis_fails_over(ray: RayUnderTest, redis: Redis) -> None:
    master = redis.wait_healthy()

    def kill_both() -> None:
        faults.kill(redis, master)
        time.sleep(1)
        ray.kill_head()

    survives(ray, "head killed during a failover", kill_both, new_pod=True)
    assert redis.wait_healthy() != master


def test_deleting_the_cluster_cleans_its_keys(ray: RayUnderTest, redis: Redis) -> None:
    """The last test: it takes the cluster away."""
    prefix = f"RAY{TEAM}.{ray.name}."
    assert redis.keys(f"{prefix}*")
    begun = time.monotonic()
    ray.kube.delete("rayjob", "beat", TEAM)
    ray.kube.delete("raycluster", ray.name, TEAM, timeout=240)
    until("no key of the cluster is left on any Redis", lambda: not redis.keys(f"{prefix}*"), 60)
    print(f"RayCluster and its keys gone: {time.monotonic() - begun:.0f} s after its deletion")
