"""Who may apply what where: Argo CD's projects, Flux's lockdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.charts import generate
from generator.charts.store import chart_folder
from generator.gitops import TEAMS_FOLDER
from generator.gitops.kinds import PLATFORM_KINDS, TEAM_KINDS, Kind
from generator.helm import open_engine
from generator.helm.archive import TESTS
from generator.plan import namespace_grants, namespace_releases, platform_releases
from generator.render import render_release
from generator.schema import Versions
from tests.gitops_fleets import by_name, emitted, fleet, of
from tests.parsing import parsed

LATEST = {"kubernetes": "1.36", "kuberay": "1.7.0", "ray": "2.60.0", "volcano": "1.14.1"}


def chart_kinds(charts: tuple[str, ...]) -> set[Kind]:
    """Every kind the charts' templates can render, at the newest versions; what `helm test` runs is Helm's alone."""
    files = generate(Versions.from_platform({"global": {"versions": LATEST}}))
    found = set()
    for path, content in files.items():
        parts = Path(path).parts
        if TESTS in path:
            continue
        if parts[:1] == ("charts",) and parts[1] in charts and "templates" in parts and path.endswith(".yaml"):
            found |= set(objects_in(content.decode()))
    return found


def objects_in(template: str) -> Iterator[Kind]:
    for api_version, kind in re.findall(r"^apiVersion: (\S+)\nkind: (\S+)$", template, flags=re.MULTILINE):
        yield (api_version.split("/")[0] if "/" in api_version else "", kind)


def test_the_platforms_project_allows_what_its_charts_render_and_nothing_else() -> None:
    charts = ("crds", "namespaces", "operator", "queues", "redis")
    assert {*PLATFORM_KINDS.cluster, *PLATFORM_KINDS.namespaced} == chart_kinds(charts)


def test_a_teams_project_allows_what_the_chart_ray_renders_and_nothing_else() -> None:
    assert set(TEAM_KINDS) == chart_kinds(("ray",))


@pytest.mark.parametrize("name", ["gpu", "small-team"])
def test_every_rendered_object_is_allowed_where_it_goes(name: str, tmp_path: Path) -> None:
    platform, namespaces = fleet(name, {"gitops": {"engine": "argocd"}})
    projects = by_name(emitted(platform, namespaces), "AppProject")
    engine = open_engine("sdk", kube_version=platform.versions.kubernetes)
    charts = chart_folder(platform.versions, tmp_path)
    releases = [*platform_releases(platform), *namespace_grants(platform)]
    releases += [release for namespace in namespaces for release in namespace_releases(namespace)]
    for release in releases:
        project = projects[release.name if release.chart == "ray" else "oneblock-platform"]["spec"]
        places = {each["namespace"] for each in project["destinations"]}
        for file in render_release(release, engine, charts):
            manifest = parsed(file.content)
            namespace = manifest["metadata"].get("namespace")
            group, _, _ = manifest["apiVersion"].rpartition("/")
            allowed = project["namespaceResourceWhitelist" if namespace else "clusterResourceWhitelist"]
            assert {"group": group, "kind": manifest["kind"]} in allowed, file.path
            assert namespace is None or places & {"*", namespace}, file.path


def test_a_team_cannot_reach_out_of_its_namespace() -> None:
    found = of("argocd")
    for team in ("speech", "team-a"):
        project = found[f"{TEAMS_FOLDER}/{team}/appproject-ray-{team}.yaml"]["spec"]
        app = found[f"{TEAMS_FOLDER}/{team}/application-ray-{team}.yaml"]["spec"]
        assert app["project"] == f"ray-{team}"
        assert project["destinations"] == [app["destination"]]
        assert project["clusterResourceWhitelist"] == []
        assert project["sourceRepos"] == [app["source"]["repoURL"]]
        assert project["destinationServiceAccounts"][0]["defaultServiceAccount"] == "ray-deployer"


def test_no_app_is_in_the_default_project_and_only_oneblocks_own_may_make_apps() -> None:
    found = of("argocd")
    projects = by_name(found, "AppProject")
    for app in by_name(found, "Application").values():
        project = projects[app["spec"]["project"]]["spec"]
        assert app["spec"]["source"]["repoURL"] in project["sourceRepos"]
    makers = [
        name
        for name, each in projects.items()
        if {"group": "argoproj.io", "kind": "Application"} in each["spec"].get("namespaceResourceWhitelist", [])
    ]
    assert makers == ["oneblock"]
    assert projects["oneblock"]["spec"]["destinations"] == [
        {"server": "https://kubernetes.default.svc", "namespace": "argocd"}
    ]


def test_flux_locks_a_team_in() -> None:
    for path, each in of("flux").items():
        if path.startswith(TEAMS_FOLDER):
            team = path.split("/")[1]
            assert each["metadata"]["namespace"] == team
            if each["kind"] == "Kustomization":
                assert each["spec"]["serviceAccountName"] == "ray-deployer"
                assert each["spec"]["targetNamespace"] == team
                assert each["spec"]["sourceRef"] == {"kind": "GitRepository", "name": "oneblock"}


def test_flux_substitutes_nowhere() -> None:
    on: dict[str, Any] = {"global": {"batchScheduler": "volcano"}, "gitops": {"volcano": {"enabled": True}}}
    for path, each in of("flux", **on).items():
        assert each["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled", path
