"""Family 3: resources as Kubernetes takes them. What is wrong here is refused pod by pod, long after the merge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.fleet import ClusterSpec, Place, Platform, Workload
from generator.fleet.plain import as_map
from generator.fleet.quantities import SHORT_NAMES, show
from generator.rules.registry import Finding, Scope, rule


def extended(resource: str) -> bool:
    """Whether a resource is an extended one, counted in whole things (Kubernetes ``IsExtendedResourceName``)."""
    domain, slash, _ = resource.partition("/")
    return bool(slash) and domain != "kubernetes.io" and not domain.endswith(".kubernetes.io")


@rule(
    "OB340",
    "a container requests more than its limit",
    Scope.CLUSTER,
    source="Kubernetes ValidateContainerResources",
)
def request_above_limit(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The API server refuses such a pod, and KubeRay tries again for ever. Raise the limit, or leave it out: limits
    follow the requests by themselves."""
    for container in cluster.asks:
        for resource, limit in container.limits.items():
            requested = container.requests[resource]
            if requested > limit and not extended(resource):
                yield Finding(
                    f'container "{container.name}" requests {show(requested, resource)} {resource} '
                    f"and is limited to {show(limit, resource)}",
                    workload.span((*container.path, "resources", "limits", resource)),
                )


@rule(
    "OB341",
    "devices are counted whole, and requested as they are limited",
    Scope.CLUSTER,
    source="Kubernetes ValidateContainerResources",
)
def device_amounts(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """GPUs and other extended resources cannot be shared by halves or overcommitted: the API server refuses a pod that
    asks for half a device, or requests another number than its limit. To let several Ray tasks share a GPU, use
    ``num_gpus=0.5`` in Ray."""
    for container in cluster.asks:
        for resource in filter(extended, container.requests):
            asked, limit = container.requests[resource], container.limits.get(resource)
            if asked.denominator != 1 or (limit is not None and limit.denominator != 1):
                what = f"asks for a fraction of {resource}"
            elif limit != asked:
                shown = "has no limit" if limit is None else f"is limited to {show(limit)}"
                what = f"requests {show(asked)} {resource} and {shown}"
            else:
                continue
            where = workload.span((*container.path, "resources", "requests", resource))
            yield Finding(f'container "{container.name}" {what}', where)


def twice(amounts: Any) -> Iterator[tuple[str, str]]:
    """Pairs of keys that mean the same resource: ``("gpu", "nvidia.com/gpu")``."""
    keys = as_map(amounts)
    for short, resource in SHORT_NAMES.items():
        if short != resource and short in keys and resource in keys:
            yield short, resource


def _quota_twice(quota: Any) -> Iterator[tuple[str, str]]:
    names = {"gpu": ("nvidia.com/gpu", "requests.nvidia.com/gpu"), "storage": ("requests.storage",)}
    keys = as_map(quota)
    for short, others in names.items():
        for resource in others if short in keys else ():
            if resource in keys:
                yield short, resource
    for name in keys:
        if "/" in name and f"requests.{name}" in keys:
            yield name, f"requests.{name}"


@rule("OB342", "a resource is given twice", Scope.PLATFORM)
def amount_twice(platform: Platform) -> Iterator[Finding]:
    """``gpu`` is short for ``nvidia.com/gpu`` and ``storage`` for ``ephemeral-storage`` (``requests.storage`` in a
    quota). Both forms together leave it to chance which amount counts. Keep one."""
    for name, grant in platform.namespaces.items():
        place = platform.place / "global" / "namespaces" / name / "quota"
        yield from _given_twice(place, _quota_twice(as_map(grant).get("quota")))
    for queue in platform.queues.values():
        for field in ("capability", "deserved", "guarantee"):
            yield from _given_twice(queue.place / field, twice(queue.spec.get(field)))


def _given_twice(place: Place, pairs: Iterator[tuple[str, str]]) -> Iterator[Finding]:
    for short, resource in pairs:
        yield Finding(f'"{short}" and "{resource}" are the same resource', (place / resource).span(key=True))
