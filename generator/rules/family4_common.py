"""What the rules of family 4 share: feature gates by KubeRay version, Ray versions, Kubernetes name and label
syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Path
from generator.fleet import ClusterSpec, Group, Platform, Workload

V2_ENV = "RAY_enable_autoscaler_v2"

GATES: dict[str, tuple[tuple[str, bool], ...]] = {
    "RayJobDeletionPolicy": (("1.3", False), ("1.6", True)),
    "RayServiceIncrementalUpgrade": (("1.5", False), ("1.7", True)),
    "RayCronJob": (("1.6", True),),
    "RayClusterNetworkPolicy": (("1.7", False),),
    "RayClusterMTLS": (("1.7", False),),
    "RayClusterHistoryServer": (("1.7", False),),
    "GCSFaultToleranceEmbeddedStorage": (("1.7", False),),
}
"""Gate → (since, default) (KubeRay ``features.go``); RayCronJob is off there and on in OneBlock's operator chart."""

_DNS1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DNS1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_GENERIC_VERSION = re.compile(r"\s*v?([0-9]+(?:\.[0-9]+)*)", re.ASCII)


def gate_open(platform: Platform, gate: str) -> bool:
    """Whether the operator runs with ``gate`` on: ``operator.featureGates``, then the version's default.

    An operator that OneBlock does not install (``operator.enabled: false``) may have it on unseen: then True,
    unless written."""
    written = platform.at("operator", "featureGates", gate)
    if isinstance(written, bool):
        return written
    if platform.at("operator", "enabled") is False:
        return True
    return any(on for since, on in reversed(GATES[gate]) if platform.versions.at_least("kuberay", since))


def open_the_gate(gate: str) -> str:
    """The help text that goes with a closed gate."""
    return f"set operator.featureGates.{gate}: true in the platform file"


def ray_number(text: Any) -> tuple[int, ...] | None:
    """A Ray version as the operator reads it (apimachinery ``version.ParseGeneric``); None if it cannot."""
    found = _GENERIC_VERSION.match(text) if isinstance(text, str) else None
    parts = found[1].split(".") if found else []
    if len(parts) < 2 or (parts[0] != "0" and parts[0].startswith("0")):
        return None
    return tuple(int(part) for part in parts)


def ray_problem(version: Any, least: tuple[int, int]) -> str:
    """Why ``version`` is not at least ``least``, empty if it is."""
    number = ray_number(version)
    if not version:
        return "rayVersion is not set"
    if number is None:
        return f'rayVersion "{version}" is no version'
    return "" if number >= least else f"rayVersion is {version}"


def dns1035(name: str) -> bool:
    """Whether ``name`` is a DNS-1035 label: a letter first, then letters, digits and dashes, at most 63 characters."""
    return len(name) <= 63 and _DNS1035.fullmatch(name) is not None


def dns1123(name: str) -> bool:
    """Whether ``name`` is a DNS-1123 label: as DNS-1035, but a digit may come first."""
    return len(name) <= 63 and _DNS1123.fullmatch(name) is not None


def dns_subdomain(name: str) -> bool:
    """Whether ``name`` is a DNS-1123 subdomain, as pod names are."""
    return len(name) <= 253 and all(_DNS1123.fullmatch(part) for part in name.split("."))


def label_value_problem(value: Any) -> str:
    """What is wrong with a label's value (apimachinery ``IsValidLabelValue``), empty if nothing is."""
    text = str(value)
    if len(text) > 63:
        return f"is {len(text)} characters long; 63 is the limit"
    return "" if _LABEL.fullmatch(text) else "may hold letters, digits, - _ and ., with a letter or digit at both ends"


def label_key_problem(key: str) -> str:
    """What is wrong with a label's or an annotation's key (apimachinery ``IsQualifiedName``), empty if nothing is."""
    prefix, slash, name = key.rpartition("/")
    if slash and not dns_subdomain(prefix):
        return f'has a prefix "{prefix}" that is no DNS name'
    if not name:
        return "has no name"
    return label_value_problem(name)


def at(value: Any, *steps: str | int) -> Any:
    """The value below ``value``, None where nothing is."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            return None
    return value


def named(group: Group) -> str:
    """How messages call a group."""
    return "the head group" if group.role == "head" else f'worker group "{group.name}"'


def restart_policy(group: Group) -> tuple[Any, Path]:
    """A group's restartPolicy and its path."""
    return group.pod.get("restartPolicy"), (*group.path, "template", "spec", "restartPolicy")


def mounts(group: Group) -> Iterator[tuple[dict[str, Any], Path]]:
    """The volume mounts of a group's Ray container, with their paths."""
    first = group.containers[0] if group.containers else {}
    for index, mount in enumerate(first.get("volumeMounts") or []):
        if isinstance(mount, dict):
            yield mount, (*group.path, "template", "spec", "containers", 0, "volumeMounts", index)


def option_env(cluster: ClusterSpec, *steps: str) -> Iterator[tuple[dict[str, Any], Path]]:
    """The env entries of an options block of the spec (``autoscalerOptions``), with their paths."""
    path = cluster.field(*steps, "env")
    for index, entry in enumerate(at(cluster.spec, *steps, "env") or []):
        if isinstance(entry, dict):
            yield entry, (*path, index)


def on_volcano(platform: Platform) -> bool:
    """Whether the operator hands its pods to Volcano."""
    return platform.batch_scheduler == "volcano"


def number(value: Any) -> int | None:
    """``value`` if it is an integer (True is none)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def cluster_name(workload: Workload) -> str:
    """The longest name of the RayCluster that a workload becomes: jobs and services add a dash and five characters."""
    return workload.name if workload.kind == "RayCluster" else f"{workload.name}-xxxxx"
