"""A pod from which tenants talk to Redis under their own names, the way Ray's GCS does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.fleet import SYSTEM, Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.redis import NAME

SCRIPTS = Path(__file__).parent / "scripts"
AUTH = f"{NAME}-auth"
"""The Secret with the passwords of Redis' own users."""
REQUESTS = {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}


def ray_image(fleet: Fleet) -> str:
    """The image with a Python that the fleet uses anyway."""
    return next(image for image in sorted(fleet.images()) if "rayproject/ray" in image)


def script_pod(name: str, namespace: str, image: str, command: Sequence[str], **more: Any) -> list[dict[str, Any]]:
    """A pod with the scripts of this folder under ``/scripts``, and the ConfigMap that holds them."""
    named = {"name": name, "namespace": namespace}
    container = {
        "name": name,
        "image": image,
        "command": list(command),
        "resources": REQUESTS,
        "volumeMounts": [{"name": "scripts", "mountPath": "/scripts"}],
        **more,
    }
    spec = {
        "containers": [container],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "volumes": [{"name": "scripts", "configMap": {"name": name}}],
    }
    scripts = {script.name: script.read_text() for script in SCRIPTS.glob("*.py")}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": scripts},
        {"apiVersion": "v1", "kind": "Pod", "metadata": named, "spec": spec},
    ]


def secret(kube: Kube, namespace: str, name: str) -> dict[str, str]:
    """What a Secret holds."""
    found = kube.get("secret", name, namespace)
    assert found is not None, f"no Secret {namespace}/{name}"
    return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


class Client:
    """The pod."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.kube, self.namespace = kube, namespace

    def ask(self, ordinal: int, user: str, password: str, *commands: Sequence[str], port: int = 6379) -> list[Any]:
        """The replies of one pod's Redis (or Sentinel) to commands of a user."""
        host = f"{NAME}-announce-{ordinal}.{SYSTEM}.svc.cluster.local"
        asked = {"host": host, "port": port, "user": user, "password": password, "commands": commands}
        command = ("python3", "-B", "/scripts/ask.py")
        said = self.kube.exec("client", *command, namespace=self.namespace, input=json.dumps(asked))
        replies: list[Any] = json.loads(said)
        return replies


@contextmanager
def client(kube: Kube, namespace: str, image: str) -> Iterator[Client]:
    """The pod, for a while."""
    kube.apply(*script_pod("client", namespace, image, ("sleep", "infinity")))
    try:
        until("the client runs", lambda: kube.exec("client", "true", namespace=namespace) == "", 60)
        yield Client(kube, namespace)
    finally:
        for kind in ("pod", "configmap"):
            kube.delete(kind, "client", namespace)
