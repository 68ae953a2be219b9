"""Family 5: workloads in Volcano queues: where they may wait, and whether they can ever start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.diagnostics import Label, Level
from generator.fleet import Namespace, Platform, Workload
from generator.fleet.model import DEFAULT_QUEUE
from generator.fleet.quantities import show
from generator.rules.cel import Cel
from generator.rules.family3_queues import QUEUE_LABEL, QUEUED, asked, children, effective, usable
from generator.rules.family5_counting import amounts
from generator.rules.family5_tree import ancestors
from generator.rules.registry import Finding, Scope, rule

TOPOLOGY_MODE = "volcano.sh/network-topology-mode"
TOPOLOGY_TIER = "volcano.sh/network-topology-highest-tier-allowed"
KUBERAY = "volcano_scheduler.go"


@rule(
    "OB530",
    "a workload goes to a queue without queues below it",
    Scope.WORKLOAD,
    cel=Cel(QUEUED, "variables.kept || !variables.parent", policy="queue-grants"),
    source="Volcano capacity.go buildHierarchicalQueueAttrs",
)
def queue_has_children(workload: Workload, namespace: Namespace) -> Iterator[Finding]:
    """One PodGroup in a queue that has children makes Volcano's queue tree invalid, and it stops scheduling for the
    whole cluster, not only for this workload. No webhook of Volcano refuses it; OneBlock's admission policy does. Use
    one of the queues at the ends of the tree."""
    platform, name = namespace.platform, effective(workload)
    below = children(platform, name)
    if platform.batch_scheduler != "volcano" or (name != "root" and not below) or name == DEFAULT_QUEUE:
        return
    what = f'queue "{name}" has queues below it' if below else 'queue "root" is above all others'
    yield Finding(
        f"{what}: one workload in it stops scheduling for the whole cluster",
        asked(workload),
        notes=(f"{namespace.name} may use: {usable(platform, namespace.name)}",),
        related=tuple(Label((each.place / "parent").span(), "below it") for each in below),
    )


@rule("OB531", "a workload names a queue, and nobody reads it", Scope.WORKLOAD, source=f"{KUBERAY} AddMetadataToPod")
def queue_without_volcano(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """With ``global.batchScheduler: none`` the operator does not look at queues: the workload takes what it gets, at
    once and pod by pod. Remove ``queue``, or ask the cluster admin for Volcano."""
    if platform.batch_scheduler == "none" and workload.labels.get(QUEUE_LABEL[-1]):
        yield Finding(
            f'queue "{workload.queue}" would be ignored: the batch scheduler is none',
            workload.span(QUEUE_LABEL),
            related=(Label((platform.place / "global" / "batchScheduler").span(), "no queues here"),),
        )


def _ceilings(workload: Workload, platform: Platform, times: int = 1) -> Iterator[Finding]:
    """Each resource of which ``times`` the footprint is more than its queue, or one above that, may ever use."""
    queue = platform.queues.get(effective(workload))
    if queue is None or platform.batch_scheduler != "volcano":
        return
    footprint = workload.footprint
    for resource in footprint.resources():
        needed = footprint.total(resource) * times
        for each in (queue, *ancestors(platform, queue)):
            most, place = amounts(each, "capability").get(resource, (needed, each.place))
            if needed > most and (most or resource not in ("cpu", "memory")):
                when = "at once" if times == 1 else "while it upgrades"
                yield Finding(
                    f'{workload.kind} "{workload.name}" needs {show(needed, resource)} {resource} {when}; '
                    f'queue "{each.name}" never gives more than {show(most, resource)}',
                    workload.place.span(key=True),
                    notes=(f"{resource}: {footprint.sums(resource)}",),
                    related=(Label(place.span(), f'capability of "{each.name}"'),),
                )
                break


@rule("OB532", "a gang that its queue can never hold", Scope.WORKLOAD, source=f"{KUBERAY} CalculateDesiredResources")
def gang_above_capability(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Volcano starts the head and the workers that are always there together or not at all. What is more than the
    ``capability`` of the queue, or of one above it, waits for ever, and nothing says so. Ask for fewer or smaller
    workers at the start, or use a larger queue."""
    yield from _ceilings(workload, platform)


