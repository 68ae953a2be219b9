"""The health table in both languages, run: Lua as Argo CD embeds it (5.1), CEL as Flux does."""

from __future__ import annotations

from typing import Any

import celpy
import pytest
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError
from lupa.lua51 import LuaRuntime

from generator.gitops import health
from generator.gitops.health import TABLE, Health
from tests.gitops_health_cases import CASES, DEGRADED, HEALTHY, Case, case_id

KINDS = {each.kind: each for each in TABLE}


def as_argocd(script: str, status: dict[str, Any] | None) -> tuple[str, str]:
    """(status, message) that ``script`` gives; only what Argo CD leaves a script is there."""
    runtime = LuaRuntime(register_eval=False)
    for library in ("io", "os", "package", "require", "debug", "string", "table", "math", "python"):
        runtime.globals()[library] = None
    live: dict[str, Any] = {"metadata": {"generation": 2}}
    if status is not None:
        live["status"] = status
    runtime.globals()["obj"] = runtime.table_from(live, recursive=True)
    answer = runtime.execute(script)
    return answer["status"], answer["message"]


def as_flux(expression: str, status: dict[str, Any] | None) -> bool:
    """Whether Flux takes the expression for true; it takes an error (a field that is not there) for not yet."""
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))
    try:
        return bool(program.evaluate({"status": json_to_cel(status)}))
    except CELEvalError:
        return False


def flux_state(each: Health, status: dict[str, Any] | None) -> str:
    """In Flux's order: failed, then current, else it goes on waiting."""
    if each.failed and as_flux(health.cel(each.failed), status):
        return DEGRADED
    return HEALTHY if as_flux(health.cel(each.current), status) else "waiting"


def test_every_kind_and_every_state_has_its_cases() -> None:
    found = {(case.kind, case.state) for case in CASES}
    assert found == {(kind, state) for kind in KINDS for state in ("Healthy", "Progressing", "Degraded", "Suspended")}


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_lua_gives_the_state(case: Case) -> None:
    state, message = as_argocd(health.lua(KINDS[case.kind]), case.status)
    assert state == case.state
    assert message
    assert case.message in (None, message)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_cel_gives_the_same_state(case: Case) -> None:
    expected = case.state if case.state in (DEGRADED, HEALTHY) else "waiting"
    assert flux_state(KINDS[case.kind], case.status) == expected


@pytest.mark.parametrize("case", [case for case in CASES if case.status is not None], ids=case_id)
def test_cel_needs_no_missing_field(case: Case) -> None:
    environment = celpy.Environment()
    each = KINDS[case.kind]
    for cases in (each.failed, each.current):
        program = environment.program(environment.compile(health.cel(cases)))
        program.evaluate({"status": json_to_cel(case.status)})


@pytest.mark.parametrize("each", TABLE, ids=lambda each: each.kind)
def test_lua_reads_as_if_written_by_hand(each: Health) -> None:
    script = health.lua(each)
    assert max(map(len, script.splitlines())) <= 100
    assert script.count("local function is") == (1 if 'is("' in script else 0)
    assert script.splitlines()[-1].startswith('return {status = "Progressing"')


def test_rayjob_in_full() -> None:
    assert (
        health.lua(KINDS["RayJob"])
        == """\
local status = obj.status
if status == nil then
  return {status = "Progressing", message = "no status yet"}
end
if status.jobDeploymentStatus == "Complete"
  and status.jobStatus ~= nil
  and status.jobStatus ~= "SUCCEEDED" then
  return {status = "Degraded", message = "ended as " .. status.jobStatus}
end
if status.jobDeploymentStatus == "Failed"
  or status.jobDeploymentStatus == "ValidationFailed" then
  return {status = "Degraded", message = status.jobDeploymentStatus}
end
if status.jobDeploymentStatus == "Suspended" then
  return {status = "Suspended", message = "suspended"}
end
if status.jobDeploymentStatus == "Complete"
  and status.jobStatus == "SUCCEEDED" then
  return {status = "Healthy", message = "succeeded"}
end
return {status = "Progressing", message = status.jobDeploymentStatus or "waiting"}"""
    )


def test_rayservice_in_cel_in_full() -> None:
    assert health.cel(KINDS["RayService"].failed) == (
        "has(status.conditions)\n&& status.conditions.exists(c, c.type == 'Ready' && c.status == 'False'"
        " && c.reason in ['ValidationFailed', 'InitializingTimeout'])"
    )
