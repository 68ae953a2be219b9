"""Makes the volumes that claims ask for: a folder each, as a local volume of the lab's one node.

Kubelet treats a local volume as it treats a cloud's disk: it belongs to root, and to a pod's ``fsGroup`` if the pod has
one. The controller manager's own host-path volumes know no ``fsGroup``: who is not root could not write to them.

    python -m tests.e2e.lab.storage SOCKET FOLDER NODE
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from tests.e2e.lab.watching import keep_looking
from tests.e2e.proxy import Proxy

PROVISIONER = "oneblock.dev/lab"
CLASS = "lab"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"  # tells Kubernetes that deleting is not its business
VOLUMES = "/api/v1/persistentvolumes"


def volume(claim: dict[str, Any], path: Path, node: str) -> dict[str, Any]:
    """The volume for a claim, bound to it alone."""
    named = {key: claim["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")}
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": path.name, "annotations": {PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": claim["spec"]["resources"]["requests"],
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **named},
            "local": {"path": str(path)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": CLASS,
        },
    }


def step(api: Proxy, folder: Path, node: str) -> None:
    """Makes what is asked for and removes what is released."""
    for claim in api.request("GET", "/api/v1/persistentvolumeclaims")[1].get("items", ()):
        spec = claim["spec"]
        if spec.get("storageClassName") == CLASS and not spec.get("volumeName"):
            path = folder / f"pvc-{claim['metadata']['uid']}"
            path.mkdir(parents=True, exist_ok=True)
            api.request("POST", VOLUMES, volume(claim, path, node))  # 409, it is there already, is as good
    for made in api.request("GET", VOLUMES)[1].get("items", ()):
        ours = made["metadata"].get("annotations", {}).get(PROVISIONED_BY) == PROVISIONER
        if ours and made["status"].get("phase") == "Released":
            shutil.rmtree(made["spec"]["local"]["path"], ignore_errors=True)
            api.request("DELETE", f"{VOLUMES}/{made['metadata']['name']}")


def main(socket: str, folder: str, node: str) -> None:
    """Looks twice a second, for ever."""
    keep_looking(socket, 0.5, lambda api: step(api, Path(folder), node))


if __name__ == "__main__":
    main(*sys.argv[1:])
