"""Rules as the API server sees them: CEL for the ValidatingAdmissionPolicies, written once for all kinds.

An expression is true for an allowed object. ``SPEC`` in it stands for the RayClusterSpec wherever the kind keeps it,
``JOB`` for the RayJobSpec; optional fields are read with CEL's ``.?`` (Kubernetes 1.29+). A policy never refuses what
the operator would take: what the API server cannot know (feature gates, the batch scheduler) has no CEL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["RayCluster", "RayJob", "RayService", "RayCronJob"]
Policy = Literal["ray-rules", "queue-grants"]

ALL: tuple[Kind, ...] = ("RayCluster", "RayJob", "RayService", "RayCronJob")
JOBS: tuple[Kind, ...] = ("RayJob", "RayCronJob")

_SPEC: dict[Kind, str] = {
    "RayCluster": "object.spec",
    "RayJob": "object.spec.rayClusterSpec",
    "RayService": "object.spec.rayClusterConfig",
    "RayCronJob": "object.spec.jobTemplate.rayClusterSpec",
}
_JOB: dict[Kind, str] = {"RayJob": "object.spec", "RayCronJob": "object.spec.jobTemplate"}
_SUSPENDED: dict[Kind, tuple[str, ...]] = {
    "RayJob": ("object.spec",),
    "RayCronJob": ("object.spec", "object.spec.jobTemplate"),
}
"""What has a ``suspend`` with which the operator makes nothing of the kind."""
_OPTIONAL: tuple[Kind, ...] = ("RayJob", "RayCronJob")
"""Kinds that may come without a RayClusterSpec."""

HEAD_ENV = "SPEC.headGroupSpec.template.?spec.?containers[?0].?env.orValue([])"
"""Environment of the head's Ray container, as a CEL list."""
GROUPS = "SPEC.?workerGroupSpecs.orValue([])"
"""The worker groups, as a CEL list."""
AUTOSCALING = "SPEC.?enableInTreeAutoscaling.orValue(false)"
"""Whether autoscaling is on, in CEL."""
V2_ON = (
    "(SPEC.?autoscalerOptions.?version.orValue('') == 'v2' || "
    f"{HEAD_ENV}.exists(e, e.name == 'RAY_enable_autoscaler_v2' && e.?value.orValue('') in ['1', 'true']))"
)
"""Whether the operator counts the cluster as autoscaler v2, in CEL."""


@dataclass(frozen=True, slots=True)
class Cel:
    """The CEL of a rule: for which ``kinds``, in which ``policy``, and from or until which KubeRay version (as the rule
    if empty; ``until`` is the first version without it).

    ``when_run``: the operator finds out only when it makes something of the object, so one that is suspended passes."""

    kinds: tuple[Kind, ...]
    expression: str
    policy: Policy = "ray-rules"
    since: str = ""
    until: str = ""
    when_run: bool = False

    def for_kind(self, kind: Kind) -> str:
        """The expression with ``SPEC`` and ``JOB`` put in for ``kind``."""
        text = self._of_spec(kind)
        if not self.when_run or kind not in _SUSPENDED:
            return text
        return " || ".join([*(f"{each}.?suspend.orValue(false)" for each in _SUSPENDED[kind]), f"({text})"])

    def _of_spec(self, kind: Kind) -> str:
        text = self.expression
        if kind in _JOB:
            text = re.sub(r"\bJOB\b", _JOB[kind], text)
        if not re.search(r"\bSPEC\b", text):
            return text
        text = re.sub(r"\bSPEC\b", _SPEC[kind], text)
        return f"!has({_SPEC[kind]}) || ({text})" if kind in _OPTIONAL else text


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One validation of a policy: ``message`` begins with the rule's code, ``kinds`` is ``(kind,)``."""

    code: str
    kind: Kind
    expression: str
    message: str

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds it is for; one, since the spec stands at another place in each."""
        return (self.kind,)


MATCH_CONDITIONS: tuple[tuple[str, str], ...] = (
    ("not-being-deleted", "!has(object.metadata.deletionTimestamp)"),
    (
        "something-a-rule-reads-has-changed",
        "request.operation == 'CREATE' || object.spec != oldObject.spec || "
        "object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({}) || "
        "object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})",
    ),
)
"""(name, CEL) of every policy's ``matchConditions``: an object that was there before the policy must still be
deletable, and the operator must be able to add and remove its finalizers on it."""


def version_at_least(major: int, minor: int) -> str:
    """A RE2 pattern for version texts that the operator's parser (apimachinery ``version.ParseGeneric``) reads as
    at least ``major.minor``: an optional ``v``, two or more numbers, anything after them. ``major`` below 9,
    ``minor`` in 10 … 98."""
    tens, ones = divmod(minor, 10)
    same = f"{tens}[{ones}-9]"
    more = f"[{tens + 1}-9][0-9]|" if tens < 9 else ""
    minors = f"0*({same}|{more}[1-9][0-9][0-9]+)"
    return rf"^\s*v?({major}\.{minors}([^0-9].*)?|([{major + 1}-9]|[1-9][0-9]+)\.[0-9].*)$"


def quoted(text: str) -> str:
    """A Python string as a raw CEL string literal."""
    return f"r'{text}'"
