"""Family 4, what came with KubeRay 1.7: NetworkPolicies, mutual TLS, the history server's collector; and
upgradeStrategy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Path
from generator.fleet import ClusterSpec, Platform, Workload
from generator.rules.cel import ALL, GROUPS, HEAD_ENV, Cel
from generator.rules.family4_common import at, dns1123, gate_open, mounts, named, open_the_gate, option_env
from generator.rules.registry import Finding, Scope, rule

TLS_ENV = ("RAY_USE_TLS", "RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT")
_TLS = "SPEC.?tlsOptions.?enabled.orValue(false)"
_TLS_NAMES = "['RAY_USE_TLS', 'RAY_TLS_SERVER_CERT', 'RAY_TLS_SERVER_KEY', 'RAY_TLS_CA_CERT']"
_MODE = "SPEC.?networkPolicy.?mode.orValue('DenyAll')"


def _no_tls_mount(mounts: str) -> str:
    return f"!{mounts}.exists(m, m.name == 'ray-tls' || m.mountPath == '/etc/ray/tls')"


def _gated(cluster: ClusterSpec, workload: Workload, platform: Platform, field: str, gate: str) -> Iterator[Finding]:
    if cluster.spec.get(field) is not None and not gate_open(platform, gate):
        where = workload.span(cluster.field(field), key=True)
        yield Finding(f"{field} is set, and the gate is off", where, help=open_the_gate(gate))


@rule(
    "OB448",
    "networkPolicy needs the feature gate RayClusterNetworkPolicy",
    Scope.CLUSTER,
    source="validation.go ValidateRayClusterSpec, features.go",
    since="1.7",
)
def network_gate(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The operator's own NetworkPolicies are new in KubeRay 1.7 and off by default; it refuses the cluster with an
    Event. Open the gate, or rely on the namespace's NetworkPolicy, which OneBlock writes anyway."""
    yield from _gated(cluster, workload, platform, "networkPolicy", "RayClusterNetworkPolicy")


def _network_rules(cluster: ClusterSpec) -> Iterator[tuple[str, Any, Path]]:
    """(name, rules, path) of every part of networkPolicy that holds rules."""
    policy, path = cluster.spec.get("networkPolicy"), cluster.field("networkPolicy")
    for part in ("head", "worker"):
        yield part, at(policy, part), (*path, part)
    for index, group in enumerate(at(policy, "workerGroups") or []):
        yield f'workerGroups "{at(group, "groupName")}"', group, (*path, "workerGroups", index)


def _mode_cel(mode: str, field: str) -> str:
    empty = f".?{field}.orValue([]).size() == 0"
    return (
        f"({_MODE} != '{mode}' || (SPEC.?networkPolicy.?head{empty} && SPEC.?networkPolicy.?worker{empty} && "
        f"SPEC.?networkPolicy.?workerGroups.orValue([]).all(w, w{empty})))"
    )


