"""Every sample fleet, opened: what contract and unit tests render."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from generator.charts.store import chart_folder
from generator.fleet import Namespace, Platform, open_namespace
from generator.plan import Release, namespace_grants, namespace_releases, platform_releases
from generator.source import Document, read
from tests.fleets import ROOTS

FOLDERS = {name: root / "values" for name, root in ROOTS.items()}
NAMES = sorted(FOLDERS)


@dataclass(frozen=True)
class FleetCase:
    """One sample fleet: its platform, namespaces by name, and the charts of its versions."""

    name: str
    platform: Platform
    namespaces: dict[str, Namespace]
    charts: Path

    @property
    def platform_file(self) -> Path:
        return FOLDERS[self.name] / "platform.yaml"

    def namespace_file(self, name: str) -> Path:
        return FOLDERS[self.name] / "namespaces" / f"{name}.yaml"

    @property
    def kubernetes(self) -> str:
        return self.platform.versions.kubernetes

    def platform_releases(self) -> Iterator[Release]:
        yield from platform_releases(self.platform)
        yield from namespace_grants(self.platform)

    def releases(self) -> Iterator[Release]:
        yield from self.platform_releases()
        for namespace in self.namespaces.values():
            yield from namespace_releases(namespace)


@cache
def fleet(name: str, scratch: Path) -> FleetCase:
    """The fleet called ``name``; charts of other versions than the committed ones are kept in ``scratch``."""
    platform = Platform(_document(FOLDERS[name] / "platform.yaml"))
    files = sorted((FOLDERS[name] / "namespaces").glob("*.yaml"))
    namespaces = {file.stem: open_namespace(file.stem, _document(file), platform) for file in files}
    return FleetCase(name, platform, namespaces, chart_folder(platform.versions, scratch))


def _document(file: Path) -> Document:
    document, findings = read(file.name, file.read_bytes())
    assert document is not None, findings
    return document
