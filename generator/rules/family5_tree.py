"""Family 5: the tree of Volcano queues. One broken branch stops scheduling for the whole cluster."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from generator.diagnostics import Label, near
from generator.fleet import Place, Platform, Queue
from generator.fleet.model import DEFAULT_QUEUE
from generator.fleet.quantities import show
from generator.rules.family3_queues import children
from generator.rules.family5_counting import amounts, counted, first_tree_rules, too_much_of_nothing
from generator.rules.family5_queue import WEBHOOK
from generator.rules.registry import Finding, Scope, rule

MAX_DEPTH = 5
"""Volcano's ``--max-queue-depth``; its chart has no value for it. Queues right below root have depth 1."""


def ancestors(platform: Platform, queue: Queue) -> list[Queue]:
    """The declared queues above ``queue``, the nearest first; ends at root, at an unknown parent, or in a circle."""
    found: list[Queue] = []
    above = platform.queues.get(queue.parent)
    while above is not None and above not in found and above.name != queue.name:
        found.append(above)
        above = platform.queues.get(above.parent)
    return found


def _circle(platform: Platform, queue: Queue) -> list[str]:
    """The names from ``queue`` upward back to itself; empty if it is in no circle."""
    names = [queue.name]
    while names[-1] in platform.queues:
        parent = platform.queues[names[-1]].parent
        if parent == queue.name:
            return [*names, parent]
        if parent in names:
            return []
        names.append(parent)
    return []


