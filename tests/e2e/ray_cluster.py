"""A RayCluster under test: its head, its worker, and the probe in it (``scripts/ray_probe.py``)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.kube import HopelessError, Kube, until

PROBE = Path(__file__).parent / "scripts" / "ray_probe.py"
SETTLED = 60.0
"""Seconds after which nobody has just looked up the head: gRPC asks DNS for a name at most every 30 s
(``grpc.dns_min_time_between_resolutions_ms``), and may have put off a second question until then."""
START = 'setsid python3 -B /tmp/ray_probe.py "$1" >/tmp/ray_probe.log 2>&1 </dev/null &'


@dataclass(frozen=True)
class Attempt:
    """How something stands that the probe tried."""

    number: int
    done: bool
    ok: bool
    answer: Any
    seconds: float


class RayUnderTest:
    """One RayCluster with one worker."""

    def __init__(self, kube: Kube, namespace: str, name: str) -> None:
        self.kube, self.namespace, self.name = kube, namespace, name
        self.worker = ""
        self._looked_up = 0.0

    def pods(self, kind: str) -> list[dict[str, Any]]:
        """Its pods of a kind (``head``, ``worker``) that are not on their way out."""
        found = self.kube.list("pods", self.namespace, f"ray.io/cluster={self.name},ray.io/node-type={kind}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def head(self) -> str:
        """The name of the head pod."""
        return str(self.pods("head")[0]["metadata"]["name"])

    def life(self, kind: str = "head") -> str:
        """Tells one life of the head's or worker's Ray container from the next; empty while it does not run."""
        for pod in self.pods(kind):
            for status in pod["status"].get("containerStatuses", ()):
                if status["name"] == f"ray-{kind}" and "running" in status["state"]:
                    return str(status["containerID"])
        return ""

    def restarts(self) -> int:
        """How often the head's Ray container was started again in this pod."""
        statuses = self.pods("head")[0]["status"].get("containerStatuses", ())
        return sum(int(status["restartCount"]) for status in statuses if status["name"] == "ray-head")

    def head_image(self) -> str:
        """The image of the head's Ray container."""
        containers = self.pods("head")[0]["spec"]["containers"]
        return next(str(container["image"]) for container in containers if container["name"] == "ray-head")

    def start_probe(self, how: str = "make") -> None:
        """Returns when the probe has made everything; told to ``look``, it makes nothing."""
        until("a worker is ready", self._ready_worker, 240)
        self.worker = str(self.pods("worker")[0]["metadata"]["name"])
        where: dict[str, Any] = {"namespace": self.namespace, "container": "ray-worker"}
        self.kube.exec(self.worker, "sh", "-c", "cat >/tmp/ray_probe.py", input=PROBE.read_text(), **where)
        self.kube.exec(self.worker, "sh", "-c", START, "sh", how, **where)

        def ready() -> bool:
            log = self.kube.exec(self.worker, "cat", "/tmp/ray_probe.log", **where)  # noqa: S108
            if "Traceback" in log:
                raise HopelessError(log[-3000:])
            return "ready" in log.split()

        until("the probe has made everything", ready, 240, every=1)
        self._looked_up = time.monotonic()

    def _ready_worker(self) -> bool:
        statuses = [status for pod in self.pods("worker") for status in pod["status"].get("containerStatuses", ())]
        return bool(statuses) and all(status["ready"] for status in statuses)

    def attempt(self, name: str, wait: float = 10) -> Attempt:
        """Lets the probe try something (or look again at attempt number ``name``) for some seconds."""
        url = f"http://127.0.0.1:8999/{name}?wait={wait:g}"
        command = ("wget", "--quiet", "--output-document=-", "--tries=1", f"--timeout={wait + 30:g}", url)
        where: dict[str, Any] = {"namespace": self.namespace, "container": "ray-worker", "timeout": wait + 60}
        return Attempt(**json.loads(self.kube.exec(self.worker, *command, **where)))

    def must(self, name: str, wait: float = 120) -> Any:
        """The answer of something that has to work."""
        attempt = self.attempt(name, wait)
        assert attempt.ok, f"{name}: {attempt}"
        return attempt.answer

    def fresh_head(self) -> None:
        """Makes sure that kubelet owes the head nothing: each restart within ten minutes waits longer than the last."""
        if self.restarts():
            self.recovery(self.kill_head)

    def settle(self) -> None:
        """Waits until gRPC owes the head nothing: a new pod has another address, which it looks up at once or much
        later."""
        time.sleep(max(0.0, self._looked_up + SETTLED - time.monotonic()))

    def kill_head(self) -> None:
        """The head pod goes at once."""
        where = (f"--namespace={self.namespace}", "--force", "--grace-period=0", "--wait=false")
        self.kube.kubectl("delete", "pod", self.head(), *where)

    def recovery(self, fault: Callable[[], object], seconds: float = 300) -> float:
        """Seconds from a fault that ends the head's Ray to an actor found by name in the new one."""
        before, heads = self.life(), self.must("heads")
        begun = time.monotonic()
        fault()
        until("Ray runs again in the head pod", lambda: self.life() not in ("", before), seconds, every=0.2)
        until("it is the new head that answers", lambda: self._another_head(heads), seconds, every=0.2)
        until("an actor is found by its name", lambda: self.attempt("lookup", 60).ok, seconds, every=0.2)
        self._looked_up = time.monotonic()
        return self._looked_up - begun

    def _another_head(self, before: list[str]) -> bool:
        """A pod deleted by force answers until kubelet ends it, so that there is a new one does not say much."""
        heads = self.attempt("heads", 60)
        return heads.ok and not set(heads.answer) <= set(before)
