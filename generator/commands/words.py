"""A difference between two objects in the words of the values files, with the place that decides it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from generator.commands.objects import MISSING, Difference
from generator.commands.origins import in_entry, origin
from generator.diagnostics import Path, Span, dotted
from generator.fleet import Place, Platform, Workload


@dataclass(frozen=True, slots=True)
class Field:
    """A field that changes; ``old`` or ``new`` is :data:`MISSING` where it is not there."""

    path: str
    old: Any
    new: Any
    where: Span | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """What an object comes from: an entry of a namespace file, or the platform file.

    ``file`` is the object's file in the tree, which tells what part of the platform file it belongs to.
    """

    file: str
    kind: str
    name: str
    workload: Workload | None = None
    platform: Platform | None = None

    @property
    def whole(self) -> Span | None:
        """The value that brings the object as a whole."""
        if self.workload is not None:
            return self.workload.place.span(key=True)
        if self.platform is None:
            return None
        found = origin(self.file, self.kind, self.name, (), self.platform.document.data)
        return self.platform.document.span(found[0], key=True) if found is not None else None

    @property
    def template(self) -> str:
        """The chart's file that prints the object."""
        chart = self.file.partition("/")[0]
        if chart == "gitops":
            return "generator/blueprints/gitops"
        return f"charts/oneblock/charts/{chart}/templates/{self.kind.lower()}.yaml"

    def place(self, field: Path) -> tuple[Place, bool] | None:
        """The value that decides a field, and whether the field's own value stands there."""
        if self.workload is not None:
            found = self.workload.object.place(field)
            return None if found is None else (found, value_at(found.document.data, found.path) is not MISSING)
        if self.platform is None:
            return None
        near = origin(self.file, self.kind, self.name, field, self.platform.document.data)
        return None if near is None else (Place(self.platform.document, near[0]), near[1])


def fields(found: Iterable[Difference], before: Home, after: Home) -> list[Field]:
    """In the words of the values files where a value decided the field; one value that decides many is told once."""
    told: dict[str, Field] = {}
    for each in found:
        field = _field(each, before, after)
        told.setdefault(field.path, field)
    return list(told.values())


def _field(each: Difference, before: Home, after: Home) -> Field:
    plain = Field(dotted(each.new_path), each.old, each.new)
    side, other, path = (after, before, each.new_path) if each.new is not MISSING else (before, after, each.old_path)
    found = side.place(path) or (after.place(each.new_path) if side is before else None)
    if found is None:
        return plain
    place, exact = found
    if not exact:
        return replace(plain, where=place.span(key=True))
    written = value_at(place.document.data, place.path)
    across = _across(place, side, other)
    old, new = (across, written) if side is after else (written, across)
    if old is MISSING and each.old is not MISSING:
        old = _alike(each.old, written)
    if new is MISSING and each.new is not MISSING:
        new = _alike(each.new, written)
    return Field(dotted(_short(place, side)), old, new, place.span())


def _inside(place: Place, home: Home) -> bool:
    """Whether the place is in the object's own entry, and not in a profile or another part of the platform file."""
    entry = home.workload.place if home.workload is not None else None
    return entry is not None and place.document is entry.document and place.path[: len(entry.path)] == entry.path


def _short(place: Place, home: Home) -> Path:
    """The place's path from the object's entry on; whole where a part of ``global`` or a profile decides."""
    if _inside(place, home) and home.workload is not None:
        return place.path[len(home.workload.place.path) :]
    return in_entry(place.path) if home.workload is None else place.path


def _across(place: Place, side: Home, other: Home) -> Any:
    """What the other side's file holds at the same place."""
    if _inside(place, side):
        return value_at(other.workload.place.document.data, place.path) if other.workload is not None else MISSING
    platform = side.platform
    if platform is not None and other.platform is not None and place.document is platform.document:
        return value_at(other.platform.document.data, place.path)
    return MISSING


def _alike(value: Any, written: Any) -> Any:
    """A rendered value as the values file would write it: charts turn numbers into text ("24")."""
    number = isinstance(written, int) and not isinstance(written, bool) and isinstance(value, str)
    return int(value) if number and value.isdecimal() else value


def value_at(data: Any, path: Path) -> Any:
    """The value at ``path`` of plain data; MISSING where nothing is."""
    for step in path:
        known = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if not known:
            return MISSING
        data = data[step]
    return data
