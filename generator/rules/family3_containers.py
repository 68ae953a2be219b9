"""Family 3: pod templates, what a container says in one place and takes back in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.fleet import Platform, Workload
from generator.fleet.plain import as_map
from generator.fleet.pods import Pod, PodContainer, entries
from generator.rules.family3_templates import HOOKS, PROBES, of
from generator.rules.registry import Finding, Scope, rule

GRACE = 30
"""``terminationGracePeriodSeconds`` of a pod that does not say."""


@rule("OB349", "an init container has probes or hooks", Scope.WORKLOAD, source="Kubernetes validateInitContainers")
def init_with_probes(workload: Workload) -> Iterator[Finding]:
    """Init containers end before the others start, so there is nothing to probe; the API server refuses the pod. Take
    the probe or hook away, or write ``restartPolicy: Always`` if the container is to run beside the others (a
    sidecar)."""
    for pod in workload.pods:
        for each in pod.containers:
            for field in (*PROBES, "lifecycle") if each.init and not each.sidecar else ():
                if each.fields.get(field) is not None:
                    told = (
                        f"init {of(each, pod)} has a {field}"
                        if field != "lifecycle"
                        else f"init {of(each, pod)} has hooks"
                    )
                    yield Finding(told, workload.span((*each.path, field), key=True))


@rule(
    "OB350", "a probe or hook says what it cannot", Scope.WORKLOAD, source="Kubernetes validateProbe, validateLifecycle"
)
def probe_impossible(workload: Workload) -> Iterator[Finding]:
    """A liveness or startup probe counts one success; a readiness probe ends nothing, so it has no grace period; a
    hook may sleep no longer than the pod has to end. The API server refuses the pod otherwise. Take the field away or
    correct it."""
    for pod in workload.pods:
        for each in pod.containers:
            for told, path in _impossible(each, pod):
                yield Finding(f"{told} of {of(each, pod)}", workload.span((*each.path, *path)))


def _impossible(each: PodContainer, pod: Pod) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in ("livenessProbe", "startupProbe"):
        successes = as_map(each.fields.get(name)).get("successThreshold")
        if successes not in (None, 0, 1):
            yield f"successThreshold must be 1 in the {name}", (name, "successThreshold")
    if as_map(each.fields.get("readinessProbe")).get("terminationGracePeriodSeconds") is not None:
        path = ("readinessProbe", "terminationGracePeriodSeconds")
        yield "terminationGracePeriodSeconds has no place in the readinessProbe", path
    lifecycle = as_map(each.fields.get("lifecycle"))
    grace = pod.spec.get("terminationGracePeriodSeconds", GRACE)
    for hook in HOOKS:
        seconds = as_map(as_map(lifecycle.get(hook)).get("sleep")).get("seconds")
        if isinstance(seconds, int) and not 0 <= seconds <= max(grace, 1):
            yield f"sleeping {seconds} s does not fit into the pod's {grace} s, in the {hook} hook", (
                "lifecycle", hook, "sleep", "seconds",
            )  # fmt: skip


@rule(
    "OB351", "two containers want one port of the node", Scope.WORKLOAD, source="Kubernetes AccumulateUniqueHostPorts"
)
def host_port_twice(workload: Workload) -> Iterator[Finding]:
    """A ``hostPort`` belongs to one container, and under ``hostNetwork`` it is the ``containerPort`` itself: the API
    server refuses the pod otherwise. Choose another port, or leave ``hostPort`` out: pods reach each other without
    it."""
    for pod in workload.pods:
        seen: set[tuple[Any, ...]] = set()
        host = pod.spec.get("hostNetwork") is True
        for each in pod.containers:
            seen = set() if each.init else seen
            for port, path in entries(each.fields, each.path, "ports"):
                inner, outer = port.get("containerPort"), port.get("hostPort") or 0
                outer = outer or (inner if host else 0)
                key = (port.get("protocol", "TCP"), port.get("hostIP", ""), outer)
                if host and not each.init and outer != inner:
                    told = (
                        f"hostPort {outer} of {of(each, pod)} is not its containerPort {inner}, and hostNetwork is on"
                    )
                    yield Finding(told, workload.span((*path, "hostPort")))
                elif outer and key in seen:
                    told = f"port {outer} of the node is taken twice, by {of(each, pod)} too"
                    yield Finding(told, workload.span((*path, "hostPort")))
                seen.add(key)


@rule("OB352", "two fields of a pod exclude each other", Scope.WORKLOAD, source="Kubernetes ValidatePodSpec")
def fields_exclude(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Some fields only make sense with, or without, another one, and the API server refuses the pod otherwise: a
    mount has ``subPath`` or ``subPathExpr``, ``dnsPolicy: None`` needs name servers, a host name is given once. The
    message says which two; keep one of them."""
    for pod in workload.pods:
        for told, path in _pod_excludes(pod):
            yield Finding(f"{told}, in {pod.what}", workload.span((*pod.at, *path)))
        for each in pod.containers:
            for told, at in _mount_excludes(each):
                yield Finding(f"{told}, in {of(each, pod)}", workload.span(at))
            for policy, at in entries(each.fields, each.path, "resizePolicy"):
                if policy.get("restartPolicy") == "RestartContainer" and _never_again(each, pod):
                    told = f"{of(each, pod)} does not start a second time, so it cannot be resized by RestartContainer"
                    yield Finding(told, workload.span((*at, "restartPolicy")))
            early = not platform.versions.at_least("kubernetes", "1.35")
            if each.fields.get("restartPolicy") is not None and early and not each.init:
                told = f"restartPolicy of a container is for init containers, not for {of(each, pod)}"
                yield Finding(told, workload.span((*each.path, "restartPolicy")))


