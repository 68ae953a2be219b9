"""A difference between two objects in the words of the values files, with the place that decides it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from generator.commands.entries import named, positions, readable
from generator.commands.objects import MISSING, Difference
from generator.commands.origins import in_entry, origin
from generator.diagnostics import Path, Span
from generator.fleet import Place, Platform, Workload
from generator.fleet.expand import RAY_IMAGE
from generator.fleet.quantities import parse


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

    ``file`` is the object's file in the tree, which tells what part of the platform file it belongs to; ``rendered``
    is the object itself.
    """

    file: str
    kind: str
    name: str
    workload: Workload | None = None
    platform: Platform | None = None
    rendered: dict[str, Any] = field(default_factory=dict)

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
        """The value that decides a field, and whether the field's own value stands there.

        A workload's entry decides only what is written in it: of the rest nobody says that it comes from there.
        """
        if self.workload is not None:
            made = self.workload.object
            path = positions(made.data, named(self.rendered, field))
            found = made.place(path) if path is not None else None
            written = found is not None and value_at(found.document.data, found.path) is not MISSING
            return (found, True) if found is not None and written else None
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
    side, decided = _decided(each, before, after)
    path = named(before.rendered, each.old_path) if each.new is MISSING else named(after.rendered, each.new_path)
    plain = Field(readable(path), each.old, each.new)
    if decided is None:
        return plain
    place, exact = decided
    other = before if side is after else after
    where = _where(place, side, after, key=not exact)
    written = value_at(place.document.data, place.path)
    across = _across(place, side, other)
    old, new = (across, written) if side is after else (written, across)
    if not (exact and _shows(each.old, old) and _shows(each.new, new)):
        return Field(plain.path, each.old, each.new, where)
    if old is MISSING and each.old is not MISSING:
        old = _alike(each.old, written)
    if new is MISSING and each.new is not MISSING:
        new = _alike(each.new, written)
    return Field(readable(_short(place, side)), old, new, where)


def _decided(each: Difference, before: Home, after: Home) -> tuple[Home, tuple[Place, bool] | None]:
    """The side whose values tell of the field, and its place there; a place that shows the value goes first."""
    sides = [(after, each.new_path), (before, each.old_path)]
    found = [(home, home.place(path)) for home, path in (sides if each.new is not MISSING else reversed(sides))]
    home, decided = next(
        (one for one in found if one[1] is not None and one[1][1]),
        next((one for one in found if one[1] is not None), (after, None)),
    )
    if decided is not None and each.new_path[-1:] == ("image",) and decided[0].path in RAY_IMAGE:
        other = before if home is after else after
        decided = (_image_part(decided[0], home, other), True)
    return home, decided


def _image_part(place: Place, home: Home, other: Home) -> Place:
    """The part of the fleet's Ray image that is another one on the other side; ``place`` if none is."""
    parts = [Place(place.document, path) for path in RAY_IMAGE]
    changed = (part for part in parts if value_at(part.document.data, part.path) != _across(part, home, other))
    return next(changed, place)


def _shows(shown: Any, written: Any) -> bool:
    """Whether an object's field shows what is written in the values: "24" shows 24, the whole of an entry its parts."""
    if shown is MISSING or written is MISSING:
        return True
    if isinstance(shown, dict) and not isinstance(written, dict) and "name" in shown:
        shown = shown.get("value")  # an environment variable
    if isinstance(shown, dict | list) or isinstance(written, dict | list):
        return type(shown) is type(written)
    amount = parse(shown)
    return _text(shown) == _text(written) or (amount is not None and amount == parse(written))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _where(place: Place, side: Home, after: Home, *, key: bool) -> Span | None:
    """The place in the files as they are now: a line of the old ones would lead somewhere else."""
    if side is after:
        return place.span(key=key)
    if _inside(place, side):
        return after.workload.place.document.span(place.path, key=key) if after.workload is not None else None
    if side.platform is None or after.platform is None or place.document is not side.platform.document:
        return None
    return after.platform.document.span(place.path, key=key)


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
