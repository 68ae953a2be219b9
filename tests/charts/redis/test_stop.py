"""Handing over before a stop, and the probes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.redis.pod import Pod, host, named

LINKED = {"INFO persistence": "loading:0", "INFO replication": "role:slave\nmaster_link_status:up"}
CUT_OFF = {"INFO persistence": "loading:0", "INFO replication": "role:slave\nmaster_link_status:down"}
OFFSETS: dict[str, Any] = {
    "connected_slaves": 2,
    "slave0": "ip=a,port=6379,state=online,offset=100,lag=0",
    "slave1": "ip=b,port=6379,state=online,offset=100,lag=1",
    "master_repl_offset": 100,
}


def test_a_replica_just_stops(pod: Pod) -> None:
    pod.redis("127", "slave")
    result = pod.run("pre-stop.sh")
    assert result.code == 0
    assert not any("PAUSE" in call or "FAILOVER" in call for call in result.calls)


def test_a_master_holds_writes_and_hands_over(pod: Pod) -> None:
    pod.redis("127", "master", **OFFSETS)
    pod.says("127", "CLIENT PAUSE", "OK\n")
    pod.says("127", "SENTINEL FAILOVER", "OK\n")
    named(pod, 0)
    pod.sentinel(1, 2, 2, after=1)
    pod.sentinel(2, 2, 2, after=2)
    pod.redis(2, "master", after=1)
    result = pod.run("pre-stop.sh")
    assert result.seconds == 2  # one Sentinel alone is not enough
    order = [call for call in result.calls if "PAUSE" in call or "FAILOVER" in call]
    assert order == ["127:6379 CLIENT PAUSE 60000 WRITE", "127:26379 SENTINEL FAILOVER sys-oneblock-redis"]


def test_it_waits_for_replicas_that_lag_before_it_asks(pod: Pod) -> None:
    pod.redis("127", "master", **(OFFSETS | {"slave1": "ip=b,port=6379,state=online,offset=99,lag=1"}))
    pod.redis("127", "master", **OFFSETS, after=3)
    pod.says("127", "CLIENT PAUSE", "OK\n")
    pod.says("127", "SENTINEL FAILOVER", "ERR early\n")
    pod.says("127", "SENTINEL FAILOVER", "OK\n", after=3)
    named(pod, 1)
    pod.redis(1, "master")
    result = pod.run("pre-stop.sh")
    assert sum("FAILOVER" in call for call in result.calls) == 1
    assert result.seconds == 3


def test_it_does_not_wait_for_nobody(pod: Pod) -> None:
    """Everything is being stopped: there is no replica left."""
    pod.redis("127", "master", connected_slaves=0, master_repl_offset=5)
    pod.says("127", "CLIENT PAUSE", "OK\n")
    pod.says("127", "SENTINEL FAILOVER", "OK\n")
    named(pod, 0)
    result = pod.run("pre-stop.sh")
    assert result.code == 0
    assert result.seconds <= 10


@pytest.mark.parametrize(
    ("script", "what", "answers", "expected"),
    [
        ("probe-redis.sh", "alive", {"PING": "PONG"}, 0),
        ("probe-redis.sh", "alive", {"PING": "NOAUTH Authentication required."}, 0),
        ("probe-redis.sh", "alive", {"PING": "LOADING Redis is loading the dataset in memory"}, 0),
        ("probe-redis.sh", "alive", {}, 1),
        ("probe-redis.sh", "ready", {"INFO persistence": "loading:0", "INFO replication": "role:master"}, 0),
        ("probe-redis.sh", "ready", {"INFO persistence": "loading:1", "INFO replication": "role:master"}, 1),
        ("probe-redis.sh", "ready", LINKED, 0),
        ("probe-redis.sh", "ready", CUT_OFF, 1),
        ("probe-redis.sh", "ready", {}, 1),
        ("probe-sentinel.sh", "", {"SENTINEL MASTER": f"ip\n{host(0)}\nconfig-epoch\n1"}, 0),
        ("probe-sentinel.sh", "", {"SENTINEL MASTER": "ERR No such master with that name"}, 1),
        ("probe-sentinel.sh", "", {}, 1),
    ],
)
def test_probes(pod: Pod, script: str, what: str, answers: dict[str, str], expected: int) -> None:
    for command, text in answers.items():
        pod.says("127", command, text + "\n")
    assert pod.run(script, *what.split()).code == expected
