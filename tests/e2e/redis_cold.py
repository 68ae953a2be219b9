"""Redis pods started one by one, in an order of the test's choice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import Kube, until
from tests.e2e.redis import NAME, ORDINALS, pod
from tests.e2e.redis_faults import delete_pods

HELD = "nobody"  # a scheduler that does not exist: what waits for it stays where it is until it is bound by hand


class OneByOne:
    """The set while its pods only start when told to."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        self.nodes = {ordinal: self._found(ordinal)["spec"]["nodeName"] for ordinal in ORDINALS}

    def _found(self, ordinal: int) -> dict[str, dict[str, str]]:
        return self.kube.get("pod", pod(ordinal), SYSTEM) or {"spec": {}, "metadata": {}}

    def _uid(self, ordinal: int) -> str:
        return self._found(ordinal)["metadata"].get("uid", "")

    def _is_new(self, ordinal: int, old: str) -> bool:
        return self._found(ordinal)["metadata"].get("uid") not in (None, old)

    def hold(self) -> None:
        """Stops all pods; new ones are made but do not start."""
        self._template(HELD)

    def release(self) -> None:
        """As it was."""
        self._template(None)

    def _template(self, scheduler: str | None) -> None:
        self._patch(0, scheduler)
        until("all pods are gone", lambda: not self._pods(), 180)
        self._patch(len(ORDINALS), scheduler)
        until("new pods are made", lambda: len(self._pods()) == len(ORDINALS), 60)

    def _patch(self, replicas: int, scheduler: str | None) -> None:
        patch = {"spec": {"replicas": replicas, "template": {"spec": {"schedulerName": scheduler}}}}
        self.kube.kubectl("patch", "statefulset", NAME, f"--namespace={SYSTEM}", f"--patch={json.dumps(patch)}")

    def _pods(self) -> list[dict[str, object]]:
        return self.kube.list("pods", SYSTEM, "app.kubernetes.io/name=redis,app.kubernetes.io/component=server")

    def stop(self, ordinals: Iterable[int]) -> None:
        """These pods are killed; they do not come back before ``start``."""
        old = {ordinal: self._uid(ordinal) for ordinal in ordinals}
        delete_pods(self.kube, old)
        for ordinal, uid in old.items():
            until("a new pod waits", partial(self._is_new, ordinal, uid), 60)

    def start(self, *ordinals: int) -> None:
        """These pods start now."""
        for ordinal in ordinals:
            target = {"apiVersion": "v1", "kind": "Node", "name": self.nodes[ordinal]}
            body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod(ordinal)}, "target": target}
            path = f"/api/v1/namespaces/{SYSTEM}/pods/{pod(ordinal)}/binding"
            status, answer = self.kube.request("POST", path, body)
            assert status == 201, answer


@contextmanager
def one_by_one(kube: Kube) -> Iterator[OneByOne]:
    """For a while; all three run at its beginning."""
    started = OneByOne(kube)
    try:
        started.hold()
        started.start(*ORDINALS)
        yield started
    finally:
        started.release()
