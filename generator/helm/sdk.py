"""Helm 4.2 in this process, by helm-python-sdk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import helm_python

from generator.helm.archive import archive
from generator.helm.batch import Batch
from generator.helm.engine import HelmError, Printed, one_by_one, readable, split_documents
from generator.plan import Release


class SdkEngine:
    """Loads each chart once and renders it as often as asked."""

    name = "sdk"

    def __init__(self) -> None:
        self.version: str = helm_python.helm_sdk_version()
        self._charts: dict[Path, helm_python.Chart] = {}
        self._batches: dict[Path, tuple[Batch, helm_python.Chart]] = {}

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

    def render_many(self, chart: Path, releases: Sequence[Release]) -> list[Printed]:
        """See :class:`generator.helm.Engine`."""
        if len(releases) > 1:
            try:
                return [*self._batch(chart, releases)]
            except helm_python.HelmError:
                pass  # one of them was refused: alone, each shows which
        return one_by_one(self, chart, releases)

    def _batch(self, chart: Path, releases: Sequence[Release]) -> list[list[str]]:
        if chart not in self._batches:
            batch = Batch(chart)
            self._batches[chart] = batch, helm_python.Chart.load_archive(batch.chart)
        batch, loaded = self._batches[chart]
        printed = loaded.render(batch.values(releases), name=releases[0].name, namespace=releases[0].namespace)
        return batch.documents(printed)
