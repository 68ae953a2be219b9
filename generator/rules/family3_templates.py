"""Family 3: pod templates, the names in them and what they name. KubeRay's CRDs leave pod templates open, so what is
wrong here is accepted with the object and refused with every pod, again and again, while Git says Synced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.diagnostics import Path, near
from generator.fleet import Workload
from generator.fleet.chart_pods import SUBMITTER
from generator.fleet.expand import RAY_CONTAINER
from generator.fleet.plain import as_list, as_map
from generator.fleet.pods import Pod, PodContainer, entries
from generator.rules.registry import Finding, Scope, rule

OPERATORS_CONTAINERS = ("autoscaler", "wait-gcs-ready")
"""What the operator adds to pods by itself (KubeRay ``pod.go``)."""

HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")


def of(container: PodContainer, pod: Pod) -> str:
    """``container "x" of the head group``."""
    return f'container "{container.name}" of {pod.what}'


_POD_LISTS = (("volumes", "volume"), ("resourceClaims", "resource claim"), ("schedulingGates", "scheduling gate"))
_CONTAINER_LISTS = (
    ("ports", "port", "name"),
    ("volumeDevices", "device", "name"),
    ("resizePolicy", "resize policy", "resourceName"),
)
_PATHS = (("volumeMounts", "mountPath"), ("volumeDevices", "devicePath"))
Named = tuple[Any, Path]
"""A name and where it stands."""


@rule("OB343", "a name in a pod template is there twice", Scope.WORKLOAD, source="Kubernetes ValidatePodSpec")
def name_twice(workload: Workload) -> Iterator[Finding]:
    """Containers (init containers and the operator's own count too), volumes, named ports, mount paths and claims each
    have a name of their own. Where OneBlock merges by name, one of the two would be lost without a word; elsewhere the
    API server refuses every pod. Rename one, or put both into one entry."""
    for pod in workload.pods:
        yield from _containers_twice(pod, workload)
        for field, what in _POD_LISTS:
            yield from _twice(
                _named(pod.spec, pod.at, field), f'{pod.what} has two entries for {what} "{{}}"', workload
            )
        sysctls = _named(pod.security, (*pod.at, "securityContext"), "sysctls")
        yield from _twice(sysctls, f'{pod.what} has two entries for sysctl "{{}}"', workload)
        for each in pod.containers:
            for field, what, key in _CONTAINER_LISTS:
                told = f'{of(each, pod)} has two entries for {what} "{{}}"'
                yield from _twice(_named(each.fields, each.path, field, key), told, workload)
            paths = [one for field, key in _PATHS for one in _named(each.fields, each.path, field, key)]
            yield from _twice(paths, f'{of(each, pod)} has two things at "{{}}"', workload)


def _containers_twice(pod: Pod, workload: Workload) -> Iterator[Finding]:
    seen: set[str] = set() if pod.submits else {"wait-gcs-ready"}
    seen |= {pod.autoscaler.name} if pod.autoscaler is not None else set()
    for each in pod.containers:
        if each.name in seen and not each.operators:
            also = " (one of them is the operator's)" if each.name in OPERATORS_CONTAINERS else ""
            yield Finding(f'{pod.what} has two containers "{each.name}"{also}', workload.span((*each.path, "name")))
        seen.add(each.name)


def _named(owner: Any, path: Path, field: str, key: str = "name") -> Iterator[Named]:
    for each, at in entries(owner, path, field):
        yield each.get(key), (*at, key)


def _twice(named: Iterable[Named], told: str, workload: Workload) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, path in named:
        if isinstance(name, str):
            if name in seen:
                yield Finding(told.format(name), workload.span(path))
            seen.add(name)


@rule(
    "OB344", "a container mounts a volume that is not there", Scope.WORKLOAD, source="Kubernetes ValidateVolumeMounts"
)
def volume_missing(workload: Workload) -> Iterator[Finding]:
    """Every ``volumeMounts`` and ``volumeDevices`` entry names a volume of its pod; the API server refuses the pod
    otherwise. Add it under ``template.spec.volumes`` of the same group, or correct the name. A device needs a
    PersistentVolumeClaim, and a volume is either mounted or a device."""
    for pod in workload.pods:
        known = {*pod.volumes, *(() if pod.submits else _operators_volumes(workload))}
        for each in pod.containers:
            for field in ("volumeMounts", "volumeDevices"):
                for mount, path in entries(each.fields, each.path, field):
                    name = str(mount.get("name"))
                    where = workload.span((*path, "name"))
                    if name not in known:
                        close = near(name, pod.volumes)
                        told = f'{of(each, pod)} mounts volume "{name}", which {pod.what} does not have'
                        notes = (f"volumes: {', '.join(sorted(pod.volumes)) or 'none'}",)
                        yield Finding(told, where, label=f"did you mean {close}?" if close else "", notes=notes)
                    elif problem := _device_problem(each, pod, field, name):
                        yield Finding(f"{of(each, pod)} {problem}", where)


def _device_problem(each: PodContainer, pod: Pod, field: str, name: str) -> str:
    """What is wrong with a volume as a device, empty if nothing is."""
    devices = [str(device.get("name")) for device, _ in entries(each.fields, each.path, "volumeDevices")]
    if field == "volumeMounts":
        return f'has volume "{name}" both mounted and as a device' if name in devices else ""
    is_claim = {"persistentVolumeClaim", "ephemeral"} & {*pod.volumes.get(name, {})}
    return "" if is_claim else f'uses volume "{name}" as a device; it is no claim'


def _operators_volumes(workload: Workload) -> tuple[str, ...]:
    """The volumes that the operator adds to Ray pods (KubeRay ``pod.go``, ``tls.go``)."""
    spec = workload.cluster.spec if workload.cluster is not None else {}
    tls = as_map(spec.get("tlsOptions")).get("enabled") is True
    return ("shared-mem", "ray-logs", *(("ray-tls",) if tls else ()))


@rule("OB345", "a container has no image", Scope.WORKLOAD, source="Kubernetes ValidatePodSpec")
def image_missing(workload: Workload) -> Iterator[Finding]:
    """Only the Ray containers get an image from OneBlock; a container of your own, an init container or the submitter
    needs ``image``, and the API server refuses the pod without. A slip in the Ray container's name (it is ``ray-head``
    or ``ray-worker``) makes a second container, too."""
    for pod in workload.pods:
        for each in pod.containers:
            given = each.operators or each.name in (*RAY_CONTAINER.values(), SUBMITTER)
            if not each.fields.get("image") and not (given and each.path[-1] == 0) and not each.operators:
                close = near(each.name, RAY_CONTAINER.values())
                label = f"did you mean {close}?" if close else ""
                yield Finding(f"{of(each, pod)} has no image", workload.span(each.path), label=label)


SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef", "value")
Choice = tuple[str, dict[str, Any], Path, tuple[str, ...]]
"""A thing that takes exactly one of several keys: what it is, itself, its path, and the keys (none: any but
``name``)."""


def _choices(pod: Pod) -> Iterator[Choice]:
    for volume, path in entries(pod.spec, pod.at, "volumes"):
        yield f'volume "{volume.get("name")}" of {pod.what}', volume, path, ()
        for item, at in entries(volume.get("downwardAPI"), (*path, "downwardAPI"), "items"):
            yield f'file "{item.get("path")}" of {pod.what}', item, at, SOURCES[:2]
    for claim, path in entries(pod.spec, pod.at, "resourceClaims"):
        what = f'resource claim "{claim.get("name")}" of {pod.what}'
        yield what, claim, path, ("resourceClaimName", "resourceClaimTemplateName")
    for each in pod.containers:
        yield from _container_choices(each, of(each, pod))


def _container_choices(each: PodContainer, owner: str) -> Iterator[Choice]:
    for env, path in entries(each.fields, each.path, "env"):
        source = env.get("valueFrom")
        if isinstance(source, dict):
            value = {"value": env["value"]} if env.get("value") else {}
            yield f'environment variable "{env.get("name")}" of {owner}', source | value, (*path, "valueFrom"), SOURCES
    for number, (source, path) in enumerate(entries(each.fields, each.path, "envFrom"), start=1):
        yield f"envFrom entry {number} of {owner}", source, path, ("configMapRef", "secretRef")
    for name in PROBES:
        probe = each.fields.get(name)
        if isinstance(probe, dict):
            yield f"the {name} of {owner}", probe, (*each.path, name), HANDLERS[:4]
    hooks = as_map(each.fields.get("lifecycle"))
    for name in HOOKS:
        if isinstance(hooks.get(name), dict):
            handlers = ("exec", "httpGet", "tcpSocket", "sleep")
            yield f"the {name} hook of {owner}", hooks[name], (*each.path, "lifecycle", name), handlers


@rule("OB346", "exactly one of several keys is needed", Scope.WORKLOAD, source="Kubernetes ValidatePodSpec")
def one_of(workload: Workload) -> Iterator[Finding]:
    """A volume has one source, an environment variable a value or one source, a probe or hook one handler; the API
    server refuses a pod with two, and one with none, but for a volume: that becomes an empty folder without a word.
    What OneBlock writes counts too: workers have a ``preStop`` hook with ``exec``. Keep one of the keys."""
    for pod in workload.pods:
        for what, owner, path, choice in _choices(pod):
            keys = [key for key in owner if key in choice or (not choice and key != "name")]
            if len(keys) > 1:
                where = workload.span((*(path[:-1] if keys[-1] == "value" else path), keys[-1]), key=True)
                yield Finding(f"{what} has {' and '.join(keys)}; only one can be", where)
            elif not keys:
                told = f"{what} has none of {', '.join(choice)}" if choice else f"{what} has no source"
                yield Finding(told, workload.span(path))


FIELDS_IN_ENV = (
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
)
FIELDS_IN_FILES = ("metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid")
DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")


@rule(
    "OB347",
    "a reference to the pod itself is not valid",
    Scope.WORKLOAD,
    source="Kubernetes validateObjectFieldSelector",
)
def own_field_unknown(workload: Workload) -> Iterator[Finding]:
    """``fieldRef`` gives a pod a few of its own fields, ``resourceFieldRef`` its containers' requests and limits, in
    whole units. The API server refuses a pod that asks for another field or unit. Labels and annotations are named
    one by one: ``metadata.labels['team']``; a file names the container it asks about."""
    for pod in workload.pods:
        for where, path, fields in _own_fields(pod):
            yield from _own_field(as_map(where.get("fieldRef")), (*path, "fieldRef", "fieldPath"), fields, workload)
            resource = where.get("resourceFieldRef")
            if isinstance(resource, dict):
                yield from _own_resource(resource, (*path, "resourceFieldRef"), fields, workload)


def _own_fields(pod: Pod) -> Iterator[tuple[Mapping[str, Any], Path, tuple[str, ...]]]:
    for each in pod.containers:
        for env, path in entries(each.fields, each.path, "env"):
            yield as_map(env.get("valueFrom")), (*path, "valueFrom"), FIELDS_IN_ENV
    for volume, path in entries(pod.spec, pod.at, "volumes"):
        for item, at in entries(volume.get("downwardAPI"), (*path, "downwardAPI"), "items"):
            yield item, at, FIELDS_IN_FILES
        for source, at in entries(volume.get("projected"), (*path, "projected"), "sources"):
            for item, inner in entries(source.get("downwardAPI"), (*at, "downwardAPI"), "items"):
                yield item, inner, FIELDS_IN_FILES


def _own_field(field: dict[str, Any], path: Path, known: tuple[str, ...], workload: Workload) -> Iterator[Finding]:
    name = field.get("fieldPath")
    if not isinstance(name, str) or name in known:
        return
    start, bracket, rest = name.partition("[")
    if bracket and start in ("metadata.labels", "metadata.annotations") and rest[:1] == "'" and rest[-2:] == "']":
        return
    close = near(name, known)
    label = f"did you mean {close}?" if close else ""
    yield Finding(f'a pod has no field "{name}" to give away here', workload.span(path), label=label, notes=known)


def _own_resource(field: dict[str, Any], path: Path, known: tuple[str, ...], workload: Workload) -> Iterator[Finding]:
    resource, divisor = str(field.get("resource")), field.get("divisor")
    units = ("1m", "1") if resource.endswith(".cpu") else DIVISORS
    if divisor not in (None, 0, "0", "") and str(divisor) not in units:
        told = f'"{divisor}" is no unit for {resource}'
        yield Finding(told, workload.span((*path, "divisor")), notes=(f"units: {', '.join(units)}",))
    if known is FIELDS_IN_FILES and not field.get("containerName"):
        yield Finding(f"whose {resource}? A file needs containerName", workload.span(path, key=True))


@rule(
    "OB348",
    "a container uses a claim that the pod does not have",
    Scope.WORKLOAD,
    source="Kubernetes validateResourceClaimNames",
)
def claim_missing(workload: Workload) -> Iterator[Finding]:
    """``resources.claims`` of a container names entries of the pod's ``resourceClaims``, each once. The API server
    refuses the pod otherwise. Add the claim under ``template.spec.resourceClaims``, or correct the name."""
    for pod in workload.pods:
        known = [str(each.get("name")) for each in as_list(pod.spec.get("resourceClaims")) if isinstance(each, dict)]
        for each in pod.containers:
            seen: set[tuple[Any, Any]] = set()
            for claim, path in entries(each.fields.get("resources"), (*each.path, "resources"), "claims"):
                name, one = claim.get("name"), claim.get("request")
                if name not in known:
                    close = near(str(name), known)
                    where = workload.span((*path, "name"))
                    told = f'{of(each, pod)} uses resource claim "{name}", which {pod.what} does not have'
                    yield Finding(told, where, label=f"did you mean {close}?" if close else "")
                elif (name, one) in seen or (name, None) in seen or (one is None and any(name == a for a, _ in seen)):
                    yield Finding(f'{of(each, pod)} uses resource claim "{name}" twice', workload.span((*path, "name")))
                seen.add((name, one))
