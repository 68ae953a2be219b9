"""``oneblock schema``: the values' JSON schemas for a fleet's versions."""

from __future__ import annotations

from pathlib import Path

from generator.commands.fleet_files import fleet_versions
from generator.schema.values import KINDS, build, encoded, file_name


def fleet_schemas(root: Path) -> dict[str, bytes]:
    """File name → schema, for the versions of the fleet at ``root``; OneBlock's defaults where there is no fleet."""
    versions = fleet_versions(root)
    return {file_name(kind): encoded(build(kind, versions)) for kind in KINDS}
