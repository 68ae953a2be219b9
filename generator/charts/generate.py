"""Charts from blueprints, schemas and versions: ``oneblock generate`` without the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal

from generator.charts import blueprints, crdfiles
from generator.charts.readme import values_table
from generator.charts.values import values_yaml
from generator.rules import policies
from generator.rules.cel import MATCH_CONDITIONS, PolicyRule
from generator.schema import Product, Versions, fields
from generator.schema.chart import Chart, chart_schema

VERSION = "0.1.0"
"""Version of every chart here; a change of what they render to changes it."""

Crds = Literal["slim", "full"]


def generate(versions: Versions, *, crds: Crds = "full") -> dict[str, bytes]:
    """Every file of the umbrella chart for these versions, by its path below ``charts/oneblock/``.

    Sub-charts are under ``charts/<name>/``, whole and installable by themselves. Same versions, same bytes: sorted, LF,
    final newline. ``crds`` chooses between CRDs with open pod templates and closed ones.
    """
    files: dict[str, str] = {}
    for chart in blueprints.names():
        folder = "" if chart == blueprints.UMBRELLA else f"charts/{chart}/"
        files |= {folder + path: text for path, text in _chart(chart, versions, crds).items()}
    return {path: _final(text).encode() for path, text in sorted(files.items())}


def _chart(chart: Chart, versions: Versions, crds: Crds) -> dict[str, str]:
    schema = _pinned(chart_schema(chart, versions), versions)
    shipped = _pinned(chart_schema(chart, versions, shipped=True), versions)
    context = _context(chart, versions, schema)
    shared = blueprints.CHARTS / blueprints.SHARED
    files = {path: blueprints.run(source, context) for path, source in blueprints.sources(chart, "templates").items()}
    files |= {path: source.read_text(encoding="utf-8") for path, source in blueprints.sources(chart, "files").items()}
    if chart == "crds":
        files |= crdfiles.templates(versions, crds, str(context["prefix"]))
    return files | {
        "Chart.yaml": blueprints.run(shared / "Chart.yaml", context),
        "README.md": blueprints.run(blueprints.CHARTS / chart / "README.md", context),
        ".helmignore": (shared / "helmignore").read_text(encoding="utf-8"),
        "values.yaml": blueprints.run(shared / "values.yaml", context | {"values": values_yaml(schema)}),
        "values.schema.json": json.dumps(shipped, indent=1, ensure_ascii=False),
    }


def _pinned(schema: dict[str, Any], versions: Versions) -> dict[str, Any]:
    """The schema with these versions as the defaults of ``global.versions``."""
    for product, each in schema["$defs"]["versions"]["properties"].items():
        each["default"] = getattr(versions, product)
    return schema


def _context(chart: Chart, versions: Versions, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What blueprints may use, by name."""
    return {
        "chart": chart,
        "charts": [name for name in blueprints.names() if name != blueprints.UMBRELLA],
        "descriptions": {name: blueprints.meta(name, versions)["description"] for name in blueprints.names()},
        "umbrella": chart == blueprints.UMBRELLA,
        # Named templates are global to an umbrella and all of its charts.
        "prefix": "oneblock" if chart == blueprints.UMBRELLA else f"oneblock.{chart}",
        "chart_version": VERSION,
        "versions": versions,
        "meta": blueprints.meta(chart, versions),
        "data": blueprints.data(chart),
        "since": partial(_since, versions),
        "has_field": partial(_has_field, versions.kuberay),
        "rules": policies(versions),
        "grants": _once(policies(versions, policy="queue-grants")),
        "match_conditions": MATCH_CONDITIONS,
        "table": values_table(schema, elsewhere=_elsewhere(chart)),
    }


def _once(rules: Iterable[PolicyRule]) -> list[PolicyRule]:
    """The rules with one entry for all kinds they say the same of."""
    return list({(rule.code, rule.expression): rule for rule in rules}.values())


def _elsewhere(chart: Chart) -> dict[str, str]:
    """What a chart's README leaves to another's."""
    if chart == blueprints.UMBRELLA:
        return {name: f"See [its README](charts/{name})." for name in blueprints.names() if name != chart}
    return {"global": "See the umbrella's README."}


def _since(versions: Versions, version: str, product: Product = "kuberay") -> bool:
    return versions.at_least(product, version)


def _has_field(kuberay: str, kind: str, path: str) -> bool:
    """``has_field("RayCluster", "spec.upgradeStrategy")``: whether that KubeRay's CRD knows it."""
    *above, name = path.split(".")
    return name in fields.fields_at(kind, tuple(above), kuberay)


def _final(text: str) -> str:
    """One final newline, no line that ends in a space."""
    return "\n".join(line.rstrip(" ") for line in text.rstrip("\n").split("\n")) + "\n" if text.strip() else ""
