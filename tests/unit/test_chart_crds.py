"""The crds chart: the CRDs of the version, kept for ever, in both forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.charts import generate, write
from generator.charts.crds import crds
from generator.schema import Versions
from tests.charts.rendering import engine, objects

RAY = {"rayclusters.ray.io", "rayjobs.ray.io", "rayservices.ray.io"}


@pytest.mark.parametrize(
    ("kuberay", "names"),
    [("1.2.2", RAY), ("1.5.2", RAY), ("1.6.2", RAY | {"raycronjobs.ray.io"}), ("1.7.0", RAY | {"raycronjobs.ray.io"})],
)
def test_which_there_are(kuberay: str, names: set[str]) -> None:
    found = objects("crds", versions=Versions(kuberay=kuberay))
    assert {each["metadata"]["name"] for each in found} == names


@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2", "1.7.0"])
def test_helm_prints_them_as_they_are(kuberay: str) -> None:
    expected = crds(kuberay)
    for each in objects("crds", versions=Versions(kuberay=kuberay)):
        assert each["spec"] == expected[each["metadata"]["name"]]["spec"]


def test_they_stay_when_the_chart_goes() -> None:
    for each in objects("crds"):
        annotations = each["metadata"]["annotations"]
        assert annotations["helm.sh/resource-policy"] == "keep"
        assert annotations["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
        assert annotations["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == "crds"


def test_the_slim_form(tmp_path: Path) -> None:
    files = generate(Versions.DEFAULT, crds="slim")
    write(files, tmp_path)
    full = generate(Versions.DEFAULT)
    assert {path for path in files if files[path] != full[path]} == {
        f"charts/crds/templates/{name.partition('.')[0]}.yaml" for name in RAY | {"raycronjobs.ray.io"}
    }
    assert len(engine().render(tmp_path / "charts/crds", "x", "y", {})) == 4


@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2", "1.7.0"])
def test_each_is_small_enough_for_a_plain_apply(kuberay: str) -> None:
    """kubectl keeps what it applied as JSON in an annotation; all annotations together may have 262,144 bytes."""
    for each in objects("crds", versions=Versions(kuberay=kuberay)):
        record = json.dumps(each, separators=(",", ":"))
        others = sum(len(key) + len(value) for key, value in each["metadata"]["annotations"].items())
        assert len(record) + others < 262_144, each["metadata"]["name"]
