"""Family 9: feature gates and flags of the operator that a version has or has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from generator.diagnostics import Label, near
from generator.fleet import Platform
from generator.fleet.plain import as_map
from generator.resources import BLUEPRINTS
from generator.rules.registry import Finding, Scope, rule

NEEDS_KUBERNETES = {"SidecarSubmitterRestart": "1.35", "KubernetesWAS": "1.36"}
"""Gates that use an API or a pod field of Kubernetes (KubeRay ``features.go``, ``main.go``)."""
CLIENT_SINCE = "1.5"


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    """The gates as the operator's chart has them (``data/gates.yaml``): gate, since, until."""
    return tuple(yaml.safe_load((BLUEPRINTS / "charts" / "operator" / "data" / "gates.yaml").read_bytes()))


def gates(platform: Platform) -> list[str]:
    """The feature gates of the pinned KubeRay."""
    has = platform.versions.at_least
    rows = [row for row in _rows() if has("kuberay", row["since"])]
    return sorted({row["gate"] for row in rows if "until" not in row or not has("kuberay", row["until"])})


def _history(gate: str) -> str:
    """When KubeRay had a gate, for people; empty if it never had."""
    rows = [row for row in _rows() if row["gate"] == gate]
    if not rows:
        return ""
    end = f" and was gone in {rows[-1]['until']}" if "until" in rows[-1] else ""
    return f"it came with {rows[0]['since']}{end}"


@rule("OB920", "the operator does not know a feature gate", Scope.PLATFORM, source="features.go, main.go")
def gate_unknown(platform: Platform) -> Iterator[Finding]:
    """An operator that is given a gate it does not know says so and ends, at every start: nothing is reconciled any
    more. Correct the name, or remove the gate."""
    known = gates(platform)
    for gate in as_map(platform.at("operator", "featureGates")):
        if gate not in known:
            close = near(gate, known)
            history = _history(gate)
            yield Finding(
                f"KubeRay {platform.versions.kuberay} has no feature gate {gate}",
                (platform.place / "operator" / "featureGates" / gate).span(key=True),
                label=history or (f"did you mean {close}?" if close else ""),
                notes=(f"it has {', '.join(known)}",),
            )


def _on(platform: Platform, gate: str) -> bool:
    return gate in gates(platform) and platform.at("operator", "featureGates", gate) is True


@rule("OB921", "KubernetesWAS and Volcano exclude each other", Scope.PLATFORM, source="main.go")
def two_schedulers(platform: Platform) -> Iterator[Finding]:
    """The gate lets Kubernetes itself schedule gangs; an operator that has it beside ``--batch-scheduler`` ends at its
    start. Switch the gate off, or set ``global.batchScheduler: none``."""
    if _on(platform, "KubernetesWAS") and platform.batch_scheduler == "volcano":
        yield Finding(
            "the gate KubernetesWAS is on, and the batch scheduler is volcano",
            (platform.place / "operator" / "featureGates" / "KubernetesWAS").span(),
            related=(Label((platform.place / "global" / "batchScheduler").span(), "volcano"),),
        )


@rule("OB922", "a feature gate needs a newer Kubernetes", Scope.PLATFORM, source="features.go")
def gate_needs_kubernetes(platform: Platform) -> Iterator[Finding]:
    """What the gate opens uses fields or an API that this Kubernetes has not: the API server drops them, and the
    feature does nothing or fails. Switch the gate off, or upgrade the cluster."""
    for gate, least in NEEDS_KUBERNETES.items():
        if _on(platform, gate) and not platform.versions.at_least("kubernetes", least):
            yield Finding(
                f"{gate} needs Kubernetes {least}; the cluster has {platform.versions.kubernetes}",
                (platform.place / "operator" / "featureGates" / gate).span(),
            )


@rule("OB923", "this operator's API client cannot be set", Scope.PLATFORM, source="main.go --qps, --burst")
def client_too_new(platform: Platform) -> Iterator[Finding]:
    """The flags came with KubeRay 1.5, and an older operator ends at a flag it does not know, so the chart leaves them
    out: what stands here would be ignored. Remove it, or take a newer KubeRay."""
    if platform.versions.at_least("kuberay", CLIENT_SINCE):
        return
    for field in as_map(platform.at("operator", "kubeClient")):
        yield Finding(
            f"KubeRay {platform.versions.kuberay} ignores operator.kubeClient.{field}",
            (platform.place / "operator" / "kubeClient" / field).span(key=True),
            label=f"since {CLIENT_SINCE}",
        )
