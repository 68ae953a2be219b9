"""What can happen to Redis, each as a function that returns when it has happened (not when it is over)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import Kube
from tests.e2e.redis import NAME, Redis, pod

if TYPE_CHECKING:
    from tests.e2e.lab.cluster import Lab

# The kernel ends it, on time: a program that takes it back may be late on a machine that is busy.
LOST_ANSWERS = """
add table inet lost
add set inet lost ports { type inet_service; flags timeout; }
add element inet lost ports { 53 timeout %dms }
add chain inet lost answers { type filter hook output priority 0; }
add rule inet lost answers oifname "cni0" udp sport @ports drop
"""


def delete_pods(kube: Kube, ordinals: Iterable[int]) -> None:
    """The pods go without asking anybody: kubelet gives them about two seconds."""
    names = [pod(ordinal) for ordinal in ordinals]
    where = (f"--namespace={SYSTEM}", "--force", "--grace-period=0", "--wait=false", "--ignore-not-found")
    kube.kubectl("delete", "pod", *names, *where)


def kill(redis: Redis, ordinal: int) -> None:
    """Redis ends at once, and its pod with it: nothing is saved, no replica is waited for, no role handed over."""
    redis.ask(ordinal, "SHUTDOWN", "NOSAVE", "NOW", "FORCE")
    delete_pods(redis.kube, [ordinal])


def crash_sentinel(redis: Redis, ordinal: int) -> None:
    """Sentinel ends, and its container with it."""
    redis.ask(ordinal, "SHUTDOWN", port=26379)


def signal_process(lab: Lab, kube: Kube, ordinal: int, signal: str, container: str = "redis") -> None:
    """Sends a signal to the first process of a container, from the node."""
    found = kube.get("pod", pod(ordinal), SYSTEM)
    assert found is not None
    statuses = [*found["status"]["containerStatuses"], *found["status"].get("initContainerStatuses", ())]
    identity = next(known["containerID"] for known in statuses if known["name"] == container).partition("://")[2]
    tasks = lab.run("ctr", "--namespace=k8s.io", "tasks", "list").stdout
    process = next(line.split()[1] for line in tasks.splitlines() if line.startswith(identity))
    done = lab.run("kill", f"-{signal}", process)
    assert done.returncode == 0, done.stderr


def freeze(lab: Lab, kube: Kube, ordinal: int) -> None:
    """Redis hangs: its connections stay open and nothing answers."""
    signal_process(lab, kube, ordinal, "STOP")


def lose_names(lab: Lab, seconds: float) -> None:
    """For that long no answer of the cluster's DNS reaches a pod."""
    done = lab.run("nft", LOST_ANSWERS % (1000 * seconds))
    assert done.returncode == 0, done.stderr
    try:
        time.sleep(seconds)
    finally:
        lab.run("nft", "delete table inet lost")


def evict(kube: Kube, ordinal: int) -> int:
    """Asks the way a node drain does; the status of the answer: 201 granted, 429 refused by the budget."""
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod(ordinal), "namespace": SYSTEM},
    }
    status, _ = kube.request("POST", f"/api/v1/namespaces/{SYSTEM}/pods/{pod(ordinal)}/eviction", body)
    return status


def restart_all(kube: Kube, seconds: float = 400) -> None:
    """A rollout, one pod after the other, to its end."""
    where = (f"--namespace={SYSTEM}", f"statefulset/{NAME}")
    kube.kubectl("rollout", "restart", *where)
    kube.kubectl("rollout", "status", *where, f"--timeout={seconds:g}s", timeout=seconds + 10)
