"""Who is master at the start of a pod, who follows, who waits."""

from __future__ import annotations

import pytest

from tests.charts.redis.pod import Pod, host, named


def test_a_replica_follows_a_living_master(pod: Pod) -> None:
    pod.ordinal = 1
    named(pod, 0).redis(0, "master")
    pod.volume(synced=True)
    result = pod.run("start-redis.sh")
    assert result.code == 0
    assert result.seconds == 0
    assert f"replicaof {host(0)} 6379\n" in pod.conf
    assert f"replica-announce-ip {host(1)}\n" in pod.conf
    assert result.started == str(pod.root / "run/redis.conf")


@pytest.mark.parametrize("synced", [True, False])
def test_a_replica_may_not_be_promoted_yet(pod: Pod, synced: bool) -> None:
    """What is on its volume may be old."""
    pod.ordinal = 1
    named(pod, 0).redis(0, "master")
    pod.volume(synced=synced)
    assert pod.run("start-redis.sh").code == 0
    assert pod.conf.endswith("replica-priority 0\n")


def test_a_replica_with_data_starts_though_its_master_is_away(pod: Pod) -> None:
    """Somebody must be there for the Sentinels to promote."""
    pod.ordinal = 1
    named(pod, 0)
    pod.volume(synced=True)
    result = pod.run("start-redis.sh")
    assert result.code == 0
    assert 10 <= result.seconds <= 12
    assert f"replicaof {host(0)} 6379\n" in pod.conf


def test_an_empty_replica_waits_for_a_living_master(pod: Pod) -> None:
    pod.ordinal = 1
    named(pod, 0).redis(0, "master", after=25)
    assert pod.run("start-redis.sh").seconds == 25


def test_a_replica_follows_where_the_sentinels_go_while_it_waits(pod: Pod) -> None:
    pod.ordinal = 1
    named(pod, 0)
    for ordinal in range(3):
        pod.sentinel(ordinal, 2, 2, after=4)
    pod.redis(2, "master", after=4)
    result = pod.run("start-redis.sh")
    assert result.seconds == 4
    assert f"replicaof {host(2)} 6379\n" in pod.conf


def test_a_restarted_master_lets_a_running_replica_take_over(pod: Pod) -> None:
    named(pod, 0).redis(1, "slave")
    pod.volume(synced=True)
    for ordinal in range(3):
        pod.sentinel(ordinal, 1, 2, after=6)
    pod.redis(1, "master", after=6)
    result = pod.run("start-redis.sh")
    assert result.seconds == 6
    assert f"replicaof {host(1)} 6379\n" in pod.conf
    assert "may be promoted" in result.said


def test_a_restarted_master_goes_on_when_nobody_took_over(pod: Pod) -> None:
    named(pod, 0).redis(1, "slave")
    pod.volume(synced=True)
    result = pod.run("start-redis.sh")
    assert 20 <= result.seconds <= 21
    assert "replicaof" not in pod.conf


def test_after_everything_was_down_the_master_starts_at_once(pod: Pod) -> None:
    named(pod, 0)
    pod.volume(synced=True)
    result = pod.run("start-redis.sh")
    assert result.seconds == 0
    assert "replicaof" not in pod.conf


def test_a_master_never_starts_beside_a_new_one(pod: Pod) -> None:
    """The promoted pod is master already, the Sentinels' answers are old."""
    named(pod, 0).redis(1, "master")
    pod.volume(synced=True)
    result = pod.run("start-redis.sh")
    assert result.code == 1
    assert "pod 1 has become master" in result.said
    assert result.started == ""


@pytest.mark.parametrize(("first", "peer"), [(False, False), (False, True), (True, True)])
def test_an_empty_master_never_starts(pod: Pod, first: bool, peer: bool) -> None:
    named(pod, 0)
    pod.volume(first=first, files=True)
    if peer:
        pod.redis(1, "slave")
    result = pod.run("start-redis.sh")
    assert result.code == 1
    assert result.seconds == 30
    assert "its volume is empty" in result.said
    assert "forceMasterOrdinal" in result.said
    assert result.started == ""


def test_a_peer_without_a_complete_copy_is_no_reason_to_wait(pod: Pod) -> None:
    named(pod, 0).redis(1, "slave", slave_priority=0)
    pod.volume(synced=True)
    assert pod.run("start-redis.sh").seconds == 0


def test_the_first_master_of_a_first_install(pod: Pod) -> None:
    named(pod, 0, epoch=0)
    pod.volume(first=True)
    assert pod.run("start-redis.sh").code == 0
    assert "replicaof" not in pod.conf
    assert "replica-priority" not in pod.conf
    assert (pod.root / "data/state/synced").exists()
    assert not (pod.root / "data/state/first-master").exists()


def test_the_newest_epoch_counts(pod: Pod) -> None:
    """One Sentinel led the last failover, the others have not heard of it."""
    pod.sentinel(0, 0, 4)
    pod.sentinel(1, 2, 5)
    pod.sentinel(2, 0, 4)
    pod.redis(2, "master")
    pod.volume(synced=True)
    pod.run("start-redis.sh")
    assert f"replicaof {host(2)} 6379\n" in pod.conf


def test_two_of_three_sentinels_are_enough_after_a_moment(pod: Pod) -> None:
    named(pod, 0, sentinels=(0, 2))
    pod.volume(synced=True)
    result = pod.run("start-redis.sh")
    assert result.code == 0
    assert 5 <= result.seconds <= 6


@pytest.mark.parametrize("own", [0, 1, None])
def test_no_majority_fails_closed(pod: Pod, own: int | None) -> None:
    pod.sentinel(0, own)
    pod.volume(synced=True)
    result = pod.run("start-redis.sh")
    assert result.code == 1
    assert "no majority of Sentinels names a master (1 of 3 answer)" in result.said
    assert result.started == ""


def test_without_majority_a_living_master_that_the_own_sentinel_knows_is_followed(pod: Pod) -> None:
    pod.sentinel(0, 1)
    pod.redis(1, "master")
    pod.volume(synced=True)
    pod.run("start-redis.sh")
    assert f"replicaof {host(1)} 6379\n" in pod.conf


@pytest.mark.parametrize(("forced", "expected"), [(0, ""), (2, f"replicaof {host(2)} 6379\n")])
def test_the_override(pod: Pod, forced: int, expected: str) -> None:
    (pod.root / "config/force-master-ordinal").write_text(str(forced))
    pod.redis(2, "master")
    assert pod.run("start-redis.sh").code == 0
    assert expected in pod.conf
    assert ("replicaof" in pod.conf) == bool(expected)


def test_the_override_never_touches_a_living_master(pod: Pod) -> None:
    (pod.root / "config/force-master-ordinal").write_text("0")
    named(pod, 1).redis(1, "master")
    pod.run("start-redis.sh")
    assert f"replicaof {host(1)} 6379\n" in pod.conf


@pytest.mark.parametrize("script", ["start-redis.sh", "start-sentinel.sh"])
def test_a_missing_password_is_said_not_replaced_by_an_empty_one(pod: Pod, script: str) -> None:
    (pod.root / "auth/replication-password").write_text("")
    result = pod.run(script)
    assert result.code == 1
    assert "the Secret has no replication-password" in result.said
