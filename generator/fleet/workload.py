"""Workloads: the Kubernetes objects a namespace file will become, as far as rules look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from generator.diagnostics import Path, Span
from generator.fleet.containers import Container, containers
from generator.fleet.places import Place, Sourced

if TYPE_CHECKING:
    from generator.fleet.footprint import Footprint
    from generator.fleet.pods import Pod

Kind = Literal["RayCluster", "RayJob", "RayCronJob", "RayService"]
Role = Literal["head", "worker"]

CLUSTER_SPEC: dict[Kind, Path] = {
    "RayCluster": ("spec",),
    "RayJob": ("spec", "rayClusterSpec"),
    "RayCronJob": ("spec", "jobTemplate", "rayClusterSpec"),
    "RayService": ("spec", "rayClusterConfig"),
}
"""Where each kind keeps its RayClusterSpec (KubeRay ``apis/ray/v1``)."""


def as_map(value: Any) -> dict[str, Any]:
    """``value`` if it is a map, else an empty one: rules look at what is there."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


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


@dataclass(frozen=True)
class Workload:
    """One entry of ``rayClusters``, ``rayJobs`` or ``rayServices``.

    ``short`` is the short form after its profile was laid under it, ``object`` the Kubernetes object's metadata and
    spec, ``cluster_short`` the short form of its RayCluster: the same for a RayCluster, what stands under
    ``rayCluster`` for a job or service, None for a job that brings none.
    """

    kind: Kind
    name: str
    namespace: str
    place: Place
    short: Sourced
    object: Sourced
    cluster_short: Sourced | None = None

    @property
    def spec(self) -> dict[str, Any]:
        """The object's spec."""
        return as_map(self.object.get("spec"))

    @property
    def labels(self) -> dict[str, Any]:
        """The object's labels."""
        return as_map(self.object.get("metadata", "labels"))

    @property
    def annotations(self) -> dict[str, Any]:
        """The object's annotations."""
        return as_map(self.object.get("metadata", "annotations"))

    @property
    def queue(self) -> str:
        """The Volcano queue it asks for; ``default`` if none."""
        return str(self.labels.get("volcano.sh/queue-name", "default"))

    @cached_property
    def cluster(self) -> ClusterSpec | None:
        """Its RayClusterSpec; None for a job that runs on another RayCluster."""
        path = CLUSTER_SPEC[self.kind]
        spec = self.object.get(*path)
        return ClusterSpec(path, spec) if isinstance(spec, dict) and "headGroupSpec" in spec else None

    @cached_property
    def footprint(self) -> Footprint:
        """What it asks for as long as it runs at its smallest."""
        from generator.fleet.footprint import of_workload  # made of these views

        return of_workload(self)

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Its pods that the user wrote into by ``template`` or ``spec``, whole; what the short form alone makes is
        fine."""
        from generator.fleet.pods import written_pods  # made of these views

        return tuple(written_pods(self))

    @property
    def job_path(self) -> Path | None:
        """Where its RayJobSpec is; None if it is no job."""
        return {"RayJob": ("spec",), "RayCronJob": ("spec", "jobTemplate")}.get(self.kind)

    @property
    def job(self) -> dict[str, Any]:
        """Its RayJobSpec, empty if it is no job."""
        return as_map(self.object.get(*self.job_path)) if self.job_path else {}

    @property
    def templates(self) -> list[Path]:
        """The paths of its pod templates: of head, worker groups and submitter."""
        groups = self.cluster.groups if self.cluster else []
        found: list[Path] = [(*group.path, "template") for group in groups]
        return [*found, (*self.job_path, "submitterPodTemplate")] if self.job_path else found

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """The text that set ``path`` of the object; its entry's name in the values file for OneBlock's own defaults."""
        found = self.object.place(path)
        if found is None:
            return self.place.span(key=True)
        return found.span(key=key)

    def written(self, *steps: str, key: bool = False) -> Span:
        """The text of a short-form field (``"queue"``), or the entry's name if it is not written."""
        found = self.short.place(steps)
        if found is None:
            return self.place.span(key=True)
        return found.span(key=key)


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf of plain data with its path; an empty map or list is a leaf."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from walk(each, (*path, key))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from walk(each, (*path, index))
    else:
        yield path, value
