"""``oneblock generate``: the charts from blueprints, schemas and versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator import charts, resources
from generator.commands.fleet_files import fleet_versions
from generator.schema.values import write_schemas


@dataclass(frozen=True, slots=True)
class Generated:
    """What differed (``changed <path>``, ``missing <path>``, ``left over <path>``) and how many files there are."""

    stale: tuple[str, ...]
    files: int

    @property
    def written(self) -> str:
        """What writing did: ``3 written, 1 removed``."""
        removed = sum(each.startswith("left over ") for each in self.stale)
        written = len(self.stale) - removed
        return f"{written} written, {removed} removed" if removed else f"{written} written"


def generate_charts(root: Path, folder: Path, *, crds: Literal["slim", "full"], write: bool) -> Generated:
    """Generates the umbrella chart at ``folder`` for the fleet at ``root``; only compares unless ``write``.

    In OneBlock's own checkout the values' schemas are generated files too and are treated with the charts.
    """
    own = folder.resolve() == (resources.charts() / "oneblock").resolve()
    stale = _own_schemas(write=write) if own else []  # first: charts are made of them
    files = charts.generate(fleet_versions(root), crds=crds)
    stale += (charts.write if write else charts.stale)(files, folder)
    return Generated(tuple(stale), len(files))


def _own_schemas(*, write: bool) -> list[str]:
    stale = []
    for name, content in write_schemas().items():
        file = resources.schemas() / name
        if not file.is_file() or file.read_bytes() != content:
            stale.append(f"changed schemas/{name}")
            if write:
                file.write_bytes(content)
    return stale
