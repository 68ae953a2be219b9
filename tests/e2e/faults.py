"""The Ray clusters of a team, which the tests of what goes wrong bring one by one."""

from __future__ import annotations

import time
from typing import Any

from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.ray import head
from tests.e2e.troubleshooting import seen

TEAM = "team-a"
SMALL = "resources: {requests: {cpu: 300m, memory: 2Gi}, limits: {cpu: 1, memory: 2Gi}}"
TASK = "import ray; ray.init(log_to_driver=False); print(ray.get(ray.remote(lambda: 'worked').remote()))"


class Ray:
    """The clusters, of which a fleet renders more than a test wants at once."""

    def __init__(self, kube: Kube, fleet: Fleet) -> None:
        self.kube = kube
        self.fleet = fleet

    def objects(self, name: str) -> list[dict[str, Any]]:
        """What OneBlock renders for a cluster, the RayCluster last."""
        shared = ("ConfigMap",)  # the script by which heads wait for Redis
        found = [
            each
            for each in self.fleet.objects(f"ray/{TEAM}")
            if each["kind"] in shared or each["metadata"]["name"].split("-")[0] == name
        ]
        return sorted(found, key=lambda each: each["kind"] == "RayCluster")

    def apply(self, name: str) -> None:
        """Brings a cluster."""
        self.kube.apply(*self.objects(name))

    def delete(self, name: str) -> None:
        """Removes a cluster and its pods."""
        self.kube.delete("raycluster", name, TEAM, timeout=180)
        until(f"the pods of {name} are gone", lambda: not self.pods(name), 120)

    def pods(self, name: str) -> list[dict[str, Any]]:
        """The pods of a cluster."""
        return self.kube.list("pods", TEAM, f"ray.io/cluster={name}")

    def works(self, name: str) -> None:
        """Waits until a cluster runs a task. Its state is no help: it stays "ready" when the head is gone."""
        begun = time.monotonic()

        def worked() -> bool:
            pod = head(self.kube, TEAM, name)
            said = self.kube.exec(pod, "python", "-c", TASK, namespace=TEAM, container="ray-head", timeout=120)
            return said.endswith("worked\n")

        until(f"{name} works", worked, 600, every=2)
        print(f"{name} works after {time.monotonic() - begun:.0f} s")

    def logs(self, name: str) -> list[str]:
        """What a head says, and said before it was started again."""
        pod = head(self.kube, TEAM, name)
        words = ("logs", pod, f"--namespace={TEAM}", "--container=ray-head")
        return [self.kube.kubectl(*words, *more, check=False).stdout for more in (("--previous",), ())]

    def event(self, message: str, seconds: float = 120) -> None:
        """Waits for an event with that message."""
        begun = time.monotonic()

        def told() -> str:
            return seen(message, [f"{each['reason']}: {each['message']}" for each in self.kube.events(TEAM)])

        print(f"{message}, after {time.monotonic() - begun:.0f} s: {until(message, told, seconds)}")
