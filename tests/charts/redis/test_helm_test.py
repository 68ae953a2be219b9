"""What ``helm test`` says of a set of Redis pods."""

from __future__ import annotations

import pytest

from tests.charts.redis.pod import Pod

SERVICE = "oneblock-redis-sentinel"


def sound(pod: Pod, *, after: int = 0, copies: int = 2) -> None:
    """A set whose master is pod 0."""
    pod.sentinel(SERVICE, 0, 3, after=after)
    pod.redis(0, "master")
    pod.says(0, "CONFIG GET", "min-replicas-to-write\n1\n")
    pod.says(0, "users SET", f"OK\n{copies}\n")


def test_a_sound_set_passes(pod: Pod) -> None:
    sound(pod)
    result = pod.run("test.sh")
    assert result.code == 0
    assert "oneblock-redis-announce-0.sys.svc.cluster.local is the master and takes writes" in result.said
    assert "replicas that have them: 2" in result.said


def test_it_waits_for_a_set_that_is_about_to_be(pod: Pod) -> None:
    sound(pod, after=6)
    result = pod.run("test.sh")
    assert (result.code, result.seconds) == (0, 6)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({}, "sentinel.sys.svc.cluster.local does not answer"),
        ({"master": None}, "knows no master"),
        ({"role": "slave"}, "which is not a master"),
        ({"write": "NOREPLICAS Not enough good replicas to write.\n"}, "takes no write: NOREPLICAS"),
        ({"write": "OK\n0\n"}, "replicas 0 took a write, but it needs 1"),
    ],
)
def test_what_does_not_work_is_said(broken: dict[str, str | None], said: str, pod: Pod) -> None:
    pod.env["TRIES"] = "2"
    if broken:
        sound(pod)
    if "master" in broken:
        pod.sentinel(SERVICE, None)
    if role := broken.get("role"):
        pod.redis(0, role)
    if write := broken.get("write"):
        pod.says(0, "users SET", write)
    result = pod.run("test.sh")
    assert result.code == 1
    assert said in result.said
