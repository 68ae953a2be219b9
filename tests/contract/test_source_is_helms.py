"""The tables under ``tests/source`` say what Helm reads: measured on the SDK and on the binaries."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import helm_python
import pytest

from generator.source import read
from tests.binaries import need

TABLES = Path(__file__).parents[1] / "source"
REFUSED = "refused"
SOURCE = "# Source: c/templates/x.yaml\n"
Row = dict[str, Any]


def table(name: str) -> list[Row]:
    found: list[Row] = json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


SCALARS, DOCUMENTS = table("scalars"), table("documents")


def expected(row: Row, reader: str) -> object:
    """What the table says ``reader`` sees."""
    said = row.get("differs", {}).get(reader, row)
    return REFUSED if said.get("refused") else said["helm"]


def exact(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chart") / "c"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 0.1.0\n")
    (folder / "templates" / "x.yaml").write_text("{{ toJson .Values }}\n")
    return folder


def by_sdk(text: str) -> Any:
    try:
        return helm_python.values_from_yaml(text)
    except helm_python.HelmValuesError:
        return REFUSED


def by_binary(binary: Path, chart: Path, text: str, file: Path) -> Any:
    file.write_bytes(text.encode())
    done = subprocess.run([binary, "template", "r", chart, "-f", file], capture_output=True, text=True, check=False)
    return json.loads(done.stdout.split(SOURCE)[1]) if done.returncode == 0 else REFUSED


def together(rows: list[Row], reader: str) -> tuple[str, dict[str, Any]]:
    """Every scalar that ``reader`` takes, in one file."""
    taken = {f"k{index}": row for index, row in enumerate(rows) if expected(row, reader) != REFUSED}
    text = "".join(f"{key}: {row['text']}\n" for key, row in taken.items())
    return text, {key: expected(row, reader) for key, row in taken.items()}


def test_scalars_in_the_sdk() -> None:
    wrong = [
        row["text"] for row in SCALARS if exact(seen(by_sdk(f"k: {row['text']}\n"))) != exact(expected(row, "sdk"))
    ]
    assert wrong == []


def seen(values: Any) -> object:
    return values if values == REFUSED else values["k"]


def test_documents_in_the_sdk() -> None:
    wrong = [row["text"] for row in DOCUMENTS if exact(by_sdk(row["text"])) != exact(expected(row, "sdk"))]
    assert wrong == []


@pytest.mark.parametrize("reader", ["helm", "helm3"])
def test_scalars_in_a_template(reader: str, chart: Path, tmp_path: Path) -> None:
    text, values = together(SCALARS, reader)
    got = by_binary(need(reader), chart, text, tmp_path / "values.yaml")
    assert got != REFUSED
    assert {key: got[key] for key in values if exact(got[key]) != exact(values[key])} == {}


@pytest.mark.parametrize("reader", ["helm", "helm3"])
def test_refused_scalars_and_documents_in_a_template(reader: str, chart: Path, tmp_path: Path) -> None:
    binary = need(reader)
    rows = [{**row, "text": f"k: {row['text']}\n"} for row in SCALARS if expected(row, reader) == REFUSED] + DOCUMENTS

    def differs(index: int) -> str | None:
        row = rows[index]
        got = by_binary(binary, chart, row["text"], tmp_path / f"{index}.yaml")
        return None if exact(got) == exact(expected(row, reader)) else row["text"]

    with ThreadPoolExecutor(4) as pool:
        assert [text for text in pool.map(differs, range(len(rows))) if text is not None] == []


def test_what_oneblock_read_renders_in_the_sdk_as_the_table_says(chart: Path) -> None:
    loaded = helm_python.Chart.load(str(chart))
    wrong = []
    for row in DOCUMENTS:
        document, findings = read("f.yaml", row["text"].encode())
        if document is None or findings:
            continue
        text = next(iter(loaded.render(document.data, name="r", namespace="n").values()))
        if exact(json.loads(text)) != exact(row["helm"]):
            wrong.append(row["text"])
    assert wrong == []
