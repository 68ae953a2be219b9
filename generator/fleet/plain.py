"""Plain data that may have any shape, as the fleet's views and the rules look at it: they see what is there."""

from __future__ import annotations

from typing import Any


def as_map(value: Any) -> dict[str, Any]:
    """``value`` if it is a map, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
