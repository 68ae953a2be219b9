"""Family 5: one Volcano queue by itself, as Volcano's webhook and scheduler take it."""

from __future__ import annotations

from collections.abc import Iterator

from generator.diagnostics import Label, Level
from generator.fleet import Platform, Queue
from generator.fleet.model import DEFAULT_QUEUE
from generator.fleet.plain import as_list, as_map
from generator.fleet.quantities import show
from generator.rules.family3_pods import extended
from generator.rules.family5_counting import amounts, counted, reads_missing_as_nothing, too_much_of_nothing
from generator.rules.registry import Finding, Scope, rule

WEBHOOK = "Volcano pkg/webhooks/admission/queues/validate"
FIELDS = ("guarantee", "deserved", "capability")


def _above(queue: Queue, lower: str, upper: str, platform: Platform) -> Iterator[Finding]:
    """Resources of which ``lower`` has more than ``upper``; one that ``upper`` leaves out is not looked at."""
    bounds = amounts(queue, upper)
    rounded = reads_missing_as_nothing(platform)
    for resource, (amount, place) in amounts(queue, lower).items():
        bound, where = bounds.get(resource, (amount, place))
        if counted(amount, resource) > counted(bound, resource) if rounded else amount > bound:
            yield Finding(
                f'{lower} of queue "{queue.name}" is {show(amount, resource)} {resource}, '
                f"above its {upper} of {show(bound, resource)}",
                place.span(),
                related=(Label(where.span(), upper),),
            )


@rule("OB501", "a queue counts devices whole", Scope.QUEUE, source=f"{WEBHOOK} (resource quantities)")
def part_of_a_device(queue: Queue) -> Iterator[Finding]:
    """GPUs and other extended resources are whole things; Volcano's webhook refuses a queue with a part of one, and
    then Git and cluster differ. Write a whole number."""
    for field in FIELDS:
        for resource, (amount, place) in amounts(queue, field).items():
            if extended(resource) and amount.denominator != 1:
                yield Finding(f'{field} of queue "{queue.name}" has a fraction of {resource}', place.span())


