"""The objects of a fleet before and after, paired, with the fields that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from generator.diagnostics import Path as FieldPath
from generator.fleet.places import BY_NAME

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MISSING = object()
"""Stands for a side on which a field is not there; None is a value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: its path on each side (list positions may differ) and both values."""

    old_path: FieldPath
    new_path: FieldPath
    old: Any = MISSING
    new: Any = MISSING


@dataclass(frozen=True, slots=True)
class Pair:
    """One file of the tree on both sides, None where it is not there."""

    path: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None

    @property
    def either(self) -> dict[str, Any]:
        """The object as it is, or as it was."""
        return self.new if self.new is not None else self.old or {}


def pairs(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[Pair]:
    """Files that differ, parsed, by path."""
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before != after:
            yield Pair(path, *(None if each is None else parse(each) for each in (before, after)))


def differences(old: Any, new: Any, old_path: FieldPath = (), new_path: FieldPath = ()) -> Iterator[Difference]:
    """Fields that differ, deepest first where both sides have the same shape; lists by name where entries have one."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            before, after = old.get(key, MISSING), new.get(key, MISSING)
            yield from differences(before, after, (*old_path, key), (*new_path, key))
    elif (name := _name_of(old_path)) and (_entries(old) or _entries(new)) and _is_list(old) and _is_list(new):
        before, after = ([] if each is MISSING else each for each in (old, new))
        yield from _by_name(before, after, old_path, new_path, name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, (*old_path, index), (*new_path, index))
    elif old != new or isinstance(old, bool) != isinstance(new, bool):  # 1 is True to Python, not to Kubernetes
        yield Difference(old_path, new_path, old, new)


def _is_list(value: Any) -> bool:
    """Whether it is a list, or may be taken for an empty one."""
    return isinstance(value, list) or value is MISSING


def _entries(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _by_name(
    old: list[Any], new: list[Any], old_path: FieldPath, new_path: FieldPath, name: str
) -> Iterator[Difference]:
    before = {_key(each, name, index): (index, each) for index, each in enumerate(old)}
    after = {_key(each, name, index): (index, each) for index, each in enumerate(new)}
    for key in [*before, *(key for key in after if key not in before)]:
        old_index, was = before.get(key, (after.get(key, (0,))[0], MISSING))
        new_index, now = after.get(key, (old_index, MISSING))
        yield from differences(was, now, (*old_path, old_index), (*new_path, new_index))


def _key(entry: Any, name: str, index: int) -> Any:
    return entry.get(name, index) if isinstance(entry, dict) else index


def _name_of(path: FieldPath) -> str | None:
    return BY_NAME.get(str(path[-1])) if path else None


def parse(content: bytes) -> dict[str, Any]:
    """A rendered object as plain data; empty if the file holds none (somebody edited it)."""
    try:
        data = yaml.load(content, _Loader)  # noqa: S506 (a safe loader, in C where there is one)
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, dict) else {}
