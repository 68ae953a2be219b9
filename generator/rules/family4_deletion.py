"""Family 4, what a RayJob deletes when it is done: ``deletionStrategy`` (1.5+), ``deletionPolicy`` (1.3, 1.4)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Path
from generator.fleet import Platform, Workload
from generator.rules.cel import JOBS, Cel
from generator.rules.family4_common import at, gate_open, number, open_the_gate
from generator.rules.family4_job import path_of, selected
from generator.rules.registry import Finding, Scope, rule

ORDER = ("DeleteWorkers", "DeleteCluster", "DeleteSelf")
_RULES = "JOB.?deletionStrategy.?deletionRules.orValue([])"
_POLICIES = (
    "[JOB.?deletionStrategy.?onSuccess.?policy.orValue(''), JOB.?deletionStrategy.?onFailure.?policy.orValue('')]"
)
_SAME_STATUS = "a.condition.?jobStatus.orValue('') == b.condition.?jobStatus.orValue('')"
_SAME_CONDITION = (
    f"{_SAME_STATUS} && a.condition.?jobDeploymentStatus.orValue('') == b.condition.?jobDeploymentStatus.orValue('')"
)


def _alone(same: str) -> str:
    return f"{_RULES}.all(a, {_RULES}.exists_one(b, a.policy == b.policy && {same}))"


def _ordered(same: str) -> str:
    pairs = [[first, second] for number, first in enumerate(ORDER) for second in ORDER[number + 1 :]]
    return (
        f"{_RULES}.all(a, {_RULES}.all(b, !({same}) || !([a.policy, b.policy] in {pairs}) || "
        "a.condition.?ttlSeconds.orValue(0) <= b.condition.?ttlSeconds.orValue(0)))"
    )


def _rules(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in at(job, "deletionStrategy", "deletionRules") or [] if isinstance(each, dict)]


def _policies(job: dict[str, Any]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Every deletion policy of a job with its path in the job spec."""
    if isinstance(job.get("deletionPolicy"), str):
        yield job["deletionPolicy"], ("deletionPolicy",)
    for when in ("onSuccess", "onFailure"):
        if policy := at(job, "deletionStrategy", when, "policy"):
            yield str(policy), ("deletionStrategy", when, "policy")
    for index, each in enumerate(_rules(job)):
        if each.get("policy"):
            yield str(each["policy"]), ("deletionStrategy", "deletionRules", index, "policy")


