"""Opens a fleet: which clusters it has, and each cluster's platform file."""

from __future__ import annotations

import codecs
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic
from generator.source import find_values, load

if TYPE_CHECKING:
    from generator.commands.job import Job
    from generator.schema.versions import Versions


JUST_NOW = 2 * 10**9
"""Nanoseconds: the coarsest file times there are (FAT's)."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster's files, relative to the fleet's root. ``name`` is empty when the fleet is one cluster."""

    root: Path
    name: str
    platform: str | None
    namespaces: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the cluster, the platform's first."""
        return (*((self.platform,) if self.platform is not None else ()), *self.namespaces)

    def raw(self, file: str) -> bytes:
        """A file's bytes without a byte order mark; empty where it cannot be read (the reader will say why)."""
        try:
            with open(os.path.join(self.root, file), "rb", buffering=0) as stream:  # noqa: PTH118 PTH123 (a hot path)
                return stream.readall().removeprefix(codecs.BOM_UTF8)
        except OSError:
            return b""

    def stamp(self, file: str) -> str:
        """A file's size, times and number.

        Empty for one that changed just now: it may change again within the time that the file system can tell apart.
        """
        try:
            stat = os.stat(os.path.join(self.root, file))  # noqa: PTH116 PTH118 (a hot path)
        except OSError:
            return ""
        just_now = time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) < JUST_NOW
        return "" if just_now else f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A cluster with its platform file read; ``job`` is None when that file cannot be used.

    ``versions`` are those the file pins, None when not even that can be told.
    """

    cluster: Cluster
    findings: tuple[Diagnostic, ...]
    job: Job | None
    versions: Versions | None = None


def find_clusters(root: Path, values: Path | None) -> tuple[list[Cluster], list[Diagnostic]]:
    """The clusters of the fleet at ``root``, and what is wrong with its folders."""
    folder = values.as_posix() if values is not None else "values"
    found, findings = find_values(root, folder)
    clusters = []
    for each in found:
        name = each.folder.removeprefix(folder).strip("/")
        clusters.append(Cluster(root, name, each.platform, each.namespaces))
    return clusters, findings


def fleet_versions(root: Path) -> Versions:
    """The versions the fleet's first platform file pins; OneBlock's defaults where there is none."""
    from generator.schema.versions import DEFAULT, Versions

    for cluster in find_clusters(root, None)[0]:
        document, _ = load(root, cluster.platform) if cluster.platform is not None else (None, [])
        if document is not None:
            return Versions.from_platform(document.data)
    return DEFAULT