def _pod_excludes(pod: Pod) -> Iterator[tuple[str, tuple[str, ...]]]:
    spec = pod.spec
    if spec.get("dnsPolicy") == "None" and not as_map(spec.get("dnsConfig")).get("nameservers"):
        yield "dnsPolicy None needs dnsConfig.nameservers", ("dnsPolicy",)
    if spec.get("hostnameOverride") and (spec.get("setHostnameAsFQDN") is True or spec.get("hostNetwork") is True):
        yield "hostnameOverride excludes setHostnameAsFQDN and hostNetwork", ("hostnameOverride",)
    if spec.get("shareProcessNamespace") is True and spec.get("hostPID") is True:
        yield "shareProcessNamespace excludes hostPID", ("shareProcessNamespace",)
    if spec.get("overhead") and not spec.get("runtimeClassName"):
        yield "overhead comes from a runtimeClassName, and there is none", ("overhead",)
    if spec.get("hostUsers") is False:
        for field in ("hostPID", "hostIPC"):
            if spec.get(field) is True:
                yield f"{field} excludes hostUsers: false", (field,)


def _never_again(each: PodContainer, pod: Pod) -> bool:
    """Whether a container is never started a second time."""
    return pod.spec.get("restartPolicy") == "Never" or (each.init and not each.sidecar)


def _mount_excludes(each: PodContainer) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    privileged = each.security.get("privileged") is True
    for mount, path in entries(each.fields, each.path, "volumeMounts"):
        if mount.get("subPath") and mount.get("subPathExpr"):
            yield "a mount has both subPath and subPathExpr", (*path, "subPathExpr")
        if mount.get("mountPropagation") == "Bidirectional" and not privileged:
            yield "mountPropagation Bidirectional needs a privileged container", (*path, "mountPropagation")
        if mount.get("recursiveReadOnly") in ("Enabled", "IfPossible"):
            propagation = mount.get("mountPropagation", "None")
            if mount.get("readOnly") is not True or propagation != "None":
                yield "recursiveReadOnly needs readOnly: true and no mountPropagation", (*path, "recursiveReadOnly")
