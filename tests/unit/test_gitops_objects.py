"""What is emitted for Argo CD and Flux, and what is not."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from generator.gitops import PLATFORM_FOLDER, TEAMS_FOLDER, namespace_files, platform_files
from generator.gitops.apps import PLATFORM_APPS
from tests.gitops_fleets import ENGINES, by_name, document, emitted, fleet, of

BOTH = pytest.mark.parametrize("engine", ENGINES)


def apps(engine: str, **changes: Any) -> dict[str, dict[str, Any]]:
    """The platform's apps by name."""
    kind = {"argocd": "Application", "flux": "Kustomization"}[engine]
    return {name: each for name, each in by_name(of(engine, **changes), kind).items() if name.startswith("oneblock")}


def path_of(app: dict[str, Any]) -> str:
    spec = app["spec"]
    return str(spec["source"]["path"] if "source" in spec else spec["path"]).removeprefix("./")


# What there is


@BOTH
def test_one_app_a_folder_and_no_folder_without_an_app(engine: str) -> None:
    found = of(engine)
    sections = {
        "argocd": ["crds", "operator", "queues", "redis", "namespaces"],
        "flux": ["crds", "operator", "namespaces"],
    }
    teams = [namespace.name for namespace in fleet(ENGINES[engine])[1]]
    wanted = {f"rendered/{each}" for each in [*sections[engine], PLATFORM_FOLDER, TEAMS_FOLDER]}
    wanted |= {f"rendered/ray/{team}" for team in teams}
    sources = [each for each in found.values() if each["kind"] in ("Application", "Kustomization")]
    assert {path_of(each) for each in sources if each["metadata"]["name"] != "oneblock-volcano"} == wanted


@pytest.mark.parametrize(("name", "changes"), [("gpu", {"gitops": {"engine": "none"}}), ("kuberay-1.2", {})])
def test_no_engine_no_objects(name: str, changes: dict[str, Any]) -> None:
    assert emitted(*fleet(name, changes)) == {}


@BOTH
def test_a_file_is_called_what_its_object_is(engine: str) -> None:
    for path, manifest in of(engine).items():
        assert path.rsplit("/", 1)[1] == f"{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"


@BOTH
def test_names_are_unique_and_say_where_they_belong(engine: str) -> None:
    found = list(of(engine, gitops={"volcano": {"enabled": True}}).values())
    keys = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in found]
    assert len(keys) == len(set(keys))
    labels = {each["metadata"]["labels"]["app.kubernetes.io/part-of"] for each in found}
    assert labels <= {"oneblock", "argocd"}


@BOTH
def test_same_input_same_bytes_and_clean_text(engine: str) -> None:
    platform, namespaces = fleet(ENGINES[engine])
    first, second = (
        platform_files(platform, "rendered", ["crds", "redis"]) | namespace_files(namespaces[0], "rendered")
        for _ in range(2)
    )
    assert first == second
    for text in map(bytes.decode, first.values()):
        assert text.endswith("\n")
        assert not re.search(r"[ \t]\n|\n\n|<<|>>|<%|%>", text)
        assert max(map(len, text.splitlines())) <= 140


@BOTH
def test_another_tree_and_another_namespace(engine: str) -> None:
    found = of(engine, tree="rendered/prod", gitops={"namespace": "delivery"})
    for each in found.values():
        if each["kind"] in ("Application", "Kustomization") and each["metadata"]["name"] != "oneblock-volcano":
            assert path_of(each).startswith("rendered/prod/")
    if engine == "argocd":
        assert {each["metadata"]["namespace"] for each in found.values()} == {"delivery"}
        assert by_name(found, "ConfigMap")["argocd-cm"]["metadata"]["namespace"] == "delivery"
    else:
        teams = {namespace.name for namespace in fleet(ENGINES[engine])[1]}
        assert {each["metadata"]["namespace"] for each in found.values()} == {"delivery", *teams}


# Order, and who waits for whom


