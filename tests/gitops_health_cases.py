"""Statuses as KubeRay and Volcano write them, and what an engine should call the object.

``PROGRESSING`` and ``SUSPENDED`` are one state to Flux: neither failed nor current.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HEALTHY, PROGRESSING, DEGRADED, SUSPENDED = "Healthy", "Progressing", "Degraded", "Suspended"


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    status: dict[str, Any] | None
    state: str
    message: str | None = None


def conditions(*pairs: str, **more: Any) -> dict[str, Any]:
    """A status with conditions ``Type=Status`` or ``Type=Status:Reason:Message``."""
    found = []
    for pair in pairs:
        type_, _, rest = pair.partition("=")
        status, reason, message = (*rest.split(":", 2), "", "")[:3]
        found.append({"type": type_, "status": status, "reason": reason or "Because", "message": message})
    return {"conditions": found, **more}


CASES = (
    Case("nothing yet", "RayCluster", None, PROGRESSING),
    Case("empty", "RayCluster", {}, PROGRESSING),
    Case(
        "provisioning",
        "RayCluster",
        conditions(
            "RayClusterProvisioned=False:RayClusterPodsProvisioning:pods are provisioned for the first time",
            "HeadPodReady=False:ContainersNotReady:containers with unready status: [ray-head]",
        ),
        PROGRESSING,
        "containers with unready status: [ray-head]",
    ),
    Case(
        "head ready, workers not",
        "RayCluster",
        conditions("RayClusterProvisioned=False", "HeadPodReady=True:HeadPodRunningAndReady"),
        PROGRESSING,
    ),
    Case("ready", "RayCluster", conditions("RayClusterProvisioned=True", "HeadPodReady=True", state="ready"), HEALTHY),
    Case(
        "generation behind",
        "RayCluster",
        conditions("RayClusterProvisioned=True", "HeadPodReady=True", state="ready", observedGeneration=1),
        HEALTHY,
    ),
    Case(
        "head lost after it was ready",
        "RayCluster",
        conditions("RayClusterProvisioned=True", "HeadPodReady=False:HeadPodNotFound:", state="ready"),
        PROGRESSING,
        "HeadPodNotFound",
    ),
    Case(
        "pods refused",
        "RayCluster",
        conditions(
            "ReplicaFailure=True:FailedCreateWorkerPod:exceeded quota: oneblock",
            "HeadPodReady=True",
            "RayClusterProvisioned=True",
        ),
        DEGRADED,
        "exceeded quota: oneblock",
    ),
    Case(
        "refusal over",
        "RayCluster",
        conditions("ReplicaFailure=False", "HeadPodReady=True", "RayClusterProvisioned=True"),
        HEALTHY,
    ),
    Case("suspended", "RayCluster", conditions("RayClusterSuspended=True", "HeadPodReady=False"), SUSPENDED),
    Case("suspending", "RayCluster", conditions("RayClusterSuspending=True", "HeadPodReady=True"), PROGRESSING),
    Case("KubeRay 1.2, ready", "RayCluster", {"state": "ready", "availableWorkerReplicas": 1}, HEALTHY),
    Case("KubeRay 1.2, not yet", "RayCluster", {"desiredWorkerReplicas": 1}, PROGRESSING),
    Case("KubeRay 1.2, suspended", "RayCluster", {"state": "suspended"}, SUSPENDED),
    Case("KubeRay 1.2, failed", "RayCluster", {"state": "failed", "reason": "no"}, DEGRADED),
    Case("sticky state with conditions", "RayCluster", conditions("HeadPodReady=False", state="ready"), PROGRESSING),
    Case("nothing yet", "RayJob", None, PROGRESSING),
    Case("no deployment status", "RayJob", {"jobId": "a"}, PROGRESSING),
    Case(
        "initializing", "RayJob", {"jobDeploymentStatus": "Initializing", "jobStatus": ""}, PROGRESSING, "Initializing"
    ),
    Case("running", "RayJob", {"jobDeploymentStatus": "Running", "jobStatus": "RUNNING"}, PROGRESSING, "Running"),
    Case("retrying", "RayJob", {"jobDeploymentStatus": "Retrying", "failed": 1}, PROGRESSING),
    Case("succeeded", "RayJob", {"jobDeploymentStatus": "Complete", "jobStatus": "SUCCEEDED"}, HEALTHY, "succeeded"),
    Case(
        "stopped", "RayJob", {"jobDeploymentStatus": "Complete", "jobStatus": "STOPPED"}, DEGRADED, "ended as STOPPED"
    ),
    Case("failed", "RayJob", {"jobDeploymentStatus": "Failed", "jobStatus": "FAILED"}, DEGRADED, "Failed"),
    Case("refused", "RayJob", {"jobDeploymentStatus": "ValidationFailed"}, DEGRADED, "ValidationFailed"),
    Case("suspended", "RayJob", {"jobDeploymentStatus": "Suspended"}, SUSPENDED),
    Case("nothing yet", "RayService", None, PROGRESSING),
    Case(
        "initializing",
        "RayService",
        conditions("Ready=False:Initializing:", "UpgradeInProgress=False"),
        PROGRESSING,
        "Initializing",
    ),
    Case("serving", "RayService", conditions("Ready=True", "UpgradeInProgress=False"), HEALTHY),
    Case("upgrading", "RayService", conditions("Ready=True", "UpgradeInProgress=True"), PROGRESSING),
    Case("refused", "RayService", conditions("Ready=False:ValidationFailed:no such field"), DEGRADED, "no such field"),
    Case("too slow", "RayService", conditions("Ready=False:InitializingTimeout:"), DEGRADED, "InitializingTimeout"),
    Case("no endpoint now", "RayService", conditions("Ready=False:ZeroServeEndpoints:"), PROGRESSING),
    Case("suspended", "RayService", conditions("Ready=False:Suspended:", "Suspended=True"), SUSPENDED),
    Case("KubeRay 1.2, serving", "RayService", {"serviceStatus": "Running"}, HEALTHY),
    Case("KubeRay 1.2, waiting", "RayService", {"serviceStatus": "WaitForServeDeploymentReady"}, PROGRESSING),
    Case("nothing yet", "Queue", None, PROGRESSING),
    Case("open", "Queue", {"state": "Open", "running": 2}, HEALTHY),
    Case("closing", "Queue", {"state": "Closing"}, PROGRESSING, "Closing"),
    Case("closed", "Queue", {"state": "Closed"}, SUSPENDED),
    Case("unknown", "Queue", {"state": "Unknown"}, DEGRADED),
)


def case_id(case: Case) -> str:
    return f"{case.kind}: {case.name}"
