"""YAML that tests read: by libyaml, and what is as long as a CRD only once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

LONG = 50_000


def parsed(text: str | bytes) -> Any:
    """The only document of a text. A long one is the same object at every call: look, do not change."""
    return _long(text) if len(text) >= LONG else _load(text)


def _load(text: str | bytes) -> Any:
    return yaml.load(text, yaml.CSafeLoader)


_long = lru_cache(maxsize=32)(_load)
