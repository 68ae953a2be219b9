"""Every format, on everyday and on awkward findings, byte by byte.

After a wanted change run this file with ONEBLOCK_UPDATE_GOLDEN=1 in the environment, then read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.diagnostics import Diagnostic, Label, Level, Span
from generator.report.formats import FORMATS, write
from generator.report.run import Run
from generator.report.style import Style

GOLDEN = Path(__file__).parent.parent / "golden" / "report"
ENDINGS = {"text": "txt", "concise": "concise.txt", "json": "json", "sarif": "sarif", "github": "github.txt"}
RULES = {
    "OB204": ("unknown field", "A key that no chart reads is a typing mistake more often than not."),
    "OB312": ("queue not granted", "A queue serves the namespaces its `namespaces` list names."),
}

SPEECH, VISION, PLATFORM = "values/namespaces/speech.yaml", "values/namespaces/vision.yaml", "values/platform.yaml"
FLEET = {
    SPEECH: ["rayClusters:", "  asr:", "    queue: urgent"],
    VISION: [*["# vision"] * 8, "      loader: {minReplica: 2, maxReplicas: 20, cpu: 16, memory: 64Gi}"],
    PLATFORM: [*["# platform"] * 17, "  urgent: {namespaces: [vision], deserved: {gpu: 8}}"],
}
GRANT = Diagnostic(
    "OB312",
    'queue "urgent" is not granted to namespace "speech"',
    Span(SPEECH, 3, 12, 3, 18),
    "not granted",
    notes=(
        "speech may use: research, default",
        "the cluster would refuse it too: admission policy oneblock-queue-grants",
    ),
    related=(Label(Span(PLATFORM, 18, 24, 18, 32), "granted here"),),
    path="rayClusters.asr.queue",
)
UNKNOWN = Diagnostic(
    "OB204",
    'unknown field "minReplica" in a worker group',
    Span(VISION, 9, 16, 9, 26),
    "a field with a similar name exists: minReplicas",
    path="rayClusters.main.workerGroups.loader.minReplica",
    help="write minReplicas, or take the field out",
)
OLD = Diagnostic("OB905", "Ray 2.9.0 is older than KubeRay 1.6 supports", Span.of_file(PLATFORM), level=Level.WARNING)


def _everyday() -> Run:
    files = [SPEECH, VISION, PLATFORM, *(f"values/namespaces/team-{at}.yaml" for at in range(3))]
    return Run([UNKNOWN, GRANT, OLD, GRANT], files, FLEET.get, RULES, "0.1.0", 0.18, prefix="clusters/a b")


def _awkward() -> Run:
    name = "values/namespaces/überall, 100%:x.yaml"
    lines = [
        "\tcpu: 4",
        '  日本語: "値🚀🚀" # 数',
        "x" * 300 + ": [1, 2, oops, 3] " + "y" * 300,
        "  head:",
        "    cpu: 1",
        "",
        "  key: \x1b[31mred\x1b[0m \u202egnp\u202c \xa0\r\n",
        "  redis: {password: hunter2, passwordSecret: {name: redis, key: password}}",
        "  e\u0301te\u0301: [cafe\u0301, 👩\u200d💻]",
    ]

    def at(line: int, column: int, end_line: int, end_column: int, message: str, label: str = "") -> Diagnostic:
        return Diagnostic("OB101", message, Span(name, line, column, end_line, end_column), label)

    findings = [
        at(1, 1, 1, 2, "a tab indents the line", "use spaces"),
        at(1, 7, 1, 8, "behind a tab"),
        at(2, 9, 2, 11, "wide characters", "two of them"),
        at(2, 15, 2, 16, "and behind them"),
        at(
            3,
            309,
            3,
            313,
            "a line of 618 characters",
            "a label too long for the room that is left beside the mark it belongs to",
        ),
        at(3, 1, 3, 301, "a long key in it"),
        at(3, 619, 3, 619, "at its end", "here"),
        at(4, 3, 6, 1, "a block of two lines", "not a number"),
        at(5, 5, 8, 3, "more lines\nin a message of two", "a label\nof two lines"),
        at(6, 1, 6, 1, "an empty line"),
        at(7, 8, 7, 21, "terminal codes \x1b[2J\x07 and ]]> & <b> in a message", "100%: a, b"),
        at(8, 21, 8, 28, 'wrong password: "hunter2"', "hunter2 is too short"),
        at(9, 11, 9, 16, "marks that take no room", "café"),
        at(9, 400, 9, 500, "past the end of its line"),
        at(10, 1, 10, 1, "at the end of the file", "expected a value"),
        at(12, 3, 12, 4, "past the end of the file", "no such line"),
        Diagnostic("OB100", "cannot be read", Span("values/gone.yaml", 3, 1, 3, 2), "no such file", path="a.b"),
        Diagnostic("OB100", "is a directory", Span.of_file("values/dir.yaml"), "expected a file"),
        Diagnostic("OB103", "the file is empty", Span("values/empty.yaml", 1, 1, 1, 2), "nothing here"),
    ]
    return Run(findings, [], {name: lines, "values/empty.yaml": []}.get, version="0.1.0")


def _clean() -> Run:
    return Run([], [SPEECH, VISION], FLEET.get, RULES, "0.1.0", 0.02)


CASES = {"everyday": _everyday, "awkward": _awkward, "clean": _clean}
STYLES = {"": Style(), "-ascii": Style(unicode=False, width=80), "-colour": Style(colour=True)}
COMBINATIONS = [(case, name, "") for case in CASES for name in FORMATS] + [
    (case, "text", style) for case in ("everyday", "awkward") for style in ("-ascii", "-colour")
]


def agree(path: Path, text: str) -> None:
    if os.environ.get("ONEBLOCK_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text


@pytest.mark.parametrize(("case", "name", "style"), COMBINATIONS)
def test_format(case: str, name: str, style: str) -> None:
    agree(GOLDEN / f"{case}{style}.{ENDINGS.get(name, 'xml')}", write(name, CASES[case](), STYLES[style]))


@pytest.mark.parametrize("style", STYLES)
def test_no_format_lets_a_control_character_or_a_secret_through(style: str) -> None:
    for name in FORMATS:
        text = write(name, _awkward(), STYLES[style])
        assert "hunter2" not in text, name
        ours = text.replace("\x1b[", "") if name in {"text", "concise"} and style == "-colour" else text
        assert not [char for char in ours if (ord(char) < 32 and char != "\n") or char in "\u202e\u202c\x7f"], name
        if style == "-ascii" and name in {"text", "concise"}:
            assert text.isascii()


def test_there_is_no_golden_file_without_a_test() -> None:
    expected = {f"{case}{style}.{ENDINGS.get(name, 'xml')}" for case, name, style in COMBINATIONS}
    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == expected
