"""``oneblock why``: which value, profile, default or rule made a field of a rendered object."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from generator.commands import work
from generator.commands.checks import check_file
from generator.commands.entries import Entry, named, positions, readable
from generator.commands.fleet_files import Cluster
from generator.commands.job import Job
from generator.commands.objects import MISSING, parse
from generator.commands.platform_file import open_cluster
from generator.commands.reasons import reason
from generator.commands.tools import tools_of
from generator.commands.words import Home, value_at
from generator.diagnostics import Path, Span, dotted, near
from generator.fleet import Namespace, Place, Workload
from generator.fleet.places import BY_NAME
from generator.plan import namespace_grants, platform_releases

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[([^\]]+)\]|\.?([^.\[\]]+)')


class WhyError(Exception):
    """There is no such object or field; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One line of the answer: what, and where it stands (``span``, or a chart's file as ``source``).

    ``value`` is what is written there, as it is: whoever shows it hides secrets.
    """

    what: str
    span: Span | None = None
    source: str = ""
    value: Any = MISSING


@dataclass(frozen=True, slots=True)
class Answer:
    """The field's value and its causes, the nearest first. ``kind`` is the object's, ``field`` the path in it."""

    value: Any
    causes: tuple[Cause, ...]
    kind: str = ""
    field: str = ""


def why(clusters: list[Cluster], target: str, field: str) -> Answer:
    """Explains ``field`` (dotted) of ``target``: ``namespace/Kind/name``, or ``Kind/name``. Raises WhyError."""
    parts = target.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise WhyError(f"{target!r} is not namespace/Kind/name (team-a/RayCluster/main) or Kind/name (Queue/research)")
    namespace, kind, name = ["", *parts][-3:]
    for cluster in clusters:
        job = open_cluster(cluster).job
        if job is None:
            raise WhyError(f"{cluster.platform} has errors; run oneblock validate")
        opened = _open(cluster, job, namespace)
        for file, rendered in _objects(job, opened, {namespace, name}):
            metadata = rendered["metadata"]
            if (metadata.get("namespace", ""), rendered["kind"], metadata["name"]) == (namespace, kind, name):
                home = Home(file, kind, name, _workload(opened, kind, name), tools_of(job).platform, rendered)
                return _answer(home, rendered, _path(field, rendered))
    where = f"in namespace {namespace}" if namespace else "outside of namespaces"
    raise WhyError(f"there is no {kind} {name} {where}; oneblock list shows what there is")


def _open(cluster: Cluster, job: Job, name: str) -> Namespace | None:
    file = next((each for each in cluster.namespaces if PurePosixPath(each).stem == name), None)
    if file is None:
        return None
    document, _ = check_file(job, file)
    if document is None:
        raise WhyError(f"{file} has errors; run oneblock validate")
    return tools_of(job).namespace(document)


def _objects(job: Job, namespace: Namespace | None, homes: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects by their file in the tree, those of the namespace first; grants of ``homes`` only."""
    own = work.of_namespace(job, namespace) if namespace is not None else ()
    about = tools_of(job).platform
    grants = namespace_grants(about, homes & {*about.namespaces, about.system_namespace})
    platform = work.rendered(job, chain(grants, platform_releases(about)))
    for folder, files in chain(own, platform, work.gitops_of_platform(job)):
        for name, content in files.items():
            yield f"{folder}/{name}", parse(content)


def _answer(home: Home, rendered: dict[str, Any], path: Path) -> Answer:
    value = _at(rendered, path)
    workload = home.workload
    decided = home.place(path)
    place = decided[0] if decided is not None else None
    causes: list[Cause] = []
    if workload is not None and place is not None:
        causes.append(_written(workload, place))
    note = reason(path, rendered)
    if note is not None and not (causes and note.default):
        causes.append(Cause(note.text, source=note.template))
    if workload is not None and place is not None and _of_profile(home, place) and workload.short.get("profile"):
        causes.append(Cause(f"profile {workload.short.get('profile')}", workload.written("profile")))
    if workload is None and decided is not None:
        causes.append(_of_platform(*decided))
    if not causes:
        causes.append(Cause("default of the chart", source=home.template))
    return Answer(value, tuple(causes), home.kind, readable(named(rendered, path)))


def _of_platform(place: Place, exact: bool) -> Cause:
    if not exact:
        return Cause(dotted(place.path), place.span(key=True))
    return Cause(dotted(place.path), place.span(), value=value_at(place.document.data, place.path))


def _written(workload: Workload, place: Place) -> Cause:
    path = place.path[len(workload.place.path) :] if _inside(workload, place) else place.path
    value = value_at(place.document.data, place.path)
    if value is MISSING:
        return Cause(dotted(path), place.span())
    return Cause(dotted(path), place.span(), value=value if isinstance(value, str | int | float | bool) else "…")


def _inside(workload: Workload, place: Place) -> bool:
    """Whether the value stands in the workload's own entry, and not in a profile."""
    entry = workload.place
    return place.document is entry.document and place.path[: len(entry.path)] == entry.path


def _of_profile(home: Home, place: Place) -> bool:
    """Whether the value stands in a profile: one of the platform file, or one of OneBlock's own."""
    if home.platform is not None and place.document is home.platform.document:
        return place.path[:2] == ("global", "profiles")
    return home.workload is not None and place.document is not home.workload.place.document


def _workload(namespace: Namespace | None, kind: str, name: str) -> Workload | None:
    if namespace is None:
        return None
    return next((each for each in namespace.workloads if (each.kind, each.name) == (kind, name)), None)


def _path(field: str, rendered: dict[str, Any]) -> Path:
    """The steps of ``field``; an entry of a list goes by its position or, as ``diff`` writes it, by its name."""
    steps: list[str | int] = []
    for quoted, index, entry, plain in _STEP.findall(field):
        known = positions(rendered, (*steps, Entry(entry))) if entry and steps and steps[-1] in BY_NAME else None
        steps = list(known) if known is not None else [*steps, quoted or entry or (int(index) if index else plain)]
    return tuple(steps)


def _at(value: Any, path: Path) -> Any:
    for index, step in enumerate(path):
        below = value_at(value, (step,))
        if below is MISSING:
            known = list(value) if isinstance(value, dict) else [f"[{each}]" for each in range(len(value or []))]
            close = near(str(step), map(str, known))
            where = dotted(path[:index]) or "the object"
            hint = f"; did you mean {close}?" if close else f"; there is: {', '.join(map(str, known)) or 'nothing'}"
            raise WhyError(f"{where} has no {step}{hint}")
        value = below
    return value
