"""Every rendered object against Kubernetes' schemas and our CRDs: in Python always, with kubeconform where it is."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from generator.charts.crds import crds
from generator.schema import kubernetes
from tests import binaries, rendered
from tests.fleets import ROOTS, load
from tests.parsing import parsed

FOREIGN = ("argoproj.io", "fluxcd.io", "monitoring.coreos.com", "volcano.sh")
"""Groups whose CRDs belong to others; Argo CD's and Flux' are looked at in tests/conformance."""


@cache
def ray_schemas(kuberay: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(apiVersion, kind) → schema of our CRDs for a KubeRay, without unknown fields."""
    found = {}
    for crd in crds(kuberay).values():
        for version in crd["spec"]["versions"]:
            key = (f"ray.io/{version['name']}", crd["spec"]["names"]["kind"])
            found[key] = closed_schema(version["schema"]["openAPIV3Schema"])
    return found


@cache
def ray_validators(kuberay: str) -> dict[tuple[str, str], jsonschema_rs.Draft202012Validator]:
    """The same, ready to check objects with."""
    return {key: jsonschema_rs.Draft202012Validator(root(schema)) for key, schema in ray_schemas(kuberay).items()}


def definition(api_version: str, kind: str) -> str:
    """The name of a built-in kind's schema."""
    group, _, version = api_version.rpartition("/")
    if group.endswith(".k8s.io"):
        group = {"apiextensions.k8s.io": "apiextensions-apiserver.pkg.apis.apiextensions"}.get(
            group, group.split(".")[0]
        )
    if group.startswith("apiextensions-apiserver"):
        return f"io.k8s.{group}.{version}.{kind}"
    return f"io.k8s.api.{group or 'core'}.{version}.{kind}"


def closed_schema(node: Any) -> Any:
    """A structural schema as JSON Schema that refuses unknown fields."""
    if isinstance(node, list):
        return [closed_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: closed_schema(value) for key, value in node.items() if not key.startswith("x-") and key != "format"}
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    if "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


@pytest.mark.parametrize("fleet", ROOTS)
def test_every_object_is_valid(fleet: str) -> None:
    versions = load(fleet).platform.versions
    minor, ours = kubernetes.chosen(versions.kubernetes), ray_validators(versions.kuberay)
    wrong, seen = [], 0
    for file in rendered.files(fleet):
        manifest = parsed(file.read_text(encoding="utf-8"))
        key = (manifest["apiVersion"], manifest["kind"])
        if key[0].split("/")[0].endswith(FOREIGN):
            continue
        checker = ours.get(key) or kubernetes.validator(minor, definition(*key), complete=True)
        wrong += [
            f"{file.name}: {'.'.join(map(str, e.instance_path))}: {e.message}" for e in checker.iter_errors(manifest)
        ]
        seen += 1
    assert not wrong, "\n".join(wrong[:20])
    assert seen > 20


def root(schema: dict[str, Any]) -> dict[str, Any]:
    """An object's schema: a CRD says nothing of metadata, and status is none of our business."""
    return schema | {"properties": schema["properties"] | {"metadata": {"type": "object"}}}


def without_lookaheads(node: Any) -> Any:
    """A schema whose patterns Go can read; with one that it cannot, kubeconform acts as if there were no schema."""
    if isinstance(node, dict):
        read = {key: value for key, value in node.items() if not (key == "pattern" and "(?" in str(value))}
        return {key: without_lookaheads(value) for key, value in read.items()}
    return [without_lookaheads(each) for each in node] if isinstance(node, list) else node


def write_schemas(fleet: str, folder: Path) -> list[str]:
    """Self-contained schemas of every kind in the fleet's tree, and kubeconform's options that say where they are.

    The files of kubernetes-validate refer to each other, which kubeconform takes for addresses on the network.
    """
    versions = load(fleet).platform.versions
    minor, schemas = kubernetes.chosen(versions.kubernetes), dict(ray_schemas(versions.kuberay))
    for file in rendered.files(fleet):
        manifest = parsed(file.read_text(encoding="utf-8"))
        key = (manifest["apiVersion"], manifest["kind"])
        if key not in schemas and not key[0].split("/")[0].endswith(FOREIGN):
            schemas[key] = kubernetes.object_schema(minor, definition(*key), complete=True)
    for (api_version, kind), schema in schemas.items():
        group, _, version = api_version.rpartition("/")
        (folder / group).mkdir(parents=True, exist_ok=True)
        text = json.dumps(without_lookaheads(schema))
        (folder / group / f"{kind.lower()}_{version}.json").write_text(text, encoding="utf-8")
    name = "{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
    return ["-schema-location", f"{folder}/{{{{.Group}}}}/{name}", "-schema-location", f"{folder}/{name}"]


@pytest.mark.parametrize("fleet", ROOTS)
def test_kubeconform_agrees(fleet: str, tmp_path: Path) -> None:
    program = binaries.need("kubeconform")
    skipped = ["Application", "AppProject", "GitRepository", "Kustomization", "HelmRepository", "HelmRelease"]
    skipped += ["PodMonitor", "ServiceMonitor", "PrometheusRule", "Queue"]
    command: list[str | Path] = [program, "-strict", "-summary", "-output", "json", "-skip", ",".join(skipped)]
    command += [*write_schemas(fleet, tmp_path), rendered.tree(fleet)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 0, json.dumps(report.get("resources"), indent=1)[:3000]
    assert report["summary"]["valid"] > 20
    assert not report["summary"]["invalid"]
    assert not report["summary"]["errors"]
