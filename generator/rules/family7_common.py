"""What the rules of family 7 share: whether a RayCluster keeps its state in Redis, in which, and since which Ray."""

from __future__ import annotations

from typing import Any

from generator.fleet import ClusterSpec, Place, Platform, Sourced, Workload
from generator.fleet.expand import gcs_fault_tolerance
from generator.fleet.plain import as_map
from generator.rules.family4_common import at, ray_number

SENTINEL = (2, 40)
"""The first Ray whose GCS asks Sentinel for the master (ray#47335)."""
USERS = (2, 41)
"""The first Ray that logs in as a Redis ACL user (ray#48225)."""


def on(cluster: ClusterSpec, workload: Workload, platform: Platform) -> bool:
    """Whether the cluster keeps its GCS state in a Redis, by short form or by KubeRay's own fields."""
    options = cluster.gcs_options
    if options.get("backend") == "rocksdb":
        return False
    return bool(options) or _short_on(workload, platform)


def _short_on(workload: Workload, platform: Platform) -> bool:
    """Whether the short form has it on; a cluster written in KubeRay's own fields has none."""
    short = workload.cluster_short
    return short is not None and gcs_fault_tolerance(short, default=platform.gcs_fault_tolerance)


def own_redis(workload: Workload) -> dict[str, Any]:
    """``gcsFaultTolerance.redis`` of the cluster's short form."""
    short = workload.cluster_short or Sourced()
    return as_map(short.get("gcsFaultTolerance", "redis"))


def address(cluster: ClusterSpec, workload: Workload) -> Any:
    """The address the head is given, None if it is not said (KubeRay before 1.3 gets it in the environment)."""
    return cluster.gcs_options.get("redisAddress", own_redis(workload).get("address"))


def managed(cluster: ClusterSpec, workload: Workload, platform: Platform) -> bool:
    """Whether the state is in the platform's Redis."""
    if not on(cluster, workload, platform) or own_redis(workload).get("address"):
        return False
    value = address(cluster, workload)
    if value is None:
        return _short_on(workload, platform)
    return f"oneblock-redis-sentinel.{platform.system_namespace}.svc" in str(value)


def switch(workload: Workload, platform: Platform) -> Place:
    """The place that switched fault tolerance on: the cluster's, its profile's or the platform's word."""
    short = workload.cluster_short or Sourced()
    if short.get("gcsFaultTolerance", "enabled") is not None:
        found = short.place(("gcsFaultTolerance", "enabled"))
    elif platform.gcs_fault_tolerance:
        found = platform.place / "global" / "gcsFaultTolerance" / "enabled"
    else:
        path = workload.cluster.path if workload.cluster else ()
        found = workload.object.place((*path, "gcsFaultToleranceOptions"))
    return found or workload.place


def ray_before(cluster: ClusterSpec, version: tuple[int, int]) -> bool:
    """Whether the cluster's Ray is known to be older than ``version``."""
    number = ray_number(cluster.spec.get("rayVersion"))
    return number is not None and number < version


def ray_place(workload: Workload, platform: Platform) -> Place:
    """Where the Ray version of the cluster is written: on the cluster, else in the platform file."""
    path = (*(workload.cluster.path if workload.cluster else ()), "rayVersion")
    return workload.object.place(path) or platform.place / "global" / "versions" / "ray"


def enabled_by_others(short: Sourced, platform: Platform) -> bool:
    """Whether profile or platform have fault tolerance on for a cluster that says nothing."""
    layers = platform.profiles.get(str(short.get("profile")), [])
    given = {key: value for data, _ in layers for key, value in as_map(at(data, "gcsFaultTolerance")).items()}
    if given.get("disable") is True:
        return False
    chosen = given.get("enabled")
    return chosen if isinstance(chosen, bool) else platform.gcs_fault_tolerance
