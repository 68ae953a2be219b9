"""When is a Ray or Volcano object healthy: one table, told to Argo CD in Lua and to Flux in CEL.

The states are those of KubeRay's ``raycluster_types.go``, ``rayjob_types.go``, ``rayservice_types.go`` and Volcano's
``scheduling/v1beta1/types.go``. Two things they do not say: ``RayClusterProvisioned`` stays true once all pods ran,
hence ``HeadPodReady`` beside it; and ``status.observedGeneration`` may stay behind for ever, since KubeRay leaves a
status alone in which nothing else changed, hence no test of it. KubeRay 1.2 has no conditions (a feature gate, off):
there the old ``state`` and ``serviceStatus`` count.

Neither engine knows these kinds. Argo CD would call them healthy the moment they are applied, Flux once they are
observed. RayCronJob has no state worth waiting for and is not in the table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """``status.conditions`` has ``type`` with ``status``, and one of ``reasons`` if there are any; or has it not."""

    type: str
    status: str = "True"
    reasons: tuple[str, ...] = ()
    negate: bool = False

    @property
    def guard(self) -> str:
        """What must be there before CEL may read it."""
        return "has(status.conditions)"

    def lua(self) -> list[str]:
        """The parts of a Lua expression, all of which must hold."""
        no = "not " if self.negate else ""
        reasons = [f'conditions.{self.type}.reason == "{reason}"' for reason in self.reasons]
        return [f'{no}is("{self.type}", "{self.status}")', *([" or ".join(reasons)] if reasons else [])]

    def cel(self) -> str:
        """A CEL expression."""
        no = "!" if self.negate else ""
        reason = f" && c.reason in {_listed(self.reasons)}" if self.reasons else ""
        return f"{no}status.conditions.exists(c, c.type == '{self.type}' && c.status == '{self.status}'{reason})"


@dataclass(frozen=True, slots=True)
class Value:
    """``status.<field>`` is one of ``values``; ``negate``: is there and none of them."""

    field: str
    values: tuple[str, ...]
    negate: bool = False

    @property
    def guard(self) -> str:
        """What must be there before CEL may read it."""
        return f"has(status.{self.field})"

    def lua(self) -> list[str]:
        """The parts of a Lua expression, all of which must hold."""
        if self.negate:
            return [f"status.{self.field} ~= nil", *(f'status.{self.field} ~= "{value}"' for value in self.values)]
        return [" or ".join(f'status.{self.field} == "{value}"' for value in self.values)]

    def cel(self) -> str:
        """A CEL expression."""
        if len(self.values) == 1:
            return f"status.{self.field} {'!=' if self.negate else '=='} '{self.values[0]}'"
        test = f"status.{self.field} in {_listed(self.values)}"
        return f"!({test})" if self.negate else test


@dataclass(frozen=True, slots=True)
class NoConditions:
    """``status.conditions`` is not there: a KubeRay that does not write them."""

    guard = "!has(status.conditions)"

    def lua(self) -> list[str]:
        """The parts of a Lua expression, all of which must hold."""
        return ["status.conditions == nil"]

    def cel(self) -> str:
        """Nothing beside the guard."""
        return ""


Test = Condition | Value | NoConditions


@dataclass(frozen=True, slots=True)
class Case:
    """Tests that must all hold, and where the words for people are: a condition, a field, or ``says`` itself."""

    tests: tuple[Test, ...]
    says: str = ""
    condition: str = ""
    field: str = ""

    def lua(self, state: str) -> list[str]:
        """An ``if`` block that gives the state."""
        parts = [part for test in self.tests for part in test.lua()]
        if len(parts) == 1:
            test = parts[0].replace(" or ", "\n  or ")
        else:
            both = (f"({part})".replace(" or ", "\n    or ") if " or " in part else part for part in parts)
            test = "\n  and ".join(both)
        return [f"if {test} then", f'  return {{status = "{state}", message = {self.message()}}}', "end"]

    def cel(self) -> str:
        """A CEL expression; a missing field makes it false, not an error."""
        guards = dict.fromkeys(test.guard for test in self.tests)
        return "\n&& ".join([*guards, *(text for test in self.tests if (text := test.cel()))])

    def message(self) -> str:
        """The message as a Lua expression."""
        if self.condition:
            return f'told("{self.condition}")'
        words = f'"{self.says}"'
        if self.field:
            return f"{words} .. status.{self.field}" if self.says else f"status.{self.field}"
        return words


@dataclass(frozen=True, slots=True)
class Health:
    """One kind's states, each a list of cases. ``waiting`` says what an object in none of them is waiting for."""

    group: str
    version: str
    kind: str
    current: tuple[Case, ...]
    failed: tuple[Case, ...] = ()
    suspended: tuple[Case, ...] = ()
    waiting: Case = Case((), says="waiting")

    @property
    def api_version(self) -> str:
        """``group/version``."""
        return f"{self.group}/{self.version}"


