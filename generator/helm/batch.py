"""Many releases of one chart in one render.

Helm parses all of a chart's templates for every render, which is half of its time for a small release. So here the
chart's templates become partials, and one template more (``batch.yaml``) includes them for each release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from generator.helm.archive import contents, pack
from generator.helm.engine import split_documents
from generator.plan import Release
from generator.source import read

DRIVER = "templates/batch.yaml"
_NEXT = re.compile(r"^# Next release$", re.MULTILINE)


class Batch:
    """A chart made fit for rendering many releases.

    Its templates may read Values, Release, Chart, Capabilities and Files; its ``values.yaml`` holds no null.
    """

    def __init__(self, chart: Path) -> None:
        files = contents(chart)
        document, _ = read("values.yaml", files.get("values.yaml", b""))
        self._defaults = document.data if document is not None else {}
        self._templates = [name for name in files if name.startswith("templates/") and not _is_partial(name)]
        self._name = chart.name
        self.chart = pack(self._name, dict(self._as_partials(files)))

    def values(self, releases: Sequence[Release]) -> dict[str, Any]:
        """The values of the one render."""
        each = [
            {
                "release": {"Name": release.name, "Namespace": release.namespace},
                "values": coalesce(self._defaults, release.values),
            }
            for release in releases
        ]
        return {"releases": each, "templates": [f"{self._name}/{_as_partial(name)}" for name in self._templates]}

    def documents(self, printed: Mapping[str, str]) -> list[list[str]]:
        """What Helm printed, by release."""
        return [split_documents(text) for text in _NEXT.split(printed[f"{self._name}/{DRIVER}"])[1:]]

    def _as_partials(self, files: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
        driver = Path(__file__).with_name("batch.yaml").read_bytes()
        renamed = [(_as_partial(name) if name in self._templates else name, file) for name, file in files.items()]
        return [*((name, file) for name, file in renamed if name != "values.yaml"), (DRIVER, driver)]


def coalesce(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` over a chart's defaults as Helm lays them: maps by key, a null takes the default away."""
    values = {**defaults, **given}
    for key in defaults.keys() & given.keys():
        under, over = defaults[key], given[key]
        if over is None:
            del values[key]
        elif isinstance(under, dict) and isinstance(over, dict):
            values[key] = coalesce(under, over)
    return values


def _is_partial(name: str) -> bool:
    """Whether Helm keeps a template's own text out of what it prints."""
    return PurePosixPath(name).name.startswith("_")


def _as_partial(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"_{path.name}"))
