"""Family 4, GCS fault tolerance: annotation or fields, Redis or a volume, and what the operator sets itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.fleet import ClusterSpec, Platform, Workload
from generator.rules.cel import ALL, HEAD_ENV, Cel, Kind
from generator.rules.family4_common import at, gate_open, mounts, open_the_gate
from generator.rules.registry import Finding, Scope, rule

FT = "ray.io/ft-enabled"
STORAGE_NAMESPACE = "ray.io/external-storage-namespace"
_OPTIONS = "has(SPEC.gcsFaultToleranceOptions)"
_ROCKSDB = "SPEC.?gcsFaultToleranceOptions.?backend.orValue('') == 'rocksdb'"
_NO_ADDRESS = f"!{HEAD_ENV}.exists(e, e.name == 'RAY_REDIS_ADDRESS')"
_ANNOTATED: tuple[Kind, ...] = ("RayCluster", "RayJob", "RayService")


def _has_options(cluster: ClusterSpec) -> bool:
    return isinstance(cluster.spec.get("gcsFaultToleranceOptions"), dict)


def _annotations(workload: Workload) -> dict[str, Any]:
    """The annotations the operator sees beside the spec: those of a RayCronJob do not reach its RayJobs."""
    return {} if workload.kind == "RayCronJob" else workload.annotations


def _annotation(name: str) -> str:
    return f"object.metadata.?annotations[?'{name}'].orValue('')"


@rule(
    "OB400",
    "gcsFaultToleranceOptions needs redisAddress",
    Scope.CLUSTER,
    source="the CRD requires it; the API server refuses the object",
    since="1.3",
    until="1.7",
)
def no_address(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``gcsFaultTolerance.enabled`` writes the address; options that stand under ``spec`` alone have none, and the API
    server refuses the whole object. Turn ``gcsFaultTolerance`` on beside them, or add ``redisAddress``."""
    if _has_options(cluster) and cluster.gcs_options.get("redisAddress") is None:
        where = workload.span(cluster.field("gcsFaultToleranceOptions"), key=True)
        yield Finding("gcsFaultToleranceOptions has no redisAddress", where)


