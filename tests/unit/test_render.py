"""Manifests are told apart by four lines; a real YAML parser must agree. Files are named by kind and name."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.helm.sdk import SdkEngine
from generator.render import ManifestError, identify, render_release
from generator.render.tree import place
from tests.fleet_cases import NAMES, fleet
from tests.parsing import parsed


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("charts")


@pytest.mark.parametrize("name", NAMES)
def test_a_yaml_parser_agrees_and_rendering_twice_gives_the_same_bytes(name: str, scratch: Path) -> None:
    case = fleet(name, scratch)
    first, second = SdkEngine(), SdkEngine()
    seen: set[tuple[str, str, str, str]] = set()
    for release in case.releases():
        files = render_release(release, first, case.charts)
        assert files == render_release(release, second, case.charts)
        for file in files:
            text = file.content.decode()
            found, truth = identify(text), parsed(text)
            metadata = truth["metadata"]
            told = (found.api_version, found.kind, found.namespace, found.name)
            assert told == (truth["apiVersion"], truth["kind"], metadata.get("namespace", ""), metadata["name"])
            assert found.key not in seen, f"{found.key} is rendered twice"
            seen.add(found.key)
            if found.kind != "ConfigMap":  # programs have blank lines of their own
                assert "\n\n\n" not in text
            assert not any(line != line.rstrip() for line in text.splitlines())
    assert len(seen) > 10


def manifest(kind: str, name: str, namespace: str = "", api: str = "v1") -> str:
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n{where}  labels:\n    name: other\nspec: {{}}\n"
    )


@pytest.mark.parametrize("quoted", ["a", '"a"', "'a'"])
def test_names_may_be_quoted(quoted: str) -> None:
    assert identify(manifest("Pod", quoted)).name == "a"


def test_only_the_objects_own_names_count() -> None:
    text = manifest("Job", "a", "b", "batch/v1") + "  template:\n    metadata:\n      name: c\n      namespace: d\n"
    found = identify(text)
    assert (found.group, found.kind, found.namespace, found.name) == ("batch", "Job", "b", "a")
    assert identify(manifest("Pod", "a")).group == ""


@pytest.mark.parametrize("missing", ["apiVersion", "kind", "name"])
def test_what_is_no_object(missing: str) -> None:
    text = "".join(line for line in manifest("Pod", "a").splitlines(keepends=True) if f"{missing}:" not in line)
    with pytest.raises(ManifestError, match=f"without {missing}"):
        identify(text)


def paths(*texts: str) -> list[str]:
    return [file.path for file in place("ray/team", "team", [identify(text) for text in texts])]


def test_one_file_an_object() -> None:
    assert paths(manifest("RayJob", "x", "team"), manifest("RayCluster", "x", "team")) == [
        "ray/team/raycluster-x.yaml",
        "ray/team/rayjob-x.yaml",
    ]


def test_other_namespaces_have_a_folder() -> None:
    assert paths(manifest("Role", "x", "else"), manifest("Role", "x", "team"), manifest("ClusterRole", "y")) == [
        "ray/team/clusterrole-y.yaml",
        "ray/team/else/role-x.yaml",
        "ray/team/role-x.yaml",
    ]


def test_kinds_of_two_groups_carry_their_group() -> None:
    both = manifest("Job", "x", "team", "batch/v1"), manifest("Job", "x", "team", "batch.volcano.sh/v1alpha1")
    assert paths(*both) == ["ray/team/job.batch-x.yaml", "ray/team/job.batch.volcano.sh-x.yaml"]


def test_names_that_are_no_file_names() -> None:
    assert paths(manifest("ClusterRole", "system:a/b")) == ["ray/team/clusterrole-system%3Aa%2Fb.yaml"]