def test_argocd_waves_put_the_platform_before_the_teams() -> None:
    waves = {
        name: int(each["metadata"]["annotations"].get("argocd.argoproj.io/sync-wave", "0"))
        for name, each in apps("argocd", gitops={"volcano": {"enabled": True}}).items()
    }
    order = ["crds", "namespaces", "operator", "queues", "redis", "teams"]
    found = [waves[f"oneblock-{each}"] for each in order]
    assert found == sorted(found)
    assert len(set(found)) == len(order)
    assert waves["oneblock-namespaces"] < waves["oneblock-volcano"] < waves["oneblock-queues"]


def test_a_team_that_waits_holds_nobody_up() -> None:
    found = of("argocd")
    team = found[f"{TEAMS_FOLDER}/team-a/application-ray-team-a.yaml"]
    assert team["metadata"]["annotations"]["argocd.argoproj.io/ignore-healthcheck"] == "true"
    for path, each in found.items():
        if path.startswith(TEAMS_FOLDER):
            annotations = each["metadata"].get("annotations", {})
            assert "argocd.argoproj.io/sync-wave" not in annotations, "one wave: nothing is waited for"
    assert path_of(apps("argocd")["oneblock"]) == "rendered/gitops"
    assert path_of(apps("argocd")["oneblock-teams"]) == "rendered/gitops-teams"


def test_flux_depends_on_apps_that_are_there() -> None:
    for changes in ({}, {"crds": {"enabled": False}}, {"operator": {"enabled": False}}, {"redis": {"enabled": True}}):
        found = apps("flux", **changes)
        for each in found.values():
            assert {dependency["name"] for dependency in each["spec"].get("dependsOn", [])} <= found.keys()
        assert {"name": "oneblock-namespaces"} in found["oneblock-teams"]["spec"]["dependsOn"]


def test_flux_applies_no_teams_object_with_the_platforms() -> None:
    for path, each in of("flux").items():
        own = each["metadata"]["namespace"] == "flux-system"
        assert own == path.startswith(f"{PLATFORM_FOLDER}/"), "a namespace not there yet would stop the whole folder"


@pytest.mark.parametrize("name", ["oneblock", "oneblock-teams", *(app.name for app in PLATFORM_APPS), "ray-team-a"])
def test_argocd_tries_again_with_the_newest_commit(name: str) -> None:
    app = by_name(of("argocd"), "Application")[name]
    assert app["spec"]["syncPolicy"]["retry"]["limit"] == -1
    assert app["spec"]["syncPolicy"]["retry"]["refresh"] is True
    assert app["metadata"]["annotations"]["argocd.argoproj.io/compare-options"] == "ServerSideDiff=true"
    options = app["spec"]["syncPolicy"]["syncOptions"]
    assert "ServerSideApply=true" in options
    assert "RespectIgnoreDifferences=true" not in options


# What is deleted, and what never is

CASCADE = "resources-finalizer.argocd.argoproj.io"


def cascades(engine: str, app: dict[str, Any]) -> bool:
    """Whether taking the app out of Git deletes its objects."""
    if engine == "argocd":
        return CASCADE in app["metadata"].get("finalizers", [])
    return bool(app["spec"]["prune"]) and app["spec"].get("deletionPolicy", "MirrorPrune") == "MirrorPrune"


def prunes(app: dict[str, Any]) -> bool:
    policy = app["spec"].get("syncPolicy")
    return bool(policy["automated"].get("prune") if policy else app["spec"]["prune"])


@BOTH
def test_what_leaves_git_is_deleted_alike_in_both_engines(engine: str) -> None:
    changes = {
        "redis": {"enabled": True},
        "global": {"batchScheduler": "volcano"},
        "queues": {"q": {"namespaces": ["*"]}},
    }
    found = apps(engine, **changes)
    found.pop("oneblock-volcano", None)
    assert {name: (prunes(each), cascades(engine, each)) for name, each in found.items()} == {
        "oneblock": (True, False),
        "oneblock-teams": (True, False),
        "oneblock-crds": (False, False),
        "oneblock-namespaces": (True, False),
        "oneblock-operator": (True, True),
        "oneblock-queues": (True, True),
        "oneblock-redis": (True, True),
    }


