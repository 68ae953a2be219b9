"""Family 7: which Redis, which Ray, whose keys, and whose password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Label, Level, Path, Span
from generator.fleet import ClusterSpec, Platform, Workload
from generator.fleet.plain import as_map
from generator.rules.family4_common import at, named
from generator.rules.family7_common import (
    SENTINEL,
    USERS,
    address,
    managed,
    on,
    own_redis,
    ray_before,
    ray_place,
    switch,
)
from generator.rules.registry import Finding, Scope, rule

_ADDRESS = re.compile(r"(?:rediss?://)?(?P<host>[A-Za-z0-9][-A-Za-z0-9_.]*|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]{1,5})")
OPEN_PORTS = (443, 6443)
"""What a namespace's network policy lets out to any address (chart ``namespaces``)."""
STORAGE = "externalStorageNamespace"


def _address_span(cluster: ClusterSpec, workload: Workload) -> Span:
    place = workload.object.place(cluster.field("gcsFaultToleranceOptions", "redisAddress"))
    if place is None and workload.cluster_short is not None:  # KubeRay before 1.3 has no such field
        place = workload.cluster_short.place(("gcsFaultTolerance", "redis", "address"))
    return (place or workload.place).span(key=place is None)


@rule("OB710", "Ray is too old for the platform's Redis", Scope.CLUSTER, source="ray redis_context.cc")
def ray_too_old(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The platform's Redis is reached through Sentinel (Ray 2.40) by a user of the namespace's own (Ray 2.41). An older
    Ray cannot log in, and its head never starts. Take a newer Ray, or a Redis of your own under
    ``gcsFaultTolerance.redis``."""
    if managed(cluster, workload, platform) and ray_before(cluster, USERS):
        what = "ask Sentinel for the master" if ray_before(cluster, SENTINEL) else "log in as a Redis user"
        yield Finding(
            f'Ray {cluster.spec.get("rayVersion")} of "{workload.name}" cannot {what}; '
            "the platform's Redis needs 2.41",
            ray_place(workload, platform).span(),
            related=(Label(switch(workload, platform).span(), "kept in the platform's Redis"),),
        )


@rule("OB711", "a Redis user needs Ray 2.41", Scope.CLUSTER, source="ray#48225; KubeRay pod.go")
def user_too_new(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """An older Ray logs in with the password only, as Redis' user ``default``: wrong password, or the wrong rights.
    Take Ray 2.41 or later, or a Redis that needs no user."""
    if managed(cluster, workload, platform) or not on(cluster, workload, platform):
        return
    user = own_redis(workload).get("username") or cluster.gcs_options.get("redisUsername")
    if user and ray_before(cluster, USERS):
        yield Finding(
            f'Ray {cluster.spec.get("rayVersion")} of "{workload.name}" cannot log in as a Redis user',
            ray_place(workload, platform).span(),
        )


@rule("OB712", "a Sentinel's address needs Ray 2.40", Scope.CLUSTER, level=Level.WARNING, source="ray#47335")
def sentinel_too_new(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """26379 is Sentinel's port. A Ray before 2.40 takes whatever answers there for Redis itself, and its head dies at
    the first write. Give the address of a Service that leads to the master, or take Ray 2.40."""
    found = _ADDRESS.fullmatch(str(address(cluster, workload)))
    own = on(cluster, workload, platform) and not managed(cluster, workload, platform)
    if own and found and found["port"] == "26379" and ray_before(cluster, SENTINEL):
        where = _address_span(cluster, workload)
        yield Finding(f'Ray {cluster.spec.get("rayVersion")} of "{workload.name}" does not speak to Sentinel', where)


@rule("OB713", "an address Redis cannot be reached at", Scope.CLUSTER, source="KubeRay buildRedisCleanupJob; Ray")
def bad_address(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Ray takes ``host:port``, ``redis://host:port`` or ``rediss://host:port`` (TLS); the port has no default and user
    and password go elsewhere. With another form the head or the clean-up job fails."""
    value = address(cluster, workload)
    if value is None or not on(cluster, workload, platform):
        return
    for part in str(value).split(","):
        found = _ADDRESS.fullmatch(part.strip())
        if found is None or not 0 < int(found["port"]) < 65536:
            yield Finding(
                "the address is not host:port, redis://host:port or rediss://host:port",
                _address_span(cluster, workload),
            )
            return


@rule("OB714", "a list of addresses is no failover", Scope.CLUSTER, level=Level.WARNING, source="ray#42919")
def address_list(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Ray splits the address at commas and uses the first one only; when that is down, the cluster is. Give the address
    of a Sentinel Service, or of one that always leads to the master."""
    if "," in str(address(cluster, workload)) and on(cluster, workload, platform):
        where = _address_span(cluster, workload)
        yield Finding("of several Redis addresses Ray uses the first one only", where)


@rule("OB715", "a user or password without the Redis it is for", Scope.WORKLOAD, source="chart ray")
def settings_without_address(workload: Workload) -> Iterator[Finding]:
    """Without ``redis.address`` the state goes into the platform's Redis, with the namespace's own user and password:
    what stands here would be ignored. Add the address, or remove the rest."""
    redis, short = own_redis(workload), workload.cluster_short
    if short is None or redis.get("address"):
        return
    for field in ("username", "passwordSecret"):
        if redis.get(field):
            place = short.place(("gcsFaultTolerance", "redis", field)) or workload.place
            yield Finding(f"redis.{field} would be ignored: there is no redis.address", place.span(key=True))


@rule("OB716", "a Redis user without a password", Scope.WORKLOAD, source="ray redis_context.cc")
def user_without_password(workload: Workload) -> Iterator[Finding]:
    """Ray refuses to start with a Redis user and no password. Name the Secret that holds it under
    ``redis.passwordSecret``."""
    redis, short = own_redis(workload), workload.cluster_short
    if short is not None and redis.get("address") and redis.get("username") and not redis.get("passwordSecret"):
        place = short.place(("gcsFaultTolerance", "redis", "username")) or workload.place
        yield Finding(f'Redis user "{redis["username"]}" has no password', place.span(key=True))


def _literals(cluster: ClusterSpec) -> Iterator[tuple[str, Path]]:
    """Places that hold a Redis password as text."""
    if at(cluster.gcs_options, "redisPassword", "value"):
        yield "gcsFaultToleranceOptions", cluster.field("gcsFaultToleranceOptions", "redisPassword", "value")
    for group in cluster.groups:
        if group.env.get("REDIS_PASSWORD"):
            yield f"the environment of {named(group)}", group.env_path("REDIS_PASSWORD")
        value = str(group.ray_start_params.get("redis-password") or "")
        if value and not value.startswith("$"):
            yield f"rayStartParams of {named(group)}", (*group.path, "rayStartParams", "redis-password")


@rule("OB717", "a password stands in Git", Scope.CLUSTER)
def literal_password(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Whoever can read the repository, the RayCluster or the pod can then read and change the cluster's state, which
    holds pickled code. Put the password into a Secret and name it under ``gcsFaultTolerance.redis.passwordSecret``;
    this one has to be changed."""
    for what, path in _literals(cluster):
        yield Finding(f"{what} holds a Redis password as text", workload.span(path, key=True))


@rule("OB718", "keys outside the namespace's own are denied", Scope.CLUSTER, source="chart redis, lib.sh")
def foreign_prefix(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """In the platform's Redis each namespace may touch the keys of ``<namespace>.…`` only, so that teams cannot read
    each other's state. A storage namespace outside of it is answered with NOPERM, and the head dies. Leave it out: it
    is ``<namespace>.<cluster>.<generation>``."""
    value = cluster.gcs_options.get(STORAGE)
    prefix = f"{workload.namespace}."
    if value is not None and managed(cluster, workload, platform) and not str(value).startswith(prefix):
        yield Finding(
            f'Redis denies storage namespace "{value}" to namespace "{workload.namespace}"',
            workload.span(cluster.field("gcsFaultToleranceOptions", STORAGE)),
            notes=(f"it has to begin with {prefix}",),
        )


@rule("OB719", "a storage namespace may hold no @", Scope.CLUSTER, source="ray redis_store_client.cc")
def at_sign(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Ray's keys are ``RAY<storage namespace>@<table>``; a GCS whose storage namespace has an ``@`` of its own does not
    start. Use letters, digits, dots and dashes."""
    value = cluster.gcs_options.get(STORAGE)
    if "@" in str(value):
        where = workload.span(cluster.field("gcsFaultToleranceOptions", STORAGE))
        yield Finding(f'storage namespace "{value}" has an @', where)


OWN_NAME = "$(ONEBLOCK_CLUSTER)"
"""What the chart writes for the name that the operator gives to a cluster; the head's environment knows it."""


@rule("OB720", "the clusters of a RayService may not share one state", Scope.SERVICE, source="kuberay#5052")
def shared_state(workload: Workload) -> Iterator[Finding]:
    """While a RayService upgrades, two RayClusters run side by side. With one fixed storage namespace the new GCS takes
    over the old one's actors and nodes, and both break. Leave it out (each cluster's own name is used), or set
    ``upgradeStrategy: None``."""
    cluster = workload.cluster
    value = cluster.gcs_options.get(STORAGE) if cluster else None
    if (
        cluster
        and value is not None
        and OWN_NAME not in str(value)
        and workload.object.get("spec", "upgradeStrategy", "type") != "None"
    ):
        where = workload.span(cluster.field("gcsFaultToleranceOptions", STORAGE))
        yield Finding(f'both clusters of an upgrade of "{workload.name}" would use the state "{value}"', where)


def _closed(platform: Platform, workload: Workload, host: str, port: int) -> bool:
    """Whether the namespace's network policy lets nothing out to that address."""
    policy: Any = as_map(platform.namespaces.get(workload.namespace)).get("networkPolicy")
    inside = "." not in host or host.split(".")[1:2] == [workload.namespace]
    return (
        workload.namespace in platform.namespaces
        and as_map(policy).get("enabled") is not False
        and not (inside or port in OPEN_PORTS)
    )


@rule("OB722", "the namespace's network policy may keep Redis out of reach", Scope.CLUSTER, level=Level.WARNING)
def redis_behind_policy(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The default-deny policy of a namespace lets out DNS, the platform's Redis and ports 443 and 6443. A Redis
    elsewhere is not among them; where the cluster enforces policies the head cannot reach it. Allow it with a
    NetworkPolicy of your own and set ``networkPolicy.enabled: false``, or keep Redis in the namespace."""
    if not on(cluster, workload, platform) or managed(cluster, workload, platform):
        return
    found = _ADDRESS.fullmatch(str(address(cluster, workload)))
    if found and _closed(platform, workload, found["host"], int(found["port"])):
        place = platform.place / "global" / "namespaces" / workload.namespace
        yield Finding(
            f'the network policy of "{workload.namespace}" lets nothing out to {found["host"]}:{found["port"]}',
            _address_span(cluster, workload),
            related=(Label(place.span(key=True), "its policy"),),
        )
