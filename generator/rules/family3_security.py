"""Family 3: pod templates, security contexts: settings that contradict each other, and what the namespace lets in."""

from __future__ import annotations

from collections.abc import Iterator

from generator.diagnostics import Path
from generator.fleet import Namespace, Platform, Workload
from generator.fleet.plain import as_list, as_map
from generator.fleet.pods import Pod
from generator.rules.family3_standards import violations
from generator.rules.family3_templates import of
from generator.rules.registry import Finding, Scope, rule

DEFAULT_LEVEL = "baseline"
"""Pod Security level of a namespace that names none (chart ``namespaces``)."""


@rule("OB353", "security settings contradict each other", Scope.WORKLOAD, source="Kubernetes ValidateSecurityContext")
def security_contradicts(workload: Workload) -> Iterator[Finding]:
    """OneBlock writes ``allowPrivilegeEscalation: false`` into the Ray containers, and a privileged container, or one
    with CAP_SYS_ADMIN, can do that all the same: the API server refuses the pod. Write ``allowPrivilegeEscalation:
    true`` beside it. ``localhostProfile`` goes with ``type: Localhost`` and only with it, ``procMount: Unmasked``
    with ``hostUsers: false``."""
    for pod in workload.pods:
        for told, path in _contradictions(pod):
            yield Finding(told, workload.span(path))


def _contradictions(pod: Pod) -> Iterator[tuple[str, Path]]:
    yield from _profiles(pod.what, pod.security, (*pod.at, "securityContext"))
    for each in pod.containers:
        security, path = each.security, (*each.path, "securityContext")
        if security.get("allowPrivilegeEscalation") is False:
            if security.get("privileged") is True:
                told = f"{of(each, pod)} is privileged, and allowPrivilegeEscalation is false"
                yield told, (*path, "privileged")
            added = as_list(as_map(security.get("capabilities")).get("add"))
            if "CAP_SYS_ADMIN" in added:
                told = f"{of(each, pod)} has CAP_SYS_ADMIN, and allowPrivilegeEscalation is false"
                yield told, (*path, "capabilities", "add")
        if security.get("procMount") == "Unmasked" and pod.spec.get("hostUsers") is not False:
            yield f"{of(each, pod)} has procMount Unmasked without hostUsers: false", (*path, "procMount")
        yield from _profiles(of(each, pod), security, path)


def _profiles(owner: str, security: object, path: Path) -> Iterator[tuple[str, Path]]:
    for field in ("seccompProfile", "appArmorProfile"):
        profile = as_map(as_map(security).get(field))
        local, named = profile.get("type") == "Localhost", profile.get("localhostProfile") is not None
        if profile and local != named:
            told = "has type Localhost and no localhostProfile" if local else "has a localhostProfile and another type"
            yield f"the {field} of {owner} {told}", (*path, field, "type" if local else "localhostProfile")


@rule(
    "OB354",
    "the namespace's Pod Security level refuses the pods",
    Scope.WORKLOAD,
    source="Kubernetes pod-security-admission",
)
def pod_security(workload: Workload, namespace: Namespace, platform: Platform) -> Iterator[Finding]:
    """Every namespace enforces a Pod Security Standard, ``baseline`` unless ``podSecurity`` in the platform file says
    otherwise: baseline takes no host networks, host paths, host ports, privileged containers or added capabilities;
    restricted wants every container to drop all capabilities, to run as another user than root, and to have a seccomp
    profile. The API server refuses the pods, and the object stands there with none. Take the setting away, or have the
    cluster admin set ``podSecurity`` of this namespace."""
    grant = namespace.grant
    level = as_map(grant).get("podSecurity")
    if grant is None or (level is None and grant.get("create") is False):
        return
    for pod in workload.pods:
        for told, path in violations(pod, str(level or DEFAULT_LEVEL), platform.versions):
            yield Finding(
                f'{told}; namespace "{namespace.name}" is {level or DEFAULT_LEVEL}',
                workload.span(path),
                help="take it away, or ask for another podSecurity of this namespace in the platform file",
            )
