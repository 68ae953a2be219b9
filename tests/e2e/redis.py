"""The platform's Redis as the tests see it: who is master, what a command answers, whether all is well."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import Kube, until

NAME = "oneblock-redis"
ORDINALS = (0, 1, 2)
# The pod's own library logs in as the administrator; the rest are the words of the command.
AS_ADMIN = '. /etc/oneblock/redis/lib.sh && port=$1 && shift && cli 127.0.0.1 "$port" "$@"'


def pod(ordinal: int) -> str:
    """The name of a pod of the set."""
    return f"{NAME}-{ordinal}"


STATE = """
. /etc/oneblock/redis/lib.sh
echo "named:$(cli 127.0.0.1 26379 SENTINEL GET-MASTER-ADDR-BY-NAME "$1" | head -n 1)"
cli 127.0.0.1 6379 INFO replication
"""


@dataclass(frozen=True)
class State:
    """What a pod says: whom its Sentinel names as master, what its Redis is, how many replicas follow it."""

    named: str
    role: str
    replicas: int


class Redis:
    """Three pods, each a Redis and a Sentinel."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube

    def ask(self, ordinal: int, *words: str, port: int = 6379) -> str:
        """What the Redis (or Sentinel) of a pod answers its administrator; nothing when it does not answer."""
        return self._run(ordinal, AS_ADMIN, str(port), *words).strip()

    def _run(self, ordinal: int, script: str, *words: str) -> str:
        where: dict[str, Any] = {"namespace": SYSTEM, "container": "sentinel", "check": False, "timeout": 20}
        try:
            return self.kube.exec(pod(ordinal), "/bin/sh", "-c", script, "sh", *words, **where)
        except subprocess.TimeoutExpired:
            return ""

    def role(self, ordinal: int) -> str:
        """``master`` or ``slave``, nothing when the pod does not answer."""
        return self.ask(ordinal, "ROLE").partition("\n")[0]

    def states(self) -> list[State]:
        """What each pod says, asked all at once; a pod that does not answer says nothing."""
        with ThreadPoolExecutor(len(ORDINALS)) as asking:
            return list(asking.map(self._state, ORDINALS))

    def _state(self, ordinal: int) -> State:
        lines = self._run(ordinal, STATE, f"{SYSTEM}-{NAME}").splitlines()
        found = {name: value for name, _, value in (line.strip().partition(":") for line in lines)}
        return State(found.get("named", ""), found.get("role", ""), sum("state=online" in line for line in lines))

    def master(self) -> int | None:
        """The pod that a majority of Sentinels names and that says so itself."""
        return _master(self.states())

    def healthy(self) -> int | None:
        """The master, once both others follow it and every Sentinel names it; a pod number, so mind the 0."""
        states = self.states()
        master = _master(states)
        if master is None or len({state.named for state in states}) != 1:
            return None
        return master if states[master].replicas == len(ORDINALS) - 1 else None

    def wait_healthy(self, seconds: float = 240) -> int:
        """Waits until three pods work together; the master."""

        def found() -> tuple[int] | None:
            master = self.healthy()
            return None if master is None or not self.ready(ORDINALS) else (master,)

        return until("Redis has a master with two replicas", found, seconds)[0]

    def wait_master(self, seconds: float = 120, *, other_than: int | None = None) -> int:
        """Waits for a master; for another one, if told so."""

        def found() -> tuple[int] | None:
            master = self.master()
            return None if master is None or master == other_than else (master,)

        return until("a majority of Sentinels names a living master", found, seconds, every=0.2)[0]

    def ready(self, ordinals: Sequence[int]) -> bool:
        """Whether kubelet calls these pods ready."""
        pods = {
            found["metadata"]["name"]: found for found in self.kube.list("pods", SYSTEM, "app.kubernetes.io/name=redis")
        }
        return all(_is_ready(pods.get(pod(ordinal))) for ordinal in ordinals)

    def keys(self, pattern: str = "RAY*") -> set[str]:
        """The keys on any of the pods, so that one that only a replica still has is seen; all of them must answer."""
        command = ("/bin/sh", "-c", AS_ADMIN, "sh", "6379", "KEYS", pattern)
        answers = [self.kube.exec(pod(each), *command, namespace=SYSTEM, container="sentinel") for each in ORDINALS]
        return {key for answer in answers for key in answer.split()}


def _master(states: Sequence[State]) -> int | None:
    named, votes = Counter(state.named for state in states).most_common(1)[0]
    if not named or votes < 2:
        return None
    ordinal = int(named.partition(".")[0].rpartition("-")[2])
    return ordinal if states[ordinal].role == "master" else None


def _is_ready(found: dict[str, Any] | None) -> bool:
    if found is None or "deletionTimestamp" in found["metadata"]:
        return False
    conditions = found.get("status", {}).get("conditions", ())
    return any(known["type"] == "Ready" and known["status"] == "True" for known in conditions)
