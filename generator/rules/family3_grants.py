"""Family 3: namespaces. What the platform file declares about them, and who may do what there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Label, Level, near
from generator.fleet import Namespace, Place, Platform, Workload
from generator.fleet.plain import as_list, as_map
from generator.rules.registry import Finding, Scope, rule

PEOPLE = ("owners", "users")
DEPLOYER = "ray-deployer"


@rule("OB301", "a namespace file needs its namespace declared in the platform file", Scope.NAMESPACE)
def namespace_not_declared(namespace: Namespace) -> Iterator[Finding]:
    """Grants live in ``global.namespaces`` of the platform file: owners, users, quota. A namespace that is not there
    has no grant, and the cluster has no such namespace. Ask the cluster admin to declare it, or rename the file."""
    if namespace.grant is None:
        known = namespace.platform.namespaces
        close = near(namespace.name, known)
        yield Finding(
            message=f'namespace "{namespace.name}" is not declared in the platform file',
            span=namespace.place.span(),
            label=f"did you mean {close}?" if close else "",
            notes=(f"declared: {', '.join(sorted(known)) or 'none'}",),
            related=(Label((namespace.platform.place / "global" / "namespaces").span(key=True), "declared here"),),
        )


@rule("OB302", "the namespaces of Kubernetes and of the platform are nobody's to run Ray in", Scope.PLATFORM)
def namespace_reserved(platform: Platform) -> Iterator[Finding]:
    """OneBlock puts a default-deny network policy, Pod Security labels and a quota on every declared namespace. In
    ``kube-system`` that cuts the whole cluster off from its DNS; in ``global.systemNamespace`` it holds the operator
    and Redis to a team's limits. Give the team a namespace of its own."""
    for name in platform.namespaces:
        if name.startswith("kube-") or name == platform.system_namespace:
            whose = "Kubernetes" if name.startswith("kube-") else "the platform"
            yield Finding(
                f'namespace "{name}" belongs to {whose}',
                (platform.place / "global" / "namespaces" / name).span(key=True),
                help="choose another name for the team's namespace",
            )


@rule("OB303", "the namespace default is open to everybody's mistakes", Scope.PLATFORM, level=Level.WARNING)
def namespace_default(platform: Platform) -> Iterator[Finding]:
    """Whatever is created without a namespace lands in ``default``, under the team's quota and behind its network
    policy, and Kubernetes does not let the namespace be deleted. Use one with a name of its own."""
    if "default" in platform.namespaces:
        where = (platform.place / "global" / "namespaces" / "default").span(key=True)
        yield Finding('namespace "default" is where objects land that name none', where)


def _subjects(platform: Platform, name: str) -> Iterator[tuple[str, Any, Place]]:
    """Owners and users of a namespace with the list they stand in and their places."""
    place = platform.place / "global" / "namespaces" / name
    for list_name in PEOPLE:
        for index, subject in enumerate(as_list(as_map(platform.namespaces[name]).get(list_name))):
            yield list_name, subject, place / list_name / index


@rule("OB304", "a service account is named with its namespace", Scope.PLATFORM, source="chart namespaces")
def service_account_namespace(platform: Platform) -> Iterator[Finding]:
    """A service account's name means nothing without its namespace: the API server refuses such a RoleBinding, so the
    chart stops. Add ``namespace``."""
    for name in platform.namespaces:
        for _, subject, place in _subjects(platform, name):
            if isinstance(subject, dict) and subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
                yield Finding(f'service account "{subject.get("name")}" has no namespace', place.span())


@rule("OB305", "a namespace without owners", Scope.PLATFORM, level=Level.WARNING)
def nobody_owns(platform: Platform) -> Iterator[Finding]:
    """Owners get the Role that lets them look after what Git put there: delete a stuck RayCluster, suspend a job.
    Without one only cluster admins can. Add a group to ``owners``."""
    for name, grant in platform.namespaces.items():
        if not as_list(as_map(grant).get("owners")):
            where = (platform.place / "global" / "namespaces" / name).span(key=True)
            yield Finding(f'namespace "{name}" has no owners', where)


