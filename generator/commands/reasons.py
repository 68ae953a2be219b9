"""Why a chart writes what nobody asked for in so many words: the rules of the short form, for ``oneblock why``."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from generator.diagnostics import Path, dotted


class Reason(NamedTuple):
    """One rule of a chart: the fields it makes, in words, and the template that does it."""

    fields: re.Pattern[str]
    text: str
    template: str
    default: bool = False
    """Whether it says where the field comes from when no value says so; then it is silent beside a value."""


def _ray(pattern: str, text: str, template: str, *, default: bool = False) -> Reason:
    return Reason(re.compile(pattern), text, f"charts/oneblock/charts/ray/templates/{template}", default)


RAY = (
    _ray(r"\.resources\.limits\b", "limits follow requests", "_container.tpl"),
    _ray(r"headGroupSpec\.rayStartParams\.num-cpus$", "a head with worker groups takes no work", "_groups.tpl"),
    _ray(r"\.rayStartParams\.dashboard-host$", "the dashboard listens on the pod's address", "_groups.tpl"),
    _ray(r"headGroupSpec\..*\.ports\b", "Ray's default ports, named", "_container.tpl"),
    _ray(r"\.containers\[0\]\.lifecycle\b", "Ray is told to stop before its pod ends", "_container.tpl"),
    _ray(r"workerGroupSpecs\[\d+\]\.numOfHosts$", "written out, else server-side apply sees drift", "_groups.tpl"),
    _ray(r"gcsFaultToleranceOptions\b", "GCS fault tolerance is on", "_gcs.tpl"),
    _ray(r"^spec\.upgradeStrategy\b", "always explicit: None leaves running pods alone", "_cluster.tpl"),
    _ray(r'^metadata\.labels\["volcano\.sh/queue-name"\]$', "the queue Volcano schedules it in", "_metadata.tpl"),
    _ray(r"\.(nodeSelector|tolerations)\b", "the labels and taints of the node shape", "_pod.tpl"),
    _ray(r"\.image$", "global.ray.image, its tag global.versions.ray", "_cluster.tpl", default=True),
    _ray(r"\.rayVersion$", "global.versions.ray", "_cluster.tpl", default=True),
)


def reason(path: Path, rendered: dict[str, Any]) -> Reason | None:
    """The rule that makes the field at ``path`` of a Ray object, if it is one of the short form's."""
    if not str(rendered.get("apiVersion", "")).startswith("ray.io/"):
        return None
    text = dotted(path)
    return next((each for each in RAY if each.fields.search(text)), None)
