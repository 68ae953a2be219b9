"""What a change of an object means: each row of the table, and what it must not be said of."""

from __future__ import annotations

from typing import Any

import pytest

from generator.commands.meanings import MEANINGS, notes
from generator.commands.objects import Pair


def set_at(data: Any, path: str, value: Any) -> Any:
    """A map with ``value`` at the ``path`` (steps by ``/``) of ``data``; None takes it away."""
    key, _, rest = path.partition("/")
    below = data.get(key, {})
    new = set_at(below, rest, value) if rest else value
    return {**{each: data[each] for each in data if each != key}, **({} if new is None else {key: new})}


def cluster(strategy: str | None = "None", *, gcs: bool = False, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": "RayCluster", "spec": {"rayVersion": "1", "workerGroupSpecs": [group(2)]}}
    if strategy is not None:
        made = set_at(made, "spec/upgradeStrategy/type", strategy)
    if gcs:
        made = set_at(made, "spec/gcsFaultToleranceOptions/externalStorageNamespace", "a.1")
    return {**made, **more}


def group(replicas: int, memory: str = "1Gi", tolerations: str = "") -> dict[str, Any]:
    pod = {"containers": [{"name": "ray-worker", "memory": memory}], "tolerations": tolerations}
    return {"groupName": "cpu", "replicas": replicas, "template": {"spec": pod}}


KEEP = "running pods keep the old template until they are replaced"
RESTART = "all pods of this cluster restart"
LOST = "when the head is replaced, running work is lost: GCS fault tolerance is off"
OUTLIVE = "workers outlive the replacement of the head: its state is in Redis"
REFUSED = "immutable: the cluster refuses this change"
HEAD_MEMORY = "spec/headGroupSpec/template/memory"
STATE = "spec/gcsFaultToleranceOptions/externalStorageNamespace"
STORAGE = "spec/resources/requests/storage"
MADE_ANEW = "takes effect when the RayCluster is made anew"
GROWS = "a volume grows only if its storage class allows it"
SHRINK = "a volume cannot shrink: the cluster refuses this change"
SURPLUS = "surplus workers end, and with them what runs there"

CHANGES: dict[str, tuple[dict[str, Any], str, Any, Any, tuple[str, ...]]] = {
    "head": (cluster(), HEAD_MEMORY, 1, 2, (KEEP, LOST)),
    "head, before upgrade strategies": (cluster(None), HEAD_MEMORY, 1, 2, (KEEP, LOST)),
    "head, Recreate": (cluster("Recreate"), HEAD_MEMORY, 1, 2, (RESTART,)),
    "head with GCS fault tolerance": (cluster(gcs=True), HEAD_MEMORY, 1, 2, (KEEP, OUTLIVE)),
    "worker": (cluster(), "spec/workerGroupSpecs", [group(2)], [group(2, "2Gi")], (KEEP,)),
    "worker, Recreate": (cluster("Recreate"), "spec/workerGroupSpecs", [group(2)], [group(2, "2Gi")], (RESTART,)),
    "tolerations": (cluster("Recreate"), "spec/workerGroupSpecs", [group(2)], [group(2, tolerations="x")], ()),
    "more replicas": (cluster("Recreate"), "spec/workerGroupSpecs", [group(2)], [group(3)], ()),
    "fewer replicas": (cluster(), "spec/workerGroupSpecs", [group(2)], [group(1)], (SURPLUS,)),
    "version": (cluster("Recreate"), "spec/rayVersion", "1", "2", (RESTART,)),
    "state": (cluster(gcs=True), STATE, "a.1", "a.2", (KEEP, "the cluster starts without its old state")),
    "a claim template": ({"kind": "StatefulSet"}, "spec/volumeClaimTemplates", [1], [2], (REFUSED,)),
    "pods of a set": ({"kind": "StatefulSet"}, "spec/template", 1, 2, ("its pods restart one after another",)),
    "replicas of a set": ({"kind": "StatefulSet"}, "spec/replicas", 1, 2, ()),
    "a selector": ({"kind": "Deployment"}, "spec/selector", 1, 2, (REFUSED,)),
    "pods of a deployment": ({"kind": "Deployment"}, "spec/template", 1, 2, ("its pods are replaced",)),
    "a smaller volume": ({"kind": "PersistentVolumeClaim"}, STORAGE, "10Gi", "9Gi", (SHRINK,)),
    "a larger volume": ({"kind": "PersistentVolumeClaim"}, STORAGE, "9Gi", "10Gi", (GROWS,)),
    "a volume's class": ({"kind": "PersistentVolumeClaim"}, "spec/storageClassName", "a", "b", (REFUSED,)),
    "a volume's label": ({"kind": "PersistentVolumeClaim"}, "metadata/labels/a", "a", "b", ()),
    "a priority": ({"kind": "PriorityClass"}, "value", 1, 2, (REFUSED,)),
    "another kind": ({"kind": "ConfigMap"}, "data/a", "1", "2", ()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changes(what: str) -> None:
    base, path, old, new, expected = CHANGES[what]
    assert notes(Pair("f", set_at(base, path, old), set_at(base, path, new))) == expected


def test_a_queue_label() -> None:
    old, new = (cluster(metadata={"labels": {"volcano.sh/queue-name": each}}) for each in "ab")
    assert notes(Pair("f", old, new)) == (MADE_ANEW,)


ENDS = "its pods end, and with them running work"
GONE: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    (cluster(), (ENDS,)),
    (cluster(gcs=True), (ENDS, "its state in Redis is removed")),
    ({"kind": "RayJob"}, (ENDS,)),
    ({"kind": "RayService"}, ("its pods end, and requests are no longer answered",)),
    ({"kind": "Queue"}, ("what names this queue is no longer scheduled",)),
    ({"kind": "Namespace"}, ("everything in it is deleted, volumes too",)),
    ({"kind": "PersistentVolumeClaim"}, ("its data is lost unless its storage class retains it",)),
    ({"kind": "CustomResourceDefinition"}, ("every object of this kind is deleted",)),
    ({"kind": "Service"}, ()),
]


@pytest.mark.parametrize(("old", "expected"), GONE)
def test_removals(old: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert notes(Pair("f", old, None)) == expected


def test_new_objects_and_equal_ones_have_no_notes() -> None:
    assert notes(Pair("f", None, cluster())) == ()
    assert notes(Pair("f", cluster(), cluster())) == ()


def test_every_row_is_tested() -> None:
    tested = {note for *_, expected in (*CHANGES.values(), *GONE) for note in expected} | {MADE_ANEW}
    assert {row.note for row in MEANINGS} == tested
