"""``oneblock why``: which value, profile, default or rule made a field of a rendered object."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from generator.commands import work
from generator.commands.fleet_files import Cluster, open_cluster
from generator.commands.job import Job
from generator.commands.reasons import reason
from generator.diagnostics import Path, Span, dotted, near
from generator.fleet import Namespace, Place, Workload
from generator.plan import namespace_grants, namespace_releases, platform_releases
from generator.source import load

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')


class WhyError(Exception):
    """There is no such object or field; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One line of the answer: what, and where it stands (``span``, or a chart's file as ``source``)."""

    what: str
    span: Span | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The field's value and its causes, the nearest first."""

    value: Any
    causes: tuple[Cause, ...]


def why(clusters: list[Cluster], target: str, field: str) -> Answer:
    """Explains ``field`` (dotted) of ``target`` (``namespace/Kind/name``). Raises WhyError."""
    parts = target.split("/")
    if len(parts) != 3:
        raise WhyError(f"{target!r} is not namespace/Kind/name, such as team-a/RayCluster/main")
    namespace, kind, name = parts
    for cluster in clusters:
        job = open_cluster(cluster).job
        if job is None:
            raise WhyError(f"{cluster.platform} has errors; run oneblock validate")
        opened = _open(cluster, job, namespace)
        for rendered in _objects(job, opened):
            metadata = rendered.get("metadata", {})
            if (metadata.get("namespace", "-"), rendered.get("kind"), metadata.get("name")) == (namespace, kind, name):
                return _answer(job, opened, rendered, field)
    raise WhyError(f"no {kind} {name} in namespace {namespace}; oneblock list shows what there is (use - for no namespace)")


def _open(cluster: Cluster, job: Job, name: str) -> Namespace | None:
    for file in cluster.namespaces:
        document, _ = load(cluster.root, file)
        if document is not None and job.tools.namespace(document).name == name:
            return job.tools.namespace(document)
    return None


def _objects(job: Job, namespace: Namespace | None) -> Iterator[dict[str, Any]]:
    platform = job.tools.platform
    releases = [*(namespace_releases(namespace) if namespace is not None else ())]
    releases += [*namespace_grants(platform), *platform_releases(platform)]
    for release in releases:
        for _, files in work.rendered(job, [release]):
            yield from (yaml.safe_load(content) for content in files.values())


def _answer(job: Job, namespace: Namespace | None, rendered: dict[str, Any], field: str) -> Answer:
    path = _path(field)
    value = _at(rendered, path)
    kind, name = rendered["kind"], rendered["metadata"]["name"]
    causes: list[Cause] = []
    workload = _workload(namespace, kind, name)
    place = workload.object.place(path) if workload is not None else None
    if workload is not None and place is not None:
        causes.append(_written(workload, place))
    note = reason(kind, path, rendered)
    if note is not None:
        causes.append(Cause(note.text, source=note.template))
    if workload is not None and (profile := workload.short.get("profile")) and place is not None:
        if place.document is not workload.place.document or place.path[: len(workload.place.path)] != workload.place.path:
            causes.append(Cause(f"profile {profile}", workload.written("profile")))
    if not causes:
        causes.append(Cause(f"default of the chart that renders {kind}", source=f"charts/oneblock ({kind.lower()}.yaml)"))
    return Answer(value, tuple(causes))


def _written(workload: Workload, place: Place) -> Cause:
    start = len(workload.place.path)
    inside = place.document is workload.place.document and place.path[:start] == workload.place.path
    path = place.path[start:] if inside else place.path
    value: Any = place.document.data
    for step in place.path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return Cause(dotted(path), place.span())
    text = value if isinstance(value, str | int | float | bool) else "…"
    return Cause(f"{dotted(path)}: {text}", place.span())


def _workload(namespace: Namespace | None, kind: str, name: str) -> Workload | None:
    if namespace is None:
        return None
    return next((each for each in namespace.workloads if (each.kind, each.name) == (kind, name)), None)


def _path(field: str) -> Path:
    return tuple(quoted or (int(index) if index else plain) for quoted, index, plain in _STEP.findall(field))


def _at(value: Any, path: Path) -> Any:
    for index, step in enumerate(path):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            known = list(value) if isinstance(value, dict) else [f"[{each}]" for each in range(len(value or []))]
            close = near(str(step), map(str, known))
            where = dotted(path[:index]) or "the object"
            hint = f"; did you mean {close}?" if close else f"; there is: {', '.join(map(str, known))}"
            raise WhyError(f"{where} has no {step}{hint}")
    return value
