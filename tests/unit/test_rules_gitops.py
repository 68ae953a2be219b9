"""Family 8: repository, path and namespace of the GitOps engine."""

from __future__ import annotations

import pytest

from generator.diagnostics import Level
from tests.rules.texts import check, codes, only

TEAM = "global: {batchScheduler: none, namespaces: {team: {owners: [team-leads]}}}\n"
URL = 'repoURL: "https://git.example.com/ray.git"'


def gitops(text: str) -> list[str]:
    return codes(check(f"{TEAM}gitops: {{{text}}}\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("engine: none", []),
        ("engine: argocd", ["OB802"]),
        ("engine: flux", ["OB802"]),
        (f"engine: flux, {URL}", []),
    ],
)
def test_an_engine_needs_a_repository(text: str, expected: list[str]) -> None:
    assert gitops(text) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("rendered", []),
        ("clusters/prod", []),
        ("a..b/..c", []),
        ("../rendered", ["OB803"]),
        ("clusters/../rendered", ["OB803"]),
        ("./rendered", ["OB803"]),
        ("clusters//prod", ["OB803"]),
        (".", ["OB803"]),
        ("values", ["OB804"]),
        ("values/rendered", ["OB804"]),
        ("values2", []),
        ("prod/values", []),
    ],
)
def test_paths(path: str, expected: list[str]) -> None:
    assert gitops(f'path: "{path}"') == expected


@pytest.mark.parametrize(
    ("url", "fires"),
    [
        ("https://git.example.com/ray.git", False),
        ("https://git.example.com/a@b.git", False),
        ("https://token@git.example.com/ray.git", True),
        ("https://bot:token@git.example.com/ray.git", True),
        ("ssh://git@git.example.com/ray.git", False),
        ("ssh://git:token@git.example.com/ray.git", True),
        ("git@git.example.com:ml/ray.git", False),
    ],
)
def test_credentials_in_the_address(url: str, fires: bool) -> None:
    found = check(f'{TEAM}gitops: {{engine: argocd, repoURL: "{url}"}}\n')
    assert bool(only("OB805", found)) is fires
    assert not any("token" in each.message for each in found)


@pytest.mark.parametrize("url", ["file:///srv/ray.git", "git://git.example.com/ray.git", "git@git.example.com://ray"])
def test_flux_takes_three_schemes_only(url: str) -> None:
    (found,) = check(f'{TEAM}gitops: {{engine: flux, repoURL: "{url}"}}\n')
    assert (found.code, found.help) == ("OB806", "write https:// or ssh://")


def test_the_short_form_of_ssh_is_written_out_for_flux() -> None:
    url = "git@git.example.com:ml/ray.git"
    assert check(f'{TEAM}gitops: {{engine: flux, repoURL: "{url}"}}\n') == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"engine: argocd, {URL}", ["OB810"]),
        (f"engine: argocd, {URL}, namespace: gitops", []),
        (f"engine: flux, {URL}, namespace: argocd", ["OB810"]),
        (f"engine: flux, {URL}", []),
        ("engine: none", []),
    ],
)
def test_the_engines_namespace(text: str, expected: list[str]) -> None:
    declared = "global: {batchScheduler: none, namespaces: {argocd: {owners: [admins]}}}\n"
    assert codes(check(f"{declared}gitops: {{{text}}}\n")) == expected


AUTOSCALED = """
rayServices:
  serve:
    rayCluster:
      autoscaling: {enabled: true}
      workerGroups: {cpu: {minReplicas: 1, maxReplicas: 4}}
"""


def test_upstreams_crds_are_warned_of_in_services_too() -> None:
    assert check(TEAM, team=AUTOSCALED) == []
    (found,) = check(f"{TEAM}crds: {{enabled: false}}\n", team=AUTOSCALED)
    assert (found.code, found.level) == ("OB809", Level.WARNING)
    assert found.related[0].span.file == "platform.yaml"
