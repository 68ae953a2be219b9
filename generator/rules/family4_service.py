"""Family 4, RayServices: upgrades, names, times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from generator.diagnostics import Level
from generator.fleet import Platform, Workload
from generator.rules.cel import Cel, Kind
from generator.rules.family4_common import at, gate_open, number, open_the_gate
from generator.rules.family4_job import yaml_map_problem
from generator.rules.registry import Finding, Scope, rule

INCREMENTAL = "NewClusterWithIncrementalUpgrade"
TIMEOUT = "ray.io/initializing-timeout"
GATE = "RayServiceIncrementalUpgrade"
_DURATION = re.compile(r"([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)", re.ASCII)
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_KIND: tuple[Kind, ...] = ("RayService",)


@rule(
    "OB490",
    "a RayService's head Service cannot be named",
    Scope.SERVICE,
    cel=Cel(_KIND, "SPEC.headGroupSpec.?headService.?metadata.?name.orValue('') == ''"),
    source="validation.go ValidateRayServiceSpec",
    since="1.3",
)
def head_service_named(workload: Workload) -> Iterator[Finding]:
    """During an upgrade two clusters run side by side, and both would have a Service of this name; the operator
    refuses the RayService with an Event. Remove ``headService.metadata.name``."""
    cluster = workload.cluster
    if cluster is not None and (name := at(cluster.spec, "headGroupSpec", "headService", "metadata", "name")):
        where = workload.span(cluster.field("headGroupSpec", "headService", "metadata", "name"))
        yield Finding(f'the head Service is named "{name}"', where)


@rule(
    "OB491",
    "no such upgrade strategy for a RayService",
    Scope.SERVICE,
    cel=(
        Cel(
            _KIND,
            f"object.spec.?upgradeStrategy.?type.orValue('None') in ['None', 'NewCluster', '{INCREMENTAL}']",
            since="1.5",
        ),
        Cel(_KIND, "object.spec.?upgradeStrategy.?type.orValue('None') in ['None', 'NewCluster']", until="1.5"),
    ),
    source="validation.go ValidateRayServiceSpec",
    since="1.3",
)
def upgrade_unknown(service: dict[str, Any], workload: Workload, platform: Platform) -> Iterator[Finding]:
    """The CRD takes any text; the operator refuses the RayService with an Event. Use NewCluster or None, or from
    KubeRay 1.5 on NewClusterWithIncrementalUpgrade."""
    known = ["NewCluster", "None", *([INCREMENTAL] if platform.versions.at_least("kuberay", "1.5") else [])]
    kind = at(service, "upgradeStrategy", "type")
    if kind is not None and kind not in known:
        where = workload.span(("spec", "upgradeStrategy", "type"))
        yield Finding(f'the operator knows no upgrade strategy "{kind}"', where, notes=(", ".join(known),))


@rule(
    "OB492",
    "rayClusterDeletionDelaySeconds is negative",
    Scope.SERVICE,
    cel=Cel(_KIND, "object.spec.?rayClusterDeletionDelaySeconds.orValue(0) >= 0"),
    source="validation.go ValidateRayServiceSpec",
    since="1.5",
)
def deletion_delay(service: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """It counts the seconds the old cluster lives on after an upgrade; the API server refuses a negative one. Write
    0 or more; the default is 60."""
    value = number(service.get("rayClusterDeletionDelaySeconds"))
    if value is not None and value < 0:
        yield Finding(
            f"rayClusterDeletionDelaySeconds is {value}", workload.span(("spec", "rayClusterDeletionDelaySeconds"))
        )


def timeout_problem(text: str) -> str:
    """What is wrong with an initializing timeout (Go's ``time.ParseDuration``, then ``strconv.Atoi``), empty if
    nothing is."""
    found = _DURATION.fullmatch(text)
    if found is None:
        if not re.fullmatch(r"[-+]?\d+", text, re.ASCII):
            return "is neither a duration such as 5m nor a number of seconds"
        return "" if int(text) > 0 else "is not positive"
    amounts = (Fraction(each) for each in _PART.findall(found[2]))
    return "" if found[1] != "-" and any(amounts) else "is not positive"


@rule(
    "OB493",
    "the initializing timeout is no positive duration",
    Scope.SERVICE,
    source="validation.go validateInitializingTimeout",
    since="1.5",
)
def initializing_timeout(workload: Workload) -> Iterator[Finding]:
    """The annotation ``ray.io/initializing-timeout`` bounds how long a RayService may take to become ready; the
    operator refuses what it cannot read with an Event. Write a Go duration (``30m``, ``1h30m``) or seconds."""
    text = workload.annotations.get(TIMEOUT)
    if text and (problem := timeout_problem(str(text))):
        yield Finding(
            f'the initializing timeout "{text}" {problem}', workload.span(("metadata", "annotations", TIMEOUT))
        )


def _incremental(service: dict[str, Any]) -> bool:
    return bool(at(service, "upgradeStrategy", "type") == INCREMENTAL)


@rule(
    "OB494",
    "an incremental upgrade is not described whole",
    Scope.SERVICE,
    source="validation.go ValidateClusterUpgradeOptions",
    since="1.5",
)
def incremental_options(service: dict[str, Any], workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Traffic moves to the new cluster in steps through a Gateway, while the autoscaler sizes both: the operator
    needs autoscaling, ``stepSizePercent``, ``intervalSeconds`` and ``gatewayClassName``, and refuses the RayService
    with an Event otherwise. Complete ``upgradeStrategy.clusterUpgradeOptions``."""
    if not _incremental(service) or not gate_open(platform, GATE):
        return
    cluster, options = workload.cluster, at(service, "upgradeStrategy", "clusterUpgradeOptions")
    at_options = ("spec", "upgradeStrategy", "clusterUpgradeOptions")
    if cluster is not None and not cluster.autoscaling:
        yield Finding("an incremental upgrade needs autoscaling", workload.span(("spec", "upgradeStrategy", "type")))
    surge, step, pause = (
        number(at(options, each)) for each in ("maxSurgePercent", "stepSizePercent", "intervalSeconds")
    )
    surge = 100 if surge is None else surge
    problems = {
        "maxSurgePercent": "must be 0 to 100" if not 0 <= surge <= 100 else "",
        "stepSizePercent": "must be set, 0 to 100" if step is None or not 0 <= step <= 100 else "",
        "intervalSeconds": "must be set, above 0" if pause is None or pause <= 0 else "",
        "gatewayClassName": "" if at(options, "gatewayClassName") else "must be set",
    }
    if (
        not problems["stepSizePercent"]
        and step is not None
        and step > surge
        and platform.versions.at_least("kuberay", "1.7")
    ):
        problems["stepSizePercent"] = f"must not be above maxSurgePercent ({surge})"
    for field, problem in problems.items():
        if problem:
            yield Finding(f"clusterUpgradeOptions.{field} {problem}", workload.span((*at_options, field), key=True))


@rule(
    "OB495",
    "an incremental upgrade needs the feature gate RayServiceIncrementalUpgrade",
    Scope.SERVICE,
    level=Level.WARNING,
    source="util.go IsIncrementalUpgradeEnabled, rayservice_controller.go isZeroDowntimeUpgradeEnabled",
    since="1.5",
)
def incremental_gate(service: dict[str, Any], workload: Workload, platform: Platform) -> Iterator[Finding]:
    """With the gate off (the default before KubeRay 1.7) the operator takes the RayService and never upgrades it:
    the strategy counts as None, and a changed cluster is not rolled out. Open the gate, or use NewCluster."""
    if _incremental(service) and not gate_open(platform, GATE):
        where = workload.span(("spec", "upgradeStrategy", "type"))
        yield Finding("the upgrade strategy is incremental, and the gate is off", where, help=open_the_gate(GATE))


@rule(
    "OB496",
    "serveConfig is no YAML map",
    Scope.SERVICE,
    source="rayservice_controller.go updateServeDeployment",
)
def serve_config_invalid(service: dict[str, Any], workload: Workload) -> Iterator[Finding]:
    """The operator starts the cluster first and reads ``serveConfigV2`` then; text it cannot read leaves the RayService
    without applications, trying again for ever. Write ``serveConfig`` as a map, and OneBlock makes the text."""
    text = service.get("serveConfigV2")
    if isinstance(text, str) and (problem := yaml_map_problem(text)):
        yield Finding(f"serveConfig {problem}", workload.span(("spec", "serveConfigV2")))
