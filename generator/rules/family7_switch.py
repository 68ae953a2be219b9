"""Family 7: GCS fault tolerance on and off. It is never switched off without somebody saying that he knows."""

from __future__ import annotations

from collections.abc import Iterator

from generator.diagnostics import Label, Level
from generator.fleet import ClusterSpec, Platform, Workload
from generator.rules.family4_common import named
from generator.rules.family7_common import enabled_by_others, managed, on, switch
from generator.rules.registry import Finding, Scope, rule

FT = "gcsFaultTolerance"
PATIENCE = 120
"""Seconds a head may need to come back after its Redis failed over: 60 s at a dead address, start and recovery."""
RECONNECT = "RAY_gcs_rpc_server_reconnect_timeout_s"


@rule("OB701", "the platform's Redis is switched off", Scope.CLUSTER)
def no_redis(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Fault tolerance without an address of its own means the platform's Redis. With ``redis.enabled: false`` there is
    none: the head finds no such host and restarts for ever. Switch Redis on, or name another under
    ``gcsFaultTolerance.redis``."""
    if managed(cluster, workload, platform) and not platform.redis_enabled:
        yield Finding(
            f'{workload.kind} "{workload.name}" keeps its state in the platform\'s Redis, which is off',
            switch(workload, platform).span(),
            related=(Label((platform.place / "redis" / "enabled").span(), "off"),),
            help=f"set redis.enabled: true, or {FT}.redis.address",
        )


@rule("OB702", "fault tolerance is switched off without a word", Scope.WORKLOAD)
def silently_off(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Profile or platform have GCS fault tolerance on; ``enabled: false`` would take it away, and after the next
    restart of the head every actor, job and Serve application is gone. Write ``disable: true`` with an
    ``acknowledgement`` instead."""
    short = workload.cluster_short
    if short is None or short.get(FT, "enabled") is not False or short.get(FT, "disable") is True:
        return
    place = short.place((FT, "enabled"))
    if place is None or place.document is not workload.place.document or not enabled_by_others(short, platform):
        return
    yield Finding(
        f'{workload.kind} "{workload.name}" switches GCS fault tolerance off without acknowledging it',
        place.span(),
        help='write disable: true and acknowledgement: "why losing the head is fine"',
    )


@rule("OB703", "switching fault tolerance off needs an acknowledgement", Scope.WORKLOAD)
def not_acknowledged(workload: Workload) -> Iterator[Finding]:
    """With ``disable: true`` a lost head takes the cluster's state along. One sentence in ``acknowledgement`` says that
    somebody thought of it, and why it is fine; it stands in Git beside the switch."""
    short = workload.cluster_short
    if short is None or short.get(FT, "disable") is not True:
        return
    if not str(short.get(FT, "acknowledgement") or "").strip():
        place = short.place((FT, "disable")) or workload.place
        yield Finding(
            f'{workload.kind} "{workload.name}" disables GCS fault tolerance without an acknowledgement',
            place.span(key=True),
            help='add acknowledgement: "why losing the head is fine"',
        )


@rule("OB704", "fault tolerance is switched on and off", Scope.WORKLOAD)
def on_and_off(workload: Workload) -> Iterator[Finding]:
    """``disable: true`` wins, so ``enabled: true`` beside it is a wish that nobody hears. Keep the one that is meant.
    (Disabling what a profile enables is what ``disable`` is for.)"""
    short = workload.cluster_short
    if short is None or short.get(FT, "disable") is not True or short.get(FT, "enabled") is not True:
        return
    off, wanted = short.place((FT, "disable")), short.place((FT, "enabled"))
    if off and wanted and off.document is wanted.document and off.path[:-1] == wanted.path[:-1]:
        yield Finding(
            f'{workload.kind} "{workload.name}" both enables and disables GCS fault tolerance',
            wanted.span(),
            related=(Label(off.span(), "this one wins"),),
        )


@rule("OB705", "a head that is restarted should take no work", Scope.CLUSTER, level=Level.WARNING)
def head_takes_work(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Every failover of Redis restarts the head. With fault tolerance, actors on workers live through that; those on
    the head die with it, and what waits for them fails. Leave ``numCpus`` of the head out: it is 0 where there are
    worker groups."""
    if not on(cluster, workload, platform) or not cluster.worker_groups:
        return
    head = cluster.head
    offers = {("rayStartParams", "num-cpus"): head.ray_start_params.get("num-cpus")}
    resources = head.spec.get("resources")
    offers[("resources", "CPU")] = resources.get("CPU") if isinstance(resources, dict) else None
    for path, value in offers.items():
        if value is not None and str(value) not in ("0", "0.0"):
            yield Finding(
                f"the head offers {value} CPU to Ray, and restarts whenever Redis fails over",
                workload.span((*head.path, *path)),
            )


@rule("OB706", "workers give up before the head is back", Scope.CLUSTER, level=Level.WARNING, source="ray_config_def.h")
def impatient_workers(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """A worker that cannot reach the GCS for ``RAY_gcs_rpc_server_reconnect_timeout_s`` ends itself and its actors. A
    head needs up to two minutes after a failover of Redis; OneBlock sets 600 s. Leave the variable out."""
    for group in cluster.worker_groups if on(cluster, workload, platform) else ():
        value = group.env.get(RECONNECT)
        if value is not None and str(value).isdecimal() and int(value) < PATIENCE:
            yield Finding(
                f"{named(group)} waits {value} s for a lost head, which may need {PATIENCE}",
                workload.span(group.env_path(RECONNECT)),
            )


@rule("OB707", "state stays in Redis after its RayCluster is gone", Scope.PLATFORM, level=Level.WARNING)
def no_cleanup(platform: Platform) -> Iterator[Finding]:
    """``ENABLE_GCS_FT_REDIS_CLEANUP: "false"`` on the operator leaves every deleted cluster's keys behind: Redis fills
    up, and a RayCluster that is made again under the same name wakes up with the old actors. Remove the variable, or
    raise ``generation`` whenever a name is used again."""
    value = platform.at("operator", "env", "ENABLE_GCS_FT_REDIS_CLEANUP")
    if platform.redis_enabled and str(value).lower() == "false":
        where = (platform.place / "operator" / "env" / "ENABLE_GCS_FT_REDIS_CLEANUP").span()
        yield Finding("the operator leaves the state of deleted RayClusters in Redis", where)
