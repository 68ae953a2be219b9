"""Pod templates as the rules on pods look at them: the chart's part and the user's, merged, with what the operator
adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.diagnostics import Path
from generator.fleet.cluster_spec import ClusterSpec, Group
from generator.fleet.places import Sourced
from generator.fleet.plain import as_list, as_map


@dataclass(frozen=True, slots=True)
class PodContainer:
    """One container of a pod: its fields, where they are, and whether it runs before the others (``sidecar``: and
    on)."""

    name: str
    fields: dict[str, Any]
    path: Path
    init: bool = False
    sidecar: bool = False
    operators: bool = False

    @property
    def security(self) -> dict[str, Any]:
        """Its security context."""
        return as_map(self.fields.get("securityContext"))


@dataclass(frozen=True)
class Pod:
    """A pod template: what messages call it, where it is, and the autoscaler's container if the operator adds one."""

    what: str
    path: Path
    template: dict[str, Any]
    autoscaler: PodContainer | None = None
    submits: bool = False

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The pod's spec."""
        return as_map(self.template.get("spec"))

    @property
    def at(self) -> Path:
        """Where the spec is."""
        return (*self.path, "spec")

    @property
    def security(self) -> dict[str, Any]:
        """The pod's own security context."""
        return as_map(self.spec.get("securityContext"))

    @property
    def annotations(self) -> dict[str, Any]:
        """The annotations of the pod."""
        return as_map(as_map(self.template.get("metadata")).get("annotations"))

    @cached_property
    def containers(self) -> tuple[PodContainer, ...]:
        """Every container, init containers last, the autoscaler's among them."""
        found = [
            PodContainer(
                name=str(each.get("name", "")),
                fields=each,
                path=path,
                init=path[-2] == "initContainers",
                sidecar=path[-2] == "initContainers" and each.get("restartPolicy") == "Always",
            )
            for kind in ("containers", "initContainers")
            for each, path in entries(self.spec, self.at, kind)
        ]
        return (*found, self.autoscaler) if self.autoscaler is not None else tuple(found)

    @cached_property
    def volumes(self) -> dict[str, dict[str, Any]]:
        """The volumes by name."""
        return {str(each.get("name")): each for each, _ in entries(self.spec, self.at, "volumes")}


def entries(owner: Any, path: Path, key: str) -> Iterator[tuple[dict[str, Any], Path]]:
    """The maps of the list ``key`` of ``owner``, which is at ``path``, each with its own path."""
    for index, each in enumerate(as_list(as_map(owner).get(key))):
        if isinstance(each, dict):
            yield each, (*path, key, index)


def written_pods(cluster: ClusterSpec, short: Sourced, *, everywhere: bool) -> Iterator[Pod]:
    """The head's and the worker groups' pods, as far as the user wrote into them.

    ``short`` is the cluster's short form; ``everywhere``: a ``spec`` around the cluster may say something about any.
    """
    everywhere = everywhere or short.get("spec") is not None
    for group in cluster.groups:
        source = ("head",) if group.role == "head" else ("workerGroups", group.name)
        if everywhere or short.get(*source, "template") is not None or short.get(*source, "resources", "claims"):
            yield _of_group(group, _autoscaler(cluster) if group.role == "head" and cluster.autoscaling else None)


def submitter(path: Path, template: dict[str, Any]) -> Pod:
    """The pod that submits a job, whose template is at ``path``."""
    return Pod("the submitter", path, template, submits=True)


def _of_group(group: Group, autoscaler: PodContainer | None) -> Pod:
    what = "the head group" if group.role == "head" else f'worker group "{group.name}"'
    return Pod(what, (*group.path, "template"), as_map(group.spec.get("template")), autoscaler)


def _autoscaler(cluster: ClusterSpec) -> PodContainer:
    """The container that the operator makes of ``autoscalerOptions`` (KubeRay ``pod.go`` BuildAutoscalerContainer)."""
    options = as_map(cluster.spec.get("autoscalerOptions"))
    return PodContainer("autoscaler", options, cluster.field("autoscalerOptions"), operators=True)