@rule("OB502", "a queue guarantees more than it deserves", Scope.QUEUE, source=WEBHOOK)
def guarantee_above_deserved(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """``guarantee`` is kept free for the queue, ``deserved`` is what it may take back: the first is part of the second.
    Volcano's webhook refuses the queue. Raise ``deserved`` or lower ``guarantee``."""
    yield from _above(queue, "guarantee", "deserved", platform)


@rule("OB503", "what a queue guarantees it must deserve", Scope.QUEUE, source=WEBHOOK)
def guarantee_without_deserved(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """A resource left out of ``deserved`` is deserved 0 of, less than any guarantee: Volcano's webhook refuses the
    queue. Before Volcano 1.14 a queue without any ``deserved`` passes. Write the resource under ``deserved`` too."""
    deserved = amounts(queue, "deserved")
    if not platform.versions.at_least("volcano", "1.14") and not (reads_missing_as_nothing(platform) and deserved):
        return
    always = platform.versions.at_least("volcano", "1.14.2")
    for resource, (amount, place) in amounts(queue, "guarantee").items():
        if resource not in deserved and (always or too_much_of_nothing(amount, resource, platform)):
            yield Finding(
                f'queue "{queue.name}" is guaranteed {show(amount, resource)} {resource} and deserves none',
                place.span(),
                help=f"add {place.path[-1]} to deserved",
            )


@rule("OB504", "a queue deserves more than it may use", Scope.QUEUE, source=WEBHOOK)
def deserved_above_capability(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """``capability`` is the ceiling, so a queue can never get what it deserves above it; Volcano's webhook refuses the
    queue. Raise ``capability`` or lower ``deserved``."""
    yield from _above(queue, "deserved", "capability", platform)


@rule("OB505", "a queue guarantees more than it may use", Scope.QUEUE, source=WEBHOOK)
def guarantee_above_capability(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """``guarantee`` is kept free for the queue and ``capability`` is the most it may use: what is above would lie idle
    for ever. Raise ``capability`` or lower ``guarantee``."""
    # From 1.14 on a guarantee is nothing without deserved (OB503); with it, OB502 or OB504 says it.
    if not platform.versions.at_least("volcano", "1.14") and not amounts(queue, "deserved"):
        yield from _above(queue, "guarantee", "capability", platform)


@rule("OB506", "this Volcano wants every resource in capability, if any is", Scope.QUEUE, source=WEBHOOK)
def capability_incomplete(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """The webhook of Volcano 1.13 to 1.14.1 takes a resource that ``capability`` leaves out for 0 (later ones for
    unlimited) and refuses a queue that deserves or guarantees some of it. Add the resource to ``capability``, or leave
    ``capability`` out."""
    capability = amounts(queue, "capability")
    if not capability or not reads_missing_as_nothing(platform):
        return
    seen = set()
    for field in ("deserved", "guarantee"):
        for resource, (amount, place) in amounts(queue, field).items():
            missing = resource not in capability and resource not in seen
            if missing and too_much_of_nothing(amount, resource, platform):
                seen.add(resource)
                yield Finding(
                    f'{field} of queue "{queue.name}" has {resource}, its capability has none: '
                    f"Volcano {platform.versions.volcano} refuses it",
                    place.span(),
                    related=(Label((queue.place / "capability").span(key=True), f"add {place.path[-1]} here"),),
                )


@rule("OB507", "capability 0 of cpu or memory means unlimited", Scope.QUEUE, level=Level.WARNING, source="capacity.go")
def capability_nothing(queue: Queue) -> Iterator[Finding]:
    """Volcano takes 0 CPU or memory for "not set", so the queue may use everything, the opposite of what it says. Leave
    it out if that is meant; to close a queue, take its ``namespaces`` away."""
    for resource, (amount, place) in amounts(queue, "capability").items():
        if resource in ("cpu", "memory") and not amount:
            yield Finding(f'capability 0 {resource} of queue "{queue.name}" means unlimited', place.span())


@rule("OB508", "the queue default is Volcano's own", Scope.QUEUE, source="chart queues")
def default_queue_settings(queue: Queue) -> Iterator[Finding]:
    """Volcano makes the queue ``default`` and its webhook does not let it go, so OneBlock does not manage it: only its
    ``namespaces`` count here, everything else would be ignored. Make a queue of another name."""
    for field in queue.spec if queue.name == DEFAULT_QUEUE else ():
        if field != "namespaces":
            yield Finding(f'"{field}" of queue "default" would be ignored', (queue.place / field).span(key=True))


@rule("OB509", "dequeueStrategy fifo does nothing", Scope.QUEUE, level=Level.WARNING, source="Volcano pkg, cmd")
def fifo(queue: Queue) -> Iterator[Finding]:
    """The field is in Volcano's API since 1.14, but no scheduler up to 1.15 reads it: small jobs still pass a large one
    that waits. Leave it out, and do not count on the order."""
    if queue.spec.get("dequeueStrategy") == "fifo":
        yield Finding(f'queue "{queue.name}" will not be first in, first out', (queue.place / "dequeueStrategy").span())


@rule("OB510", "this Volcano does not know the queue's field", Scope.QUEUE, source="Volcano CRDs")
def field_too_new(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """Queues have ``priority`` from Volcano 1.10 and ``parent`` from 1.11 on. An older one drops the first without a
    word and does not act on the second. Take a newer Volcano, or leave the field out."""
    for field, since in (("priority", "1.10"), ("parent", "1.11")):
        if queue.spec.get(field) and queue.spec[field] != "root" and not platform.versions.at_least("volcano", since):
            yield Finding(
                f'Volcano {platform.versions.volcano} ignores "{field}" of queue "{queue.name}"',
                (queue.place / field).span(key=True),
                label=f"since {since}",
            )


@rule("OB511", "a queue may use no node group", Scope.QUEUE, source="Volcano plugins/nodegroup")
def no_node_group(queue: Queue) -> Iterator[Finding]:
    """Every group under required ``nodeGroupAffinity`` is under required ``nodeGroupAntiAffinity`` as well, so no node
    is left and nothing in the queue is ever placed. Take the groups out of one of them."""
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    affinity = as_map(queue.spec.get("affinity"))
    wanted = as_list(as_map(affinity.get("nodeGroupAffinity")).get(required))
    avoided = as_list(as_map(affinity.get("nodeGroupAntiAffinity")).get(required))
    if wanted and set(map(str, wanted)) <= set(map(str, avoided)):
        place = queue.place / "affinity" / "nodeGroupAffinity" / required
        yield Finding(f'queue "{queue.name}" must use and must avoid {", ".join(map(str, wanted))}', place.span())