def _identity(subject: Any) -> tuple[str, str, str]:
    if isinstance(subject, dict):
        return (str(subject.get("kind")), str(subject.get("name")), str(subject.get("namespace", "")))
    return ("Group", str(subject), "")


@rule("OB306", "somebody is granted the same namespace twice", Scope.PLATFORM, level=Level.WARNING)
def subject_twice(platform: Platform) -> Iterator[Finding]:
    """A second entry gives nothing (owners may do all that users may), but taking away the first one later will not
    take the right away. Keep one."""
    for name in platform.namespaces:
        seen: dict[tuple[str, str, str], tuple[str, Place]] = {}
        for list_name, subject, place in _subjects(platform, name):
            who = _identity(subject)
            if who in seen:
                first, there = seen[who]
                yield Finding(
                    f'{who[0].lower()} "{who[1]}" is among the {list_name} of "{name}", and already among its {first}',
                    place.span(),
                    related=(Label(there.span(), "here"),),
                )
            seen.setdefault(who, (list_name, place))


@rule("OB307", "the operator does not watch the namespace", Scope.NAMESPACE, source="main.go --watch-namespace")
def namespace_not_watched(namespace: Namespace) -> Iterator[Finding]:
    """With ``operator.watchNamespaces`` the operator looks at those namespaces only. A RayCluster elsewhere is taken by
    the API server and then nothing happens: no pod, no Event. Add the namespace to the list, or empty it."""
    platform = namespace.platform
    watched = [str(each) for each in as_list(platform.at("operator", "watchNamespaces"))]
    if not watched or namespace.name in watched or not namespace.workloads:
        return
    if platform.at("operator", "enabled") is False:
        return
    yield Finding(
        f'the operator does not watch namespace "{namespace.name}": nothing in this file would ever run',
        namespace.workloads[0].place.span(key=True),
        notes=(f"watched: {', '.join(watched)}",),
        related=(Label((platform.place / "operator" / "watchNamespaces").span(), "not in here"),),
    )


@rule("OB308", "the operator is to watch a namespace that is not declared", Scope.PLATFORM, level=Level.WARNING)
def watched_not_declared(platform: Platform) -> Iterator[Finding]:
    """The operator's Role goes into each watched namespace, so one that is not there stops the whole apply. Declare it
    in ``global.namespaces``, or make sure somebody else creates it."""
    for index, name in enumerate(as_list(platform.at("operator", "watchNamespaces"))):
        if name not in platform.namespaces and platform.at("operator", "enabled") is not False:
            close = near(str(name), platform.namespaces)
            yield Finding(
                f'watched namespace "{name}" is not declared',
                (platform.place / "operator" / "watchNamespaces" / index).span(),
                label=f"did you mean {close}?" if close else "",
            )


@rule("OB309", "no pod runs as the deployer", Scope.WORKLOAD, source="chart operator, policy oneblock-deployer")
def pod_as_deployer(workload: Workload) -> Iterator[Finding]:
    """Whoever describes a pod chooses its service account, and code in the pod has that account's rights. The account
    ``ray-deployer`` is what Argo CD and Flux act as: it may do what users, and even owners, may not. The cluster's
    admission policy refuses such pods, one by one and long after the merge. A RayCluster that autoscales runs its head
    as an account of the cluster's own name. Name another account, or another cluster."""
    for path in workload.templates:
        for field in ("serviceAccountName", "serviceAccount"):
            account = (*path, "spec", field)
            if workload.object.get(*account) == DEPLOYER:
                what = f'service account "{DEPLOYER}" is for Argo CD and Flux, no pod may run as it'
                yield Finding(what, workload.span(account))
    if workload.kind == "RayCluster" and workload.name == DEPLOYER and _runs_as_itself(workload):
        what = f'the head of "{DEPLOYER}" would run as the service account of that name'
        yield Finding(what, workload.place.span(key=True))


def _runs_as_itself(workload: Workload) -> bool:
    """Whether the operator makes an account of the cluster's name for the head."""
    cluster = workload.cluster
    return bool(cluster and cluster.autoscaling and not cluster.head.pod.get("serviceAccountName"))
