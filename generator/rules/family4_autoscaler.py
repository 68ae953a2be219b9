"""Family 4, Ray's autoscaler: which version, and what only version 2 can do."""

from __future__ import annotations

from collections.abc import Iterator

from generator.diagnostics import Level
from generator.fleet import ClusterSpec, Platform, Workload
from generator.rules.cel import ALL, AUTOSCALING, GROUPS, HEAD_ENV, V2_ON, Cel, quoted, version_at_least
from generator.rules.family4_common import (
    V2_ENV,
    at,
    named,
    number,
    option_env,
    ray_number,
    ray_problem,
    restart_policy,
)
from generator.rules.registry import Finding, Scope, rule

PRIORITY_RAY = (2, 56)
_RESTARTS = "['', 'Never']"


@rule(
    "OB420",
    "autoscaling needs a worker group",
    Scope.CLUSTER,
    source="OneBlock: the autoscaler can only scale worker groups that are there",
)
def nothing_to_scale(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The autoscaler changes the size of worker groups and adds none. Without one it costs half a core and 512 MiB
    beside the head, and work that does not fit there waits for ever. Add a group (``minReplicas: 0`` is fine), or
    turn it off."""
    if cluster.autoscaling and not cluster.worker_groups:
        yield Finding(
            "autoscaling is on, and there is no worker group", workload.span(cluster.field("enableInTreeAutoscaling"))
        )


@rule(
    "OB421",
    "a worker group's idleTimeoutSeconds is negative",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{GROUPS}.all(g, g.?idleTimeoutSeconds.orValue(0) >= 0)"),
    source="validation.go validateWorkerGroupIdleTimeout",
    since="1.6",
)
def group_idle_negative(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """It counts the seconds a worker may be idle before it is removed; the operator refuses a negative one with an
    Event."""
    for group in cluster.worker_groups:
        value = number(group.spec.get("idleTimeoutSeconds"))
        if value is not None and value < 0:
            yield Finding(
                f"idleTimeoutSeconds of {named(group)} is {value}", workload.span((*group.path, "idleTimeoutSeconds"))
            )


@rule(
    "OB422",
    "a worker group's idleTimeoutSeconds needs autoscaler v2",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{GROUPS}.all(g, !has(g.idleTimeoutSeconds)) || {V2_ON}"),
    source="validation.go validateWorkerGroupIdleTimeout",
    since="1.6",
)
def group_idle_v1(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Only autoscaler v2 knows a timeout for each group, and the operator counts a cluster as v2 only when it says
    so, whatever the Ray version's default is; it refuses the cluster with an Event. Set ``autoscaling.version:
    v2``, or use the cluster's own ``autoscaling.idleTimeoutSeconds``."""
    for group in cluster.worker_groups if not cluster.autoscaler_v2 else ():
        value = number(group.spec.get("idleTimeoutSeconds"))
        if value is not None and value >= 0:
            yield Finding(
                f"{named(group)} has an idleTimeoutSeconds, and autoscaler v2 is not chosen",
                workload.span((*group.path, "idleTimeoutSeconds")),
                help="set autoscaling.version: v2",
            )


@rule(
    "OB423",
    "autoscaling.idleTimeoutSeconds is negative",
    Scope.CLUSTER,
    cel=Cel(ALL, "SPEC.?autoscalerOptions.?idleTimeoutSeconds.orValue(0) >= 0"),
    source="validation.go ValidateRayClusterSpec",
    since="1.6",
)
def idle_negative(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """It counts the seconds a worker may be idle before it is removed; the operator refuses a negative one with an
    Event."""
    value = number(at(cluster.spec, "autoscalerOptions", "idleTimeoutSeconds"))
    if value is not None and value < 0:
        yield Finding(
            f"idleTimeoutSeconds is {value}", workload.span(cluster.field("autoscalerOptions", "idleTimeoutSeconds"))
        )


@rule(
    "OB424",
    "a worker group's priority needs Ray 2.56",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"{GROUPS}.all(g, g.?priority.orValue(0) == 0) || "
        f"SPEC.?rayVersion.orValue('').matches({quoted(version_at_least(*PRIORITY_RAY))})",
    ),
    source="validation.go validateWorkerGroupPriority",
    since="1.7",
)
def priority_old_ray(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Which group the autoscaler fills first is read by Ray from 2.56 on; the operator refuses it for others with an
    Event. Pin a newer Ray, or leave ``priority`` out."""
    problem = ray_problem(cluster.spec.get("rayVersion"), PRIORITY_RAY)
    for group in cluster.worker_groups if problem else ():
        if number(group.spec.get("priority")):
            yield Finding(f"{named(group)} has a priority, and {problem}", workload.span((*group.path, "priority")))


@rule(
    "OB425",
    "a worker group's priority needs autoscaler v2",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{GROUPS}.all(g, g.?priority.orValue(0) == 0) || {V2_ON}"),
    source="validation.go validateWorkerGroupPriority",
    since="1.7",
)
def priority_v1(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Only autoscaler v2 reads it, and the operator counts a cluster as v2 only when it says so; it refuses the cluster
    with an Event. Set ``autoscaling.version: v2``."""
    for group in cluster.worker_groups if not cluster.autoscaler_v2 else ():
        if number(group.spec.get("priority")):
            yield Finding(
                f"{named(group)} has a priority, and autoscaler v2 is not chosen",
                workload.span((*group.path, "priority")),
                help="set autoscaling.version: v2",
            )


@rule(
    "OB426",
    "the autoscaler's version is said twice",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!{AUTOSCALING} || !has(SPEC.autoscalerOptions) || !has(SPEC.autoscalerOptions.version) || "
        f"!{HEAD_ENV}.exists(e, e.name == '{V2_ENV}')",
    ),
    source="validation.go ValidateRayClusterSpec",
    since="1.4",
)
def version_twice(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator sets the head's environment variable ``RAY_enable_autoscaler_v2`` from ``autoscaling.version`` and
    refuses a cluster that has both, with an Event. Remove the variable."""
    if (
        cluster.autoscaling
        and at(cluster.spec, "autoscalerOptions", "version") is not None
        and V2_ENV in cluster.head.env
    ):
        yield Finding(
            f"autoscaling.version and the head's {V2_ENV} are both set",
            workload.span(cluster.head.env_path(V2_ENV), key=True),
        )


@rule("OB481", "autoscaler v1 is asked for, and v2 runs", Scope.CLUSTER, level=Level.WARNING, source="kuberay#4810")
def v1_unheard(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """KubeRay before 1.7 sets nothing for ``autoscalerOptions.version: v1``, and Ray from 2.47 on runs v2 unless it is
    told otherwise. The short form's ``autoscaling.version: v1`` tells Ray by the head's ``RAY_enable_autoscaler_v2``,
    where a value of yours wins. Use the short form, and leave the variable out."""
    short = workload.cluster_short
    if not cluster.autoscaling:
        return
    if short is not None and short.get("autoscaling", "version") == "v1":
        if cluster.head.env.get(V2_ENV) in ("1", "true"):
            where = workload.span(cluster.head.env_path(V2_ENV), key=True)
            yield Finding(f"the head's {V2_ENV} wins over version v1", where, help="remove the variable")
        return
    ray = ray_number(cluster.spec.get("rayVersion"))
    heard = platform.versions.at_least("kuberay", "1.7") or (ray is not None and ray < (2, 47))
    if at(cluster.spec, "autoscalerOptions", "version") == "v1" and V2_ENV not in cluster.head.env and not heard:
        where = workload.span(cluster.field("autoscalerOptions", "version"))
        yield Finding("version v1 goes unheard, and Ray runs v2", where, help="set autoscaling.version: v1")


@rule(
    "OB427",
    "autoscaler v2 is asked for, and autoscaling is off",
    Scope.CLUSTER,
    cel=Cel(
        ALL, f"{AUTOSCALING} || !{HEAD_ENV}.exists(e, e.name == '{V2_ENV}' && e.?value.orValue('') in ['1', 'true'])"
    ),
    source="validation.go ValidateRayClusterSpec",
    since="1.5",
)
def v2_without_autoscaling(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Ray would start its v2 machinery with no autoscaler to use it; the operator refuses the cluster with an
    Event. Turn ``autoscaling.enabled`` on, or remove the variable."""
    if not cluster.autoscaling and cluster.head.env.get(V2_ENV) in ("1", "true"):
        yield Finding(
            f"the head sets {V2_ENV}, and autoscaling is off", workload.span(cluster.head.env_path(V2_ENV), key=True)
        )


@rule(
    "OB428",
    "autoscaler v2 needs the restartPolicy Never",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!{AUTOSCALING} || SPEC.?autoscalerOptions.?version.orValue('') != 'v2' || "
        f"(SPEC.headGroupSpec.template.?spec.?restartPolicy.orValue('') in {_RESTARTS} && "
        f"{GROUPS}.all(g, g.template.?spec.?restartPolicy.orValue('') in {_RESTARTS}))",
    ),
    source="validation.go ValidateRayClusterSpec",
    since="1.4",
)
def restart_policy_v2(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Autoscaler v2 follows each Ray node by its pod; a container restarted in place would be a node it does not know.
    The operator refuses the cluster with an Event. Leave ``restartPolicy`` out: the operator sets Never."""
    if not cluster.autoscaling or at(cluster.spec, "autoscalerOptions", "version") != "v2":
        return
    for group in cluster.groups:
        policy, path = restart_policy(group)
        if policy not in (None, "", "Never"):
            yield Finding(f"{named(group)} has the restartPolicy {policy} under autoscaler v2", workload.span(path))


@rule(
    "OB429",
    "KUBERAY_GEN_AUTOSCALER_START_CMD is set by the operator",
    Scope.CLUSTER,
    cel=Cel(ALL, "!SPEC.?autoscalerOptions.?env.orValue([]).exists(e, e.name == 'KUBERAY_GEN_AUTOSCALER_START_CMD')"),
    source="validation.go ValidateRayClusterSpec",
    since="1.7",
)
def generated_command(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """``autoscalerOptions.args`` may use the variable; setting it too would hide the operator's own command, so the
    operator refuses the cluster with an Event. Remove it from ``autoscalerOptions.env``."""
    for entry, path in option_env(cluster, "autoscalerOptions"):
        if entry.get("name") == "KUBERAY_GEN_AUTOSCALER_START_CMD":
            yield Finding("autoscalerOptions.env sets KUBERAY_GEN_AUTOSCALER_START_CMD", workload.span(path))