@rule("OB533", "a RayService cannot be upgraded within its queue", Scope.SERVICE, level=Level.WARNING)
def upgrade_above_capability(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """An upgrade (NewCluster) brings up a second RayCluster beside the first, so for a while the service needs twice
    its gang. A queue that holds only one leaves the new one waiting and the old one serving, for ever. Raise the
    queue's ``capability``, or set ``upgradeStrategy: None`` and accept the downtime."""
    if workload.object.get("spec", "upgradeStrategy", "type") == "None":
        return
    if not any(_ceilings(workload, platform)):  # else OB532 says it
        yield from _ceilings(workload, platform, times=2)


def _topology(workload: Workload, platform: Platform) -> dict[str, str]:
    """The topology labels of a workload that Volcano schedules, by name; empty if it has none."""
    if platform.batch_scheduler != "volcano":
        return {}
    labels = workload.labels
    return {name: str(labels[name]) for name in (TOPOLOGY_MODE, TOPOLOGY_TIER) if labels.get(name) is not None}


@rule("OB534", "no such network topology mode", Scope.WORKLOAD, source=f"{KUBERAY}; PodGroup CRD", since="1.5")
def topology_mode(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """KubeRay hands the label's value on as it is, and Volcano's PodGroup takes ``hard`` or ``soft`` only: the API
    server refuses another one, and the cluster never gets a pod."""
    mode = _topology(workload, platform).get(TOPOLOGY_MODE)
    if mode not in (None, "hard", "soft"):
        where = workload.span(("metadata", "labels", TOPOLOGY_MODE))
        yield Finding(f'network topology mode "{mode}" is neither hard nor soft', where)


@rule("OB535", "a network topology tier is a whole number", Scope.WORKLOAD, source=KUBERAY, since="1.5")
def topology_tier(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The operator cannot read the label and gives up on the cluster with an error in its log, again and again; a
    negative tier is refused by the PodGroup's CRD. Write the tier as ``"1"``, ``"2"``, …"""
    found = _topology(workload, platform)
    tier = found.get(TOPOLOGY_TIER)
    if tier is not None and TOPOLOGY_MODE in found and not re.fullmatch(r"\+?[0-9]+", tier, re.ASCII):
        where = workload.span(("metadata", "labels", TOPOLOGY_TIER))
        yield Finding(f'network topology tier "{tier}" is no whole number', where)


@rule("OB536", "a network topology tier needs a mode", Scope.WORKLOAD, source=KUBERAY, since="1.5")
def tier_without_mode(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Without ``volcano.sh/network-topology-mode`` the operator does not look at the tier, and the pods may end up
    anywhere. Add the mode: ``hard`` keeps them within the tier, ``soft`` tries."""
    found = _topology(workload, platform)
    if TOPOLOGY_TIER in found and TOPOLOGY_MODE not in found:
        where = workload.span(("metadata", "labels", TOPOLOGY_TIER), key=True)
        yield Finding("the network topology tier would be ignored: there is no mode", where)


@rule("OB537", "this KubeRay or Volcano knows no network topology", Scope.WORKLOAD, source=KUBERAY)
def topology_too_new(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """KubeRay reads the topology labels from 1.5 and Volcano's PodGroups have the field from 1.12 on; older ones ignore
    them without a word. Take newer versions, or remove the labels."""
    for label in _topology(workload, platform):
        for product, since in (("KubeRay", "1.5"), ("Volcano", "1.12")):
            known = platform.versions.at_least("kuberay" if product == "KubeRay" else "volcano", since)
            if not known:
                where = workload.span(("metadata", "labels", label), key=True)
                yield Finding(f"{product} reads {label} from {since} on; here it would be ignored", where)
                break
