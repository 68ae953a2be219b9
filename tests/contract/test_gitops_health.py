"""The health scripts in a real Argo CD: ``argocd admin settings resource-overrides health``, without a cluster."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from generator.fleet import Platform
from generator.gitops import platform_files
from generator.gitops.health import TABLE
from generator.source import read
from tests.binaries import need
from tests.gitops_health_cases import CASES, Case, case_id

VERSIONS = {each.kind: each.api_version for each in TABLE}


@pytest.fixture(scope="module")
def argocd() -> Path:
    return need("argocd")


@pytest.fixture(scope="module")
def config_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ConfigMap as it is emitted, which is what ``--argocd-cm-path`` takes."""
    document, found = read("platform.yaml", b'gitops: {engine: argocd, repoURL: "https://git.example.com/r.git"}\n')
    assert document is not None, found
    path = tmp_path_factory.mktemp("argocd") / "argocd-cm.yaml"
    path.write_bytes(platform_files(Platform(document), "rendered", ["namespaces"])["configmap-argocd-cm.yaml"])
    return path


def health(argocd: Path, config_map: Path, manifest: Path) -> str:
    command: list[str | Path] = [argocd, "admin", "settings", "resource-overrides", "health", manifest]
    command += ["--argocd-cm-path", config_map]
    environment = os.environ | {"ARGOCD_BINARY_NAME": "argocd"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(output: str) -> tuple[str, str]:
    """(status, message) as the command prints them."""
    found = re.search(r"STATUS: *(.*)\nMESSAGE: *(.*)", output)
    assert found is not None, output
    return found[1].strip(), found[2].strip()


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_argocd_says_what_the_table_says(case: Case, argocd: Path, config_map: Path, tmp_path: Path) -> None:
    live = {
        "apiVersion": VERSIONS[case.kind],
        "kind": case.kind,
        "metadata": {"name": "main", "namespace": "team-a", "generation": 2},
        "spec": {},
    }
    if case.status is not None:
        live["status"] = case.status
    manifest = tmp_path / "live.yaml"
    manifest.write_text(yaml.safe_dump(live), encoding="utf-8")
    state, message = told(health(argocd, config_map, manifest))
    assert state == case.state
    assert message
    assert case.message in (None, message)


@pytest.mark.parametrize("state", ["Healthy", "Degraded", "Progressing"])
def test_an_application_is_as_healthy_as_it_says(state: str, argocd: Path, config_map: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "live.yaml"
    live = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "oneblock-crds", "namespace": "argocd"},
        "status": {"health": {"status": state}},
    }
    manifest.write_text(yaml.safe_dump(live), encoding="utf-8")
    assert told(health(argocd, config_map, manifest))[0] == state
