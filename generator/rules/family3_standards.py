"""The Pod Security Standards as the API server's admission plugin reads them
(``k8s.io/pod-security-admission/policy``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Path
from generator.fleet.plain import as_list, as_map
from generator.fleet.pods import Pod, PodContainer, entries
from generator.rules.family3_templates import HOOKS, PROBES, of
from generator.schema.versions import Versions

CAPABILITIES = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)
VOLUMES = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
        *("persistentVolumeClaim", "projected", "secret"),
    }
)
_SELINUX = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_SELINUX_LATER = frozenset({"container_engine_t"})
_SYSCTLS = (
    ("1.0", "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range"),
    ("1.0", "net.ipv4.ip_unprivileged_port_start"),
    ("1.27", "net.ipv4.ip_local_reserved_ports"),
    ("1.29", "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl"),
    ("1.29", "net.ipv4.tcp_keepalive_probes"),
    ("1.32", "net.ipv4.tcp_rmem net.ipv4.tcp_wmem"),
)
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"

Violation = tuple[str, Path]


def violations(pod: Pod, level: str, versions: Versions) -> Iterator[Violation]:
    """What a level (``privileged``, ``baseline``, ``restricted``) refuses of a pod: in words, and where it stands."""
    if level == "privileged":
        return
    yield from _of_pod(pod, versions)
    for each in pod.containers:
        yield from _of_container(each, pod, versions)
    if level == "restricted":
        yield from _restricted(pod, versions)


def _own_users(pod: Pod, versions: Versions) -> bool:
    """Whether the pod has users of its own, which loosens the standards from Kubernetes 1.35 on."""
    return pod.spec.get("hostUsers") is False and versions.at_least("kubernetes", "1.35")


def _of_pod(pod: Pod, versions: Versions) -> Iterator[Violation]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field) is True:
            yield f"{pod.what} has {field}", (*pod.at, field)
    for volume, path in entries(pod.spec, pod.at, "volumes"):
        if "hostPath" in volume:
            yield f'volume "{volume.get("name")}" of {pod.what} is a hostPath', (*path, "hostPath")
    known = {name for since, names in _SYSCTLS if versions.at_least("kubernetes", since) for name in names.split()}
    for sysctl, path in entries(pod.security, (*pod.at, "securityContext"), "sysctls"):
        if sysctl.get("name") not in known:
            yield f'{pod.what} sets sysctl "{sysctl.get("name")}"', (*path, "name")
    yield from _profiles(pod.what, pod.security, (*pod.at, "securityContext"), versions)
    for key, value in pod.annotations.items():
        allowed = value in ("", "runtime/default") or str(value).startswith("localhost/")
        if key.startswith(_APPARMOR) and not allowed:
            yield f'{pod.what} has AppArmor profile "{value}"', (*pod.path, "metadata", "annotations", key)


def _of_container(each: PodContainer, pod: Pod, versions: Versions) -> Iterator[Violation]:
    security, path, owner = each.security, (*each.path, "securityContext"), of(each, pod)
    if security.get("privileged") is True:
        yield f"{owner} is privileged", (*path, "privileged")
    if added := _added(security, CAPABILITIES):
        yield f"{owner} adds the capability {', '.join(added)}", (*path, "capabilities", "add")
    if security.get("procMount") not in (None, "", "Default") and not _own_users(pod, versions):
        yield f"{owner} has procMount {security['procMount']}", (*path, "procMount")
    yield from _profiles(owner, security, path, versions)
    for port, at in entries(each.fields, each.path, "ports"):
        if port.get("hostPort"):
            yield f"{owner} has hostPort {port['hostPort']}", (*at, "hostPort")
    if versions.at_least("kubernetes", "1.34"):
        yield from _hosts(each, owner)


def _added(security: dict[str, Any], allowed: frozenset[str]) -> list[str]:
    return [str(each) for each in as_list(as_map(security.get("capabilities")).get("add")) if each not in allowed]


def _profiles(owner: str, security: dict[str, Any], path: Path, versions: Versions) -> Iterator[Violation]:
    """seccomp, AppArmor, SELinux and Windows, which pods and containers say alike."""
    for field in ("seccompProfile", "appArmorProfile"):
        if as_map(security.get(field)).get("type") == "Unconfined":
            yield f"{owner} has {field} Unconfined", (*path, field, "type")
    types = _SELINUX | (_SELINUX_LATER if versions.at_least("kubernetes", "1.31") else frozenset())
    selinux = as_map(security.get("seLinuxOptions"))
    for field in ("type", "user", "role"):
        value = selinux.get(field, "")
        if value and (field != "type" or value not in types):
            yield f'{owner} has the SELinux {field} "{value}"', (*path, "seLinuxOptions", field)
    if as_map(security.get("windowsOptions")).get("hostProcess") is True:
        yield f"{owner} is a Windows host process", (*path, "windowsOptions", "hostProcess")


def _hosts(each: PodContainer, owner: str) -> Iterator[Violation]:
    """Probes and hooks that call another host."""
    lifecycle = as_map(each.fields.get("lifecycle"))
    calls = [(name, as_map(each.fields.get(name)), (*each.path, name)) for name in PROBES]
    calls += [(name, as_map(lifecycle.get(name)), (*each.path, "lifecycle", name)) for name in HOOKS]
    for name, handler, path in calls:
        for kind in ("httpGet", "tcpSocket"):
            if as_map(handler.get(kind)).get("host"):
                yield f"the {name} of {owner} calls another host", (*path, kind, "host")


def _restricted(pod: Pod, versions: Versions) -> Iterator[Violation]:
    for volume, path in entries(pod.spec, pod.at, "volumes"):
        kinds = [key for key in volume if key != "name"]
        if kinds and not VOLUMES & set(kinds) and "hostPath" not in kinds:
            yield f'volume "{volume.get("name")}" of {pod.what} is {" ".join(kinds)}', (*path, *kinds[:1])
    users = _own_users(pod, versions)
    if not users and (told := _root(pod.security)):
        yield f"{pod.what} {told[0]}", (*pod.at, "securityContext", told[1])
    for each in pod.containers:
        path = (*each.path, "securityContext")
        if not users and (told := _root(each.security)):
            yield f"{of(each, pod)} {told[0]}", (*path, told[1])
        if missing := list(_missing(each, pod, users=users)):
            yield f"{of(each, pod)} does not say {', '.join(missing)}", path
        if added := [name for name in _added(each.security, frozenset({"NET_BIND_SERVICE"})) if name in CAPABILITIES]:
            yield f"{of(each, pod)} adds the capability {', '.join(added)}", (*path, "capabilities", "add")
        if users and each.security.get("procMount") == "Unmasked":
            yield f"{of(each, pod)} has procMount Unmasked", (*path, "procMount")


def _root(security: dict[str, Any]) -> tuple[str, str] | None:
    if security.get("runAsNonRoot") is False:
        return "may run as root", "runAsNonRoot"
    return ("runs as root", "runAsUser") if security.get("runAsUser") == 0 else None


def _missing(each: PodContainer, pod: Pod, *, users: bool) -> Iterator[str]:
    """What a restricted container has to say by itself, or its pod for it."""
    security = each.security
    if security.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation: false"
    if "ALL" not in as_list(as_map(security.get("capabilities")).get("drop")):
        yield "capabilities: {drop: [ALL]}"
    if not users and security.get("runAsNonRoot") is None and pod.security.get("runAsNonRoot") is not True:
        yield "runAsNonRoot: true"
    profiles = [as_map(each.get("seccompProfile")).get("type") for each in (security, pod.security)]
    if profiles[0] is None and profiles[1] not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile: {type: RuntimeDefault}"
