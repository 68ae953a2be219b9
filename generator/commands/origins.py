"""Which value of the platform file decides a field of a platform object: for the places ``diff`` and ``why`` tell."""

from __future__ import annotations

from typing import Any, NamedTuple

from generator.diagnostics import Path
from generator.fleet.quantities import SHORT_NAMES

_SHORT = {full: short for short, full in SHORT_NAMES.items()} | {
    f"{side}.{name}": short for side in ("requests", "limits") for short, name in SHORT_NAMES.items()
}


class Origin(NamedTuple):
    """Objects of a ``folder`` and ``kind`` (empty: any) whose fields below ``field`` come from ``values``.

    ``{name}`` in ``values`` is the object's name, ``{home}`` the namespace whose folder it is in. Steps below ``field``
    are looked for below ``values``.
    """

    folder: str
    kind: str
    field: Path
    values: Path


ORIGINS = (
    Origin("queues", "Queue", ("spec", "guarantee", "resource"), ("queues", "{name}", "guarantee")),
    Origin("queues", "Queue", ("spec",), ("queues", "{name}")),
    Origin("queues", "Queue", (), ("queues", "{name}")),
    Origin("queues", "PriorityClass", (), ("global", "priorityClasses", "{name}")),
    Origin("queues", "ValidatingAdmissionPolicyBinding", (), ("global", "admissionPolicies")),
    Origin("queues", "", (), ("queues",)),
    Origin("namespaces", "ResourceQuota", ("spec", "hard"), ("global", "namespaces", "{home}", "quota")),
    Origin("namespaces", "ResourceQuota", (), ("global", "namespaces", "{home}", "quota")),
    Origin("namespaces", "LimitRange", (), ("global", "namespaces", "{home}", "limits")),
    Origin("namespaces", "NetworkPolicy", (), ("global", "namespaces", "{home}", "networkPolicy")),
    Origin("namespaces", "Namespace", ("metadata",), ("global", "namespaces", "{home}")),
    Origin("namespaces", "", (), ("global", "namespaces", "{home}")),
    Origin("operator", "Deployment", ("spec", "template", "spec"), ("operator",)),
    Origin("operator", "Deployment", ("spec",), ("operator",)),
    Origin("operator", "ValidatingAdmissionPolicyBinding", (), ("global", "admissionPolicies")),
    Origin("operator", "", (), ("operator",)),
    Origin("redis", "StatefulSet", ("spec", "volumeClaimTemplates", 0, "spec", "resources", "requests"), ("redis",)),
    Origin("redis", "StatefulSet", ("spec", "template", "spec"), ("redis",)),
    Origin("redis", "StatefulSet", ("spec",), ("redis",)),
    Origin("redis", "", (), ("redis",)),
    Origin("crds", "", (), ("global", "versions", "kuberay")),
    Origin("gitops", "", (), ("gitops",)),
    Origin("gitops-teams", "", (), ("gitops",)),
)
"""The first that fits counts."""


def origin(path: str, kind: str, name: str, field: Path, data: Any) -> tuple[Path, bool] | None:
    """The place in the platform file's ``data`` for a field of the object in the tree's file ``path``.

    With it comes whether exactly this field is written there, or only what it belongs to. None where nothing of it is
    written: then it is a default.
    """
    folder, _, rest = path.partition("/")
    names = {"name": name, "home": rest.split("/")[0]}
    for each in ORIGINS:
        if each.folder == folder and each.kind in ("", kind) and field[: len(each.field)] == each.field:
            base = tuple(step.format(**names) if isinstance(step, str) else step for step in each.values)
            return _nearest(data, base, field[len(each.field) :])
    return None


def _nearest(data: Any, base: Path, below: Path) -> tuple[Path, bool] | None:
    for step in base:
        if not isinstance(data, dict) or step not in data:
            return None
        data = data[step]
    found = list(base)
    for step in below:
        short = _SHORT.get(str(step), step)
        known = next((each for each in (step, short) if isinstance(data, dict) and each in data), None)
        if known is None:
            return tuple(found), False
        found.append(known)
        data = data[known]
    return tuple(found), not isinstance(data, dict | list)


def in_entry(path: Path) -> Path:
    """A path of the platform file from its entry on: ``capability.gpu`` of a queue, ``quota.cpu`` of a namespace."""
    length = {"global": 3, "queues": 2}.get(str(path[0]), 1) if path else 0
    return path[length:] if len(path) > length else path
