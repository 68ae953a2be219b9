"""Family 3: queues. Which namespaces may use which; what is in a queue is family 5."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from generator.diagnostics import Label, Level, Span, near
from generator.fleet import Namespace, Platform, Queue, Workload
from generator.fleet.model import DEFAULT_QUEUE
from generator.rules.cel import Cel, Kind
from generator.rules.registry import Finding, Scope, rule

QUEUE_LABEL = ("metadata", "labels", "volcano.sh/queue-name")
QUEUE_ANNOTATION = ("metadata", "annotations", "scheduling.volcano.sh/queue-name")
QUEUED: tuple[Kind, ...] = ("RayCluster", "RayJob", "RayService", "RayCronJob")


def children(platform: Platform, name: str) -> list[Queue]:
    """The queues right below ``name``."""
    return [each for each in platform.queues_below.get(name, ()) if each.name != name]


def effective(workload: Workload) -> str:
    """The queue a workload's pods wait in: the label of a RayCronJob does not reach the RayJobs it makes (OB409)."""
    return DEFAULT_QUEUE if workload.kind == "RayCronJob" else workload.queue


def asked(workload: Workload) -> Span:
    """The place that chose the queue; the workload's name if nothing did."""
    return workload.place.span(key=True) if workload.kind == "RayCronJob" else workload.span(QUEUE_LABEL)


def usable(platform: Platform, namespace: str) -> str:
    """The queues a namespace may put workloads in, for people."""
    granted = [name for name in platform.granted_queues(namespace) if not children(platform, name)]
    return ", ".join(sorted(granted)) or "no queue"


@rule(
    "OB312",
    "a workload may only use a queue its namespace is granted",
    Scope.WORKLOAD,
    cel=Cel(
        QUEUED,
        "variables.kept || variables.parent || variables.foreign || variables.queue in variables.granted",
        policy="queue-grants",
    ),
)
def queue_not_granted(workload: Workload, namespace: Namespace) -> Iterator[Finding]:
    """Volcano lets any namespace name any queue; OneBlock binds queues to namespaces in the platform file, and an
    admission policy repeats the check in the cluster. Ask the cluster admin to add the namespace to the queue's
    ``namespaces``, or choose one of the granted queues. An annotation of the pods that names a queue is held to the
    same, although Volcano reads it only in pods that no Ray cluster's PodGroup holds."""
    platform = namespace.platform
    queue = platform.queues.get(effective(workload))
    if queue and platform.batch_scheduler == "volcano" and not children(platform, queue.name):
        yield from _not_granted(queue.name, namespace, partial(asked, workload))
    if not (platform.batch_scheduler == "volcano" or platform.queues):
        return
    for path in workload.templates:
        annotation = (*path, *QUEUE_ANNOTATION)
        if (name := workload.object.get(*annotation)) is not None:
            yield from _not_granted(str(name), namespace, partial(workload.span, annotation))


def _not_granted(name: str, namespace: Namespace, span: Callable[[], Span]) -> Iterator[Finding]:
    """``span`` is asked only where there is a finding: the first place of a file costs as much as reading it."""
    platform = namespace.platform
    queue = platform.queues.get(name)
    if queue.grants(namespace.name) and not children(platform, name) if queue else name == DEFAULT_QUEUE:
        return
    yield Finding(
        message=f'queue "{name}" is not granted to namespace "{namespace.name}"',
        span=span(),
        label="not granted",
        notes=(
            f"{namespace.name} may use: {usable(platform, namespace.name)}",
            "the cluster would refuse it too: admission policy oneblock-queue-grants",
        ),
        related=(Label((queue.place / "namespaces").span(), "granted here"),) if queue else (),
    )


@rule(
    "OB313",
    "a workload names a queue that is not there",
    Scope.WORKLOAD,
    source="Volcano pkg/webhooks/admission/podgroups/validate",
)
def queue_unknown(workload: Workload, namespace: Namespace) -> Iterator[Finding]:
    """Volcano's webhook refuses a PodGroup whose queue does not exist; the cluster's pods are then never made, and
    KubeRay says so only in its log. Name a queue of the platform file."""
    platform = namespace.platform
    name = effective(workload)
    if platform.batch_scheduler != "volcano" or name in platform.queues or name in (DEFAULT_QUEUE, "root"):
        return
    close = near(name, platform.queues)
    yield Finding(
        f'there is no queue "{name}"',
        asked(workload),
        label=f"did you mean {close}?" if close else "",
        notes=(f"{namespace.name} may use: {usable(platform, namespace.name)}",),
    )


@rule("OB314", "a queue is granted to a namespace that is not declared", Scope.QUEUE, level=Level.WARNING)
def granted_not_declared(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """The grant waits for a namespace that OneBlock does not know: mostly a slip of the hand, and the team that was
    meant has no queue. Declare the namespace in ``global.namespaces``, or correct the name."""
    for index, name in enumerate(queue.namespaces):
        if name != "*" and name not in platform.namespaces:
            close = near(name, platform.namespaces)
            yield Finding(
                f'queue "{queue.name}" is granted to namespace "{name}", which is not declared',
                (queue.place / "namespaces" / index).span(),
                label=f"did you mean {close}?" if close else "",
            )


@rule("OB315", "a queue is granted to all namespaces and to some", Scope.QUEUE, level=Level.WARNING)
def star_and_names(queue: Queue) -> Iterator[Finding]:
    """``"*"`` grants the queue to every namespace, so the names beside it say nothing, and whoever takes one away will
    think the right is gone. Keep the star or the names."""
    if "*" in queue.namespaces and len(queue.namespaces) > 1:
        where = (queue.place / "namespaces" / queue.namespaces.index("*")).span()
        yield Finding(f'queue "{queue.name}" is granted to every namespace, whatever else is listed', where)


@rule("OB316", "a queue is granted to nobody", Scope.QUEUE, level=Level.WARNING)
def granted_to_nobody(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """No workload may use it, yet what it is guaranteed is kept free. Add the namespaces it is for; for a queue that is
    only there to hold others, list those with ``parent``."""
    if not queue.namespaces and not children(platform, queue.name):
        yield Finding(f'nobody may use queue "{queue.name}"', queue.place.span(key=True), help="add namespaces: [...]")


@rule("OB317", "a queue that holds other queues is granted to namespaces", Scope.QUEUE, level=Level.WARNING)
def parent_granted(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """Workloads only go to queues without children, so this grant is not carried into the cluster. Grant the queues
    below it."""
    below = children(platform, queue.name)
    if queue.namespaces and below:
        yield Finding(
            f'no workload may use queue "{queue.name}": it has queues below it',
            (queue.place / "namespaces").span(key=True),
            related=tuple(Label((each.place / "parent").span(), "below it") for each in below),
        )
