"""Platform, Namespace and Fleet: the two kinds of values file, read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.fleet import builtin, expand
from generator.fleet.chart_pods import PodParts, submitter
from generator.fleet.cluster_spec import CLUSTER_SPEC, Kind
from generator.fleet.places import Place, Sourced
from generator.fleet.plain import as_list, as_map
from generator.fleet.workload import Workload
from generator.schema.versions import Versions
from generator.source import Document

DEFAULT_QUEUE = "default"


@dataclass(frozen=True)
class Queue:
    """A Volcano queue of the platform file."""

    name: str
    place: Place
    spec: dict[str, Any]

    @property
    def namespaces(self) -> list[str]:
        """Namespaces it is granted to; ``["*"]`` means every namespace."""
        return [str(each) for each in as_list(self.spec.get("namespaces"))]

    @property
    def parent(self) -> str:
        """The parent queue's name; ``root`` at the top."""
        return str(self.spec.get("parent") or "root")

    def grants(self, namespace: str) -> bool:
        """Whether ``namespace`` may use it."""
        return "*" in self.namespaces or namespace in self.namespaces


@dataclass(frozen=True)
class Platform:
    """``platform.yaml``: grants, versions, and what every chart sees."""

    document: Document

    @property
    def place(self) -> Place:
        """The file's root."""
        return Place(self.document)

    def at(self, *path: str) -> Any:
        """The value at ``path``, None where nothing is written."""
        node: Any = self.document.data
        for step in path:
            node = as_map(node).get(step)
        return node

    @cached_property
    def versions(self) -> Versions:
        """The pinned versions."""
        return Versions.from_platform(self.document.data)

    @property
    def system_namespace(self) -> str:
        """Where the operator and Redis run."""
        return str(self.at("global", "systemNamespace") or "oneblock-system")

    @property
    def namespaces(self) -> dict[str, Any]:
        """Declared namespaces: name → grant."""
        return as_map(self.at("global", "namespaces"))

    @cached_property
    def queues(self) -> dict[str, Queue]:
        """Declared queues by name."""
        place = self.place / "queues"
        return {name: Queue(name, place / name, as_map(spec)) for name, spec in as_map(self.at("queues")).items()}

    @cached_property
    def queues_below(self) -> dict[str, list[Queue]]:
        """Queues by the name of the queue right above them; ``root`` is above those that name none."""
        below: dict[str, list[Queue]] = {}
        for queue in self.queues.values():
            below.setdefault(queue.parent, []).append(queue)
        return below

    @property
    def batch_scheduler(self) -> str:
        """``volcano`` or ``none``."""
        return str(self.at("global", "batchScheduler") or "volcano")

    @property
    def redis_enabled(self) -> bool:
        """Whether the platform runs Redis."""
        return self.at("redis", "enabled") is not False

    @property
    def gcs_fault_tolerance(self) -> bool:
        """GCS fault tolerance of a RayCluster that says nothing."""
        return self.at("global", "gcsFaultTolerance", "enabled") is True

    @cached_property
    def profiles(self) -> dict[str, list[tuple[Any, Place]]]:
        """Presets by name, each as layers: OneBlock's own where there is one, then the platform's over it."""
        known = {name: [(data, builtin.place(name))] for name, data in builtin.profiles().items()}
        place = self.place / "global" / "profiles"
        for name, data in as_map(self.at("global", "profiles")).items():
            known.setdefault(name, []).append((data, place / name))
        return known

    @cached_property
    def gpu_resources(self) -> dict[str, str]:
        """What the GPUs of a node shape are called, by shape."""
        shapes = as_map(self.at("global", "nodes"))
        return {name: str(as_map(shape).get("gpuResource") or "nvidia.com/gpu") for name, shape in shapes.items()}

    def granted_queues(self, namespace: str) -> list[str]:
        """Queues ``namespace`` may use; Volcano's ``default`` is open unless the platform file lists it."""
        granted = [name for name, queue in self.queues.items() if queue.grants(namespace)]
        return granted if DEFAULT_QUEUE in self.queues else [*granted, DEFAULT_QUEUE]


