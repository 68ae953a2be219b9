"""``helm template`` with the whole, unmodified values files gives the objects that ``oneblock render`` writes.

The one named difference: the Namespace the platform itself lives in, which Helm's users get by ``--create-namespace``.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generator.helm import split_documents
from generator.helm.sdk import SdkEngine
from generator.plan import Release, namespace_grants
from tests.binaries import need
from tests.fleet_cases import NAMES, FleetCase, fleet, parsed

PROGRAMS = ["helm", "helm3"]
Objects = dict[tuple[str, str, str, str], Any]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("charts")


def keyed(texts: Iterable[str]) -> Objects:
    found: Objects = {}
    for text in texts:
        each = parsed(text)
        metadata = each["metadata"]
        key = (each["apiVersion"], each["kind"], metadata.get("namespace", ""), metadata["name"])
        assert key not in found, f"{key} twice"
        found[key] = each
    return found


def template(program: str, case: FleetCase, chart: Path, release: str, namespace: str, files: list[Path]) -> Objects:
    values = [argument for file in files for argument in ("-f", str(file))]
    command = [str(need(program)), "template", release, str(chart), "-n", namespace, *values]
    done = subprocess.run([*command, "--kube-version", case.kubernetes], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return keyed(split_documents(done.stdout))


@cache
def sdk() -> SdkEngine:
    return SdkEngine()


def rendered(case: FleetCase, releases: Iterable[Release]) -> Iterator[str]:
    for each in releases:
        yield from sdk().render(case.charts / each.chart, each.name, each.namespace, each.values)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", NAMES)
def test_the_umbrella_with_the_platform_file(name: str, program: str, scratch: Path) -> None:
    case = fleet(name, scratch)
    system = case.platform.system_namespace
    ours = keyed(rendered(case, case.platform_releases()))
    if system not in case.platform.namespaces:  # the one difference: helm --create-namespace makes it
        del ours["v1", "Namespace", "", system]
    theirs = template(program, case, case.charts.parent, "oneblock", system, [case.platform_file])
    assert theirs == ours


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", NAMES)
def test_the_ray_chart_with_both_files(name: str, program: str, scratch: Path) -> None:
    case = fleet(name, scratch)
    for namespace in case.namespaces:
        releases = [each for each in case.releases() if each.folder == f"ray/{namespace}"]
        files = [case.platform_file, case.namespace_file(namespace)]
        theirs = template(program, case, case.charts / "ray", f"ray-{namespace}", namespace, files)
        assert theirs == keyed(rendered(case, releases))


def whole(case: FleetCase, release: Release) -> dict[str, Any]:
    """The values of a release as Helm would have them from whole files."""
    data = case.platform.document.data
    if release.chart == "ray":
        return data | case.namespaces[release.home].document.data
    return data.get(release.chart, {}) | {"global": data.get("global", {})}


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
