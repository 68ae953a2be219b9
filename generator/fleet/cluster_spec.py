"""RayClusterSpecs and their groups, as far as rules look at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from generator.diagnostics import Path
from generator.fleet.containers import Container, container, containers
from generator.fleet.plain import as_list, as_map

Kind = Literal["RayCluster", "RayJob", "RayCronJob", "RayService"]
Role = Literal["head", "worker"]

CLUSTER_SPEC: dict[Kind, Path] = {
    "RayCluster": ("spec",),
    "RayJob": ("spec", "rayClusterSpec"),
    "RayCronJob": ("spec", "jobTemplate", "rayClusterSpec"),
    "RayService": ("spec", "rayClusterConfig"),
}
"""Where each kind keeps its RayClusterSpec (KubeRay ``apis/ray/v1``)."""


@dataclass(frozen=True)
class Group:
    """The head group or one worker group of a RayClusterSpec. ``path`` leads to it from the object's root."""

    role: Role
    name: str
    path: Path
    spec: dict[str, Any]

    @cached_property
    def ray_start_params(self) -> dict[str, Any]:
        """``rayStartParams`` of the group."""
        return as_map(self.spec.get("rayStartParams"))

    @cached_property
    def pod(self) -> dict[str, Any]:
        """The pod template's spec."""
        return as_map(as_map(self.spec.get("template")).get("spec"))

    @cached_property
    def containers(self) -> list[dict[str, Any]]:
        """The pod's containers; index 0 is the Ray container."""
        return [each for each in as_list(self.pod.get("containers")) if isinstance(each, dict)]

    @cached_property
    def asks(self) -> tuple[Container, ...]:
        """What each container asks for, init containers included."""
        return tuple(containers(self.pod, (*self.path, "template", "spec")))

    @cached_property
    def env(self) -> dict[str, Any]:
        """Environment of the Ray container: name → value (None where it comes from elsewhere)."""
        first = self.containers[0] if self.containers else {}
        return {
            str(each.get("name")): each.get("value") for each in as_list(first.get("env")) if isinstance(each, dict)
        }

    def env_path(self, name: str) -> Path:
        """The path of one environment variable of the Ray container."""
        first = self.containers[0] if self.containers else {}
        for index, each in enumerate(as_list(first.get("env"))):
            if isinstance(each, dict) and each.get("name") == name:
                return (*self.path, "template", "spec", "containers", 0, "env", index)
        return self.path


@dataclass(frozen=True)
class ClusterSpec:
    """A RayClusterSpec inside an object, at ``path``."""

    path: Path
    spec: dict[str, Any]

    @cached_property
    def head(self) -> Group:
        """The head group."""
        return Group("head", "head", (*self.path, "headGroupSpec"), as_map(self.spec.get("headGroupSpec")))

    @cached_property
    def worker_groups(self) -> list[Group]:
        """The worker groups, in order."""
        groups = as_list(self.spec.get("workerGroupSpecs"))
        path = (*self.path, "workerGroupSpecs")
        return [
            Group("worker", str(each.get("groupName", "")), (*path, index), each)
            for index, each in enumerate(groups)
            if isinstance(each, dict)
        ]

    @cached_property
    def groups(self) -> list[Group]:
        """Head group first, then the worker groups."""
        return [self.head, *self.worker_groups]

    @property
    def autoscaling(self) -> bool:
        """Whether Ray's autoscaler runs in the head pod."""
        return self.spec.get("enableInTreeAutoscaling") is True

    @cached_property
    def autoscaler(self) -> Container | None:
        """What the container asks for that the operator adds to the head (KubeRay ``pod.go`` BuildAutoscalerContainer);
        None without autoscaling."""
        resources = as_map(self.spec.get("autoscalerOptions")).get("resources")
        return container("autoscaler", self.field("autoscalerOptions"), resources) if self.autoscaling else None

    @cached_property
    def asks(self) -> tuple[Container, ...]:
        """What each container of head, workers and autoscaler asks for."""
        own = (self.autoscaler,) if self.autoscaler is not None else ()
        return (*(each for group in self.groups for each in group.asks), *own)

    @property
    def autoscaler_v2(self) -> bool:
        """Whether the operator takes it for autoscaler v2: only an explicit choice counts (KubeRay validation.go)."""
        if as_map(self.spec.get("autoscalerOptions")).get("version") == "v2":
            return True
        return self.head.env.get("RAY_enable_autoscaler_v2") in ("1", "true")

    @property
    def gcs_options(self) -> dict[str, Any]:
        """``gcsFaultToleranceOptions``, empty when GCS fault tolerance is off."""
        return as_map(self.spec.get("gcsFaultToleranceOptions"))

    def field(self, *steps: str) -> Path:
        """The path of a field of this spec."""
        return (*self.path, *steps)