@BOTH
def test_a_teams_file_that_is_gone_takes_its_clusters_along(engine: str) -> None:
    kind = {"argocd": "Application", "flux": "Kustomization"}[engine]
    teams = [each for name, each in by_name(of(engine), kind).items() if not name.startswith("oneblock")]
    assert teams
    assert all(prunes(each) and cascades(engine, each) for each in teams)


@BOTH
def test_prune_false_prunes_nothing(engine: str) -> None:
    found = of(engine, gitops={"prune": False})
    for each in found.values():
        if each["kind"] in ("Application", "Kustomization"):
            assert not prunes(each)
            assert not cascades(engine, each)


def test_argocd_would_drop_what_is_false_and_never_be_in_sync() -> None:
    def falsehoods(node: Any) -> list[str]:
        if isinstance(node, dict):
            return [key for key, value in node.items() if value is False or falsehoods(value)]
        return []

    found = by_name(of("argocd", gitops={"prune": False, "selfHeal": False}), "Application")
    assert {name: app for name, app in found.items() if falsehoods(app)} == {}
    assert all(app["spec"]["syncPolicy"]["automated"] == {} for app in found.values())


def test_volcano_is_never_uninstalled() -> None:
    on: dict[str, Any] = {"global": {"batchScheduler": "volcano"}, "gitops": {"volcano": {"enabled": True}}}
    app = by_name(of("argocd", **on), "Application")["oneblock-volcano"]
    assert not prunes(app)
    assert "finalizers" not in app["metadata"]
    for each in of("flux", **on).values():
        if "volcano" in each["metadata"]["name"]:
            assert each["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/prune"] == "disabled"


def test_argocds_own_configmap_is_added_to_and_never_removed() -> None:
    found = by_name(of("argocd"), "ConfigMap")["argocd-cm"]
    options = found["metadata"]["annotations"]["argocd.argoproj.io/sync-options"].split(",")
    assert {"ServerSideApply=true", "Prune=false", "Delete=false"} <= set(options)
    assert found["metadata"]["labels"] == {"app.kubernetes.io/name": "argocd-cm", "app.kubernetes.io/part-of": "argocd"}
    assert all(key.startswith("resource.customizations.health.") for key in found["data"])


def test_flux_keeps_what_a_teams_kustomization_acts_as() -> None:
    patches = apps("flux")["oneblock-namespaces"]["spec"]["patches"]
    assert [patch["target"] for patch in patches] == [{"name": "ray-deployer"}]
    path = yaml.safe_load(patches[0]["patch"])[0]["path"]
    assert path == "/metadata/annotations/kustomize.toolkit.fluxcd.io~1prune"


@BOTH
def test_no_objects_no_app(engine: str) -> None:
    """Both engines stop at a folder that is not in Git, and would keep what they had applied from it."""
    platform, namespaces = fleet(ENGINES[engine], {"global": {"monitoring": {"dashboards": False}}})
    empty = type(namespaces[0])("empty", document({"rayClusters": {}}), platform)
    assert namespace_files(empty, "rendered") == {}
    assert namespace_files(namespaces[0], "rendered")


# Fields that depend on the values


@pytest.mark.parametrize(
    ("revision", "ref"),
    [
        ("main", {"branch": "main"}),
        ("environments/prod", {"branch": "environments/prod"}),
        ("refs/tags/v1", {"name": "refs/tags/v1"}),
        ("0123456789abcdef0123456789abcdef01234567", {"commit": "0123456789abcdef0123456789abcdef01234567"}),
    ],
)
def test_what_flux_calls_a_revision(revision: str, ref: dict[str, str]) -> None:
    for each in by_name(of("flux", gitops={"revision": revision}), "GitRepository").values():
        assert each["spec"]["ref"] == ref


