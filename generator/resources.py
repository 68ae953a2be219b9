"""Where the files that come with OneBlock are: schemas, charts, blueprints, the sample fleet.

In a checkout they stand at the project's top level, in an installed wheel under ``generator/data``.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_WHEEL_DATA = PACKAGE / "data"
ROOT = _WHEEL_DATA if _WHEEL_DATA.is_dir() else PACKAGE.parent
"""The folder that holds ``schemas/``, ``charts/`` and ``values/``."""

BLUEPRINTS = PACKAGE / "blueprints"
"""Jinja sources of the charts and of everything ``oneblock init`` writes."""


def schemas() -> Path:
    """The folder of JSON schemas and KubeRay field tables."""
    return ROOT / "schemas"


def charts() -> Path:
    """The folder of the committed charts (``oneblock/`` is the umbrella)."""
    return ROOT / "charts"


def sub_charts() -> Path:
    """The folder of the committed sub-charts, those for OneBlock's default versions."""
    return charts() / "oneblock" / "charts"


def sample_fleets() -> dict[str, Path]:
    """The values folder of each sample fleet, by name; ``getting-started`` is the one to start from."""
    values = ROOT / "values"
    more = sorted(path for path in (values / "samples").iterdir() if (path / "values").is_dir())
    return {"getting-started": values, **{path.name: path / "values" for path in more}}
