"""``oneblock validate``: every finding of a fleet, or those that some files cause. Starts no Helm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from generator.commands import pipeline
from generator.commands.checks import check_file, shape_of
from generator.commands.fleet_files import Cluster, open_cluster
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
        files += [file for file in cluster.files if file == cluster.platform or file in wanted]
        todo = [file for file in wanted if file != cluster.platform]
        if opened.job is None:
            findings += [each for file in todo for each in shape_of(cluster.root, file)]
            continue
        work = partial(check_file, opened.job)
        for _, found in pipeline.run(work, todo, processes=processes, report=report):
            findings += found
    return Verdict(tuple(in_order(findings)), tuple(files))


def _wanted(cluster: Cluster, only: Sequence[Path]) -> list[str]:
    everything = list(cluster.files)
    if not only:
        return everything
    given = {path.resolve() for path in only}
    chosen = [file for file in everything if any(_covers(each, (cluster.root / file).resolve()) for each in given)]
    return everything if cluster.platform in chosen else chosen


def _covers(given: Path, file: Path) -> bool:
    return given == file or given in file.parents
