"""Family 4, the history server's collector (KubeRay 1.7): its image, its environment, where it writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.fleet import ClusterSpec, Platform, Workload
from generator.rules.cel import ALL, GROUPS, Cel
from generator.rules.family4_common import at, gate_open, named, open_the_gate, option_env
from generator.rules.registry import Finding, Scope, rule

COLLECTOR = "ray-history-collector"
MANAGED_ENV = (
    "POD_IP",
    "FQ_RAY_IP",
    "RAY_CLUSTER_NAME",
    "RAY_CLUSTER_NAMESPACE",
    "RAY_ROLE",
    "OWNER_KIND",
    "OWNER_NAME",
    "EVENTS_PORT",
)
NEEDED = {"GCS": ("GCS_BUCKET",), "S3": ("S3_REGION",), "ALIYUNOSS": ("OSS_BUCKET", "OSS_ENDPOINT", "OSS_REGION")}
"""Storage backend → the variables it needs; Azure has alternatives (:func:`_azure`)."""
CONNECTION, ACCOUNT, AZURE_MODE = (
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_ACCOUNT_URL",
    "AZURE_STORAGE_AUTH_MODE",
)
_ENV = "SPEC.?historyServerOptions.?collectorOptions.?env.orValue([])"
_NO_COLLECTOR = "!C.exists(c, c.name == 'ray-history-collector')"


@rule(
    "OB454",
    "historyServerOptions needs the feature gate RayClusterHistoryServer",
    Scope.CLUSTER,
    source="validation.go ValidateRayClusterSpec, features.go",
    since="1.7",
)
def history_gate(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The collector beside every Ray container is new in KubeRay 1.7 and off by default; the operator refuses the
    cluster with an Event. Open the gate, or remove ``historyServerOptions``."""
    gate = "RayClusterHistoryServer"
    if cluster.spec.get("historyServerOptions") is not None and not gate_open(platform, gate):
        where = workload.span(cluster.field("historyServerOptions"), key=True)
        yield Finding("historyServerOptions is set, and the gate is off", where, help=open_the_gate(gate))


@rule(
    "OB455",
    "the history collector needs an image",
    Scope.CLUSTER,
    cel=Cel(
        ALL, "!has(SPEC.historyServerOptions) || SPEC.historyServerOptions.?collectorOptions.?image.orValue('') != ''"
    ),
    source="validation.go ValidateRayClusterSpec, validateCollectorOptions",
    since="1.7",
)
def history_image(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """KubeRay publishes no default; the operator refuses the cluster with an Event. Write
    ``historyServerOptions.collectorOptions.image``."""
    options = cluster.spec.get("historyServerOptions")
    if options is not None and not at(options, "collectorOptions", "image"):
        where = workload.span(cluster.field("historyServerOptions", "collectorOptions", "image"), key=True)
        yield Finding("historyServerOptions has no collectorOptions.image", where)


@rule(
    "OB456",
    "the container name ray-history-collector is taken",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        "!has(SPEC.historyServerOptions) || ("
        + _NO_COLLECTOR.replace("C", "SPEC.headGroupSpec.template.?spec.?containers.orValue([])")
        + f" && {GROUPS}.all(g, "
        + _NO_COLLECTOR.replace("C", "g.template.?spec.?containers.orValue([])")
        + "))",
    ),
    source="validation.go ValidateRayClusterSpec",
    since="1.7",
)
def history_container(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator adds a container of this name to every pod; it refuses a template that has one, with an Event.
    Rename or remove yours."""
    for group in cluster.groups if cluster.spec.get("historyServerOptions") is not None else ():
        for index, container in enumerate(group.containers):
            if container.get("name") == COLLECTOR:
                where = workload.span((*group.path, "template", "spec", "containers", index))
                yield Finding(f"{named(group)} has a container {COLLECTOR}", where)


@rule(
    "OB457",
    "a variable of the history collector is the operator's own",
    Scope.CLUSTER,
    cel=Cel(ALL, f"!{_ENV}.exists(e, e.name in [{', '.join(repr(each) for each in MANAGED_ENV)}])"),
    source="validation.go validateCollectorOptions",
    since="1.7",
)
def history_managed_env(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator tells the collector where it runs; it refuses these variables in ``collectorOptions.env`` with an
    Event. Remove them."""
    for entry, path in option_env(cluster, "historyServerOptions", "collectorOptions"):
        if entry.get("name") in MANAGED_ENV:
            yield Finding(f"collectorOptions.env sets {entry['name']}", workload.span(path))


def _set(env: dict[str, Any], name: str) -> bool:
    return bool(env.get(name, {}).get("value")) or env.get(name, {}).get("valueFrom") is not None


def _azure(env: dict[str, Any]) -> str:
    mode = str(env.get(AZURE_MODE, {}).get("value") or "").strip().lower()
    if mode == "connection_string":
        return "" if _set(env, CONNECTION) else CONNECTION
    if mode in ("workload_identity", "default"):
        return "" if _set(env, ACCOUNT) else ACCOUNT
    return "" if _set(env, CONNECTION) or _set(env, ACCOUNT) else f"{CONNECTION} or {ACCOUNT}"


def _cel_set(name: str) -> str:
    return f"{_ENV}.exists(e, e.name == '{name}' && (e.?value.orValue('') != '' || has(e.valueFrom)))"


def _cel_backend(backend: str, needed: str) -> str:
    chosen = f"{_ENV}.exists(e, e.name == 'STORAGE_BACKEND' && e.?value.orValue('').upperAscii() == '{backend}')"
    return f"(!{chosen} || ({needed}))"


@rule(
    "OB458",
    "the history collector is not told where to write",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        "!has(SPEC.historyServerOptions) || ("
        f"{_ENV}.exists(e, e.name == 'STORAGE_BACKEND' && e.?value.orValue('') != '') && "
        + " && ".join(
            _cel_backend(name, " && ".join(_cel_set(each) for each in needed)) for name, needed in NEEDED.items()
        )
        + " && "
        + _cel_backend("AZUREBLOB", f"{_cel_set(CONNECTION)} || {_cel_set(ACCOUNT)}")
        + ")",
    ),
    source="validation.go validateCollectorOptions",
    since="1.7",
)
def history_storage(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``STORAGE_BACKEND`` (S3, GCS, AZUREBLOB, ALIYUNOSS) must be a literal value, and each backend needs its bucket,
    region or account; the operator refuses the cluster with an Event. Add the variables to ``collectorOptions.env``."""
    if cluster.spec.get("historyServerOptions") is None:
        return
    entries = option_env(cluster, "historyServerOptions", "collectorOptions")
    env = {str(entry.get("name")): entry for entry, _ in entries}
    where = workload.span(cluster.field("historyServerOptions", "collectorOptions", "env"), key=True)
    backend = str(env.get("STORAGE_BACKEND", {}).get("value") or "").upper()
    if not backend:
        yield Finding("collectorOptions.env has no literal STORAGE_BACKEND", where)
        return
    missing = [each for each in NEEDED.get(backend, ()) if not _set(env, each)]
    if backend == "AZUREBLOB" and (wanted := _azure(env)):
        missing.append(wanted)
    if missing:
        yield Finding(f"the storage backend {backend} needs {', '.join(missing)} in collectorOptions.env", where)
