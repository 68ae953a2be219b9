"""What both Helm adapters share, and how the one for the program behaves without a usable program."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from generator.helm import HelmError, open_engine, split_documents
from generator.helm.archive import archive
from generator.helm.binary import BinaryEngine
from generator.helm.engine import readable
from generator.helm.sdk import SdkEngine


def chart_at(folder: Path, **templates: str) -> Path:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {folder.name}\nversion: 0.1.0\n")
    for name, text in templates.items():
        (folder / "templates" / f"{name}.yaml").write_text(text)
    return folder


def script(folder: Path, text: str) -> str:
    file = folder / "helm"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\n# Source: c/templates/a.yaml\nkind: A\n---\n# Source: c/b.yaml\nkind: B\n", ["kind: A\n", "kind: B\n"]),
        ("kind: A\n", ["kind: A\n"]),
        ("---\n\n---\n# only a comment\n---   \n", []),
        ("--- # words\nkind: A\n\n\n", ["kind: A\n"]),
        ("---\nkind: A\ndata:\n  x: |\n    ---\n    y\n", ["kind: A\ndata:\n  x: |\n    ---\n    y\n"]),
        ("---\nkind: A\ntext: a---b\n----\n", ["kind: A\ntext: a---b\n----\n"]),
        ("---\n# Source: c/a.yaml\n# a comment of its own\nkind: A\n", ["kind: A\n"]),
    ],
)
def test_documents_of_helms_text(text: str, expected: list[str]) -> None:
    assert split_documents(text) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("template: a:1:2: executing x: error calling fail: no queue", "no queue"),
        ("Error: execution error at (c/templates/x.yaml:1:3): no\n\nUse --debug flag to render out invalid YAML", "no"),
        ("values don't meet the specifications", "values don't meet the specifications"),
    ],
)
def test_messages_lose_the_chain_of_templates(message: str, expected: str) -> None:
    assert readable(message) == expected


def test_sdk_renders_and_leaves_notes_out(tmp_path: Path) -> None:
    chart = chart_at(
        tmp_path / "c", a="---\nkind: A\nname: {{ .Release.Name }}/{{ .Release.Namespace }}/{{ .Values.x }}\n"
    )
    (chart / "templates" / "NOTES.txt").write_text("thanks")
    (chart / "values.schema.json").write_text('{"required": ["y"]}')
    engine = open_engine("sdk", kube_version="1.36")
    assert engine.render(chart, "r", "n", {"x": 1}) == ["kind: A\nname: r/n/1\n"]
    assert engine.render(chart, "r", "n", {"x": 2}) == ["kind: A\nname: r/n/2\n"]
    assert (engine.name, engine.version.lstrip("v")[:2]) == ("sdk", "4.")


def test_sdk_renders_an_umbrella_afresh_each_time(tmp_path: Path) -> None:
    umbrella = chart_at(tmp_path / "u")
    with (umbrella / "Chart.yaml").open("a") as file:
        file.write("dependencies: [{name: c, version: 0.1.0, condition: c.enabled}]\n")
    chart_at(umbrella / "charts" / "c", a="---\nkind: A\n")
    engine = SdkEngine()
    assert engine.render(umbrella, "r", "n", {"c": {"enabled": False}}) == []
    assert engine.render(umbrella, "r", "n", {"c": {"enabled": True}}) == ["kind: A\n"]


def test_sdk_refusals_are_helm_errors(tmp_path: Path) -> None:
    chart = chart_at(tmp_path / "c", a='{{ fail "say why" }}')
    with pytest.raises(HelmError, match=r"^say why$"):
        SdkEngine().render(chart, "r", "n", {})


def test_archives_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    chart = chart_at(tmp_path / "c", a="kind: A")
    (chart / "README.md").write_text("read me")
    packed = archive(chart)
    assert packed == archive(chart)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert tar.getnames() == ["c/Chart.yaml", "c/templates/a.yaml"]


def test_no_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ONEBLOCK_HELM", raising=False)
    with pytest.raises(HelmError, match="no program 'helm' on PATH"):
        open_engine("binary", kube_version="1.36")


def test_the_environment_names_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONEBLOCK_HELM", script(tmp_path, "echo v3.18.5+g1"))
    assert open_engine("binary", kube_version="1.36").version == "v3.18.5+g1"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("echo v3.18.4; exit 0", "needs 3.18.5 or newer"),
        ("echo broken >&2; exit 1", r"^broken$"),
        ("exit 4", "ended with 4"),
    ],
)
def test_programs_that_are_no_use(answer: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(HelmError, match=message):
        BinaryEngine(kube_version="1.36", program=script(tmp_path, answer))


def test_a_program_that_never_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("generator.helm.binary.TIMEOUT", 0.1)
    with pytest.raises(HelmError, match="timed out"):
        BinaryEngine(kube_version="1.36", program=script(tmp_path, "exec sleep 10"))
