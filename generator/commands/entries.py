"""Paths through lists whose entries have names: ``workerGroupSpecs[cpu]`` says more than ``workerGroupSpecs[0]``.

The same entry may stand at another position in the values, in the object before and in the object after; its name is
what they share.
"""

from __future__ import annotations

from typing import Any

from generator.diagnostics import Path, dotted
from generator.fleet.places import BY_NAME


class Entry(str):
    """A step of a path: the entry of this name in a list of :data:`BY_NAME`."""

    __slots__ = ()


def named(data: Any, path: Path) -> Path:
    """``path`` with positions in named lists of ``data`` replaced by :class:`Entry` steps."""
    steps: list[str | int] = []
    above: str | int = ""
    for step in path:
        data = _below(data, step)
        key = BY_NAME.get(str(above))
        name = data.get(key) if isinstance(step, int) and key and isinstance(data, dict) else None
        steps.append(step if name is None else Entry(name))
        above = step
    return tuple(steps)


def positions(data: Any, path: Path) -> Path | None:
    """The reverse of :func:`named`, by the positions in ``data``; None if it has no entry of a name."""
    steps: list[str | int] = []
    for each in path:
        step = each
        if isinstance(step, Entry):
            key = BY_NAME[str(steps[-1])]
            entries = data if isinstance(data, list) else []
            at = next((at for at, entry in enumerate(entries) if _named(entry, key) == step), None)
            if at is None:
                return None
            step = at
        steps.append(step)
        data = _below(data, step)
    return tuple(steps)


def readable(path: Path) -> str:
    """Like :func:`dotted`, with the names of entries in brackets."""
    text = ""
    for step in path:
        part = f"[{step}]" if isinstance(step, Entry) else dotted((step,))
        text += part if not text or part.startswith("[") else f".{part}"
    return text


def _named(entry: Any, key: str) -> str | None:
    return str(entry.get(key)) if isinstance(entry, dict) else None


def _below(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    return data[step] if isinstance(data, list) and isinstance(step, int) and step < len(data) else None
