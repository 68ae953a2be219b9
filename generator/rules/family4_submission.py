"""Family 4, how a RayJob is submitted. It holds for the job template of a RayCronJob too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.fleet import Platform, Workload
from generator.rules.cel import JOBS, Cel
from generator.rules.family4_common import at, number, restart_policy
from generator.rules.family4_job import mode_of, path_of, selected
from generator.rules.registry import Finding, Scope, rule

_SELECTED = "JOB.?clusterSelector.orValue({}).size() > 0"
_MODES = "'', 'K8sJobMode', 'HTTPMode', 'InteractiveMode'"
_MODE = "JOB.?submissionMode.orValue('K8sJobMode')"


@rule(
    "OB467",
    "SidecarMode needs a cluster of the job's own",
    Scope.JOB,
    cel=Cel(JOBS, f"{_MODE} != 'SidecarMode' || !({_SELECTED})"),
    source="validation.go ValidateRayJobSpec",
    since="1.5",
)
def sidecar_selected(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The submitter runs in the head pod then, and nothing may be added to the pod of another RayCluster; the job
    is marked ValidationFailed. Use K8sJobMode or HTTPMode, or give the job a ``rayCluster``."""
    if mode_of(job) == "SidecarMode" and selected(job):
        yield Finding(
            "the job uses SidecarMode, and runs on another RayCluster",
            workload.span(path_of(workload, "submissionMode")),
        )


@rule(
    "OB470",
    "InteractiveMode cannot be retried",
    Scope.JOB,
    cel=Cel(JOBS, f"{_MODE} != 'InteractiveMode' || JOB.?backoffLimit.orValue(0) <= 0"),
    source="validation.go ValidateRayJobSpec",
    since="1.4",
)
def backoff_interactive(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The user submits the job by hand, and the operator cannot do it again; the job is marked ValidationFailed. Set
    ``backoffLimit`` to 0."""
    if mode_of(job) == "InteractiveMode" and (number(job.get("backoffLimit")) or 0) > 0:
        yield Finding("backoffLimit is set in InteractiveMode", workload.span(path_of(workload, "backoffLimit")))


@rule(
    "OB471",
    "SidecarMode has no submitter pod",
    Scope.JOB,
    cel=Cel(JOBS, f"{_MODE} != 'SidecarMode' || (!has(JOB.submitterPodTemplate) && !has(JOB.submitterConfig))"),
    source="validation.go ValidateRayJobSpec",
    since="1.5",
)
def sidecar_submitter(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The submitter is a container of the head pod; ``submitterPodTemplate`` and ``submitterConfig`` describe a pod
    that does not exist, and the job is marked ValidationFailed. Remove them."""
    for field in ("submitterPodTemplate", "submitterConfig") if mode_of(job) == "SidecarMode" else ():
        if job.get(field) is not None:
            yield Finding(f"{field} is set in SidecarMode", workload.span(path_of(workload, field), key=True))


@rule(
    "OB472",
    "SidecarMode needs a head that is not restarted",
    Scope.JOB,
    cel=Cel(
        JOBS,
        f"{_MODE} != 'SidecarMode' || SPEC.headGroupSpec.template.?spec.?restartPolicy.orValue('') in ['', 'Never']",
    ),
    source="validation.go ValidateRayJobSpec",
    since="1.5",
)
def sidecar_restart(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """A submitter restarted with the pod would submit the job again; the job is marked ValidationFailed. Leave the
    head's ``restartPolicy`` out."""
    cluster = workload.cluster
    if mode_of(job) == "SidecarMode" and cluster is not None:
        policy, path = restart_policy(cluster.head)
        if policy not in (None, "", "Never"):
            yield Finding(f"the head has the restartPolicy {policy} in SidecarMode", workload.span(path))


@rule(
    "OB473",
    "no such submission mode",
    Scope.JOB,
    cel=(
        Cel(JOBS, f"{_MODE} in [{_MODES}, 'SidecarMode']", since="1.5", when_run=True),
        Cel(JOBS, f"{_MODE} in [{_MODES}]", since="1.3", until="1.5", when_run=True),
    ),
    source="rayjob_types.go JobSubmissionMode, rayjob_controller.go",
)
def mode_unknown(job: dict[str, Any], workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The CRD takes any text. With a mode it does not know the operator starts the cluster and submits nothing: the job
    stays where it is. Use one of the modes of the pinned KubeRay."""
    modes = [
        "K8sJobMode",
        "HTTPMode",
        "InteractiveMode" if platform.versions.at_least("kuberay", "1.3") else "UserMode",
    ]
    if platform.versions.at_least("kuberay", "1.5"):
        modes.append("SidecarMode")
    if mode_of(job) not in modes:
        where = workload.span(path_of(workload, "submissionMode"))
        yield Finding(f'the operator knows no submission mode "{mode_of(job)}"', where, notes=(", ".join(modes),))


@rule(
    "OB489",
    "submitterPodTemplate needs a container",
    Scope.JOB,
    cel=Cel(
        JOBS,
        f"{_MODE} != 'K8sJobMode' || !has(JOB.submitterPodTemplate) || "
        "JOB.submitterPodTemplate.?spec.?containers.orValue([]).size() > 0",
        when_run=True,
    ),
    source="rayjob_controller.go getSubmitterTemplate",
)
def submitter_container(job: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The operator writes the submit command into the template's first container and crashes its reconcile loop
    when there is none; the job never starts. Add a container (its command is filled in), or remove the template."""
    template = job.get("submitterPodTemplate")
    if template is not None and mode_of(job) == "K8sJobMode" and not at(template, "spec", "containers"):
        yield Finding(
            "submitterPodTemplate has no container", workload.span(path_of(workload, "submitterPodTemplate"), key=True)
        )
