"""The Jinja sources of the charts and how they are read.

A chart is a folder below ``generator/blueprints/charts``; ``_shared`` holds what each of them gets a copy of. In it:

- ``chart.yaml``   what Chart.yaml says about it (description, appVersion, keywords);
- ``README.md``    the words around the values table;
- ``templates/``   Helm templates, run through Jinja first;
- ``files/``       copied byte for byte;
- ``data/*.yaml``  tables for the templates (``data.rbac``), rows of which may say ``since`` and ``until``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import jinja2
import yaml

from generator import templating
from generator.charts.values import flow
from generator.resources import BLUEPRINTS
from generator.schema.chart import Chart

CHARTS = BLUEPRINTS / "charts"
SHARED = "_shared"
UMBRELLA = "oneblock"


def names() -> tuple[Chart, ...]:
    """Every chart, sorted; the umbrella is one of them."""
    return tuple(sorted(get_args(Chart)))


def sources(chart: str, part: str) -> dict[str, Path]:
    """The files of a part (``templates``, ``files``) of a chart by their path in it; its own win over shared ones."""
    found: dict[str, Path] = {}
    for owner in (SHARED, chart):
        folder = CHARTS / owner / part
        for path in sorted(folder.rglob("*")):
            # pip compiles a chart's scripts where it installs them
            if path.is_file() and not path.name.startswith(".") and path.parent.name != "__pycache__":
                found[f"{part}/{path.relative_to(folder).as_posix()}"] = path
    return dict(sorted(found.items()))


def meta(chart: str, versions: object) -> dict[str, Any]:
    """What Chart.yaml says: ``description``, ``keywords`` and ``app_version``, the version of the product ``app``."""
    found = dict(_load(CHARTS / chart / "chart.yaml"))
    return found | {"app_version": getattr(versions, found["app"])}


def data(chart: str) -> dict[str, Any]:
    """The tables of a chart by file stem."""
    return {path.stem: _load(path) for path in sorted((CHARTS / chart / "data").glob("*.yaml"))}


def run(path: Path, context: Mapping[str, Any]) -> str:
    """The text a blueprint gives; an unknown name in it raises :class:`jinja2.UndefinedError`."""
    return _environment().get_template(path.relative_to(CHARTS).as_posix()).render(context)


def of_version(rows: Sequence[Mapping[str, Any]], version: str) -> list[Mapping[str, Any]]:
    """The rows that hold at a version: ``since`` it or earlier, ``until`` a later one (exclusive)."""
    at = _numbers(version)
    return [row for row in rows if _numbers(row.get("since", "0")) <= at < _numbers(row.get("until", "99999"))]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in str(version).partition("-")[0].split("."))


@cache
def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def _environment() -> jinja2.Environment:
    environment = templating.blueprints(CHARTS)
    environment.filters["at"] = of_version
    environment.filters["flow"] = flow
    environment.filters["literal"] = _literal
    return environment


def _literal(text: str) -> str:
    """Text that Helm prints as it stands, whatever braces are in it."""
    return text.replace("{{", '{{ "{{" }}')
