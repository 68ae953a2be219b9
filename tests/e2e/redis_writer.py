"""A writer beside the faults: it counts what Redis acknowledged, and afterwards every one of those has to be there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import Kube, until
from tests.e2e.redis import NAME, Redis
from tests.e2e.redis_client import AUTH, script_pod, secret

SENTINEL = f"{NAME}-sentinel.{SYSTEM}.svc.cluster.local:26379"


@dataclass(frozen=True)
class Outcome:
    """What a writer saw, and which of its acknowledged writes Redis has lost."""

    acknowledged: int
    unknown: int
    errors: dict[str, int]
    longest: float
    lost: tuple[int, ...]

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} writes acknowledged, {len(self.lost)} lost, {self.unknown} without an answer; "
            f"longest pause {self.longest} s; refused or cut off: {self.errors or 'never'}"
        )


class Writer:
    """A pod in a tenant's namespace that writes as the tenant; with ``wait`` as one who may wait for a replica."""

    def __init__(self, kube: Kube, redis: Redis, namespace: str, image: str, *, wait: bool = False) -> None:
        self.kube, self.redis, self.namespace, self.wait = kube, redis, namespace, wait
        self.key = f"RAY{namespace}.writer.1@KV"
        self.image = image

    def start(self) -> None:
        """Returns when the first write is acknowledged."""
        env = {"SENTINEL": SENTINEL, "KEY": self.key, "REDIS_USER": self.namespace}
        if self.wait:
            env |= {"REDIS_USER": "_admin", "PASSWORD": secret(self.kube, SYSTEM, AUTH)["admin-password"], "WAIT": "1"}
        else:
            env["PASSWORD"] = secret(self.kube, self.namespace, NAME)["password"]
        given = [{"name": name, "value": value} for name, value in env.items()]
        command = ("python3", "-B", "/scripts/writer.py")
        self.kube.apply(*script_pod("writer", self.namespace, self.image, command, env=given))
        until("the writer writes", lambda: self.progress() > 0, 120)

    def progress(self) -> int:
        """How many writes were acknowledged so far."""
        return int(self.kube.exec("writer", "cat", "/tmp/progress", namespace=self.namespace) or 0)  # noqa: S108

    def wait_writing(self, more: int = 20, seconds: float = 120) -> None:
        """Waits until it gets on."""
        before = self.progress()
        until(f"the writer has {more} more acknowledged", lambda: self.progress() >= before + more, seconds)

    def finish(self) -> Outcome:
        """Stops it and compares what it was told with what Redis has."""
        self.kube.exec("writer", "touch", "/tmp/stop", namespace=self.namespace)  # noqa: S108

        def ended() -> bool:
            found = self.kube.get("pod", "writer", self.namespace)
            return found is not None and found["status"]["phase"] in ("Succeeded", "Failed")

        until("the writer ends", ended, 60)
        log = self.kube.logs("writer", namespace=self.namespace)
        said = json.loads(log.splitlines()[-1])
        there = set(self.redis.ask(self.redis.wait_healthy(), "HKEYS", self.key).split())
        lost = tuple(number for number in said["acknowledged"] if str(number) not in there)
        return Outcome(len(said["acknowledged"]), len(said["unknown"]), said["errors"], said["longest"], lost)

    def remove(self) -> None:
        """Nothing of it stays, in Redis neither."""
        for kind in ("pod", "configmap"):
            self.kube.delete(kind, "writer", self.namespace)
        master = self.redis.master()
        if master is not None:
            self.redis.ask(master, "DEL", self.key)


@contextmanager
def writing(kube: Kube, redis: Redis, namespace: str, image: str, *, wait: bool = False) -> Iterator[Writer]:
    """A writer for a while."""
    writer = Writer(kube, redis, namespace, image, wait=wait)
    try:
        writer.start()
        yield writer
    finally:
        writer.remove()