def _listed(values: tuple[str, ...]) -> str:
    return f"[{', '.join(repr(value) for value in values)}]"


TABLE = (
    Health(
        "ray.io",
        "v1",
        "RayCluster",
        current=(
            Case((Condition("RayClusterProvisioned"), Condition("HeadPodReady")), says="the head is ready"),
            Case((NoConditions(), Value("state", ("ready",))), says="ready"),
        ),
        failed=(
            Case((Condition("ReplicaFailure"),), condition="ReplicaFailure"),
            Case((NoConditions(), Value("state", ("failed",))), says="failed"),
        ),
        suspended=(
            Case((Condition("RayClusterSuspended"),), says="suspended"),
            Case((NoConditions(), Value("state", ("suspended",))), says="suspended"),
        ),
        waiting=Case((), condition="HeadPodReady"),
    ),
    Health(
        "ray.io",
        "v1",
        "RayJob",
        current=(
            Case((Value("jobDeploymentStatus", ("Complete",)), Value("jobStatus", ("SUCCEEDED",))), says="succeeded"),
        ),
        failed=(
            Case(
                (Value("jobDeploymentStatus", ("Complete",)), Value("jobStatus", ("SUCCEEDED",), negate=True)),
                says="ended as ",
                field="jobStatus",
            ),
            Case((Value("jobDeploymentStatus", ("Failed", "ValidationFailed")),), field="jobDeploymentStatus"),
        ),
        suspended=(Case((Value("jobDeploymentStatus", ("Suspended",)),), says="suspended"),),
        waiting=Case((), field="jobDeploymentStatus"),
    ),
    Health(
        "ray.io",
        "v1",
        "RayService",
        current=(
            Case((Condition("Ready"), Condition("UpgradeInProgress", negate=True)), says="serving"),
            Case((NoConditions(), Value("serviceStatus", ("Running",))), says="serving"),
        ),
        failed=(Case((Condition("Ready", "False", ("ValidationFailed", "InitializingTimeout")),), condition="Ready"),),
        suspended=(Case((Condition("Suspended"),), says="suspended"),),
        waiting=Case((), condition="Ready"),
    ),
    Health(
        "scheduling.volcano.sh",
        "v1beta1",
        "Queue",
        current=(Case((Value("state", ("Open",)),), says="open"),),
        failed=(Case((Value("state", ("Unknown",)),), says="Volcano does not know its state"),),
        suspended=(Case((Value("state", ("Closed",)),), says="closed"),),
        waiting=Case((), field="state"),
    ),
)

_NO_STATUS = """\
local status = obj.status
if status == nil then
  return {status = "Progressing", message = "no status yet"}
end
"""

_CONDITIONS = """\
local conditions = {}
for _, each in ipairs(status.conditions or {}) do
  conditions[each.type] = each
end
local function is(type, value)
  return conditions[type] ~= nil and conditions[type].status == value
end
local function told(type)
  local condition = conditions[type] or {}
  if condition.message ~= nil and condition.message ~= "" then
    return condition.message
  end
  return condition.reason or "waiting"
end
"""


def lua(health: Health) -> str:
    """The body of Argo CD's ``resource.customizations.health``: failed, suspended, current, else progressing."""
    states = (("Degraded", health.failed), ("Suspended", health.suspended), ("Healthy", health.current))
    cases = [line for state, each in states for case in each for line in case.lua(state)]
    rest = health.waiting
    words = f'{rest.message()} or "waiting"' if rest.field else rest.message()
    text = "\n".join([*cases, f'return {{status = "Progressing", message = {words}}}'])
    return _NO_STATUS + (_CONDITIONS if "is(" in text or "told(" in text else "") + text


def cel(cases: tuple[Case, ...]) -> str:
    """A state as one CEL expression of Flux's ``healthCheckExprs``, a line for each part of it."""
    if len(cases) == 1:
        return cases[0].cel()
    return "\n|| ".join(f"({case.cel()})" for case in cases)
