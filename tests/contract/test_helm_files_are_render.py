"""``helm template`` and ``helm install`` with the whole, unmodified values files give what ``oneblock render`` writes.

The named differences are those of :mod:`tests.helm_objects`. Helm 3 tries an installation only on a cluster: see
``tests/e2e/test_install_by_helm.py``.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from generator.helm import split_documents
from generator.plan import Release, namespace_grants
from tests.binaries import need
from tests.fleet_cases import NAMES, FleetCase, fleet
from tests.helm_objects import installs, keyed, of_a_dry_run, rendered, sdk, without_tests

PROGRAMS = ["helm", "helm3"]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("charts")


def said(*command: str | Path) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", NAMES)
def test_templates_of_the_files(name: str, program: str, scratch: Path) -> None:
    case = fleet(name, scratch)
    for arguments, ours, tests in installs(case):
        theirs = said(need(program), "template", *arguments, "--kube-version", case.kubernetes)
        assert without_tests(keyed(split_documents(theirs)), tests) == ours
        untested = said(need(program), "template", *arguments, "--kube-version", case.kubernetes, "--skip-tests")
        assert keyed(split_documents(untested)) == ours


@pytest.mark.parametrize("name", NAMES)
def test_an_installation_tried_without_a_cluster(name: str, scratch: Path) -> None:
    for arguments, ours, tests in installs(fleet(name, scratch)):
        theirs = said(need("helm"), "install", *arguments, "--dry-run=client", "--output=json")
        assert without_tests(of_a_dry_run(theirs), tests) == ours


def whole(case: FleetCase, release: Release) -> dict[str, Any]:
    """The values of a release as Helm would have them from whole files."""
    data: dict[str, Any] = case.platform.document.data
    if release.chart == "ray":
        return data | case.namespaces[release.home].document.data
    section: dict[str, Any] = data.get(release.chart, {})
    return section | {"global": data.get("global", {})}


@pytest.mark.parametrize("name", NAMES)
def test_a_slice_gives_what_the_whole_file_gives(name: str, scratch: Path) -> None:
    case = fleet(name, scratch)
    for release in case.releases():
        if release.chart == "namespaces":
            continue  # one render a namespace on one side, one for all on the other: the umbrella's test has it
        full = sdk().render(case.charts / release.chart, release.name, release.namespace, whole(case, release))
        assert sorted(full) == sorted(rendered(case, [release])), release.name


@pytest.mark.parametrize("name", NAMES)
def test_all_grants_at_once_are_the_grants_one_by_one(name: str, scratch: Path) -> None:
    case = fleet(name, scratch)
    system = case.platform.system_namespace
    values = {"createSystemNamespace": True, "global": case.platform.document.data.get("global", {})}
    full = sdk().render(case.charts / "namespaces", "oneblock-namespaces", system, values)
    single = (each for name in case.platform.namespaces for each in namespace_grants(case.platform, [name]))
    own = namespace_grants(case.platform, [system])
    assert sorted(full) == sorted(rendered(case, [*single, *own]))
