"""OneBlock reads what Helm reads, or refuses it with the code the table states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from yaml import YAMLError
from yaml.nodes import MappingNode

from generator.source import CODES, read
from generator.source.build import Builder
from generator.source.compose import PythonComposer, TooDeepError, compose
from generator.source.places import Places
from generator.source.syntax import explain

TABLES = Path(__file__).parents[1] / "source"
Row = dict[str, Any]


def rows(table: str) -> list[Row]:
    """A table with ``text`` and ``helm`` as those of a whole file."""
    found: list[Row] = json.loads((TABLES / f"{table}.json").read_text(encoding="utf-8"))
    if table == "scalars":
        for row in found:
            row["text"] = f"k: {row['text']}\n"
            if "helm" in row:
                row["helm"] = {"k": row["helm"]}
    return found


ROWS = rows("scalars") + rows("documents")
ACCEPTED = [row for row in ROWS if "code" not in row]
REFUSED = [row for row in ROWS if "code" in row]


def exact(value: object) -> str:
    """Equal only for equal types: True is not 1, 1 is not 1.0."""
    return json.dumps(value, sort_keys=True)


def codes(row: Row) -> set[str]:
    return {row["code"]} if isinstance(row["code"], str) else set(row["code"])


def name(row: Row) -> str:
    return repr(row["text"][:40])


def test_the_table_is_worth_its_name() -> None:
    assert len(ROWS) >= 500
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert not [row for row in ACCEPTED if row.get("refused") or row.get("differs")], "accepted, though Helms disagree"


@pytest.mark.parametrize("row", ACCEPTED, ids=name)
def test_an_accepted_text_is_read_as_helm_reads_it(row: Row) -> None:
    document, findings = read("f.yaml", row["text"].encode())
    assert findings == []
    assert document is not None
    assert exact(document.data) == exact(row["helm"])


@pytest.mark.parametrize("row", REFUSED, ids=name)
def test_a_refused_text_gets_its_code(row: Row) -> None:
    document, findings = read("f.yaml", row["text"].encode())
    assert {each.code for each in findings} == codes(row)
    assert all(each.code in CODES and each.message for each in findings)
    tagged = "OB111" in codes(row)  # what a tag would do to a value is not followed
    if document is not None and not tagged and not row.get("refused") and not row.get("differs"):
        assert exact(document.data) == exact(row["helm"]), "refused, but still read as Helm does"


@pytest.mark.parametrize("row", [row for row in ACCEPTED if "\t" not in row["text"]], ids=name)
def test_without_libyaml_the_same_is_read(row: Row) -> None:
    # PyYAML's own scanner takes no tabs between tokens: those texts it refuses, as OB102.
    text = row["text"].removeprefix("\ufeff")
    root = compose(text, PythonComposer)
    data = Builder(text, Places.of("f.yaml", text)).mapping(root, ()) if isinstance(root, MappingNode) else {}
    assert exact(data) == exact(row["helm"])


@pytest.mark.parametrize("row", [row for row in REFUSED if row.get("refused")], ids=name)
def test_without_libyaml_syntax_errors_are_told_in_plain_words_too(row: Row) -> None:
    text = row["text"].removeprefix("\ufeff")
    try:
        compose(text, PythonComposer)
    except YAMLError as error:
        finding = explain(error, text, Places.of("f.yaml", text))
        assert "this is not YAML" not in finding.message
    except TooDeepError:
        assert codes(row) == {"OB115"}
