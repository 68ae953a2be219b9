"""Helm in process, Helm 4 and Helm 3 as programs give the same documents, byte for byte, for every fleet's releases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from generator.helm import Engine, HelmError
from generator.helm.binary import OLDEST, BinaryEngine
from generator.helm.sdk import SdkEngine
from generator.plan import Release
from tests.binaries import need
from tests.fleet_cases import NAMES, FleetCase, fleet


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("charts")


def documents(engine: Engine, case: FleetCase, release: Release) -> list[str]:
    chart = case.charts / release.chart
    return sorted(engine.render(chart, release.name, release.namespace, release.values))


@pytest.mark.parametrize("program", ["helm", "helm3"])
@pytest.mark.parametrize("name", NAMES)
def test_same_bytes(name: str, program: str, scratch: Path) -> None:
    binary = BinaryEngine(kube_version="1.36", program=str(need(program)))
    case = fleet(name, scratch)
    releases = list(case.releases())
    with ThreadPoolExecutor(2) as pool:
        theirs = list(pool.map(lambda release: documents(binary, case, release), releases))
    sdk = SdkEngine()
    for release, expected in zip(releases, theirs, strict=True):
        assert documents(sdk, case, release) == expected, release.name


def test_an_old_helm_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "helm"
    old.write_text("#!/bin/sh\necho v3.17.9+gabcdef\n")
    old.chmod(0o755)
    with pytest.raises(HelmError, match=r"is Helm v3\.17\.9.* needs 3\.18\.5"):
        BinaryEngine(kube_version="1.36", program=str(old))
    assert OLDEST == (3, 18, 5)


@pytest.mark.parametrize("program", ["sdk", "helm", "helm3"])
def test_a_charts_own_refusal_is_told_in_its_own_words(program: str, tmp_path: Path) -> None:
    engine: Engine = SdkEngine() if program == "sdk" else BinaryEngine(kube_version="1.36", program=str(need(program)))
    chart = tmp_path / "picky"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: picky\nversion: 0.1.0\n")
    (chart / "templates" / "x.yaml").write_text('{{ fail "queues need a name" }}\n')
    with pytest.raises(HelmError) as refused:
        engine.render(chart, "r", "n", {})
    assert str(refused.value) == "queues need a name"