@dataclass(frozen=True)
class Namespace:
    """``namespaces/<name>.yaml`` and the platform it belongs to."""

    name: str
    document: Document
    platform: Platform

    @property
    def place(self) -> Place:
        """The file's root."""
        return Place(self.document)

    @property
    def grant(self) -> dict[str, Any] | None:
        """What the platform file grants it; None when it is not declared there."""
        found = self.platform.namespaces.get(self.name)
        return None if self.name not in self.platform.namespaces else as_map(found)

    @cached_property
    def clusters(self) -> tuple[Workload, ...]:
        """Its RayClusters."""
        return tuple(self._workload("RayCluster", "rayClusters", name) for name in self._names("rayClusters"))

    @cached_property
    def jobs(self) -> tuple[Workload, ...]:
        """Its RayJobs and RayCronJobs."""
        return tuple(self._job(name) for name in self._names("rayJobs"))

    @cached_property
    def services(self) -> tuple[Workload, ...]:
        """Its RayServices."""
        return tuple(self._workload("RayService", "rayServices", name) for name in self._names("rayServices"))

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Clusters, jobs, services."""
        return (*self.clusters, *self.jobs, *self.services)

    def _names(self, section: str) -> list[str]:
        return list(as_map(self.document.data.get(section)))

    def _layers(self, data: Any, place: Place) -> Sourced:
        """A RayCluster's short form with its profile under it."""
        name = as_map(data).get("profile")
        return expand.layered([*self.platform.profiles.get(str(name), []), (data, place)])

    @cached_property
    def restricted(self) -> bool:
        """Whether it takes only pods that Pod Security calls restricted."""
        return as_map(self.grant).get("podSecurity") == "restricted"

    def _cluster(self, short: Sourced, made: Sourced, kind: Kind, name: str, owner: Sourced) -> None:
        at = CLUSTER_SPEC[kind]
        gpus = self.platform.gpu_resources
        platform, ray = self.platform.place, self.platform.versions.ray
        parts = PodParts(kind, name, self.restricted, owner)
        expand.cluster_spec(short, made, at, ray_version=ray, platform=platform, gpus=gpus, parts=parts)
        if kind == "RayCluster" and self.platform.versions.at_least("kuberay", "1.6"):
            made.put((*at, "upgradeStrategy", "type"), short.get("upgradeStrategy", default="None"), None)
            if place := short.place(("upgradeStrategy",)):
                made.places[(*at, "upgradeStrategy", "type")] = place
        if expand.gcs_fault_tolerance(short, default=self.platform.gcs_fault_tolerance):
            self._gcs(short, made, kind, name)
        if kind != "RayCluster":
            expand.overlay_spec(short, made, at)

    def _gcs(self, short: Sourced, made: Sourced, kind: Kind, name: str) -> None:
        place = short.place(("gcsFaultTolerance", "enabled")) or short.place(("gcsFaultTolerance",))
        place = place or self.platform.place / "global" / "gcsFaultTolerance" / "enabled"
        if not self.platform.versions.at_least("kuberay", "1.3"):
            made.put(("metadata", "annotations", "ray.io/ft-enabled"), "true", place)
            return
        at = (*CLUSTER_SPEC[kind], "gcsFaultToleranceOptions")
        platform = self.platform
        domain = str(platform.at("global", "clusterDomain") or "cluster.local")
        managed = f"oneblock-redis-sentinel.{platform.system_namespace}.svc.{domain}:26379"
        address = short.get("gcsFaultTolerance", "redis", "address")
        made.put(
            (*at, "redisAddress"), address or managed, short.place(("gcsFaultTolerance", "redis", "address")) or place
        )
        generation = short.get("gcsFaultTolerance", "generation", default=1)
        if short.get("gcsFaultTolerance", "generation") is not None:
            place = short.place(("gcsFaultTolerance", "generation"))
        # Jobs and services make RayClusters of their own, each with a name that the pod learns from its label.
        state = f"{name}.{generation}" if kind == "RayCluster" else "$(ONEBLOCK_CLUSTER)"
        made.put((*at, "externalStorageNamespace"), f"{self.name}.{state}", place)

    def _workload(self, kind: Kind, section: str, name: str) -> Workload:
        place = self.place / section / name
        data = as_map(self.document.data[section]).get(name)
        if kind == "RayCluster":
            short = self._layers(data, place)
            made = expand.metadata(short, name, self.name)
            self._cluster(short, made, kind, name, short)
        else:
            short = expand.layered([(data, place)])
            made = expand.metadata(short, name, self.name)
            expand.service_spec(short, made)
        inner = short if kind == "RayCluster" else self._inner_cluster(short, made, kind, name, place)
        expand.overlay_spec(short, made, ("spec",))
        return Workload(kind, name, self.name, place, short, made, inner)

    def _inner_cluster(self, short: Sourced, made: Sourced, kind: Kind, name: str, place: Place) -> Sourced | None:
        """Writes the cluster that a job or service brings, and gives its short form; None if it brings none."""
        inner = short.get("rayCluster", default={} if kind == "RayService" else None)
        if not isinstance(inner, dict):
            return None
        layers = self._layers(inner, place / "rayCluster")
        expand.inherited_metadata(layers, made)
        self._cluster(layers, made, kind, name, short)
        return layers

    def _job(self, name: str) -> Workload:
        place = self.place / "rayJobs" / name
        short = expand.layered([(as_map(self.document.data["rayJobs"]).get(name), place)])
        kind: Kind = "RayCronJob" if short.get("schedule") is not None else "RayJob"
        made = expand.metadata(short, name, self.name)
        at: tuple[str, ...] = ("spec",)
        if kind == "RayCronJob":
            at = ("spec", "jobTemplate")
            made.put(("spec", "schedule"), short.get("schedule"), short.place(("schedule",)))
            if short.get("timeZone") is not None:
                made.put(("spec", "timeZone"), short.get("timeZone"), short.place(("timeZone",)))
        expand.job_spec(short, made, at)
        inner = self._inner_cluster(short, made, kind, name, place)
        if self.restricted and short.get("spec", "submitterPodTemplate") is not None:
            made.put((*at, "submitterPodTemplate"), submitter(short.get("submissionMode")), None)
        expand.overlay_spec(short, made, at)
        return Workload(kind, name, self.name, place, short, made, inner)


@dataclass(frozen=True)
class Fleet:
    """One cluster's files. ``name`` is the folder below ``values/``, empty when there is one cluster only."""

    name: str
    platform: Platform
    namespaces: tuple[Namespace, ...] = ()


def open_namespace(name: str, document: Document, platform: Platform) -> Namespace:
    """The namespace file ``document`` under ``platform``."""
    return Namespace(name, document, platform)
