"""Reads and checks a cluster's platform file: what everything else about the cluster goes by."""

from __future__ import annotations

from dataclasses import replace

from generator.commands import checks
from generator.commands.fleet_files import Cluster, Opened
from generator.commands.job import Job
from generator.commands.tools import tools_of
from generator.diagnostics import has_errors
from generator.schema.versions import Versions
from generator.source import load


def open_cluster(cluster: Cluster) -> Opened:
    """Reads and checks the platform file."""
    if cluster.platform is None:
        return Opened(cluster, (), None)
    document, findings = load(cluster.root, cluster.platform)
    note = checks.UNCHECKED_NAMESPACES
    if document is None:
        return Opened(cluster, tuple(checks.noted(findings, note) if cluster.namespaces else findings), None)
    job = Job.of(cluster.root, document)
    findings = findings + checks.check_platform(document, job)
    if has_errors(findings):
        findings = checks.noted(findings, note) if cluster.namespaces else findings
        return Opened(cluster, tuple(findings), None, Versions.from_platform(document.data))
    path = tools_of(job).platform.at("gitops", "path") or "rendered"
    below = f"{path}/{cluster.name}" if cluster.name else str(path)
    return Opened(cluster, tuple(findings), replace(job, tree=below), tools_of(job).platform.versions)
