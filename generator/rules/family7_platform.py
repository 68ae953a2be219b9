"""Family 7: the platform's own Redis: how many, how large, and what its configuration may not say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from generator.diagnostics import Level
from generator.fleet import Platform
from generator.fleet.quantities import parse, show
from generator.rules.family4_common import number
from generator.rules.registry import Finding, Scope, rule

CHART = "chart redis"
DEFAULTS: dict[tuple[str, ...], Any] = {
    ("replicas",): 3,
    ("maxmemory",): "640mb",
    ("storage",): "10Gi",
    ("minReplicasToWrite",): 1,
    ("sentinel", "quorum"): 2,
    ("resources", "limits", "memory"): "1Gi",
}
"""What the chart takes where the platform file says nothing (``schemas/values/redis.yaml``)."""
_SIZE = re.compile(r"([0-9]+)([kmg]?)(b?)", re.IGNORECASE)
_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)")
OLDEST = {"redis": (7, 2), "valkey": (8, 0)}
"""The first versions whose Sentinels live with host names that do not resolve for a while (redis#11419)."""

NAMED = {"appendfsync": "appendfsync", "maxmemory": "maxmemory", "min-replicas-to-write": "minReplicasToWrite"}
OWN = {
    *("aclfile", "bind", "cluster-enabled", "daemonize", "dir", "include", "masterauth", "masteruser", "port"),
    *("replica-announce-ip", "replica-announce-port", "replica-priority", "replicaof", "requirepass", "slaveof"),
    *("supervised", "tls-port", "user"),
}
"""Directives the start script writes, or that would take Redis out of its hands."""


def setting(platform: Platform, *path: str) -> Any:
    """A setting of Redis, the chart's default where nothing is written."""
    written = platform.at("redis", *path)
    return DEFAULTS[path] if written is None else written


def redis_bytes(text: Any) -> Fraction | None:
    """A size as redis.conf has it: ``m`` is a million, ``mb`` 1024²."""
    found = _SIZE.fullmatch(str(text))
    if found is None:
        return None
    power = " kmg".index(found[2].lower() or " ")
    return Fraction(int(found[1]) * (1024 if found[3] else 1000) ** power)


def _span(platform: Platform, *path: str) -> Any:
    return (platform.place / "redis").span(key=True) if platform.at("redis", *path) is None else _at(platform, *path)


def _at(platform: Platform, *path: str) -> Any:
    place = platform.place / "redis"
    for step in path:
        place = place / step
    return place.span()


@rule("OB750", "Redis needs three pods, or another odd number", Scope.PLATFORM, level=Level.WARNING)
def replicas(platform: Platform) -> Iterator[Finding]:
    """A new master needs the votes of more than half of the Sentinels, one in each pod. One pod cannot fail over, two
    cannot lose one, four can lose no more than three. Take 3 (or 5)."""
    count = number(setting(platform, "replicas"))
    if platform.redis_enabled and count is not None and (count < 3 or count % 2 == 0):
        survives = max((count - 1) // 2, 0)
        what = "no pod may be lost" if not survives else f"only {survives} may be lost, as with {count - 1}"
        yield Finding(f"with {count} Redis pod{'s' if count != 1 else ''} {what}", _span(platform, "replicas"))


@rule("OB751", "more Sentinels must agree than there are", Scope.PLATFORM, source=CHART)
def quorum_unreachable(platform: Platform) -> Iterator[Finding]:
    """No failover would ever begin, so the chart takes the number of pods instead, which is not what stands here. Write
    a quorum of more than half of ``redis.replicas``."""
    count, quorum = number(setting(platform, "replicas")), number(platform.at("redis", "sentinel", "quorum"))
    if platform.redis_enabled and count is not None and quorum is not None and quorum > count:
        yield Finding(f"quorum {quorum} of {count} Sentinels", _at(platform, "sentinel", "quorum"))


@rule("OB752", "the quorum should be more than half of the Sentinels", Scope.PLATFORM, level=Level.WARNING)
def quorum_minority(platform: Platform) -> Iterator[Finding]:
    """Below half, one Sentinel with a bad network can call a healthy master down and begin failovers again and again;
    far above, one lost pod stops them. Write half of ``redis.replicas`` plus one."""
    count, quorum = number(setting(platform, "replicas")), number(setting(platform, "sentinel", "quorum"))
    if not platform.redis_enabled or count is None or quorum is None or count < 3 or quorum > count:
        return
    majority = count // 2 + 1
    if quorum != majority:
        where = _span(platform, "sentinel", "quorum")
        yield Finding(f"quorum {quorum} of {count} Sentinels; the majority is {majority}", where)


@rule("OB753", "more copies are asked for than there can be", Scope.PLATFORM, source=CHART)
def copies_unreachable(platform: Platform) -> Iterator[Finding]:
    """Of N pods one is the master and N - 1 are replicas. It would refuse every write, so the chart lowers the number,
    which is not what stands here. Lower ``minReplicasToWrite``, or raise ``replicas``."""
    count, copies = number(setting(platform, "replicas")), number(platform.at("redis", "minReplicasToWrite"))
    if platform.redis_enabled and count is not None and copies is not None and copies >= max(count, 1):
        yield Finding(
            f"minReplicasToWrite is {copies}, and {count} pods have {max(count - 1, 0)} replicas",
            _at(platform, "minReplicasToWrite"),
        )


@rule("OB754", "one lost Redis pod stops all writes", Scope.PLATFORM, level=Level.WARNING)
def copies_all(platform: Platform) -> Iterator[Finding]:
    """When every replica must acknowledge, the loss of any pod (or a rolling update) makes the master refuse writes,
    and every Ray head dies until it is back. 1 keeps acknowledged writes safe and lets one pod go."""
    count, copies = number(setting(platform, "replicas")), number(platform.at("redis", "minReplicasToWrite"))
    if platform.redis_enabled and count is not None and count >= 3 and copies == count - 1:
        where = _at(platform, "minReplicasToWrite")
        yield Finding(f"minReplicasToWrite {copies} of {count - 1} replicas: none may be down", where)


@rule("OB755", "Redis' data does not fit into its memory", Scope.PLATFORM)
def maxmemory_above_limit(platform: Platform) -> Iterator[Finding]:
    """Redis refuses writes at ``maxmemory``, which is bad; at its container's memory limit it is killed, which is
    worse: every head restarts, and the next master fills up as well. Keep ``maxmemory`` at 60 to 70 % of the limit (0
    means no bound at all)."""
    limit = parse(setting(platform, "resources", "limits", "memory"))
    size = redis_bytes(setting(platform, "maxmemory"))
    if platform.redis_enabled and limit is not None and size is not None and (size >= limit or not size):
        what = f"maxmemory is {show(size, 'memory')}" if size else "maxmemory 0 means without bound"
        yield Finding(f"{what}; the memory limit is {show(limit, 'memory')}", _span(platform, "maxmemory"))


@rule("OB756", "Redis needs memory beside its data", Scope.PLATFORM, level=Level.WARNING)
def maxmemory_near_limit(platform: Platform) -> Iterator[Finding]:
    """While it writes a snapshot or rewrites its log, Redis keeps copies of what changes, and buffers for its replicas.
    Above about three quarters of the container's limit that can end it. Keep ``maxmemory`` at 60 to 70 %."""
    limit = parse(setting(platform, "resources", "limits", "memory"))
    size = redis_bytes(setting(platform, "maxmemory"))
    if platform.redis_enabled and limit and size is not None and Fraction(3, 4) * limit < size < limit:
        share = f"{float(100 * size / limit):.0f} %"
        where = _span(platform, "maxmemory")
        yield Finding(f"maxmemory is {share} of the memory limit of {show(limit, 'memory')}", where)


@rule("OB757", "Redis' volume is small for its log", Scope.PLATFORM, level=Level.WARNING)
def volume_small(platform: Platform) -> Iterator[Finding]:
    """The append-only file holds all data, and while it is rewritten there are two of it, and a snapshot. A full volume
    stops writes and can damage the file. Make it more than twice ``maxmemory``."""
    volume, size = parse(setting(platform, "storage")), redis_bytes(setting(platform, "maxmemory"))
    if platform.redis_enabled and volume is not None and size and volume < 2 * size:
        what = f"the volume has {show(volume, 'memory')}, and maxmemory is {show(size, 'memory')}"
        yield Finding(what, _span(platform, "storage"))


def _breaks(name: str, value: str) -> str:
    """Why a directive breaks Ray's GCS; empty if it does not."""
    if name == "timeout" and value not in ("0", "0.0"):
        return "an idle connection that Redis closes kills the GCS"
    if name == "maxmemory-policy" and value != "noeviction":
        return "evicted keys are lost actors and nodes"
    if name == "appendonly" and value != "yes":
        return "a restarted Redis would come back without the last minutes, or empty"
    if name == "stop-writes-on-bgsave-error" and value != "no":
        return "a failed snapshot would refuse writes and kill the GCS"
    if name == "min-replicas-max-lag" and value in ("0", "0.0"):
        return "0 switches minReplicasToWrite off, and a cut-off master would lose what it took"
    return ""


@rule("OB758", "a redis.conf setting that Ray cannot live with", Scope.PLATFORM, source="ray#46982")
def config_breaks(platform: Platform) -> Iterator[Finding]:
    """Ray's GCS does not get over a closed connection or a refused write, and it has no second copy of what Redis
    forgets. Remove the line: the chart sets the value that works."""
    config = platform.at("redis", "config")
    for name, value in config.items() if isinstance(config, dict) and platform.redis_enabled else ():
        why = _breaks(name, str(value).strip().lower())
        if why:
            yield Finding(f"{name} {value}: {why}", _at(platform, "config", name))


@rule("OB759", "a redis.conf setting that belongs to OneBlock", Scope.PLATFORM, source="start-redis.sh")
def config_owned(platform: Platform) -> Iterator[Finding]:
    """Who is master, who may log in, where data and log are: the start script decides that anew at each start. A line
    here would be overridden or would take Redis out of its hands. Use the setting of that name beside ``config``, if
    there is one."""
    config = platform.at("redis", "config")
    for name in config if isinstance(config, dict) and platform.redis_enabled else ():
        if name in NAMED or name in OWN:
            setting_name = NAMED.get(name)
            yield Finding(
                f"redis.config may not set {name}",
                (platform.place / "redis" / "config" / name).span(key=True),
                help=f"use redis.{setting_name}" if setting_name else "",
            )


@rule("OB760", "Redis is too old", Scope.PLATFORM, source="redis#11419; redis.conf")
def image_too_old(platform: Platform) -> Iterator[Finding]:
    """Before Redis 7.2 (Valkey: 8) a Sentinel that cannot resolve a dead pod's name gives up on the failover, and
    before 7.0 Redis does not know some of the settings it gets. Take a newer image."""
    repository = str(platform.at("redis", "image", "repository") or "docker.io/library/redis").rpartition("/")[2]
    found = _VERSION.match(str(platform.at("redis", "image", "tag") or ""))
    oldest = OLDEST.get(repository)
    if platform.redis_enabled and found and oldest and (int(found[1]), int(found[2])) < oldest:
        what = f"{repository} {found[1]}.{found[2]} is too old; {oldest[0]}.{oldest[1]} is needed"
        yield Finding(what, _at(platform, "image", "tag"))


@rule("OB761", "the forced master is no pod", Scope.PLATFORM, source="start-redis.sh forced_master")
def forced_nobody(platform: Platform) -> Iterator[Finding]:
    """Pods are numbered from 0. When no master is up, all of them wait for one that does not exist, and Redis does not
    start. Name one of the pods."""
    count = number(setting(platform, "replicas"))
    forced = number(platform.at("redis", "bootstrap", "forceMasterOrdinal"))
    if platform.redis_enabled and count is not None and forced is not None and forced >= count:
        where = _at(platform, "bootstrap", "forceMasterOrdinal")
        yield Finding(f"pod {forced} is to be the master, and there are pods 0 to {count - 1}", where)


@rule("OB762", "the forced master is still set", Scope.PLATFORM, level=Level.WARNING, source="start-redis.sh")
def forced_master(platform: Platform) -> Iterator[Finding]:
    """``forceMasterOrdinal`` is for the day nobody knows who has the data. As long as it stands, this pod becomes the
    master whenever all of Redis starts anew, whatever the Sentinels decided since, and newer data elsewhere is lost.
    Take it out once Redis is up."""
    forced = platform.at("redis", "bootstrap", "forceMasterOrdinal")
    if platform.redis_enabled and number(forced) is not None:
        where = _at(platform, "bootstrap", "forceMasterOrdinal")
        yield Finding(f"pod {forced} is made master whenever none is up, whoever has the newest data", where)
