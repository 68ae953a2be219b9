"""What the ``ray`` chart writes into pods beside the short form's own fields.

Nobody looks at it before the user writes into a pod template too; then the rules need the whole pod, to see what the
two make together: ``privileged: true`` beside the chart's ``allowPrivilegeEscalation: false`` is a pod the API server
refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generator.fleet.cluster_spec import Kind
from generator.fleet.places import Sourced
from generator.fleet.plain import as_map

SUBMITTER = "ray-job-submitter"
HEAD_PORTS = {"gcs": 6379, "client": 10001, "dashboard": 8265, "serve": 8000, "metrics": 8080}


def security_context(*, restricted: bool) -> dict[str, Any]:
    """The security context of every container the chart writes."""
    made: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return made | ({"runAsNonRoot": True} if restricted else {}) | {"seccompProfile": {"type": "RuntimeDefault"}}


def submitter(mode: Any) -> dict[str, Any]:
    """The submitter's pod template as the chart writes it in restricted namespaces; empty in other submission modes."""
    if mode not in (None, "K8sJobMode"):
        return {}
    container = {
        "name": SUBMITTER,
        "resources": {
            "limits": {"cpu": "1", "memory": "1Gi"},
            "requests": {"cpu": "500m", "memory": "200Mi"},
        },
        "securityContext": security_context(restricted=True),
    }
    return {"spec": {"containers": [container], "restartPolicy": "Never"}}


@dataclass(frozen=True, slots=True)
class PodParts:
    """The chart's parts of the pods of one cluster. ``owner`` is the short form of the job or service around it."""

    kind: Kind
    name: str
    restricted: bool
    owner: Sourced

    def everywhere(self, short: Sourced) -> bool:
        """Whether the user's ``spec`` may say something about any pod; else only a group's ``template`` does."""
        return short.get("spec") is not None or self.owner.get("spec") is not None

    def autoscaler(self, short: Sourced) -> dict[str, Any]:
        """Of the autoscaler's container, as ``autoscalerOptions`` has it."""
        made: dict[str, Any] = {"securityContext": security_context(restricted=self.restricted)}
        logs = short.get("logs")
        return made | ({"volumeMounts": [_log_mount(logs)]} if isinstance(logs, dict) and logs else {})

    def container(self, short: Sourced, *, head: bool) -> dict[str, Any]:
        """Of the Ray container."""
        made: dict[str, Any] = {"securityContext": security_context(restricted=self.restricted)}
        if head:
            made["ports"] = [
                {"containerPort": port, "name": name, "protocol": "TCP"} for name, port in HEAD_PORTS.items()
            ]
        else:
            made["lifecycle"] = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "ray stop"]}}}
        code, logs = self._code(short, head=head), _logs(short, head=head)
        mounts = [{"name": "code", "mountPath": code.get("mountPath") or "/home/ray/code"}] if code else []
        mounts += [_log_mount(logs)] if logs else []
        return made | ({"volumeMounts": mounts} if mounts else {})

    def volumes(self, short: Sourced, *, head: bool) -> list[dict[str, Any]]:
        """The volumes of a pod."""
        made = self.name if self.kind == "RayCluster" else f"{self.name}.{self.kind.replace('Cron', '').lower()}"
        found: list[dict[str, Any]] = []
        if self._code(short, head=head):
            found.append({"name": "code", "configMap": {"name": f"{made}-code"}})
        if _logs(short, head=head):
            found.append({"name": "logs", "persistentVolumeClaim": {"claimName": f"{made}-logs"}})
        return found

    def _code(self, short: Sourced, *, head: bool) -> dict[str, Any]:
        """The code files of the head; empty without files."""
        code = as_map(self.owner.get("code")) or as_map(short.get("code"))
        return code if head and code.get("files") else {}


def _logs(short: Sourced, *, head: bool) -> dict[str, Any]:
    """The log volume's settings, if these pods have it: one for many nodes is everybody's, another the head's."""
    logs = as_map(short.get("logs"))
    return logs if head or logs.get("accessMode") == "ReadWriteMany" else {}


def _log_mount(logs: dict[str, Any]) -> dict[str, Any]:
    mount = {"name": "logs", "mountPath": logs.get("mountPath") or "/tmp/ray"}  # noqa: S108 (in the pod)
    return mount | ({"subPathExpr": "$(POD_NAME)"} if logs.get("accessMode") == "ReadWriteMany" else {})
