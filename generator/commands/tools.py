"""What a process opens for a job, and keeps."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from generator import resources
from generator.commands.job import Job
from generator.fleet import Namespace, Platform, open_namespace
from generator.helm import Engine, HelmError, open_engine
from generator.output import OutputError
from generator.schema.versions import DEFAULT
from generator.source import Document

CACHE = ".oneblock_cache"
"""Below the fleet's root: what may be thrown away at any time."""


class Tools:
    """What a process keeps between namespaces: the platform, the charts, Helm (started only when first asked)."""

    def __init__(self, job: Job) -> None:
        self.platform = Platform(Document(job.platform_file, job.platform_text, json.loads(job.platform_data)))
        self._job = job
        self._engine: Engine | None = None
        self._charts = job.charts

    @property
    def engine(self) -> Engine:
        """Helm. Raises OutputError where it cannot be started: that is no fault of the values."""
        if self._engine is None:
            try:
                self._engine = open_engine(self._job.engine, kube_version=self.platform.versions.kubernetes)
            except HelmError as error:
                raise OutputError(str(error)) from error
        return self._engine

    @property
    def charts(self) -> Path:
        """The folder of sub-charts for the pinned versions. Raises OutputError."""
        if self.platform.versions == DEFAULT:
            return resources.sub_charts()
        if self._charts is None or not self._charts.is_dir():  # the cache may go at any time
            from generator.charts.store import chart_folder  # here: the generator takes 40 ms to load

            try:
                self._charts = chart_folder(self.platform.versions, self._job.root / CACHE)
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                raise OutputError(f"the charts for this fleet's versions cannot be written: {why}") from error
        return self._charts

    def namespace(self, document: Document) -> Namespace:
        """The namespace file ``document`` under this platform."""
        return open_namespace(Path(document.file).stem, document, self.platform)


@lru_cache(maxsize=2)
def tools_of(job: Job) -> Tools:
    """The tools of this process for a job."""
    return Tools(job)
