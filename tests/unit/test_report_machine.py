"""What programs read: json, sarif, github, junit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import resources
from generator.diagnostics import Diagnostic, Label, Level, Span
from generator.report.formats import FORMATS, write
from generator.report.run import Run

FOUND = Diagnostic(
    "OB312",
    "not granted",
    Span("values/a.yaml", 3, 5, 3, 9),
    "here",
    notes=("may use: x",),
    help="ask",
    related=(Label(Span("values/b.yaml", 7, 1, 8, 4), "granted"),),
    path="rayClusters.main.queue",
)
WARNING = Diagnostic("OB901", "old", Span("values/a.yaml", 4, 1, 6, 2), level=Level.WARNING)
WHOLE = Diagnostic("OB100", "is a directory", Span.of_file("values/c.yaml"))
LINES = {"values/a.yaml": ["rayClusters:", "  main:", "    queue: x", "old: 1"]}
RULES = {"OB312": ("queue not granted", "Ask for it."), "OB100": ("unreadable, somehow: 100%", "")}
RUN = Run([FOUND, WARNING, WHOLE], ["values/a.yaml", "values/d.yaml"], LINES.get, RULES, "1.2.3")


def _json(name: str, run: Run) -> Any:
    return json.loads(write(name, run))


def test_every_format_of_the_contract_is_there() -> None:
    assert list(FORMATS) == ["text", "concise", "json", "sarif", "github", "junit"]


@pytest.mark.parametrize("name", FORMATS)
def test_order_and_number_of_findings_do_not_depend_on_how_they_came(name: str) -> None:
    assert write(name, RUN) == write(name, replace(RUN, diagnostics=[WHOLE, FOUND, WARNING, FOUND]))


@pytest.mark.parametrize("name", FORMATS)
def test_text_that_is_not_unicode_can_still_be_written(name: str) -> None:
    odd = Diagnostic("OB100", "m\udce4", Span("values/\udcff.yaml", 1, 1, 1, 2), "\ud800")
    write(name, Run([odd])).encode("utf-8")


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_json_holds_no_raw_control_characters(name: str) -> None:
    text = "\x1b[2J\x9b\u202e\x7f\U000e0001é日"
    written = write(name, Run([replace(FOUND, message=text)]))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\U000e0001]", written)
    assert "é日" in written
    assert text in json.dumps(json.loads(written), ensure_ascii=False).replace("\\u001b", "\x1b")


# --- json


def _schema() -> Any:
    return json.loads((resources.schemas() / "diagnostics.schema.json").read_text("utf-8"))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(_schema())


@given(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)), st.text(min_size=1))
def test_json_keeps_its_promise(place: tuple[int, int, int, int], words: str) -> None:
    found = Diagnostic("OB101", words, Span("f", *place), words, related=(Label(Span("g", *place)),))
    jsonschema.validate(_json("json", Run([found, WHOLE])), _schema())


def test_json_says_everything_and_the_schema_describes_all_of_it() -> None:
    data = _json("json", RUN)
    jsonschema.validate(data, _schema())
    assert {key: data[key] for key in data if key != "diagnostics"} == {
        "version": 1,
        "errors": 2,
        "warnings": 1,
        "files": 3,
    }
    first = data["diagnostics"][0]
    assert first == {
        "level": "error",
        "code": "OB312",
        "message": "not granted",
        "file": "values/a.yaml",
        "line": 3,
        "column": 5,
        "endLine": 3,
        "endColumn": 9,
        "path": "rayClusters.main.queue",
        "label": "here",
        "notes": ["may use: x"],
        "help": "ask",
        "related": [{"file": "values/b.yaml", "line": 7, "column": 1, "endLine": 8, "endColumn": 4, "text": "granted"}],
    }
    schema = _schema()
    finding = schema["$defs"]["diagnostic"]
    assert set(data) == set(schema["properties"]) == set(schema["required"])
    assert set(first) == set(finding["properties"]) == set(finding["required"])
    assert set(first["related"][0]) == set(finding["properties"]["related"]["items"]["properties"])


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"errors": -1}, {"diagnostics": [{"code": "OB101"}]}, {"files": "3"}]
)
def test_the_schema_refuses_what_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_json("json", RUN) | change, _schema())


# --- sarif


def _sarif(run: Run = RUN) -> tuple[Any, list[Any]]:
    log = _json("sarif", run)
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    return only, only["results"]


def test_sarif_names_the_tool_and_its_rules() -> None:
    run, results = _sarif()
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"], driver["semanticVersion"]) == ("oneblock", "1.2.3", "1.2.3")
    assert run["columnKind"] == "unicodeCodePoints"
    assert [rule["id"] for rule in driver["rules"]] == ["OB100", "OB312", "OB901"]
    assert driver["rules"][1] == {
        "id": "OB312",
        "shortDescription": {"text": "queue not granted"},
        "help": {"text": "Ask for it."},
    }
    for result in results:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note", "none"}
        assert result["message"]["text"]
        assert len(result["locations"]) == 1


def test_sarif_places() -> None:
    found, warning, whole = _sarif()[1]
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "values/a.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9},
    }
    assert found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "rayClusters.main.queue"
    assert found["message"]["text"].splitlines() == ["not granted: here", "may use: x", "help: ask"]
    assert found["relatedLocations"][0]["message"] == {"text": "granted"}
    assert warning["level"] == "warning"
    assert warning["locations"][0]["physicalLocation"]["region"]["endLine"] == 6
    assert whole["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_sarif_paths_are_uris_below_the_repository() -> None:
    run = Run([replace(FOUND, span=Span("values/a b/ü#?%:.yaml", 1, 1, 1, 2), related=())], prefix="./")
    uri = _sarif(run)[1][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "values/a%20b/%C3%BC%23%3F%25%3A.yaml"
    uri = _sarif(replace(run, prefix="fleets/x/"))[1][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "fleets/x/values/a%20b/%C3%BC%23%3F%25%3A.yaml"


def _marks(run: Run) -> list[str]:
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in _sarif(run)[1]]


def test_a_fingerprint_follows_its_line() -> None:
    def at(line: int, text: str, path: str = "", file: str = "f", code: str = "OB101", count: int = 1) -> Run:
        lines = ["# filler"] * (line - 1) + [text] * count
        found = [Diagnostic(code, "m", Span(file, line + n, 3, line + n, 4), path=path) for n in range(count)]
        return Run(found, lines={file: lines}.get)

    here = _marks(at(3, "  a: 1"))
    assert here == _marks(at(90, "      a: 1")), "moved and indented"
    assert here != _marks(at(3, "  a: 2")), "another line"
    assert here != _marks(at(3, "  a: 1", file="g"))
    assert here != _marks(at(3, "  a: 1", code="OB102"))
    assert _marks(at(3, "  a: 1", "x.a")) == _marks(at(9, "  a: 2", "x.a")), "the same value"
    assert len(set(_marks(at(3, "  a: 1", count=3)))) == 3, "equal lines are told apart"
    assert _marks(at(3, "password: one")) == _marks(at(3, "password: two")), "nothing of a secret, not even its hash"


# --- github


def test_github_commands() -> None:
    assert write("github", replace(RUN, prefix="fleets/x")).splitlines() == [
        "::error file=fleets/x/values/a.yaml,line=3,col=5,endColumn=9,title=OB312%3A queue not granted"
        "::not granted: here%0Afleets/x/values/b.yaml:7:1: granted%0Amay use: x%0Ahelp: ask",
        "::warning file=fleets/x/values/a.yaml,line=4,endLine=6,title=OB901::old",
        "::error file=fleets/x/values/c.yaml,line=1,title=OB100%3A unreadable%2C somehow%3A 100%25::is a directory",
    ]


@given(st.text(), st.text(min_size=1))
def test_github_commands_are_one_line_each_and_cannot_be_broken_out_of(message: str, file: str) -> None:
    text = write("github", Run([Diagnostic("OB101", message, Span(file, 2, 1, 2, 2))]))
    assert text.count("\n") == 1
    command, properties, data = re.fullmatch(r"::(error) (.*?)::(.*)\n", text).groups()  # type: ignore[union-attr]
    assert command == "error"
    assert [each.partition("=")[0] for each in properties.split(",")] == ["file", "line", "col", "endColumn", "title"]
    assert "\r" not in data


# --- junit


def _cases(run: Run) -> tuple[ElementTree.Element, list[ElementTree.Element]]:
    root = ElementTree.fromstring(write("junit", run))  # noqa: S314
    (suite,) = root
    assert root.tag == "testsuites"
    return suite, list(suite)


def test_junit_has_a_case_for_each_file_and_rule() -> None:
    twice = replace(FOUND, span=Span("values/a.yaml", 9, 1, 9, 2), level=Level.WARNING)
    suite, cases = _cases(replace(RUN, diagnostics=[*RUN.diagnostics, twice], seconds=1.5))
    assert suite.attrib == {"name": "oneblock", "tests": "4", "failures": "2", "errors": "0", "time": "1.500"}
    assert [(case.get("classname"), case.get("name"), [child.tag for child in case]) for case in cases] == [
        ("values/a.yaml", "OB312: queue not granted", ["failure"]),
        ("values/a.yaml", "OB901", ["system-out"]),
        ("values/c.yaml", "OB100: unreadable, somehow: 100%", ["failure"]),
        ("values/d.yaml", "valid", []),
    ]
    failure = cases[0][0]
    assert (failure.get("message"), failure.get("type")) == ("not granted", "OB312")
    assert failure.text is not None
    assert failure.text.count("[OB312]") == 2
    assert "time" not in _cases(RUN)[0].attrib


@given(st.text(), st.text(min_size=1))
def test_junit_is_xml_whatever_the_words(message: str, file: str) -> None:
    _, (case,) = _cases(Run([Diagnostic("OB101", message, Span(file, 1, 1, 2, 3), message)]))
    assert case.find("failure") is not None
