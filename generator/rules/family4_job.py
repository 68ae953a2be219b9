"""Family 4, RayJobs: cluster or selector, submission modes, limits. They hold for the job template of a RayCronJob
too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from generator.diagnostics import Level, Path
from generator.fleet import Platform, Workload
from generator.rules.cel import JOBS, Cel
from generator.rules.family4_common import at, number, on_volcano
from generator.rules.registry import Finding, Scope, rule

_SELECTED = "JOB.?clusterSelector.orValue({}).size() > 0"


def path_of(workload: Workload, *steps: str | int) -> Path:
    """The path of a field of the RayJobSpec."""
    return (*(workload.job_path or ()), *steps)


def selected(job: dict[str, Any]) -> bool:
    """Whether the job runs on a RayCluster that is there."""
    return bool(job.get("clusterSelector"))


def mode_of(job: dict[str, Any]) -> str:
    """The submission mode; the CRD's default is K8sJobMode."""
    return str(job.get("submissionMode") or "K8sJobMode")


@rule(
    "OB461",
    "a job that is suspended must shut its cluster down",
    Scope.JOB,
    cel=Cel(JOBS, "!JOB.?suspend.orValue(false) || JOB.?shutdownAfterJobFinishes.orValue(false)"),
    source="validation.go ValidateRayJobSpec",
)
def suspend_keeps_cluster(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """Suspending a RayJob deletes its RayCluster, so the operator takes it only with ``shutdownAfterJobFinishes:
    true``; the job is marked ValidationFailed otherwise. Set both."""
    if job.get("suspend") is True and job.get("shutdownAfterJobFinishes") is not True:
        yield Finding(
            "the job is suspended, and shutdownAfterJobFinishes is not true",
            workload.span(path_of(workload, "suspend")),
        )


@rule(
    "OB462",
    "ttlSecondsAfterFinished is negative",
    Scope.JOB,
    cel=Cel(JOBS, "JOB.?ttlSecondsAfterFinished.orValue(0) >= 0"),
    source="validation.go ValidateRayJobSpec",
    since="1.4",
)
def ttl_negative(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """It counts the seconds between the end of the job and the end of its cluster; a negative one makes the job
    ValidationFailed. Write 0 or more."""
    value = number(job.get("ttlSecondsAfterFinished"))
    if value is not None and value < 0:
        yield Finding(
            f"ttlSecondsAfterFinished is {value}", workload.span(path_of(workload, "ttlSecondsAfterFinished"))
        )


@rule(
    "OB463",
    "ttlSecondsAfterFinished needs shutdownAfterJobFinishes",
    Scope.JOB,
    cel=Cel(JOBS, "JOB.?ttlSecondsAfterFinished.orValue(0) <= 0 || JOB.?shutdownAfterJobFinishes.orValue(false)"),
    source="validation.go validateDeletionConfiguration",
    since="1.4",
)
def ttl_without_shutdown(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """It delays the shutdown; where none happens the job is marked ValidationFailed. Set
    ``shutdownAfterJobFinishes: true``, or leave the time out (a job on another RayCluster never shuts it down)."""
    value = number(job.get("ttlSecondsAfterFinished"))
    if value is not None and value > 0 and job.get("shutdownAfterJobFinishes") is not True:
        where = workload.span(path_of(workload, "ttlSecondsAfterFinished"))
        yield Finding("ttlSecondsAfterFinished is set, and shutdownAfterJobFinishes is not true", where)


@rule(
    "OB464",
    "a job needs a cluster",
    Scope.JOB,
    cel=Cel(JOBS, f"has(JOB.rayClusterSpec) || {_SELECTED}"),
    source="validation.go ValidateRayJobSpec",
)
def no_cluster(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """A RayJob runs on a RayCluster that is there (``cluster``) or on one of its own (``rayCluster``); with neither
    it is marked ValidationFailed. Add one of them."""
    if not selected(job) and job.get("rayClusterSpec") is None:
        yield Finding(f'job "{workload.name}" has neither cluster nor rayCluster', workload.place.span(key=True))


@rule(
    "OB465",
    "clusterSelector does not name a RayCluster",
    Scope.JOB,
    cel=Cel(JOBS, f"!({_SELECTED}) || JOB.clusterSelector[?'ray.io/cluster'].orValue('') != ''"),
    source="validation.go ValidateRayJobSpec; before 1.5 rayjob_controller.go initRayJobStatusIfNeed",
)
def selector_without_name(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The operator reads one key of the selector, ``ray.io/cluster``; without it the job is marked ValidationFailed
    (or, before 1.5, never starts). Use ``cluster: <name>``."""
    if selected(job) and not at(job, "clusterSelector", "ray.io/cluster"):
        yield Finding("clusterSelector has no ray.io/cluster", workload.span(path_of(workload, "clusterSelector")))


@rule(
    "OB466",
    "a job on another RayCluster cannot be suspended",
    Scope.JOB,
    cel=Cel(JOBS, f"!JOB.?suspend.orValue(false) || !({_SELECTED})"),
    source="validation.go ValidateRayJobSpec",
)
def suspend_selected(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """Suspending deletes the cluster, and this one is not the job's own; the job is marked ValidationFailed. Remove
    ``suspend``, or give the job a cluster of its own."""
    if job.get("suspend") is True and selected(job):
        yield Finding(
            "the job is suspended, and runs on another RayCluster", workload.span(path_of(workload, "suspend"))
        )


@rule(
    "OB468",
    "a job on another RayCluster cannot be retried",
    Scope.JOB,
    cel=Cel(JOBS, f"JOB.?backoffLimit.orValue(0) <= 0 || !({_SELECTED})"),
    source="validation.go ValidateRayJobSpec",
    since="1.6",
)
def backoff_selected(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """Every retry of a RayJob makes a new RayCluster, so the operator takes ``backoffLimit`` only with a cluster of the
    job's own; the job is marked ValidationFailed. Set it to 0, or use ``submitterConfig.backoffLimit``."""
    if (number(job.get("backoffLimit")) or 0) > 0 and selected(job):
        yield Finding(
            "backoffLimit is set, and the job runs on another RayCluster",
            workload.span(path_of(workload, "backoffLimit")),
        )


@rule(
    "OB469",
    "rayClusterSpec is not used: the job runs on the selected cluster",
    Scope.JOB,
    level=Level.WARNING,
    source="rayjob_controller.go getOrCreateRayClusterInstance",
)
def spec_ignored(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """With a ``clusterSelector`` the operator creates no RayCluster and does not read the one described. Remove one."""
    if selected(job) and job.get("rayClusterSpec") is not None:
        where = workload.written("rayCluster", key=True)
        yield Finding("the job has a cluster of its own and selects another", where)


@rule(
    "OB474",
    "runtimeEnv is no YAML map",
    Scope.JOB,
    source="validation.go ValidateRayJobSpec, dashboard_httpclient.go UnmarshalRuntimeEnvYAML",
)
def runtime_env_invalid(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The operator reads ``runtimeEnvYAML`` before it does anything else; text it cannot read makes the job
    ValidationFailed. Write ``runtimeEnv`` as a map, and OneBlock makes the text."""
    text = job.get("runtimeEnvYAML")
    if isinstance(text, str) and (problem := yaml_map_problem(text)):
        yield Finding(f"runtimeEnv {problem}", workload.span(path_of(workload, "runtimeEnvYAML")))


def yaml_map_problem(text: str) -> str:
    """Why ``text`` is no YAML map, empty if it is one or nothing at all."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        return f"is no YAML: {getattr(error, 'problem', None) or error}"
    nothing = node is None or node.tag == "tag:yaml.org,2002:null"
    return "" if nothing or isinstance(node, yaml.MappingNode) else "is YAML, but no map"


def _not_positive(job: dict[str, Any], workload: Workload, field: str, least: int) -> Iterator[Finding]:
    value = number(job.get(field))
    if value is not None and value < least:
        yield Finding(f"{field} is {value}", workload.span(path_of(workload, field)), label=f"must be {least} or more")


@rule(
    "OB475",
    "activeDeadlineSeconds must be positive",
    Scope.JOB,
    cel=Cel(JOBS, "JOB.?activeDeadlineSeconds.orValue(1) > 0"),
    source="validation.go ValidateRayJobSpec",
)
def active_deadline(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """A job that may run for no time cannot run; it is marked ValidationFailed. Leave it out for no limit."""
    yield from _not_positive(job, workload, "activeDeadlineSeconds", 1)


@rule(
    "OB476",
    "preRunningDeadlineSeconds must be positive",
    Scope.JOB,
    cel=Cel(JOBS, "JOB.?preRunningDeadlineSeconds.orValue(1) > 0"),
    source="validation.go ValidateRayJobSpec",
    since="1.6",
)
def pre_running_deadline(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """A job that may wait for no time fails before its cluster is there; the API server refuses it. Leave it out for no
    limit."""
    yield from _not_positive(job, workload, "preRunningDeadlineSeconds", 1)


@rule(
    "OB477",
    "backoffLimit is negative",
    Scope.JOB,
    cel=Cel(JOBS, "JOB.?backoffLimit.orValue(0) >= 0"),
    source="validation.go ValidateRayJobSpec",
)
def backoff_negative(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """It counts the retries after the first try; a negative one makes the job ValidationFailed. Write 0 or more."""
    yield from _not_positive(job, workload, "backoffLimit", 0)


@rule(
    "OB488",
    "under Volcano a job cannot run on another RayCluster",
    Scope.JOB,
    source="volcano_scheduler.go handleRayJob, rayjob_controller.go",
    since="1.5",
)
def volcano_selected(job: dict[str, Any], workload: Workload, platform: Platform) -> Iterator[Finding]:
    """An operator with ``--batch-scheduler=volcano`` makes a PodGroup for every RayJob and cannot make one for a
    cluster that is not the job's; it tries again for ever, and the job stays in Initializing with no Event. Give
    the job a ``rayCluster`` of its own, submit it with ``ray job submit``, or run without Volcano
    (``global.batchScheduler: none``)."""
    if selected(job) and job.get("rayClusterSpec") is None and on_volcano(platform):
        where = workload.span(path_of(workload, "clusterSelector", "ray.io/cluster"))
        yield Finding(
            f'job "{workload.name}" would wait for ever: KubeRay does not gang schedule jobs on another RayCluster',
            where,
            help="give it a rayCluster of its own, or set global.batchScheduler: none",
        )
