"""Queues as OneBlock's values have them: its verdict, and the objects it makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from generator.commands.fleet_files import find_clusters
from generator.commands.validate import validate
from generator.diagnostics import Level
from generator.fleet import Platform
from generator.fleet.quantities import SHORT_NAMES
from generator.helm.sdk import SdkEngine
from generator.plan import platform_releases
from generator.source import read
from tests.e2e.volcano import VERSION

Queues = Mapping[str, Mapping[str, Any]]
CHART = Path(__file__).resolve().parents[2] / "charts/oneblock/charts/queues"
AMOUNTS = ("deserved", "capability")
ENGINE = SdkEngine()


def platform_text(queues: Queues) -> str:
    """A platform file with these queues, as JSON: what is a string there is one to every reader of YAML."""
    return json.dumps({"global": {"versions": {"volcano": VERSION}}, "queues": queues}, indent=1)


def refusals(folder: Path, queues: Queues) -> list[str]:
    """The errors of ``oneblock validate`` on a fleet of these queues, as ``code message``; ``folder`` is its root."""
    (folder / "values").mkdir(exist_ok=True)
    (folder / "values" / "platform.yaml").write_text(platform_text(queues))
    clusters, findings = find_clusters(folder, None)
    found = [*findings, *validate(clusters, processes=1).findings]
    return [f"{each.code} {each.message}" for each in found if each.level is Level.ERROR]


def rendered(queues: Queues) -> dict[str, dict[str, Any]]:
    """The Queue objects that OneBlock makes of them, by name."""
    document, findings = read("platform.yaml", platform_text(queues).encode())
    assert document is not None, findings
    (release,) = (each for each in platform_releases(Platform(document)) if each.chart == "queues")
    texts = ENGINE.render(CHART, release.name, release.namespace, release.values)
    objects = [yaml.safe_load(text) for text in texts]
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == "Queue"}


def written_by_hand(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The Queue that somebody would write who does not use OneBlock: the same content, unchecked."""
    own = {key: value for key, value in spec.items() if key not in ("namespaces", "guarantee", *AMOUNTS)}
    own |= {field: _resources(spec[field]) for field in AMOUNTS if field in spec}
    if "guarantee" in spec:
        own["guarantee"] = {"resource": _resources(spec["guarantee"])}
    return {
        "apiVersion": "scheduling.volcano.sh/v1beta1",
        "kind": "Queue",
        "metadata": {"name": name},
        "spec": own,
    }


def _resources(amounts: Mapping[str, Any]) -> dict[str, str]:
    return {SHORT_NAMES.get(name, name): str(amount) for name, amount in amounts.items()}
