"""Family 9: versions at their bounds, and that tables here agree with the tables they come from."""

from __future__ import annotations

import pytest

from generator.rules.family4_common import GATES
from generator.rules.family9_gates import NEEDS_KUBERNETES, gates
from generator.schema import kubernetes
from tests.rules.texts import check, codes, only, platform


def fleet(extra: str = "", rest: str = "", **pinned: str) -> str:
    versions = {"kubernetes": "1.33", "kuberay": "1.6.2", "ray": "2.60.0", "volcano": "1.14.1"} | pinned
    text = ", ".join(f'{product}: "{version}"' for product, version in versions.items())
    more = f", {extra}" if extra else ""
    return f"global: {{versions: {{{text}}}, namespaces: {{team: {{owners: [team-leads]}}}}{more}}}\n{rest}\n"


@pytest.mark.parametrize(
    ("pinned", "expected"),
    [
        ({}, []),
        ({"kuberay": "1.1.1"}, ["OB901"]),
        ({"kuberay": "1.2.0"}, []),
        ({"kuberay": "1.7.9"}, []),
        ({"kuberay": "1.8.0"}, ["OB901"]),
        ({"kubernetes": "1.28"}, ["OB902", "OB912"]),
        ({"kubernetes": "1.29"}, ["OB912"]),
        ({"kubernetes": "1.30.2"}, []),
        ({"ray": "2.8.0"}, ["OB903"]),
        ({"volcano": "1.8.9"}, ["OB904"]),
        ({"volcano": "1.12.4", "kubernetes": "1.32"}, []),
        ({"volcano": "1.12.4", "kubernetes": "1.33"}, ["OB911"]),
        ({"volcano": "1.14.1", "kubernetes": "1.36.4"}, []),
        ({"volcano": "1.15.1", "kubernetes": "1.37"}, ["OB911"]),
        ({"volcano": "1.16.0", "kubernetes": "1.37"}, []),
    ],
)
def test_pinned_versions(pinned: dict[str, str], expected: list[str]) -> None:
    assert codes(check(fleet(**pinned))) == expected


def test_volcano_does_not_matter_where_it_is_not_used() -> None:
    assert check(fleet("batchScheduler: none", volcano="1.8.9")) == []


def test_the_value_is_marked_and_the_range_is_said() -> None:
    (found,) = check(fleet(kuberay="1.8.0"))
    assert found.label == "1.2 to 1.7 is supported"
    assert found.span.end_column - found.span.column == len('"1.8.0"')


def test_a_kubernetes_without_schemas_is_warned_of() -> None:
    newest = kubernetes.minors()[-1]
    after = f"1.{int(newest.split('.')[1]) + 1}"
    assert check(fleet("batchScheduler: none", kubernetes=newest)) == []
    assert codes(check(fleet("batchScheduler: none", kubernetes=after))) == ["OB905"]


@pytest.mark.parametrize(
    ("ray", "expected"),
    [
        ("2.8.9", ["OB906", "OB910"]),
        ("2.9.0", ["OB910"]),
        ("2.10.9", ["OB910"]),
        ("2.11.0", ["OB909"]),
        ("2.37.0", ["OB909"]),
        ("2.38.0", []),
    ],
)
def test_the_ray_of_one_cluster(ray: str, expected: list[str]) -> None:
    assert codes(check(fleet(), team=f"rayClusters: {{main: {{rayVersion: {ray}}}}}")) == expected


def test_a_ray_from_the_platform_file_is_shown_there() -> None:
    (found,) = check(fleet(ray="2.20.0"), team="rayClusters: {main: {}}")
    assert (found.code, found.span.file) == ("OB909", "platform.yaml")


def test_an_old_kuberay_takes_an_old_ray() -> None:
    assert check(fleet(kuberay="1.2.2"), team="rayClusters: {main: {rayVersion: 2.9.0}}") == []


