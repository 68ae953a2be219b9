"""Family 4, authentication: tokens of Ray's own and of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator

from generator.diagnostics import Level
from generator.fleet import ClusterSpec, Workload
from generator.rules.cel import ALL, Cel, quoted, version_at_least
from generator.rules.family4_common import at, ray_problem
from generator.rules.registry import Finding, Scope, rule

TOKEN_RAY, KUBERNETES_TOKEN_RAY = (2, 52), (2, 55)
_TOKEN = "SPEC.?authOptions.?mode.orValue('') == 'token'"  # noqa: S105 (CEL, no secret)
_BY_KUBERNETES = "SPEC.?authOptions.?enableK8sTokenAuth.orValue(false)"


def _auth(cluster: ClusterSpec, field: str) -> object:
    return at(cluster.spec, "authOptions", field)


@rule(
    "OB442",
    "token authentication needs Ray 2.52",
    Scope.CLUSTER,
    cel=Cel(ALL, f"!({_TOKEN}) || SPEC.?rayVersion.orValue('').matches({quoted(version_at_least(*TOKEN_RAY))})"),
    source="validation.go ValidateRayClusterSpec",
    since="1.5.1",
)
def token_old_ray(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Older Ray would start without asking for the token; the operator refuses the cluster with an Event. Pin a
    newer Ray in ``global.versions.ray`` or ``rayVersion``."""
    problem = ray_problem(cluster.spec.get("rayVersion"), TOKEN_RAY)
    if problem and _auth(cluster, "mode") == "token":
        yield Finding(f"token authentication is on, and {problem}", workload.span(cluster.field("authOptions", "mode")))


@rule(
    "OB443",
    "authentication by Kubernetes tokens needs Ray 2.55",
    Scope.CLUSTER,
    cel=Cel(
        ALL,
        f"!({_TOKEN}) || !{_BY_KUBERNETES} || "
        f"SPEC.?rayVersion.orValue('').matches({quoted(version_at_least(*KUBERNETES_TOKEN_RAY))})",
    ),
    source="validation.go ValidateRayClusterSpec",
    since="1.6",
)
def kubernetes_token_old_ray(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Ray asks the API server about tokens from 2.55 on; the operator refuses it for others with an Event. Pin a
    newer Ray."""
    problem = ray_problem(cluster.spec.get("rayVersion"), KUBERNETES_TOKEN_RAY)
    if problem and _auth(cluster, "mode") == "token" and _auth(cluster, "enableK8sTokenAuth") is True:
        where = workload.span(cluster.field("authOptions", "enableK8sTokenAuth"))
        yield Finding(f"authentication by Kubernetes tokens is on, and {problem}", where)


@rule(
    "OB444",
    "authentication by Kubernetes tokens takes no Secret",
    Scope.CLUSTER,
    cel=Cel(ALL, f"!({_TOKEN}) || !{_BY_KUBERNETES} || SPEC.authOptions.?secretName.orValue('') == ''"),
    source="validation.go ValidateRayClusterSpec",
    since="1.6",
)
def kubernetes_token_secret(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """Pods then use their ServiceAccount's token; a token of one's own contradicts it. The operator refuses both
    together with an Event. Keep ``secretName`` or ``enableK8sTokenAuth``."""
    on = _auth(cluster, "mode") == "token" and _auth(cluster, "enableK8sTokenAuth") is True
    if on and _auth(cluster, "secretName"):
        where = workload.span(cluster.field("authOptions", "secretName"))
        yield Finding("authOptions.secretName stands beside enableK8sTokenAuth", where)


@rule(
    "OB445",
    "enableK8sTokenAuth needs authOptions.mode: token",
    Scope.CLUSTER,
    cel=Cel(ALL, f"{_TOKEN} || !{_BY_KUBERNETES}"),
    source="validation.go ValidateRayClusterSpec",
    since="1.6",
)
def kubernetes_token_mode(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """It says how tokens are checked, and ``mode`` whether they are; the operator refuses the cluster with an
    Event. Write ``mode: token`` beside it."""
    if _auth(cluster, "enableK8sTokenAuth") is True and _auth(cluster, "mode") != "token":
        where = workload.span(cluster.field("authOptions", "enableK8sTokenAuth"))
        yield Finding("enableK8sTokenAuth is on, and authOptions.mode is not token", where)


@rule(
    "OB446",
    "authentication by Kubernetes tokens is for RayClusters only",
    Scope.CLUSTER,
    cel=Cel(("RayJob", "RayService", "RayCronJob"), f"!{_BY_KUBERNETES}"),
    source="validation.go ValidateRayJobSpec, ValidateRayServiceSpec",
    since="1.6",
)
def kubernetes_token_job(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator itself talks to the dashboard of a RayJob's or RayService's cluster and has no such token; it
    refuses the object. Use ``mode: token`` alone, or run the job on a RayCluster of its own."""
    if workload.kind != "RayCluster" and _auth(cluster, "enableK8sTokenAuth") is True:
        where = workload.span(cluster.field("authOptions", "enableK8sTokenAuth"))
        yield Finding(f"a {workload.kind} cannot use Kubernetes tokens", where)


@rule(
    "OB447",
    "authOptions without a mode does not turn authentication on",
    Scope.CLUSTER,
    level=Level.WARNING,
    source="util.go IsAuthEnabled",
    since="1.5.1",
)
def auth_without_mode(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The API's comment calls ``token`` the default, but the CRD has none and the operator looks for the word: the
    cluster runs open to everybody who reaches its dashboard. Write ``mode: token``, or ``mode: disabled`` if that
    is meant."""
    options = cluster.spec.get("authOptions")
    if isinstance(options, dict) and not options.get("mode") and options.get("enableK8sTokenAuth") is not True:
        yield Finding(
            "authOptions has no mode: authentication stays off", workload.span(cluster.field("authOptions"), key=True)
        )
