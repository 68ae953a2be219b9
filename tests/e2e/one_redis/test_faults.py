"""Redis alone: what is acknowledged stays, whoever falls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.e2e import redis_faults as faults
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.redis import ORDINALS, Redis
from tests.e2e.redis_client import ray_image
from tests.e2e.redis_writer import Outcome, Writer, writing

TENANT = "team-a"
KILLS = 20


@pytest.fixture
def writer(fleet: Fleet, kube: Kube, redis: Redis) -> Iterator[Writer]:
    redis.wait_healthy()
    with writing(kube, redis, TENANT, ray_image(fleet)) as writer:
        yield writer


def nothing_is_lost(writer: Writer) -> Outcome:
    """Ends a writer: what it was told is written is there. Prints what became of its writes."""
    outcome = writer.finish()
    print(outcome)
    assert not outcome.lost
    return outcome


def test_a_fresh_install_has_one_master(roles_at_first: list[str]) -> None:
    assert roles_at_first == ["master", "slave", "slave"]


def test_the_master_is_killed(redis: Redis, writer: Writer) -> None:
    old = redis.wait_healthy()
    begun = time.monotonic()
    faults.kill(redis, old)
    new = redis.wait_master(other_than=old)
    print(f"another master: {time.monotonic() - begun:.1f} s after the kill")
    writer.wait_writing()
    assert redis.wait_healthy() == new
    nothing_is_lost(writer)


def test_all_three_are_killed_at_once(kube: Kube, redis: Redis, writer: Writer) -> None:
    begun = time.monotonic()
    faults.delete_pods(kube, ORDINALS)
    time.sleep(3)  # so that "healthy" cannot mean the state before
    redis.wait_healthy()
    print(f"all three are back with their data: {time.monotonic() - begun:.1f} s after the kill")
    writer.wait_writing()
    nothing_is_lost(writer)


@pytest.mark.full
@pytest.mark.parametrize("wait", [True, False], ids=["confirmed by a replica", "acknowledged as Ray takes it"])
def test_twenty_masters_are_killed_in_a_row(kube: Kube, redis: Redis, fleet: Fleet, *, wait: bool) -> None:
    """What a replica has confirmed is there, all of it. Ray does not ask for that: what it may lose is counted."""
    redis.wait_healthy()
    with writing(kube, redis, TENANT, ray_image(fleet), wait=wait) as writer:
        outcome = killed_twenty_times(redis, writer)
    # Replication is asynchronous: what a killed master acknowledged in its last millisecond may be gone.
    # min-replicas-to-write bounds the rest: a master alone acknowledges nothing.
    assert len(outcome.lost) <= (0 if wait else KILLS), outcome.lost


def killed_twenty_times(redis: Redis, writer: Writer) -> Outcome:
    """What became of a writer's writes."""
    seen = []
    for _ in range(KILLS):
        old = redis.wait_healthy()
        writer.wait_writing()
        begun = time.monotonic()
        faults.kill(redis, old)
        redis.wait_master(other_than=old)
        seen.append(time.monotonic() - begun)
    redis.wait_healthy()
    writer.wait_writing()
    outcome = writer.finish()
    print(f"{KILLS} masters killed; another one after {min(seen):.1f} to {max(seen):.1f} s; {outcome}")
    return outcome


@pytest.mark.full
def test_a_hanging_master_is_replaced_and_ended(kube: Kube, redis: Redis, writer: Writer, lab: Lab) -> None:
    old = redis.wait_healthy()
    begun = time.monotonic()
    faults.freeze(lab, kube, old)
    new = redis.wait_master(other_than=old)
    print(f"another master: {time.monotonic() - begun:.1f} s after the freeze")
    until("kubelet ends the frozen process", lambda: redis.role(old) == "slave", 120)
    print(f"the frozen one is a replica: {time.monotonic() - begun:.1f} s after the freeze")
    assert redis.wait_healthy() == new
    writer.wait_writing()
    nothing_is_lost(writer)


@pytest.mark.full
def test_lost_answers_of_dns_hold_up_no_failover(redis: Redis, writer: Writer, lab: Lab) -> None:
    old = redis.wait_healthy()
    begun = time.monotonic()
    faults.kill(redis, old)
    faults.lose_names(lab, 0.9)
    new = redis.wait_master(other_than=old)
    print(f"another master: {time.monotonic() - begun:.1f} s after the kill")
    for ordinal in set(ORDINALS) - {old}:
        assert "sentinel_tilt:0" in redis.ask(ordinal, "INFO", "sentinel", port=26379)
    assert redis.wait_healthy() == new
    nothing_is_lost(writer)


@pytest.mark.full
def test_a_sentinel_is_killed(redis: Redis, writer: Writer) -> None:
    def gone(ordinal: int) -> bool:
        return not redis.states()[ordinal].named

    master = redis.wait_healthy()
    for ordinal in ORDINALS:
        faults.crash_sentinel(redis, ordinal)
        until("it is gone", partial(gone, ordinal), 10, every=0.1)
        assert redis.wait_healthy() == master
    assert not nothing_is_lost(writer).errors


@pytest.mark.full
def test_two_of_three_are_killed(kube: Kube, redis: Redis, writer: Writer) -> None:
    master = redis.wait_healthy()
    begun = time.monotonic()
    faults.delete_pods(kube, [master, (master + 1) % 3])
    time.sleep(3)
    redis.wait_healthy()
    print(f"three pods work together again: {time.monotonic() - begun:.1f} s after two were killed")
    writer.wait_writing()
    nothing_is_lost(writer)


@pytest.mark.full
def test_a_rolling_restart_holds_writes_only_for_moments(kube: Kube, redis: Redis, writer: Writer) -> None:
    begun = time.monotonic()
    faults.restart_all(kube)
    redis.wait_healthy()
    print(f"rolling restart: {time.monotonic() - begun:.0f} s")
    nothing_is_lost(writer)


@pytest.mark.full
def test_a_drain_gets_one_pod_at_a_time(kube: Kube, redis: Redis, writer: Writer) -> None:
    master = redis.wait_healthy()
    assert faults.evict(kube, master) == 201
    others = [ordinal for ordinal in ORDINALS if ordinal != master]
    refused = [faults.evict(kube, ordinal) for ordinal in others]
    assert refused == [429, 429]  # the budget holds while one is away
    assert redis.wait_master(other_than=master) in others
    redis.wait_healthy()
    until("the budget allows the next", lambda: faults.evict(kube, others[0]) == 201, 60)
    redis.wait_healthy()
    nothing_is_lost(writer)
