"""Family 3: references and grants. What the platform file does not grant, a namespace file cannot use."""

from __future__ import annotations

from collections.abc import Iterator

from generator.diagnostics import Label, near
from generator.fleet import Namespace, Workload
from generator.rules.cel import Cel, Kind
from generator.rules.registry import Finding, Scope, rule

QUEUE_LABEL = "volcano.sh/queue-name"
QUEUED: tuple[Kind, ...] = ("RayCluster", "RayJob", "RayService")


@rule("OB301", "a namespace file needs its namespace declared in the platform file", Scope.NAMESPACE)
def namespace_not_declared(namespace: Namespace) -> Iterator[Finding]:
    """Grants live in ``global.namespaces`` of the platform file: owners, users, quota. A namespace that is not there
    has no grant, and the cluster has no such namespace. Ask the cluster admin to declare it, or rename the file."""
    if namespace.grant is None:
        known = namespace.platform.namespaces
        close = near(namespace.name, known)
        yield Finding(
            message=f'namespace "{namespace.name}" is not declared in the platform file',
            span=namespace.place.span(),
            label=f"did you mean {close}?" if close else "",
            notes=(f"declared: {', '.join(sorted(known)) or 'none'}",),
            related=(Label((namespace.platform.place / "global" / "namespaces").span(key=True), "declared here"),),
        )


@rule(
    "OB312",
    "a workload may only use a queue its namespace is granted",
    Scope.WORKLOAD,
    cel=Cel(
        QUEUED,
        f"[object.metadata.?labels[?'{QUEUE_LABEL}'].orValue('default')].all(queue, "
        "params.?data[?queue].orValue(queue == 'default' ? '*' : '').split(',').exists(one, "
        "one == '*' || one == object.metadata.namespace))",
        policy="queue-grants",
    ),
)
def queue_not_granted(workload: Workload, namespace: Namespace) -> Iterator[Finding]:
    """Volcano lets any namespace name any queue; OneBlock binds queues to namespaces in the platform file, and an
    admission policy repeats the check in the cluster. Ask the cluster admin to add the namespace to the queue's
    ``namespaces``, or choose one of the granted queues."""
    platform = namespace.platform
    queue = platform.queues.get(workload.queue)
    granted = platform.granted_queues(namespace.name)
    if queue is None or platform.batch_scheduler != "volcano" or workload.queue in granted:
        return
    place = queue.place / "namespaces"
    yield Finding(
        message=f'queue "{queue.name}" is not granted to namespace "{namespace.name}"',
        span=workload.span(("metadata", "labels", QUEUE_LABEL)),
        label="not granted",
        notes=(
            f"{namespace.name} may use: {', '.join(sorted(granted)) or 'no queue'}",
            "the cluster would refuse it too: admission policy oneblock-queue-grants",
        ),
        related=(Label(place.span(), "granted here"),),
    )
