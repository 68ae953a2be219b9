"""Data that remembers where each part of it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from generator.diagnostics import Path, Span, dotted
from generator.source import Document

BY_NAME = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "ports": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "workerGroupSpecs": "groupName",
}
"""Lists that merge entry by entry, and the key that names an entry; every other list is replaced whole."""

ONE_SOURCE = ("env", "volumes")
"""Lists whose entries have one source: of the old entry only what the new one has too stays."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value's place: a document and the path in it."""

    document: Document
    path: Path = ()

    def __truediv__(self, step: str | int) -> Place:
        return Place(self.document, (*self.path, step))

    def span(self, *, key: bool = False) -> Span:
        """The stretch of text, of the key if ``key``; the nearest existing parent if nothing is written there."""
        return self.document.span(self.path, key=key)

    @property
    def dotted(self) -> str:
        """The path as people write it."""
        return dotted(self.path)


def _index(step: str | int, node: list[Any]) -> bool:
    return isinstance(step, int) and step < len(node)


@dataclass(slots=True)
class Sourced:
    """A tree of plain data (``data``) and the place each part came from.

    Places are kept only where a part was put in; a deeper path is found below its nearest recorded parent, so a tree
    taken over whole costs one entry.
    """

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)

    def put(self, path: Path, value: Any, place: Place | None) -> None:
        """Sets ``value`` at ``path``, making the maps on the way; ``place`` None means OneBlock's own default."""
        node = self.data
        for step in path[:-1]:
            node = node.setdefault(str(step), {})
        node[str(path[-1])] = deepcopy(value)
        if place is not None:
            self.places[path] = place

    def overlay(self, value: Mapping[str, Any], place: Place, at: Path = ()) -> None:
        """Merges ``value`` over what is at ``at``: maps deep, lists of :data:`BY_NAME` by name, the rest replaced."""
        node: Any = self.data
        for index, step in enumerate(at):
            if isinstance(step, str):
                node = node.setdefault(step, [] if isinstance((*at, "")[index + 1], int) else {})
            else:
                node = node[step]
        self._merge(node, value, place, at)

    def _merge(self, node: dict[str, Any], value: Mapping[str, Any], place: Place, at: Path) -> None:
        for key, new in value.items():
            here, there = (*at, key), place / key
            old = node.get(key)
            if isinstance(new, Mapping) and isinstance(old, dict):
                self._merge(old, new, there, here)
            elif isinstance(new, list) and isinstance(old, list) and key in BY_NAME:
                self._merge_list(old, new, there, here)
            else:
                node[key] = deepcopy(new)
                self.places[here] = there

    def _merge_list(self, old: list[Any], new: list[Any], place: Place, at: Path) -> None:
        """An entry goes over the old one of its name; one that ``new`` names a second time is kept for the rules to
        see."""
        key = BY_NAME[str(at[-1])]
        index_of = {each.get(key): index for index, each in enumerate(old) if isinstance(each, dict)}
        for number, entry in enumerate(new):
            name = entry.get(key) if isinstance(entry, dict) else None
            index = index_of.pop(name, None) if name is not None else None
            if index is None:
                old.append(deepcopy(entry))
                self.places[(*at, len(old) - 1)] = place / number
                continue
            for stale in [each for each in old[index] if at[-1] in ONE_SOURCE and each not in entry]:
                del old[index][stale]
            self._merge(old[index], entry, place / number, (*at, index))

    def get(self, *path: str | int, default: Any = None) -> Any:
        """The value at ``path``, or ``default`` where nothing is."""
        node: Any = self.data
        for step in path:
            inside = step in node if isinstance(node, dict) else isinstance(node, list) and _index(step, node)
            if not inside:
                return default
            node = node[step]
        return node

    def place(self, path: Path) -> Place | None:
        """The place ``path`` came from; None if it is a default of OneBlock's."""
        for length in range(len(path), -1, -1):
            found = self.places.get(path[:length])
            if found is not None:
                return Place(found.document, found.path + path[length:])
        return None

    def placed(self) -> Iterable[tuple[Path, Place]]:
        """Every recorded (path, place), for ``oneblock why``."""
        return self.places.items()
