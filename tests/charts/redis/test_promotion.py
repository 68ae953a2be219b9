"""Which replica may become master: never one that is known, or not known not, to have older data than another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.redis.pod import Pod, host

PROMOTABLE = "127:6379 CONFIG SET replica-priority 100"


def looks(pod: Pod) -> list[str]:
    """What the Sentinel container does in two turns of its loop."""
    (pod.root / "data/sentinel/sentinel.conf").write_text(f"sentinel monitor sys-oneblock-redis {host(0)} 6379 2\n")
    server = pod.root / "bin/redis-server"
    server.write_text('#!/bin/sh\nwhile [ "$(cat "$WORLD/round")" -lt 2 ]; do :; done\n')
    pod.says("127", "CONFIG SET", "OK\n")
    result = pod.run("start-sentinel.sh")
    assert result.code == 0
    return list(result.calls)


def aged(pod: Pod, ages: dict[int | str, str]) -> None:
    for ordinal, age in ages.items():
        pod.says(ordinal, "GET oneblock:age", f"{age}\n")


@pytest.mark.parametrize("synced", [True, False])
def test_in_step_with_a_master(pod: Pod, synced: bool) -> None:
    pod.volume(synced=synced)
    pod.redis("127", "slave", slave_priority=0)
    assert PROMOTABLE in looks(pod)
    assert (pod.root / "data/state/synced").exists()


@pytest.mark.parametrize("link", [{"master_link_status": "down"}, {"master_sync_in_progress": 1}])
def test_not_in_step(pod: Pod, link: dict[str, Any]) -> None:
    pod.volume(synced=True)
    pod.redis("127", "slave", slave_priority=0, **link)
    assert PROMOTABLE not in looks(pod)


@pytest.mark.parametrize(
    ("ages", "allowed"),
    [
        ({"127": "7", 1: "6"}, True),  # the third may be anything: what counts is on two
        ({"127": "7", 1: "6", 2: "6"}, True),
        ({"127": "7", 1: "7"}, False),  # there may be writes since: the last master has them
        ({"127": "7", 1: "7", 2: "6"}, False),
        ({"127": "7", 1: "7", 2: "7"}, False),
        ({"127": "7", 1: "8"}, False),
        ({"127": "7", 1: "6", 2: "8"}, False),
        ({"127": "7"}, False),  # alone it cannot know
        ({"127": "7", 1: ""}, False),  # an empty pod is no witness
        ({1: "6", 2: "6"}, False),
        ({"127": "10", 1: "9"}, True),  # numbers, not words
    ],
)
def test_without_a_master_the_newest_copy_counts(pod: Pod, ages: dict[int | str, str], allowed: bool) -> None:
    pod.volume(synced=True)
    pod.redis("127", "slave", slave_priority=0, master_link_status="down")
    aged(pod, ages)
    assert (PROMOTABLE in looks(pod)) == allowed


@pytest.mark.parametrize(("turns", "allowed"), [("1", True), ("40", False)])
def test_equal_copies_do_not_wait_for_the_last_master_for_ever(pod: Pod, turns: str, allowed: bool) -> None:
    pod.env["TIE_TURNS"] = turns
    pod.volume(synced=True)
    pod.redis("127", "slave", slave_priority=0, master_link_status="down")
    aged(pod, {"127": "7", 1: "7"})
    assert (PROMOTABLE in looks(pod)) == allowed


def test_a_volume_without_a_complete_copy_never_counts(pod: Pod) -> None:
    pod.redis("127", "slave", slave_priority=0, master_link_status="down")
    aged(pod, {"127": "7", 1: "6", 2: "6"})
    assert PROMOTABLE not in looks(pod)


def test_the_master_counts(pod: Pod) -> None:
    pod.volume(synced=True)
    pod.redis("127", "master")
    calls = looks(pod)
    assert "127:6379 INCR oneblock:age" in calls
    assert PROMOTABLE not in calls


def test_a_replica_does_not_count(pod: Pod) -> None:
    pod.volume(synced=True)
    pod.redis("127", "slave")
    assert not any("INCR" in call for call in looks(pod))
