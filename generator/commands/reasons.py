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


def _ray(pattern: str, text: str, template: str) -> Reason:
    return Reason(re.compile(pattern), text, f"charts/oneblock/charts/ray/templates/{template}")


RAY = (
    _ray(r"\.resources\.limits\.", "limits follow requests", "_resources.tpl"),
    _ray(r"headGroupSpec\.rayStartParams\.num-cpus$", "a head with worker groups takes no work", "_head.tpl"),
    _ray(r"headGroupSpec\.rayStartParams\.dashboard-host$", "the dashboard listens on the pod's address", "_head.tpl"),
    _ray(r"headGroupSpec\..*\.ports\b", "Ray's default ports, named", "_head.tpl"),
    _ray(r"workerGroupSpecs\[\d+\]\..*\.lifecycle\b", "a worker leaves Ray before its pod ends", "_workergroup.tpl"),
    _ray(r"workerGroupSpecs\[\d+\]\.numOfHosts$", "written out, or server-side apply would see drift", "_workergroup.tpl"),
    _ray(r"gcsFaultToleranceOptions\b", "GCS fault tolerance is on", "_gcs.tpl"),
    _ray(r"\.upgradeStrategy\b", "always explicit: None leaves running pods alone", "_cluster.tpl"),
    _ray(r"metadata\.labels\.volcano\.sh/queue-name$", "the queue Volcano schedules it in", "_metadata.tpl"),
    _ray(r"\.nodeSelector\b|\.tolerations\b", "the labels and taints of the node shape", "_pod.tpl"),
    _ray(r"\.image$", "global.ray.image, at the cluster's Ray version", "_pod.tpl"),
)


def reason(kind: str, path: Path, rendered: dict[str, Any]) -> Reason | None:
    """The rule that makes the field at ``path`` of a Ray object, if it is one of the short form's."""
    if not str(rendered.get("apiVersion", "")).startswith("ray.io/") or not kind:
        return None
    text = dotted(path)
    return next((each for each in RAY if each.fields.search(text)), None)