@rule(
    "OB449",
    "networkPolicy has rules for a direction it does not restrict",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{_mode_cel('DenyAllEgress', 'ingressRules')} && {_mode_cel('DenyAllIngress', 'egressRules')}"),
    source="validation.go validateNetworkPolicy",
    since="1.7",
)
def network_direction(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``DenyAllEgress`` leaves ingress open, so ``ingressRules`` would open nothing, and the other way round; the
    operator refuses the cluster with an Event. Remove the rules, or use the mode DenyAll."""
    mode = at(cluster.spec, "networkPolicy", "mode") or "DenyAll"
    field = {"DenyAllEgress": "ingressRules", "DenyAllIngress": "egressRules"}.get(str(mode))
    for name, rules, path in _network_rules(cluster) if field else ():
        if at(rules, str(field)):
            yield Finding(
                f"networkPolicy.{name} has {field}, and the mode is {mode}",
                workload.span((*path, str(field)), key=True),
            )


@rule(
    "OB450",
    "with networkPolicy a worker group's name must be a DNS label",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!has(SPEC.networkPolicy) || {GROUPS}.all(g, size(g.groupName) <= 63 && "
        "g.groupName.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'))",
    ),
    source="validation.go validateNetworkPolicy",
    since="1.7",
)
def network_group_name(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The NetworkPolicy of a group is named ``<cluster>-workers-<group>``; the operator refuses upper-case letters,
    dots and underscores with an Event. Rename the group."""
    for group in cluster.worker_groups if cluster.spec.get("networkPolicy") is not None else ():
        if not dns1123(group.name):
            yield Finding(
                f'"{group.name}" cannot be in a NetworkPolicy\'s name', workload.span((*group.path, "groupName"))
            )


@rule(
    "OB451",
    "networkPolicy.workerGroups names a group that is not there",
    Scope.CLUSTER,
    cel=Cel(
        ALL, f"SPEC.?networkPolicy.?workerGroups.orValue([]).all(w, {GROUPS}.exists(g, g.groupName == w.groupName))"
    ),
    source="validation.go validateNetworkPolicy",
    since="1.7",
)
def network_group_unknown(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Rules for a group that does not exist protect nothing; the operator refuses the cluster with an Event.
    Correct the name."""
    known = [group.name for group in cluster.worker_groups]
    for index, group in enumerate(at(cluster.spec, "networkPolicy", "workerGroups") or []):
        name = at(group, "groupName")
        if name not in known:
            where = workload.span((*cluster.field("networkPolicy", "workerGroups"), index, "groupName"))
            yield Finding(
                f'there is no worker group "{name}"', where, notes=(f"worker groups: {', '.join(known) or 'none'}",)
            )


@rule(
    "OB452",
    "tlsOptions needs the feature gate RayClusterMTLS",
    Scope.CLUSTER,
    source="validation.go ValidateRayClusterSpec, features.go",
    since="1.7",
)
def tls_gate(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Certificates for Ray's own traffic are new in KubeRay 1.7 and off by default; the operator refuses the
    cluster with an Event, even for ``enabled: false``. Open the gate (cert-manager must be there too), or remove
    ``tlsOptions``."""
    yield from _gated(cluster, workload, platform, "tlsOptions", "RayClusterMTLS")


@rule(
    "OB453",
    "with tlsOptions the operator sets up TLS itself",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!{_TLS} || (!{HEAD_ENV}.exists(e, e.name in {_TLS_NAMES}) && "
        f"{_no_tls_mount('SPEC.headGroupSpec.template.?spec.?containers[?0].?volumeMounts.orValue([])')} && "
        f"{GROUPS}.all(g, !g.template.?spec.?containers[?0].?env.orValue([]).exists(e, e.name in {_TLS_NAMES}) && "
        f"{_no_tls_mount('g.template.?spec.?containers[?0].?volumeMounts.orValue([])')}) && "
        f"!SPEC.?autoscalerOptions.?env.orValue([]).exists(e, e.name in {_TLS_NAMES}) && "
        f"{_no_tls_mount('SPEC.?autoscalerOptions.?volumeMounts.orValue([])')})",
    ),
    source="validation.go validateTLSOptions",
    since="1.7",
)
def tls_by_hand(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator mounts certificates at ``/etc/ray/tls`` from the volume ``ray-tls`` and points Ray to them; it
    refuses a group or autoscaler that does any of it itself, with an Event. Remove the variable or mount."""
    if at(cluster.spec, "tlsOptions", "enabled") is not True:
        return
    for group in cluster.groups:
        for name in TLS_ENV:
            if name in group.env:
                yield Finding(f"{named(group)} sets {name}", workload.span(group.env_path(name), key=True))
        for mount, path in mounts(group):
            if mount.get("name") == "ray-tls" or mount.get("mountPath") == "/etc/ray/tls":
                yield Finding(f"{named(group)} mounts ray-tls or /etc/ray/tls itself", workload.span(path))
    for entry, path in option_env(cluster, "autoscalerOptions"):
        if entry.get("name") in TLS_ENV:
            yield Finding(f"autoscalerOptions.env sets {entry['name']}", workload.span(path))
    for index, mount in enumerate(at(cluster.spec, "autoscalerOptions", "volumeMounts") or []):
        if at(mount, "name") == "ray-tls" or at(mount, "mountPath") == "/etc/ray/tls":
            where = workload.span((*cluster.field("autoscalerOptions", "volumeMounts"), index))
            yield Finding("the autoscaler mounts ray-tls or /etc/ray/tls itself", where)


@rule(
    "OB459",
    "upgradeStrategy is for RayClusters only",
    Scope.CLUSTER,
    cel=Cel(
        ("RayJob", "RayService", "RayCronJob"),
        "!has(SPEC.upgradeStrategy) || !has(SPEC.upgradeStrategy.type)",
        when_run=True,
    ),
    source="validation.go ValidateRayClusterUpgradeOptions",
    since="1.6",
)
def upgrade_of_owned(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The RayCluster of a job or service is replaced by its owner; the operator takes the owner and then refuses the
    RayCluster it makes, with an Event there, so the job waits for ever. Remove it; a RayService has an
    ``upgradeStrategy`` of its own."""
    if workload.kind != "RayCluster" and at(cluster.spec, "upgradeStrategy", "type") is not None:
        where = workload.span(cluster.field("upgradeStrategy", "type"))
        yield Finding(f"the RayCluster of a {workload.kind} has an upgradeStrategy", where)