@rule(
    "OB478",
    "deleting by policy needs the feature gate RayJobDeletionPolicy",
    Scope.JOB,
    source="validation.go validateDeletionConfiguration, features.go",
    since="1.3",
)
def deletion_gate(job: dict[str, Any], workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The gate is off by default before KubeRay 1.6, and the job is marked ValidationFailed. Open it on the
    operator, or use ``shutdownAfterJobFinishes``."""
    gate = "RayJobDeletionPolicy"
    for field in ("deletionStrategy", "deletionPolicy"):
        if job.get(field) is not None and not gate_open(platform, gate):
            where = workload.span(path_of(workload, field), key=True)
            yield Finding(f"{field} is set, and the gate is off", where, help=open_the_gate(gate))


@rule(
    "OB479",
    "deletionStrategy needs either deletionRules or both onSuccess and onFailure",
    Scope.JOB,
    cel=Cel(
        JOBS,
        "!has(JOB.deletionStrategy) || ("
        f"{_RULES}.size() > 0 ? (!has(JOB.deletionStrategy.onSuccess) && !has(JOB.deletionStrategy.onFailure)) : "
        "(has(JOB.deletionStrategy.onSuccess) && has(JOB.deletionStrategy.onSuccess.policy) && "
        "has(JOB.deletionStrategy.onFailure) && has(JOB.deletionStrategy.onFailure.policy)))",
    ),
    source="validation.go validateDeletionConfiguration, validateLegacyDeletionPolicies",
    since="1.5",
)
def deletion_form(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The two forms exclude each other, and the older one says what happens in both cases; the API server refuses
    anything else. Use ``deletionRules``."""
    strategy = job.get("deletionStrategy")
    if strategy is None:
        return
    old = [each for each in ("onSuccess", "onFailure") if at(strategy, each) is not None]
    where = workload.span(path_of(workload, "deletionStrategy"), key=True)
    if _rules(job) and old:
        yield Finding(f"deletionStrategy has deletionRules and {old[0]}", where)
    elif not _rules(job) and len(old) < 2:
        yield Finding(f"deletionStrategy has {f'only {old[0]}' if old else 'no rules'}", where)
    elif old:
        for each in old:
            if not at(strategy, each, "policy"):
                yield Finding(f"deletionStrategy.{each} has no policy", where)


@rule(
    "OB480",
    "deletionRules and shutdownAfterJobFinishes exclude each other",
    Scope.JOB,
    cel=Cel(JOBS, f"{_RULES}.size() == 0 || !JOB.?shutdownAfterJobFinishes.orValue(false)"),
    source="validation.go validateDeletionConfiguration",
    since="1.5",
)
def deletion_and_shutdown(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """Both say when the cluster goes; the job is marked ValidationFailed. OneBlock shuts a job's own cluster down
    unless told otherwise: write ``shutdownAfterJobFinishes: false`` beside the rules."""
    if _rules(job) and job.get("shutdownAfterJobFinishes") is True:
        where = workload.span(path_of(workload, "deletionStrategy", "deletionRules"), key=True)
        yield Finding("deletionRules are set, and shutdownAfterJobFinishes is true", where)


@rule(
    "OB482",
    "a job cannot delete another RayCluster or its workers",
    Scope.JOB,
    cel=Cel(
        JOBS,
        "JOB.?clusterSelector.orValue({}).size() == 0 || ("
        f"!{_POLICIES}.exists(p, p in ['DeleteCluster', 'DeleteWorkers']) && "
        f"!{_RULES}.exists(r, r.policy in ['DeleteCluster', 'DeleteWorkers']))",
        since="1.5",
    ),
    source="validation.go validateDeletionRules, validateLegacyDeletionPolicies",
    since="1.3",
)
def deletion_selected(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """A cluster that the job only runs on stays; the job is marked ValidationFailed. Use DeleteSelf or DeleteNone,
    or give the job a cluster of its own."""
    for policy, path in _policies(job) if selected(job) else ():
        if policy in ("DeleteCluster", "DeleteWorkers"):
            yield Finding(
                f"{policy} is set, and the job runs on another RayCluster", workload.span(path_of(workload, *path))
            )


@rule(
    "OB483",
    "DeleteWorkers does not work with autoscaling",
    Scope.JOB,
    cel=Cel(
        JOBS,
        "!SPEC.?enableInTreeAutoscaling.orValue(false) || ("
        f"!{_POLICIES}.exists(p, p == 'DeleteWorkers') && !{_RULES}.exists(r, r.policy == 'DeleteWorkers'))",
        since="1.5",
    ),
    source="validation.go validateDeletionRules, validateLegacyDeletionPolicies",
    since="1.3",
)
def delete_workers_autoscaled(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """Workers are deleted by suspending their groups, and the autoscaler would start them again; the job is marked
    ValidationFailed. Use DeleteCluster, or turn autoscaling off."""
    cluster = workload.cluster
    for policy, path in _policies(job) if cluster is not None and cluster.autoscaling else ():
        if policy == "DeleteWorkers":
            yield Finding("DeleteWorkers is set, and autoscaling is on", workload.span(path_of(workload, *path)))


@rule(
    "OB484",
    "DeleteNone contradicts shutdownAfterJobFinishes",
    Scope.JOB,
    cel=Cel(
        JOBS,
        f"!JOB.?shutdownAfterJobFinishes.orValue(false) || !{_POLICIES}.exists(p, p == 'DeleteNone')",
        since="1.5",
    ),
    source="validation.go validateLegacyDeletionPolicies",
    since="1.3",
)
def delete_none_shutdown(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """One keeps the cluster and the other deletes it; the job is marked ValidationFailed. Write
    ``shutdownAfterJobFinishes: false``, which OneBlock sets to true for a job with a cluster of its own."""
    for policy, path in _policies(job) if job.get("shutdownAfterJobFinishes") is True else ():
        if policy == "DeleteNone" and "deletionRules" not in path:
            yield Finding(
                "DeleteNone is set, and shutdownAfterJobFinishes is true", workload.span(path_of(workload, *path))
            )


Condition = tuple[str, str]


def _condition(entry: dict[str, Any]) -> Condition | None:
    """What a deletion rule waits for, None unless it is exactly one thing."""
    given = [
        (each, str(at(entry, "condition", each)))
        for each in ("jobStatus", "jobDeploymentStatus")
        if at(entry, "condition", each)
    ]
    return given[0] if len(given) == 1 else None


@rule(
    "OB485",
    "two deletion rules say the same",
    Scope.JOB,
    cel=(Cel(JOBS, _alone(_SAME_CONDITION), since="1.6"), Cel(JOBS, _alone(_SAME_STATUS), until="1.6")),
    source="validation.go validateDeletionRules",
    since="1.5",
)
def deletion_twice(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """A policy has one time for each outcome of the job; with two the job is marked ValidationFailed. Keep one."""
    seen: set[tuple[Condition, str]] = set()
    for index, each in enumerate(_rules(job)):
        condition = _condition(each)
        if condition is None:
            continue
        if (condition, str(each.get("policy"))) in seen:
            where = workload.span(path_of(workload, "deletionStrategy", "deletionRules", index))
            yield Finding(f"there is another rule for {each.get('policy')} and {condition[1]}", where)
        seen.add((condition, str(each.get("policy"))))


@rule(
    "OB486",
    "deletion rules must delete workers, cluster and job in that order",
    Scope.JOB,
    cel=(Cel(JOBS, _ordered(_SAME_CONDITION), since="1.6"), Cel(JOBS, _ordered(_SAME_STATUS), until="1.6")),
    source="validation.go validateTTLConsistency",
    since="1.5",
)
def deletion_order(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """What is gone cannot be deleted later: for one outcome the times of DeleteWorkers, DeleteCluster and
    DeleteSelf may not fall, or the job is marked ValidationFailed. Correct the ``ttlSeconds``."""
    times: defaultdict[Condition, dict[str, tuple[int, Path]]] = defaultdict(dict)
    for index, each in enumerate(_rules(job)):
        condition, seconds = _condition(each), number(at(each, "condition", "ttlSeconds")) or 0
        if condition is not None:
            path = path_of(workload, "deletionStrategy", "deletionRules", index, "condition", "ttlSeconds")
            times[condition].setdefault(str(each.get("policy")), (seconds, path))
    for condition, by_policy in times.items():
        chain = [(policy, *by_policy[policy]) for policy in ORDER if policy in by_policy]
        for (first, before, _), (second, after, path) in itertools.pairwise(chain):
            if after < before:
                yield Finding(
                    f"for {condition[1]}, {second} comes after {after} s and {first} after {before} s",
                    workload.span(path),
                )


@rule(
    "OB487",
    "a deletion rule waits for exactly one status, and not for a negative time",
    Scope.JOB,
    cel=Cel(
        JOBS,
        f"{_RULES}.all(r, has(r.condition.jobStatus) != has(r.condition.jobDeploymentStatus) && "
        "r.condition.?ttlSeconds.orValue(0) >= 0)",
        since="1.6",
    ),
    source="validation.go validateDeletionCondition",
    since="1.5",
)
def deletion_condition(job: dict[str, Any], workload: Workload, platform: Platform) -> Iterator[Finding]:
    """``jobStatus`` speaks of the Ray job, ``jobDeploymentStatus`` (KubeRay 1.6) of the RayJob; the API server
    refuses a rule with both, with none, or with a negative ``ttlSeconds``. Write two rules for two outcomes."""
    for index, each in enumerate(_rules(job)):
        at_rule = path_of(workload, "deletionStrategy", "deletionRules", index)
        if _condition(each) is None and platform.versions.at_least("kuberay", "1.6"):
            yield Finding(
                "the condition needs jobStatus or jobDeploymentStatus, and not both",
                workload.span((*at_rule, "condition")),
            )
        seconds = number(at(each, "condition", "ttlSeconds"))
        if seconds is not None and seconds < 0:
            yield Finding(f"ttlSeconds is {seconds}", workload.span((*at_rule, "condition", "ttlSeconds")))
