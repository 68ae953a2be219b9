"""Plain data, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.diagnostics import Path


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path; an empty map or list is a leaf."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from walk(each, (*path, key))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from walk(each, (*path, index))
    else:
        yield path, value
