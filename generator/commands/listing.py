"""``oneblock list``: the fleet at a glance, as rows of plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from generator.commands.fleet_files import Cluster
from generator.commands.job import Job
from generator.commands.pipeline import Report
from generator.commands.platform_file import open_cluster
from generator.commands.tools import tools_of
from generator.diagnostics import Diagnostic, Level, in_order
from generator.fleet import ClusterSpec, Group, Namespace, Platform, Workload
from generator.fleet.plain import as_map
from generator.fleet.quantities import parse, show
from generator.source import load

What = Literal["workloads", "queues", "namespaces"]

RESOURCES = ("cpu", "memory", "gpu")
UNLIMITED = 2147483647
"""maxReplicas a worker group has when nobody gave one (the CRD's default)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of plain data, and the errors that keep other rows out."""

    rows: tuple[dict[str, Any], ...]
    findings: tuple[Diagnostic, ...]


def listing(clusters: list[Cluster], what: What, report: Report | None = None) -> Listing:
    """One row a workload, queue or namespace of every file that can be read; clusters are named if they have names."""
    rows: list[dict[str, Any]] = []
    findings: list[Diagnostic] = []
    for cluster in clusters:
        opened = open_cluster(cluster)
        findings += opened.findings
        if opened.job is None:
            continue
        platform = tools_of(opened.job).platform
        if what == "workloads":
            made = _workloads(cluster, opened.job, findings, report)
        else:
            made = _queues(platform) if what == "queues" else _namespaces(platform)
        named = {"cluster": cluster.name} if cluster.name else {}
        rows += [named | row for row in made]
    return Listing(tuple(rows), tuple(each for each in in_order(findings) if each.level is Level.ERROR))


def _workloads(
    cluster: Cluster, job: Job, findings: list[Diagnostic], report: Report | None
) -> Iterator[dict[str, Any]]:
    for number, file in enumerate(cluster.namespaces, start=1):
        document, found = load(cluster.root, file)
        if report is not None:
            report(number, len(cluster.namespaces))
        findings += found
        if document is not None:
            namespace = tools_of(job).namespace(document)
            yield from (_row(workload, namespace) for workload in namespace.workloads)


def _queues(platform: Platform) -> Iterator[dict[str, Any]]:
    for queue in platform.queues.values():
        yield {
            "name": queue.name,
            "parent": queue.parent,
            "namespaces": queue.namespaces,
            "weight": queue.spec.get("weight", 1),
            "priority": queue.spec.get("priority", 0),
            **{field: queue.spec.get(field) for field in ("guarantee", "deserved", "capability")},
        }


def _namespaces(platform: Platform) -> Iterator[dict[str, Any]]:
    for name, grant in platform.namespaces.items():
        given = as_map(grant)
        yield {
            "name": name,
            "owners": [_who(each) for each in given.get("owners") or []],
            "users": [_who(each) for each in given.get("users") or []],
            "quota": given.get("quota"),
            "queues": platform.granted_queues(name),
        }


def _row(workload: Workload, namespace: Namespace) -> dict[str, Any]:
    volcano = namespace.platform.batch_scheduler == "volcano"
    row: dict[str, Any] = {
        "namespace": namespace.name,
        "kind": workload.kind,
        "name": workload.name,
        "queue": workload.queue if volcano else None,
        "ray": None,
        "workers": None,
        **dict.fromkeys(RESOURCES),
        "gcsFT": None,
    }
    spec = workload.cluster
    if spec is None:
        selector = workload.job.get("clusterSelector")
        row["workers"] = f"on {as_map(selector).get('ray.io/cluster')}" if selector else None
        return row
    row["ray"] = spec.spec.get("rayVersion")
    fewest, most = _workers(spec)
    row["workers"] = _range(Fraction(fewest), Fraction(most))
    for resource in RESOURCES:
        row[resource] = _range(*_total(spec, resource), resource)
    on = spec.gcs_options or workload.annotations.get("ray.io/ft-enabled") == "true"
    row["gcsFT"] = spec.gcs_options.get("backend", "redis") if on else "off"
    return row


def _bounds(group: Group, *, autoscaling: bool) -> tuple[int, int]:
    hosts = int(group.spec.get("numOfHosts") or 1)
    low = int(group.spec.get("minReplicas") or 0)
    high = int(group.spec.get("maxReplicas", UNLIMITED))
    if not autoscaling:
        low = high = min(max(int(group.spec.get("replicas") or 0), low), high)
    return low * hosts, high * hosts


def _workers(spec: ClusterSpec) -> tuple[int, int]:
    bounds = [_bounds(group, autoscaling=spec.autoscaling) for group in spec.worker_groups]
    return sum(low for low, _ in bounds), sum(high for _, high in bounds)


def _total(spec: ClusterSpec, resource: str) -> tuple[Fraction, Fraction]:
    low = high = _request(spec.head, resource)
    for group in spec.worker_groups:
        each = _request(group, resource)
        fewest, most = _bounds(group, autoscaling=spec.autoscaling)
        low, high = low + each * fewest, high + each * most
    return low, high


def _request(group: Group, resource: str) -> Fraction:
    total = Fraction(0)
    for container in group.containers:
        given = as_map(container.get("resources"))
        requests = {**as_map(given.get("limits")), **as_map(given.get("requests"))}
        names = [name for name in requests if name == resource or (resource == "gpu" and name.endswith("/gpu"))]
        total += sum((parse(requests[name]) or Fraction(0) for name in names), Fraction(0))
    return total


def _range(low: Fraction, high: Fraction, resource: str = "") -> str:
    first, last = show(low, resource), show(high, resource)
    if first == last:
        return first
    for suffix in ("Gi", "Mi", "Ti", "Ki"):
        if first.endswith(suffix) and last.endswith(suffix):
            return f"{first.removesuffix(suffix)}–{last}"
    return f"{first}–{last}"


def _who(subject: Any) -> str:
    if isinstance(subject, dict):
        return f"{subject.get('kind', 'Group')}:{subject.get('name')}"
    return str(subject)