@rule("OB520", "a queue's parent is not there", Scope.QUEUE, source=WEBHOOK)
def parent_unknown(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """Volcano's webhook refuses a queue whose parent does not exist, and a tree with a missing parent stops scheduling
    for the whole cluster. Declare the parent under ``queues``, or leave ``parent`` out."""
    if queue.parent == "root" or queue.parent in platform.queues or queue.parent == DEFAULT_QUEUE:
        return
    close = near(queue.parent, platform.queues)
    yield Finding(
        f'the parent of queue "{queue.name}" is "{queue.parent}", which is not there',
        (queue.place / "parent").span(),
        label=f"did you mean {close}?" if close else "",
        notes=(f"queues: {', '.join(sorted(set(platform.queues) - {queue.name})) or 'none other'}",),
    )


@rule("OB521", "a queue below the queue default", Scope.QUEUE, source="Volcano capacity.go buildHierarchicalQueueAttrs")
def default_parent(queue: Queue) -> Iterator[Finding]:
    """Whatever names no queue is in ``default``. As soon as that has a queue below it, such a workload sits in a queue
    with children, and Volcano stops scheduling for the whole cluster. Choose another parent."""
    if queue.parent == DEFAULT_QUEUE:
        yield Finding(f'queue "{queue.name}" is below "default"', (queue.place / "parent").span())


@rule("OB522", "queues are each other's parents", Scope.QUEUE, source=f"{WEBHOOK}; volcano#5807")
def circle(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """A circle has no way up to root. Volcano's webhook sees only a queue that is its own parent; a longer circle
    passes, and the scheduler ends (stack overflow) at the next workload, and again whenever it starts; from 1.14.2 on
    the webhook spins, too. Take one ``parent`` away."""
    names = _circle(platform, queue)
    if names and queue.name == min(names):  # told once, at its first queue by name
        yield Finding(
            f"queues go round in a circle: {' → '.join(names)}",
            (queue.place / "parent").span(),
            related=tuple(Label((platform.queues[name].place / "parent").span(), "and here") for name in names[1:-1]),
        )


@rule("OB523", "queues are nested too deep", Scope.QUEUE, source=f"{WEBHOOK} --max-queue-depth")
def too_deep(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """From Volcano 1.14.2 on its webhook allows five levels below root and refuses the queues below that. Leave out
    levels that set nothing of their own."""
    if not platform.versions.at_least("volcano", "1.14.2"):
        return
    above = ancestors(platform, queue)
    if len(above) + 1 > MAX_DEPTH and not _circle(platform, queue):
        way = " → ".join([each.name for each in reversed(above)] + [queue.name])
        yield Finding(
            f'queue "{queue.name}" is at level {len(above) + 1}; Volcano allows {MAX_DEPTH}',
            queue.place.span(key=True),
            notes=(way,),
        )


@rule("OB524", "a queue may use more than the queue above it", Scope.QUEUE, source=WEBHOOK)
def capability_above_parent(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """A queue's ceiling holds for all below it; Volcano's webhook refuses a child with a higher one. Lower it, raise
    the parent's, or leave the child's out: it then has the parent's."""
    for resource, (amount, place) in amounts(queue, "capability").items():
        found = _ceiling(queue, resource, platform)
        if found is None:
            continue
        each, bound, where = found
        if counted(amount, resource) > counted(bound, resource):
            yield Finding(
                f'capability of queue "{queue.name}" is {show(amount, resource)} {resource}, '
                f'above the {show(bound, resource)} of "{each.name}"',
                place.span(),
                related=(Label(where.span(), f'capability of "{each.name}"'),),
            )


def _ceiling(queue: Queue, resource: str, platform: Platform) -> tuple[Queue, Fraction, Place] | None:
    """The capability above ``queue`` that the webhook holds its own against: the nearest that is not 0; in its first
    version the parent's, whatever that is."""
    above = ancestors(platform, queue)
    if first_tree_rules(platform):
        above = above[:1]
    for each in above:
        bound, where = amounts(each, "capability").get(resource, (None, each.place))
        if bound or (bound is not None and first_tree_rules(platform)):
            return each, bound, where
    return None


@rule("OB528", "this Volcano wants a queue's ceiling in its parent's capability too", Scope.QUEUE, source=WEBHOOK)
def capability_not_in_parent(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """The webhook of Volcano 1.14.0 and 1.14.1 takes a resource that the parent's ``capability`` leaves out for 0, and
    refuses a child with a ceiling of it; later ones look further up. Add the resource to the parent's ``capability``,
    or leave it out of the child's."""
    if not first_tree_rules(platform):
        return
    for parent in ancestors(platform, queue)[:1]:
        ceilings = amounts(parent, "capability")
        where = (parent.place / "capability").span(key=True) if ceilings else parent.place.span(key=True)
        for resource, (amount, place) in amounts(queue, "capability").items():
            if resource not in ceilings and too_much_of_nothing(amount, resource, platform):
                yield Finding(
                    f'capability of queue "{queue.name}" has {resource}, that of its parent "{parent.name}" has none: '
                    f"Volcano {platform.versions.volcano} refuses it",
                    place.span(),
                    related=(Label(where, f"add {place.path[-1]} to its capability"),),
                )


def _limits(queue: Queue, field: str, platform: Platform) -> str:
    """The field of a parent that bounds its children's sums of ``field``; empty if nothing does."""
    if not first_tree_rules(platform) or amounts(queue, field):
        return field
    return "capability" if amounts(queue, "capability") else ""


def _sums(queue: Queue, platform: Platform, field: str, verb: str) -> Iterator[Finding]:
    """Resources of which the queues below ``queue`` have more together than it has; left out counts as 0."""
    limit = _limits(queue, field, platform)
    if not limit:
        return
    below = [(each, amounts(each, field)) for each in children(platform, queue.name)]
    own = amounts(queue, limit)
    for resource in sorted({name for _, found in below for name in found}):
        parts = [(each, *found[resource]) for each, found in below if resource in found]
        total = sum((counted(amount, resource) for _, amount, _ in parts), Fraction(0))
        bound = counted(own[resource][0], resource) if resource in own else Fraction(0)
        if total > bound or (resource not in own and too_much_of_nothing(total, resource, platform)):
            where = own[resource][1].span() if resource in own else queue.place.span(key=True)
            has = "it may use" if limit == "capability" else "it has"
            yield Finding(
                f'the queues below "{queue.name}" {verb} {show(total, resource)} {resource} together; '
                f"{has} {show(bound, resource) if resource in own else 'none'}",
                where,
                related=tuple(Label(place.span(), f'of "{each.name}"') for each, _, place in parts),
                help=f"raise {limit} of {queue.name}, or lower those below it",
            )


@rule("OB525", "queues guarantee more together than the queue above them", Scope.QUEUE, source=WEBHOOK)
def guarantees_above_parent(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """What children are guaranteed comes out of what their parent is guaranteed. A parent that says nothing has 0; in
    Volcano 1.14.0 and 1.14.1 it has its ``capability``, if it has one. The webhook refuses more, and up to 1.13 the
    scheduler stops for the whole cluster."""
    yield from _sums(queue, platform, "guarantee", "are guaranteed")


@rule("OB526", "queues deserve more together than the queue above them", Scope.QUEUE, source=WEBHOOK)
def deserved_above_parent(queue: Queue, platform: Platform) -> Iterator[Finding]:
    """What children deserve comes out of what their parent deserves. A parent that says nothing deserves 0; in Volcano
    1.14.0 and 1.14.1 it deserves its ``capability``, if it has one. The webhook refuses more, and up to 1.13 the
    scheduler stops for the whole cluster."""
    yield from _sums(queue, platform, "deserved", "deserve")


@rule("OB527", "queues need Volcano", Scope.PLATFORM)
def queues_without_volcano(platform: Platform) -> Iterator[Finding]:
    """With ``global.batchScheduler: none`` Kubernetes places Ray's pods and no queue holds anybody back; and where
    Volcano is not installed, the API server knows no Queues and the apply fails. Set ``batchScheduler: volcano``, or
    remove the queues."""
    if platform.queues and platform.batch_scheduler == "none":
        yield Finding(
            "queues are declared, and the batch scheduler is none",
            (platform.place / "queues").span(key=True),
            related=(Label((platform.place / "global" / "batchScheduler").span(), "no queues here"),),
        )
