"""Two teams on one control plane, set up by ``oneblock render``, and the people who try what they may do there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.processes import Process

FLEET = Path(__file__).parent / "fleets" / "tenants"
OLDEST = FLEET.with_name("tenants-1.2")
OPERATOR = f"system:serviceaccount:{SYSTEM}:kuberay-operator"
PEOPLE: dict[str, tuple[str, ...]] = {
    "admin": ("alice", "platform-admins"),
    "owner": ("olga", "team-a-leads"),
    "user": ("ulf", "team-a"),
    "other": ("boris", "team-b-leads"),
    "deployer": ("system:serviceaccount:team-a:ray-deployer",),
}
"""Who tries: user name and groups. ``other`` owns the other namespace; a service account's groups follow its name."""

AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [{"level": "Metadata", "users": [OPERATOR]}, {"level": "None"}],
}
FLAGS = {
    # As OpenShift has it: to make what blocks its owner's deletion takes a right to the owner's finalizers.
    "enable-admission-plugins": "OwnerReferencesPermissionEnforcement",
    "audit-log-mode": "blocking",
}


class AuditedLab(Lab):
    """A lab whose API server writes down what the operator asks it."""

    @property
    def audit_log(self) -> Path:
        """One JSON line a request."""
        return self.folder / "log" / "audit.jsonl"

    def spawn(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Process:
        """As every lab, with more flags for the API server."""
        if name == "kube-apiserver":
            policy = self.folder / "audit.json"
            policy.write_text(json.dumps(AUDIT))
            flags = {**FLAGS, "audit-policy-file": policy, "audit-log-path": self.audit_log}
            argv = [*argv, *(f"--{key}={value}" for key, value in flags.items())]
        return super().spawn(name, argv, env)

    def audited(self) -> Iterator[dict[str, Any]]:
        """Every request of the operator so far."""
        for line in self.audit_log.read_text().splitlines() if self.audit_log.exists() else ():
            yield json.loads(line)


@dataclass(frozen=True)
class Tenants:
    """The control plane, the rendered tree that is on it, and its people."""

    lab: AuditedLab
    kube: Kube
    tree: Path

    def person(self, name: str) -> Kube:
        """The cluster as one of ``PEOPLE``."""
        return self.kube.as_user(*PEOPLE[name])

    def rendered(self, path: str) -> dict[str, Any]:
        """One object of the tree."""
        found: dict[str, Any] = yaml.safe_load((self.tree / path).read_text())
        return found


def render(fleet: Path, folder: Path) -> Path:
    """The fleet rendered as a person would, in a copy; returns the tree."""
    copy = folder / "fleet"
    shutil.copytree(fleet, copy)
    command = [sys.executable, "-m", "generator", "-C", str(copy), "render"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return copy / "rendered"


def files(*folders: Path) -> Iterator[Path]:
    """The manifests in folders, without Prometheus' kinds, which are not on a bare control plane."""
    for folder in folders:
        # A Namespace before what is in it: kubectl goes by the order of the files.
        for path in sorted(folder.rglob("*.yaml"), key=lambda path: (not path.name.startswith("namespace-"), path)):
            if not path.name.startswith(("podmonitor-", "servicemonitor-", "prometheusrule-")):
                yield path


def install(kube: Kube, tree: Path, volcano: Path) -> None:
    """Puts the platform on the control plane; Ray workloads are left to whoever tests them."""
    kube.apply(*files(tree / "crds", tree / "namespaces"), volcano)
    kinds = ("rayclusters.ray.io", "rayjobs.ray.io", "podgroups.scheduling.volcano.sh", "queues.scheduling.volcano.sh")
    names = [f"crd/{kind}" for kind in kinds]
    # kubectl waits for a condition to change, not for the first one to be there.
    until(
        "the CRDs are served", lambda: kube.kubectl("wait", "--for=condition=Established", *names, "--timeout=9s"), 60
    )
    kube.apply(*files(tree / "queues", tree / "operator", tree / "redis"))
    admin = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": PEOPLE["admin"][1]}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "roleRef": role}
    kube.apply({**binding, "metadata": {"name": "platform-admins"}, "subjects": [admin]})
    until("the queue policy is in force", lambda: _refused(kube), 30, every=0.1)


def _refused(kube: Kube) -> bool:
    """Whether a queue is refused to a namespace that is not granted it."""
    status, answer = kube.request(
        "POST", "/apis/ray.io/v1/namespaces/team-a/rayclusters?dryRun=All", cluster("serving")
    )
    return status == 403 and "OB312" in answer["message"]


def template(container: str, **pod: Any) -> dict[str, Any]:
    """A pod template that keeps ``restricted``; keywords go to the pod's spec."""
    strict = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    requests = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    each = {"name": container, "image": "ray", "resources": requests, "securityContext": strict}
    security = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"metadata": {}, "spec": {"containers": [each], "securityContext": security, **pod}}


def cluster_spec(**pod: Any) -> dict[str, Any]:
    """A RayClusterSpec of a head and one worker; keywords go to the head's pod spec."""
    worker = {"groupName": "cpu", "replicas": 1, "minReplicas": 1, "maxReplicas": 1, "numOfHosts": 1}
    return {
        "headGroupSpec": {"rayStartParams": {}, "template": template("ray-head", **pod)},
        "workerGroupSpecs": [{**worker, "rayStartParams": {}, "template": template("ray-worker")}],
    }


def ray(kind: str, spec: Mapping[str, Any], queue: str | None, name: str = "try") -> dict[str, Any]:
    """A Ray object in a queue, or with no word about one."""
    labels = {} if queue is None else {"volcano.sh/queue-name": queue}
    return {"apiVersion": "ray.io/v1", "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": dict(spec)}


def cluster(queue: str | None, name: str = "try", **pod: Any) -> dict[str, Any]:
    """A RayCluster in a queue."""
    return ray("RayCluster", cluster_spec(**pod), queue, name)
