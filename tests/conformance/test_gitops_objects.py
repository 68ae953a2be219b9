"""Every GitOps object we emit against the engine's own CRDs, unknown fields refused.

The CRDs are not part of this repository: ``$ONEBLOCK_UPSTREAM_CRDS`` names a folder that holds ``argo-cd/**/*.json``
and ``flux/**/*.json`` (made by ``kubectl get crd -o json``); without it ``../shared/upstream-crds`` beside the checkout
is tried.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.gitops_fleets import ENGINES, document, emitted, fleet, of

FOLDERS = {"argocd": "argo-cd", "flux": "flux"}

VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "upstream's CRDs kept": {"crds": {"enabled": False}},
    "nothing pruned, nothing healed": {"gitops": {"prune": False, "selfHeal": False}},
    "one of several clusters": {"tree": "rendered/prod"},
    "volcano": {"global": {"batchScheduler": "volcano"}, "gitops": {"volcano": {"enabled": True}}},
    "no volcano": {"global": {"batchScheduler": "none"}},
    "another namespace": {"gitops": {"namespace": "delivery", "interval": "1h30m"}},
    "a tag": {"gitops": {"revision": "refs/tags/v1.2.3"}},
    "a commit": {"gitops": {"revision": "0123456789abcdef0123456789abcdef01234567"}},
    "another system namespace": {"global": {"systemNamespace": "ray-system"}},
    "an address without a scheme": {"gitops": {"repoURL": "git@git.example.com:a/b.git"}},
    "everything on": {"redis": {"enabled": True}, "global": {"monitoring": {"dashboards": True}}},
}


@cache
def crds(engine: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(apiVersion, kind) → the closed schema of the engine's own CRD; skips where the CRDs are not at hand."""
    named = os.environ.get("ONEBLOCK_UPSTREAM_CRDS")
    root = Path(named) if named else Path(__file__).parents[3] / "shared" / "upstream-crds"
    folder = root / FOLDERS[engine]
    if not folder.is_dir():
        pytest.skip(f"needs {engine}'s own CRDs in {FOLDERS[engine]}/ below $ONEBLOCK_UPSTREAM_CRDS")
    found = {}
    for file in sorted(folder.rglob("*.json")):
        crd = json.loads(file.read_text(encoding="utf-8"))
        for version in crd["spec"]["versions"]:
            if version["served"]:
                api_version = f"{crd['spec']['group']}/{version['name']}"
                found[api_version, crd["spec"]["names"]["kind"]] = closed(version["schema"]["openAPIV3Schema"])
    return found


def closed(schema: Any) -> Any:
    """The schema with unknown fields refused where the API server would prune them."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    properties = schema.get("properties")
    if isinstance(properties, dict) and "type" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        result.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
    return result


def errors(engine: str, manifest: dict[str, Any]) -> list[str]:
    schema = dict(crds(engine)[manifest["apiVersion"], manifest["kind"]])
    name = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253}
    metadata = {"type": "object", "required": ["name", "namespace"], "properties": {"name": name}}
    schema["properties"] = schema["properties"] | {"metadata": metadata}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(manifest)]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_object_is_what_its_crd_says(engine: str, variant: str) -> None:
    known = crds(engine)
    checked = 0
    for path, manifest in of(engine, **VARIANTS[variant]).items():
        if manifest["apiVersion"] == "v1":
            assert manifest["kind"] in ("ConfigMap", "Namespace"), path
            continue
        assert (manifest["apiVersion"], manifest["kind"]) in known, path
        assert not errors(engine, manifest), path
        checked += 1
    assert checked > len(FOLDERS)


@pytest.mark.parametrize("engine", ENGINES)
def test_suspended_and_scheduled_workloads(engine: str) -> None:
    platform, _ = fleet(ENGINES[engine], {"crds": {"enabled": False}})
    data = {
        "rayClusters": {"off": {"suspend": True}, "on": {}},
        "rayJobs": {"nightly": {"entrypoint": "python a.py", "schedule": "0 3 * * *", "rayCluster": {}}},
    }
    namespace = type(fleet(ENGINES[engine])[1][0])("team-x", document(data), platform)
    found = emitted(platform, [namespace])
    assert [path for path in found if "team-x" in path]
    for path, manifest in found.items():
        assert manifest["apiVersion"] == "v1" or not errors(engine, manifest), path


def test_an_unknown_field_is_seen() -> None:
    manifest = next(each for each in of("argocd").values() if each["kind"] == "Application")
    manifest["spec"]["syncPolicy"]["retry"]["forever"] = True
    assert errors("argocd", manifest) == [
        "$.spec.syncPolicy.retry: Additional properties are not allowed ('forever' was unexpected)"
    ]


def test_a_wrong_type_is_seen() -> None:
    manifest = next(each for each in of("flux").values() if each["kind"] == "Kustomization")
    manifest["spec"]["interval"] = 5
    assert any(error.startswith("$.spec.interval: ") for error in errors("flux", manifest))
