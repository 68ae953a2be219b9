"""The profiles that come with OneBlock (``schemas/profiles.yaml``)."""

from __future__ import annotations

from functools import cache
from typing import Any

from generator import resources
from generator.fleet.places import Place
from generator.source import Document, read

FILE = "profiles.yaml"


@cache
def document() -> Document:
    """The file, as a document like any other, so that a default can say where it stands."""
    found, findings = read(FILE, (resources.schemas() / FILE).read_bytes())
    if found is None:  # our own file: a broken installation, not a user's mistake
        raise RuntimeError(f"{FILE} of this installation cannot be read: {findings[0].message}")
    return found


def profiles() -> dict[str, Any]:
    """Name → preset of a RayCluster."""
    return document().data


def place(name: str) -> Place:
    """Where the built-in profile ``name`` is written."""
    return Place(document(), (name,))
