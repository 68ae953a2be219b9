"""Workloads: the Kubernetes objects a namespace file will become, as far as rules look at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.diagnostics import Path, Span
from generator.fleet.cluster_spec import CLUSTER_SPEC, ClusterSpec, Kind
from generator.fleet.footprint import Footprint, of_workload
from generator.fleet.places import Place, Sourced
from generator.fleet.plain import as_map
from generator.fleet.pods import Pod, submitter, written_pods


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
        if self.job_path and self.suspended:
            return Footprint()
        return of_workload(self.cluster, self.job if self.job_path else None)

    @property
    def suspended(self) -> bool:
        """Whether nothing is made of it for now; of a RayCronJob either no runs or only waiting ones."""
        return self.object.get("spec", "suspend") is True or self.job.get("suspend") is True

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Its pods that the user wrote into by ``template`` or ``spec``, whole; what the short form alone makes is
        fine."""
        found: list[Pod] = []
        if self.cluster is not None and self.cluster_short is not None:
            found += written_pods(self.cluster, self.cluster_short, everywhere=self.short.get("spec") is not None)
        if self.job_path and isinstance(template := self.job.get("submitterPodTemplate"), dict):
            found.append(submitter((*self.job_path, "submitterPodTemplate"), template))
        return tuple(found)

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
