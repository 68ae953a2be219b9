"""Renders the charts as generated now, for tests that look at the objects."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from generator.charts import generate, write
from generator.helm import Engine, open_engine
from generator.schema import Versions
from tests.parsing import parsed

Object = dict[str, Any]
SYSTEM = "oneblock-system"
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@cache
def folder(versions: Versions = Versions.DEFAULT) -> Path:
    """The umbrella chart for these versions, written once a session."""
    _FOLDERS.append(tempfile.TemporaryDirectory(prefix="oneblock-charts-", ignore_cleanup_errors=True))
    path = Path(_FOLDERS[-1].name) / "oneblock"
    write(generate(versions), path)
    return path


def chart(name: str, versions: Versions = Versions.DEFAULT) -> Path:
    """One chart's folder; ``oneblock`` is the umbrella."""
    return folder(versions) if name == "oneblock" else folder(versions) / "charts" / name


@cache
def engine() -> Engine:
    """The engine in process."""
    return open_engine("sdk", kube_version="1.36")


def texts(
    name: str,
    values: Mapping[str, Any] | str = "",
    *,
    versions: Versions = Versions.DEFAULT,
    namespace: str = SYSTEM,
    release: str = "test",
) -> list[str]:
    """What Helm prints for a chart, a text an object; values may be YAML."""
    given = yaml.safe_load(values) or {} if isinstance(values, str) else values
    return engine().render(chart(name, versions), release, namespace, given)


def objects(name: str, values: Mapping[str, Any] | str = "", **how: Any) -> list[Object]:
    """The same, parsed."""
    return [parsed(text) for text in texts(name, values, **how)]


def keyed(found: Iterable[Object]) -> dict[tuple[str, str, str], Object]:
    """Objects by kind, namespace and name; two of one key are an error."""
    result: dict[tuple[str, str, str], Object] = {}
    for each in found:
        key = (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"])
        assert key not in result, f"{key} is there twice"
        result[key] = each
    return result


def one(found: Iterable[Object], kind: str, name: str | None = None, namespace: str | None = None) -> Object:
    """The only object of a kind (and name, and namespace)."""
    matching = [
        each
        for each in found
        if each["kind"] == kind
        and name in (None, each["metadata"]["name"])
        and namespace in (None, each["metadata"].get("namespace"))
    ]
    assert len(matching) == 1, f"{len(matching)} × {kind} {name or ''}"
    return matching[0]


def kinds(found: Iterable[Object]) -> list[str]:
    """The kinds, sorted, with repeats."""
    return sorted(each["kind"] for each in found)
