"""Fleets and what is emitted for them, for the tests of the GitOps objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from generator.fleet import Namespace, Platform, open_namespace
from generator.gitops import PLATFORM_FOLDER, TEAMS_FOLDER, namespace_files, platform_files
from generator.plan import namespace_grants, platform_releases
from generator.source import Document, read

FLEETS = Path(__file__).parent / "fleets"
ENGINES = {"argocd": "gpu", "flux": "small-team"}

Objects = dict[str, dict[str, Any]]


def document(data: dict[str, Any], name: str = "values.yaml") -> Document:
    """A values file that holds ``data``."""
    found, findings = read(name, yaml.safe_dump(data, sort_keys=False).encode())
    assert found is not None, findings
    return found


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``over`` laid over ``under``, maps deep."""
    both = dict(under)
    for key, value in over.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def fleet(name: str, changes: dict[str, Any] | None = None) -> tuple[Platform, list[Namespace]]:
    """The fleet ``tests/fleets/<name>`` with ``changes`` to its platform file."""
    values = FLEETS / name / "values"
    data = merged(yaml.safe_load((values / "platform.yaml").read_text(encoding="utf-8")), changes or {})
    platform = Platform(document(data))
    namespaces = []
    for file in sorted((values / "namespaces").glob("*.yaml")):
        found, findings = read(file.name, file.read_bytes())
        assert found is not None, findings
        namespaces.append(open_namespace(file.stem, found, platform))
    return platform, namespaces


def emitted(platform: Platform, namespaces: list[Namespace], tree: str = "rendered") -> Objects:
    """Every object for the fleet by its path in the tree."""
    releases = [*platform_releases(platform), *namespace_grants(platform)]
    folders = sorted({release.folder.split("/")[0] for release in releases})
    files = {f"{PLATFORM_FOLDER}/{name}": text for name, text in platform_files(platform, tree, folders).items()}
    for namespace in namespaces:
        for name, text in namespace_files(namespace, tree).items():
            files[f"{TEAMS_FOLDER}/{namespace.name}/{name}"] = text
    return {name: yaml.safe_load(text) for name, text in files.items()}


def of(engine: str, tree: str = "rendered", **changes: Any) -> Objects:
    """The objects of the engine's sample fleet with ``changes`` to the platform file's top keys."""
    return emitted(*fleet(ENGINES[engine], changes), tree=tree)


def by_name(found: Objects, kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind by name."""
    return {each["metadata"]["name"]: each for each in found.values() if each["kind"] == kind}