@pytest.mark.parametrize(
    ("image", "fires"),
    [
        ("rayproject/ray:2.60.0", False),
        ("rayproject/ray:2.60.0-py312-gpu", False),
        ("registry.example.com:5000/mirror/ray-ml:2.59.0", True),
        ("rayproject/ray:nightly", False),
        ("rayproject/ray:2.60", False),
        ("registry.example.com/ml/train:1.4.0", False),
        ("registry.example.com/ml/xray:1.4.0", False),
        ("rayproject/ray@sha256:" + "0" * 64, False),
        ("rayproject/ray:2.59.0@sha256:" + "0" * 64, True),
    ],
)
def test_images_of_another_ray(image: str, fires: bool) -> None:
    for text in (f'image: "{image}"', f'head: {{image: "{image}"}}', f'workerGroups: {{a: {{image: "{image}"}}}}'):
        assert bool(only("OB913", check(fleet(), team=f"rayClusters: {{main: {{{text}}}}}"))) is fires


def test_a_digest_in_the_platform_file_says_nothing_of_a_version() -> None:
    digest = "sha256:" + "0" * 64
    assert codes(check(fleet('ray: {image: {tag: "2.59.0"}}'))) == ["OB914"]
    assert check(fleet(f'ray: {{image: {{tag: "2.59.0", digest: "{digest}"}}}}')) == []


@pytest.mark.parametrize(
    ("kuberay", "gate", "known"),
    [
        ("1.2.2", "RayClusterStatusConditions", True),
        ("1.2.2", "RayJobDeletionPolicy", False),
        ("1.5.2", "RayCronJob", False),
        ("1.6.2", "AsyncJobInfoQuery", True),
        ("1.7.0", "AsyncJobInfoQuery", False),
        ("1.7.0", "KubernetesWAS", True),
    ],
)
def test_gates_come_and_go(kuberay: str, gate: str, known: bool) -> None:
    found = check(fleet("batchScheduler: none", f"operator: {{featureGates: {{{gate}: false}}}}", kuberay=kuberay))
    assert bool(only("OB920", found)) is not known


def test_a_gate_of_another_version_says_of_which() -> None:
    (found,) = check(fleet("", "operator: {featureGates: {AsyncJobInfoQuery: true}}", kuberay="1.7.0"))
    assert found.label == "it came with 1.6 and was gone in 1.7"
    (found,) = check(fleet("", "operator: {featureGates: {RayClusterMTLS: true}}"))
    assert found.label == "it came with 1.7"
    (found,) = check(fleet("", "operator: {featureGates: {RayCronJobs: true}}"))
    assert found.label == "did you mean RayCronJob?"


def test_the_other_families_gates_are_among_them() -> None:
    newest = gates(platform(fleet(kuberay="1.7.0")))
    assert set(GATES) <= set(newest)
    assert set(NEEDS_KUBERNETES) <= set(newest)


@pytest.mark.parametrize(
    ("kubernetes_version", "gate", "expected"),
    [
        ("1.34", "SidecarSubmitterRestart", ["OB922"]),
        ("1.35", "SidecarSubmitterRestart", []),
        ("1.35", "KubernetesWAS", ["OB922"]),
        ("1.36", "KubernetesWAS", []),
    ],
)
def test_gates_that_need_kubernetes(kubernetes_version: str, gate: str, expected: list[str]) -> None:
    rest = f"operator: {{featureGates: {{{gate}: true}}}}"
    found = check(fleet("batchScheduler: none", rest, kuberay="1.7.0", kubernetes=kubernetes_version))
    assert codes(found) == expected


def test_kubernetes_and_volcano_do_not_both_schedule_gangs() -> None:
    rest = "operator: {featureGates: {KubernetesWAS: %s}}"
    pinned = {"kuberay": "1.7.0", "kubernetes": "1.36"}
    assert codes(check(fleet("", rest % "true", **pinned))) == ["OB921"]
    assert check(fleet("", rest % "false", **pinned)) == []


@pytest.mark.parametrize(("kuberay", "expected"), [("1.4.2", ["OB923", "OB923"]), ("1.5.0", [])])
def test_the_operators_client(kuberay: str, expected: list[str]) -> None:
    assert codes(check(fleet("", "operator: {kubeClient: {qps: 50, burst: 80}}", kuberay=kuberay))) == expected


@pytest.mark.parametrize(
    ("tag", "fires"), [("v1.6.0", False), ("1.6.2-patched", False), ("v1.7.0", True), ("edge", False)]
)
def test_the_operators_image(tag: str, fires: bool) -> None:
    assert bool(only("OB915", check(fleet("", f"operator: {{image: {{tag: {tag}}}}}")))) is fires
