"""When is a Ray or Volcano object healthy: one table, told to Argo CD in Lua and to Flux in CEL.

The states are those of KubeRay's ``raycluster_types.go``, ``rayjob_types.go``, ``rayservice_types.go`` and Volcano's
``scheduling/v1beta1/types.go``. ``RayClusterProvisioned`` is true for ever once all pods ran, hence ``HeadPodReady`` too.
``status.observedGeneration`` is no help: KubeRay leaves a status alone in which nothing else changed, so it may stay behind
for ever. Neither engine knows these kinds: Argo CD would call them healthy the moment they are applied.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """``status.conditions`` has ``type`` with ``status``, and a reason of ``reasons`` if any are named; or has it not."""

    type: str
    status: str = "True"
    reasons: tuple[str, ...] = ()
    negate: bool = False

    def lua(self) -> str:
        """As a Lua expression over the table ``c`` of conditions by type."""
        text = f'(c["{self.type}"] ~= nil and c["{self.type}"].status == "{self.status}")'
        if self.reasons:
            reasons = " or ".join(f'c["{self.type}"].reason == "{reason}"' for reason in self.reasons)
            text = f"({text} and ({reasons}))"
        return f"not {text}" if self.negate else text

    def cel(self) -> str:
        """As a CEL expression."""
        reason = f" && c.reason in [{', '.join(map(repr, self.reasons))}]" if self.reasons else ""
        no = "!" if self.negate else ""
        return f"{no}status.conditions.exists(c, c.type == '{self.type}' && c.status == '{self.status}'{reason})"

    guard = "has(status.conditions)"


@dataclass(frozen=True, slots=True)
class Value:
    """``status.<field>`` is one of ``values``; with ``negate``, is there and none of them."""

    field: str
    values: tuple[str, ...]
    negate: bool = False

    def lua(self) -> str:
        """As a Lua expression over ``s``, the status."""
        joined = (" and " if self.negate else " or ").join(
            f's.{self.field} {"~=" if self.negate else "=="} "{value}"' for value in self.values
        )
        return f"(s.{self.field} ~= nil and ({joined}))"

    def cel(self) -> str:
        """As a CEL expression."""
        test = f"status.{self.field} in [{', '.join(map(repr, self.values))}]"
        return f"!({test})" if self.negate else test

    @property
    def guard(self) -> str:
        """What must be there before the field may be read."""
        return f"has(status.{self.field})"


Test = Condition | Value


@dataclass(frozen=True, slots=True)
class Health:
    """One kind's states. Each state is a list of alternatives, each of which is a list of tests that must all hold."""

    group: str
    version: str
    kind: str
    current: tuple[tuple[Test, ...], ...]
    failed: tuple[tuple[Test, ...], ...] = ()
    suspended: tuple[tuple[Test, ...], ...] = ()

    @property
    def api_version(self) -> str:
        """``group/version``."""
        return f"{self.group}/{self.version}"


TABLE = (
    Health(
        "ray.io",
        "v1",
        "RayCluster",
        current=((Condition("RayClusterProvisioned"), Condition("HeadPodReady")),),
        failed=((Condition("ReplicaFailure"),),),
        suspended=((Condition("RayClusterSuspended"),),),
    ),
    Health(
        "ray.io",
        "v1",
        "RayJob",
        current=((Value("jobDeploymentStatus", ("Complete",)), Value("jobStatus", ("SUCCEEDED",))),),
        failed=(
            (Value("jobDeploymentStatus", ("Failed", "ValidationFailed")),),
            (Value("jobDeploymentStatus", ("Complete",)), Value("jobStatus", ("SUCCEEDED",), negate=True)),
        ),
        suspended=((Value("jobDeploymentStatus", ("Suspended",)),),),
    ),
    Health(
        "ray.io",
        "v1",
        "RayService",
        current=((Condition("Ready"), Condition("UpgradeInProgress", negate=True)),),
        failed=((Condition("Ready", "False", ("ValidationFailed", "InitializingTimeout")),),),
        suspended=((Condition("Suspended"),),),
    ),
    Health(
        "scheduling.volcano.sh",
        "v1beta1",
        "Queue",
        current=((Value("state", ("Open",)),),),
        failed=((Value("state", ("Unknown",)),),),
        suspended=((Value("state", ("Closed",)),),),
    ),
)


def lua(health: Health) -> str:
    """The body of Argo CD's ``resource.customizations.health``: failed, then suspended, then current, else progressing."""
    lines = ["local s = obj.status", 'if s == nil then return {status = "Progressing", message = "no status yet"} end']
    lines += ["local c = {}", "for _, x in ipairs(s.conditions or {}) do c[x.type] = x end"]
    for state, tests in (("Degraded", health.failed), ("Suspended", health.suspended), ("Healthy", health.current)):
        if tests:
            test = " or ".join(" and ".join(each.lua() for each in together) for together in tests)
            lines.append(f'if {test} then return {{status = "{state}", message = "{health.kind}"}} end')
    lines.append('return {status = "Progressing", message = "waiting"}')
    return "\n".join(lines)


def cel(tests: tuple[tuple[Test, ...], ...]) -> str:
    """A state as one CEL expression of Flux's ``healthCheckExprs``; a missing field keeps it false."""
    alternatives = []
    for together in tests:
        guards = list(dict.fromkeys(each.guard for each in together))
        alternatives.append(" && ".join([*guards, *(each.cel() for each in together)]))
    return " || ".join(f"({each})" for each in alternatives) if len(alternatives) > 1 else alternatives[0]