@rule(
    "OB430",
    "GCS fault tolerance is configured by annotation and by field",
    Scope.CLUSTER,
    cel=Cel(_ANNOTATED, f"!{_OPTIONS} || {_annotation(FT)} == ''"),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def ft_twice(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``ray.io/ft-enabled`` is the form of KubeRay before 1.3; the operator refuses a cluster that has it beside
    ``gcsFaultToleranceOptions``, with an Event. Remove the annotation."""
    if _has_options(cluster) and _annotations(workload).get(FT):
        yield Finding(
            f"the annotation {FT} stands beside gcsFaultTolerance",
            workload.span(("metadata", "annotations", FT), key=True),
        )


@rule(
    "OB431",
    "RAY_REDIS_ADDRESS is set, and GCS fault tolerance is off",
    Scope.CLUSTER,
    cel=(
        Cel(_ANNOTATED, f"{_OPTIONS} || {_annotation(FT)}.lowerAscii() == 'true' || {_NO_ADDRESS}"),
        Cel(("RayCronJob",), f"{_OPTIONS} || {_NO_ADDRESS}"),
    ),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def redis_without_ft(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The variable would make Ray keep its state in Redis behind the operator's back: no cleanup, no finalizer, no
    worker timeout. The operator refuses the cluster with an Event. Use ``gcsFaultTolerance`` instead."""
    on = _has_options(cluster) or str(_annotations(workload).get(FT, "")).lower() == "true"
    if not on and "RAY_REDIS_ADDRESS" in cluster.head.env:
        where = workload.span(cluster.head.env_path("RAY_REDIS_ADDRESS"), key=True)
        yield Finding("the head sets RAY_REDIS_ADDRESS, and GCS fault tolerance is off", where)


@rule(
    "OB432",
    "rayStartParams sets redis-password beside GCS fault tolerance",
    Scope.CLUSTER,
    cel=Cel(ALL, f"!{_OPTIONS} || SPEC.headGroupSpec.?rayStartParams[?'redis-password'].orValue('') == ''"),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def password_in_start_params(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator passes the password itself and refuses the cluster with an Event; in ``rayStartParams`` it would
    also stand in Git. Name a Secret in ``gcsFaultTolerance.redis.passwordSecret``."""
    if _has_options(cluster) and cluster.head.ray_start_params.get("redis-password"):
        where = workload.span((*cluster.head.path, "rayStartParams", "redis-password"), key=True)
        yield Finding("the head sets redis-password in rayStartParams", where)


@rule(
    "OB433",
    "the head sets REDIS_PASSWORD beside GCS fault tolerance",
    Scope.CLUSTER,
    cel=Cel(ALL, f"!{_OPTIONS} || !{HEAD_ENV}.exists(e, e.name == 'REDIS_PASSWORD')"),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def password_in_env(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator sets the variable from ``gcsFaultToleranceOptions.redisPassword`` and refuses a cluster that sets it
    too, with an Event. Name a Secret in ``gcsFaultTolerance.redis.passwordSecret``."""
    if _has_options(cluster) and "REDIS_PASSWORD" in cluster.head.env:
        yield Finding("the head sets REDIS_PASSWORD", workload.span(cluster.head.env_path("REDIS_PASSWORD"), key=True))


@rule(
    "OB434",
    "the head sets RAY_REDIS_ADDRESS beside GCS fault tolerance",
    Scope.CLUSTER,
    cel=Cel(ALL, f"!{_OPTIONS} || {_NO_ADDRESS}"),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def address_in_env(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator sets the variable from ``gcsFaultToleranceOptions.redisAddress`` and refuses a cluster that sets it
    too, with an Event. Write the address under ``gcsFaultTolerance.redis``."""
    if _has_options(cluster) and "RAY_REDIS_ADDRESS" in cluster.head.env:
        yield Finding(
            "the head sets RAY_REDIS_ADDRESS", workload.span(cluster.head.env_path("RAY_REDIS_ADDRESS"), key=True)
        )


@rule(
    "OB435",
    "the Redis namespace is configured by annotation and by field",
    Scope.CLUSTER,
    cel=Cel(_ANNOTATED, f"!{_OPTIONS} || {_annotation(STORAGE_NAMESPACE)} == ''"),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def storage_namespace_twice(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``ray.io/external-storage-namespace`` is the form of KubeRay before 1.3; the operator refuses it beside
    ``gcsFaultToleranceOptions``, with an Event. Remove the annotation: OneBlock gives every cluster its own
    namespace."""
    if _has_options(cluster) and _annotations(workload).get(STORAGE_NAMESPACE):
        where = workload.span(("metadata", "annotations", STORAGE_NAMESPACE), key=True)
        yield Finding(f"the annotation {STORAGE_NAMESPACE} stands beside gcsFaultTolerance", where)


@rule(
    "OB436",
    "the Redis user is set by hand",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        "SPEC.headGroupSpec.?rayStartParams[?'redis-username'].orValue('') == '' && "
        f"!{HEAD_ENV}.exists(e, e.name == 'REDIS_USERNAME')",
    ),
    source="validation.go ValidateRayClusterSpec",
    since="1.3",
)
def redis_user(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator takes the user only from ``gcsFaultToleranceOptions.redisUsername`` and refuses it in the head's
    ``rayStartParams`` or environment, with an Event. Write ``gcsFaultTolerance.redis.username``."""
    head = cluster.head
    if head.ray_start_params.get("redis-username"):
        where = workload.span((*head.path, "rayStartParams", "redis-username"), key=True)
        yield Finding("the head sets redis-username in rayStartParams", where)
    if "REDIS_USERNAME" in head.env:
        yield Finding("the head sets REDIS_USERNAME", workload.span(head.env_path("REDIS_USERNAME"), key=True))


def _rocksdb(cluster: ClusterSpec) -> bool:
    return bool(cluster.gcs_options.get("backend") == "rocksdb")


@rule(
    "OB437",
    "the rocksdb backend needs the feature gate GCSFaultToleranceEmbeddedStorage",
    Scope.CLUSTER,
    source="validation.go validateGcsFaultToleranceBackend, features.go",
    since="1.7",
)
def rocksdb_gate(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Keeping the GCS state on a volume of the head is new in KubeRay 1.7 and off by default; the operator refuses the
    cluster with an Event. Open the gate on the operator, or use Redis."""
    gate = "GCSFaultToleranceEmbeddedStorage"
    if _rocksdb(cluster) and not gate_open(platform, gate):
        where = workload.span(cluster.field("gcsFaultToleranceOptions", "backend"))
        yield Finding("the backend is rocksdb, and the gate is off", where, help=open_the_gate(gate))


@rule(
    "OB438",
    "the rocksdb backend takes no Redis settings",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!({_ROCKSDB}) || (SPEC.gcsFaultToleranceOptions.?redisAddress.orValue('') == '' && "
        "SPEC.gcsFaultToleranceOptions.?externalStorageNamespace.orValue('') == '' && "
        "!has(SPEC.gcsFaultToleranceOptions.redisUsername) && !has(SPEC.gcsFaultToleranceOptions.redisPassword))",
    ),
    source="validation.go validateGcsFaultToleranceBackend",
    since="1.7",
)
def rocksdb_and_redis(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The state is on a volume then, and the operator refuses any Redis field with an Event. Leave
    ``gcsFaultTolerance`` off in the short form (it writes the Redis address) and put ``gcsFaultToleranceOptions``
    under ``spec``."""
    for field in (
        ("redisAddress", "redisUsername", "redisPassword", "externalStorageNamespace") if _rocksdb(cluster) else ()
    ):
        if cluster.gcs_options.get(field):
            yield Finding(
                f"the backend is rocksdb, and {field} is set",
                workload.span(cluster.field("gcsFaultToleranceOptions", field)),
            )


@rule(
    "OB439",
    "storage.claimName says which volume to use; size, class and access modes belong to a new one",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!({_ROCKSDB}) || SPEC.gcsFaultToleranceOptions.?storage.?claimName.orValue('') == '' || "
        "(!has(SPEC.gcsFaultToleranceOptions.storage.size) && "
        "!has(SPEC.gcsFaultToleranceOptions.storage.storageClassName) && "
        "SPEC.gcsFaultToleranceOptions.storage.?accessModes.orValue([]).size() == 0)",
    ),
    source="validation.go validateGcsFaultToleranceBackend",
    since="1.7",
)
def claim_and_size(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """With ``claimName`` the operator uses a claim that is there; what a claim is made of cannot be said as well. It
    refuses both together with an Event. Keep one."""
    storage = at(cluster.gcs_options, "storage")
    if _rocksdb(cluster) and at(storage, "claimName"):
        for field in ("size", "storageClassName", "accessModes"):
            if at(storage, field):
                where = workload.span(cluster.field("gcsFaultToleranceOptions", "storage", field))
                yield Finding(f"storage.{field} stands beside claimName", where)


@rule(
    "OB440",
    "the rocksdb volume is the operator's own",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!({_ROCKSDB}) || (!{HEAD_ENV}.exists(e, e.name in ['RAY_gcs_storage', 'RAY_gcs_storage_path']) && "
        "!SPEC.headGroupSpec.template.?spec.?containers[?0].?volumeMounts.orValue([]).exists(m, "
        "m.name == 'gcs-storage' || m.mountPath == '/data/gcs') && "
        "!SPEC.headGroupSpec.template.?spec.?volumes.orValue([]).exists(v, v.name == 'gcs-storage'))",
    ),
    source="validation.go validateGcsFaultToleranceBackend",
    since="1.7",
)
def rocksdb_by_hand(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator mounts the volume ``gcs-storage`` at ``/data/gcs`` and points Ray to it; it refuses a head that
    does any of it itself, with an Event. Remove the variable, mount or volume."""
    if not _rocksdb(cluster):
        return
    head = cluster.head
    for name in ("RAY_gcs_storage", "RAY_gcs_storage_path"):
        if name in head.env:
            yield Finding(f"the head sets {name}", workload.span(head.env_path(name), key=True))
    for mount, path in mounts(head):
        if mount.get("name") == "gcs-storage" or mount.get("mountPath") == "/data/gcs":
            yield Finding("the head mounts gcs-storage or /data/gcs itself", workload.span(path))
    for index, volume in enumerate(head.pod.get("volumes") or []):
        if at(volume, "name") == "gcs-storage":
            yield Finding(
                "the head has a volume gcs-storage", workload.span((*head.path, "template", "spec", "volumes", index))
            )


@rule(
    "OB441",
    "gcsFaultToleranceOptions.storage belongs to the rocksdb backend",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{_ROCKSDB} || !has(SPEC.gcsFaultToleranceOptions) || !has(SPEC.gcsFaultToleranceOptions.storage)"),
    source="validation.go validateGcsFaultToleranceBackend",
    since="1.7",
)
def storage_with_redis(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """With Redis there is no volume to describe; the operator refuses the cluster with an Event. Remove ``storage``, or
    set ``backend: rocksdb``."""
    if cluster.gcs_options.get("storage") is not None and not _rocksdb(cluster):
        yield Finding(
            "storage is set, and the backend is Redis",
            workload.span(cluster.field("gcsFaultToleranceOptions", "storage")),
        )
