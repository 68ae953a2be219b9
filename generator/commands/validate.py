"""``oneblock validate``: every finding of a fleet, or those that some files cause. Starts no Helm."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from generator.commands import pipeline
from generator.commands.checks import check_files, shape_of
from generator.commands.fleet_files import Cluster
from generator.commands.platform_file import open_cluster
from generator.diagnostics import Diagnostic, in_order


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings, in order, and the files that were looked at."""

    findings: tuple[Diagnostic, ...]
    files: tuple[str, ...]


def validate(
    clusters: Iterable[Cluster],
    only: Sequence[Path] = (),
    *,
    processes: int | None = None,
    report: pipeline.Report | None = None,
) -> Verdict:
    """Checks the clusters' files; with ``only``, those files and what they belong to.

    A platform file named in ``only`` brings all its namespaces along: a grant taken away is a finding in their files.
    """
    findings: list[Diagnostic] = []
    files: list[str] = []
    for cluster in clusters:
        wanted = _wanted(cluster, only)
        if not wanted:
            continue
        opened = open_cluster(cluster)
        findings += opened.findings
        files += (
            cluster.files if not only else [*cluster.files[:1], *(each for each in wanted if each != cluster.platform)]
        )
        todo = [file for file in wanted if file != cluster.platform]
        if opened.job is None:
            findings += [each for file in todo for each in shape_of(opened, file)]
            continue
        work = partial(check_files, opened.job)
        for found in pipeline.run(work, todo, processes=processes, report=report):
            findings += found
    return Verdict(tuple(in_order(findings)), tuple(files))


def _wanted(cluster: Cluster, only: Sequence[Path]) -> Sequence[str]:
    if not only:
        return cluster.files
    bases = {os.path.abspath(cluster.root), os.path.realpath(cluster.root)}  # noqa: PTH100
    given = {each for path in only for each in (os.path.abspath(path), os.path.realpath(path))}  # noqa: PTH100
    named = {os.path.relpath(path, base).replace(os.sep, "/") for path in given for base in bases}
    chosen = [file for file in cluster.files if not named.isdisjoint(_above(file))]
    return cluster.files if cluster.platform in chosen else chosen


def _above(file: str) -> Iterator[str]:
    """A file and the folders it is in."""
    yield file
    while "/" in file:
        file = file.rpartition("/")[0]
        yield file
    yield "."
