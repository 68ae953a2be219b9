"""Helm 4.2 in this process, by helm-python-sdk."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import helm_python

from generator.helm.engine import HelmError, readable, split_documents

LEFT_OUT = ("values.schema.json", "README.md", "templates/NOTES.txt", ".pyc")
"""Files of a chart that decide nothing here. Helm compiles the schema anew for every release, which is more than half
of the time of a render; OneBlock has checked the same values against a stricter one."""


class SdkEngine:
    """Loads each chart once and renders it as often as asked."""

    name = "sdk"

    def __init__(self) -> None:
        self.version: str = helm_python.helm_sdk_version()
        self._charts: dict[Path, helm_python.Chart] = {}

    def render(self, chart: Path, release: str, namespace: str, values: Mapping[str, Any]) -> list[str]:
        """See :class:`generator.helm.Engine`."""
        try:
            # Helm takes switched-off dependencies out of a loaded chart for good: an umbrella serves one render.
            loaded = None if (chart / "charts").is_dir() else self._charts.get(chart)
            if loaded is None:
                loaded = self._charts[chart] = helm_python.Chart.load_archive(archive(chart))
            files = loaded.render(dict(values), name=release, namespace=namespace)
        except helm_python.HelmError as error:
            raise HelmError(readable(str(error))) from error
        return [document for path in sorted(files) for document in split_documents(files[path])]


def archive(chart: Path) -> bytes:
    """The chart at ``chart`` as Helm reads it from a ``.tgz``, without what is :data:`LEFT_OUT`."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        for file in sorted(each for each in chart.rglob("*") if each.is_file()):
            name = file.relative_to(chart).as_posix()
            if not name.endswith(LEFT_OUT):
                tar.add(file, f"{chart.name}/{name}", recursive=False)
    return packed.getvalue()
