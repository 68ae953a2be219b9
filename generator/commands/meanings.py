"""What a change of an object means for what runs: the notes of ``oneblock diff``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from generator.commands.entries import named, readable
from generator.commands.objects import MISSING, Difference, Pair, differences
from generator.commands.words import value_at
from generator.fleet.quantities import parse

Test = Callable[[Pair, Difference], bool]


class Meaning(NamedTuple):
    """Holds for objects of ``kind`` to which ``op`` happens, in a field whose path ``field`` finds, if ``when``."""

    kind: str
    op: Literal["removed", "changed"]
    field: str
    note: str
    when: Test = lambda _pair, _each: True


def notes(pair: Pair) -> tuple[str, ...]:
    """What the change of one object means, each thing once, in the order of :data:`MEANINGS`."""
    op = "removed" if pair.new is None else "changed" if pair.old is not None else "added"
    rows = [each for each in MEANINGS if (each.kind, each.op) == (str(pair.either.get("kind")), op)]
    if not rows:
        return ()
    found = [Difference((), ())] if op == "removed" else list(differences(pair.old, pair.new))
    paths = [_path(pair, each) for each in found]
    holds = (
        row.note
        for row in rows
        if any(re.search(row.field, path) and row.when(pair, each) for path, each in zip(paths, found, strict=True))
    )
    return tuple(dict.fromkeys(holds))


def _path(pair: Pair, each: Difference) -> str:
    gone = each.new is MISSING
    return readable(named(pair.old if gone else pair.new, each.old_path if gone else each.new_path))


def _strategy(name: str) -> Test:
    """Whether the upgrade strategy is ``name``; None where nothing is said (KubeRay before 1.6)."""

    def holds(pair: Pair, _each: Difference) -> bool:
        found = value_at(pair.either, ("spec", "upgradeStrategy", "type"))
        return name == ("None" if found is MISSING else found)

    return holds


def _keeps_state(pair: Pair, _each: Difference) -> bool:
    return value_at(pair.either, ("spec", "gcsFaultToleranceOptions")) is not MISSING


def _all(*tests: Test) -> Test:
    return lambda pair, each: all(test(pair, each) for test in tests)


def _not(test: Test) -> Test:
    return lambda pair, each: not test(pair, each)


def _smaller(_pair: Pair, each: Difference) -> bool:
    old, new = (parse(value) for value in (each.old, each.new))
    return old is not None and new is not None and new < old


def _immutable(kind: str, field: str) -> Meaning:
    return Meaning(kind, "changed", field, "immutable: the cluster refuses this change")


def _both_sides(_pair: Pair, each: Difference) -> bool:
    return each.old is not MISSING and each.new is not MISSING


QUEUE_LABEL = r'^metadata\.labels\["volcano\.sh/queue-name"\]'
HEAD = r"^spec\.headGroupSpec\.(?!template\.spec\.(tolerations|schedulingGates)\b)(template|rayStartParams)\b"
WORKERS = HEAD.replace("headGroupSpec", r"workerGroupSpecs\[[^\]]*\]")
PODS = rf"{HEAD}|{WORKERS}|^spec\.(rayVersion|gcsFaultToleranceOptions)\b"
"""What makes KubeRay want other pods; its hash leaves out numbers of replicas, tolerations and scheduling gates."""

NONE, RECREATE = _strategy("None"), _strategy("Recreate")
STATE = r"^spec\.gcsFaultToleranceOptions\.externalStorageNamespace$"

MEANINGS = (
    Meaning("RayCluster", "changed", PODS, "running pods keep the old template until they are replaced", NONE),
    Meaning("RayCluster", "changed", PODS, "all pods of this cluster restart", RECREATE),
    Meaning(
        "RayCluster",
        "changed",
        HEAD,
        "workers outlive the replacement of the head: its state is in Redis",
        _all(NONE, _keeps_state),
    ),
    Meaning(
        "RayCluster",
        "changed",
        HEAD,
        "when the head is replaced, running work is lost: GCS fault tolerance is off",
        _all(NONE, _not(_keeps_state)),
    ),
    Meaning("RayCluster", "changed", STATE, "the cluster starts without its old state", _both_sides),
    Meaning(
        "RayCluster",
        "changed",
        r"^spec\.workerGroupSpecs\[[^\]]*\]\.replicas$",
        "surplus workers end, and with them what runs there",
        _smaller,
    ),
    Meaning("RayCluster", "changed", QUEUE_LABEL, "takes effect when the RayCluster is made anew"),
    Meaning("RayCluster", "removed", "", "its pods end, and with them running work"),
    Meaning("RayCluster", "removed", "", "its state in Redis is removed", _keeps_state),
    Meaning("RayService", "removed", "", "its pods end, and requests are no longer answered"),
    Meaning("RayJob", "removed", "", "its pods end, and with them running work"),
    _immutable("StatefulSet", r"^spec\.(volumeClaimTemplates|serviceName|selector|podManagementPolicy)\b"),
    Meaning("StatefulSet", "changed", r"^spec\.template\b", "its pods restart one after another"),
    _immutable("Deployment", r"^spec\.selector\b"),
    Meaning("Deployment", "changed", r"^spec\.template\b", "its pods are replaced"),
    Meaning(
        "PersistentVolumeClaim",
        "changed",
        r"^spec\.resources\.requests\.storage$",
        "a volume cannot shrink: the cluster refuses this change",
        _smaller,
    ),
    Meaning(
        "PersistentVolumeClaim",
        "changed",
        r"^spec\.resources\.requests\.storage$",
        "a volume grows only if its storage class allows it",
        _not(_smaller),
    ),
    _immutable("PersistentVolumeClaim", r"^spec\.(?!resources\b|volumeAttributesClassName\b)"),
    Meaning("PersistentVolumeClaim", "removed", "", "its data is lost unless its storage class retains it"),
    _immutable("PriorityClass", r"^(value|preemptionPolicy)$"),
    Meaning("Queue", "removed", "", "what names this queue is no longer scheduled"),
    Meaning("Namespace", "removed", "", "everything in it is deleted, volumes too"),
    Meaning("CustomResourceDefinition", "removed", "", "every object of this kind is deleted"),
)
"""Sources: KubeRay raycluster_controller.go, volcano_scheduler.go; the validation of Kubernetes' own kinds."""