@pytest.mark.parametrize(
    ("url", "flux"),
    [
        ("git@git.example.com:ray/fleet.git", "ssh://git@git.example.com/ray/fleet.git"),
        ("ssh://git@git.example.com:22/ray.git", "ssh://git@git.example.com:22/ray.git"),
        ("https://git.example.com/ray.git", "https://git.example.com/ray.git"),
    ],
)
def test_what_each_engine_calls_a_repository(url: str, flux: str) -> None:
    changes: dict[str, Any] = {"gitops": {"repoURL": url}}
    assert {each["spec"]["url"] for each in by_name(of("flux", **changes), "GitRepository").values()} == {flux}
    app = by_name(of("argocd", **changes), "Application")["oneblock"]
    assert app["spec"]["source"]["repoURL"] == url


def test_a_team_sees_its_own_folder_of_the_repository() -> None:
    found = of("flux", tree="rendered/prod")
    source = found[f"{TEAMS_FOLDER}/notebooks/gitrepository-oneblock.yaml"]
    assert source["spec"]["ignore"].splitlines() == [
        "/*",
        "!/rendered",
        "/rendered/*",
        "!/rendered/prod",
        "/rendered/prod/*",
        "!/rendered/prod/ray",
        "/rendered/prod/ray/*",
        "!/rendered/prod/ray/notebooks",
    ]


def test_flux_waits_only_for_what_can_get_ready() -> None:
    platform, namespaces = fleet("small-team")
    data = {
        "rayClusters": {"on": {}, "off": {"suspend": True}},
        "rayJobs": {"once": {"entrypoint": "python a.py", "rayCluster": {}}},
        "rayServices": {"serve": {"rayCluster": {}}},
    }
    namespace = type(namespaces[0])("team-x", document(data), platform)
    spec = yaml.safe_load(namespace_files(namespace, "rendered")["kustomization-ray.yaml"])["spec"]
    checked = [(each["kind"], each["name"]) for each in spec["healthChecks"]]
    assert checked == [("RayCluster", "on"), ("RayService", "serve")]
    assert [each["kind"] for each in spec["healthCheckExprs"]] == ["RayCluster", "RayService"]
    namespace = type(namespaces[0])("team-x", document({"rayClusters": {"off": {"suspend": True}}}), platform)
    spec = yaml.safe_load(namespace_files(namespace, "rendered")["kustomization-ray.yaml"])["spec"]
    assert "healthChecks" not in spec
    assert "healthCheckExprs" not in spec


def test_flux_waits_for_redis_itself_and_not_for_a_volume_nobody_uses_yet() -> None:
    spec = apps("flux", redis={"enabled": True})["oneblock-redis"]["spec"]
    assert "wait" not in spec
    assert [(each["kind"], each["name"], each["namespace"]) for each in spec["healthChecks"]] == [
        ("StatefulSet", "oneblock-redis", "oneblock-system")
    ]


def test_the_autoscaler_is_left_alone() -> None:
    """By the map list in our CRDs; with KubeRay's own, the two fields it writes are not looked at."""
    cases: list[tuple[dict[str, Any], bool]] = [({}, False), ({"crds": {"enabled": False}}, True)]
    for changes, ignored in cases:
        app = by_name(of("argocd", **changes), "Application")["ray-team-a"]["spec"]
        assert ("ignoreDifferences" in app) == ignored
        _, namespaces = fleet("gpu", changes | {"gitops": {"engine": "flux"}})
        team = next(each for each in namespaces if each.name == "team-a")
        spec = yaml.safe_load(namespace_files(team, "rendered")["kustomization-ray.yaml"])["spec"]
        assert ("ignore" in spec) == ignored
        if ignored:
            assert [each["target"]["name"] for each in spec["ignore"]] == ["main", "scratch"]
            assert spec["ignore"][0]["paths"] == [
                f"/spec/workerGroupSpecs/{index}/{field}" for index in (0, 1) for field in ("replicas", "scaleStrategy")
            ]


def test_every_kind_of_the_table_has_its_check() -> None:
    data = by_name(of("argocd"), "ConfigMap")["argocd-cm"]["data"]
    assert [key.removeprefix("resource.customizations.health.") for key in data] == [
        "argoproj.io_Application",
        "ray.io_RayCluster",
        "ray.io_RayJob",
        "ray.io_RayService",
        "scheduling.volcano.sh_Queue",
    ]
