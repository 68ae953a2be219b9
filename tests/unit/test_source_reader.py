"""Each OB101 – OB117 and OB125 – OB127: a text that brings it, with place and words, and a near one that does not."""

from __future__ import annotations

import pytest

from generator.diagnostics import Diagnostic, Span
from generator.source import CODES, MAX_BYTES, lines, read
from generator.source.compose import MAX_DEPTH

DEEP = MAX_DEPTH - 1

# code, text that brings it, marked text, near text
CASES = [
    ("OB101", "a: b: c\n", ":", "a: b:c\n"),
    ("OB101", "a: 'open\nb: 1\n", "'open", "a: 'closed'\nb: 1\n"),
    ("OB101", 'a: "x\\q"\n', '\\q"', "a: 'x\\q'\n"),
    ("OB101", 'a: "x\\/y"\n', "\\/", 'a: "x/\\\\/y"\n'),
    ("OB101", "a: {url: http://x?y}\n", "http://x?y", "a: {url: 'http://x?y'}\nb: http://x?y\n"),
    ("OB101", "a: @x\n", "@x", "a: x@\n"),
    ("OB101", "  a: 1\nb: 2\n", "b:", "  a: 1\n  b: 2\n"),
    ("OB102", "a:\n\tb: 1\n", "\t", "a:\n  b: 1\t\n"),
    ("OB102", "a:\n  - b\n\t\t- c\n", "\t\t", "a:\n  - b\n  - c\n"),
    ("OB103", "a: 1\nb: 2\n'a': 3\n", "'a'", "a: 1\nb: {a: 2}\n"),
    ("OB104", "a: {on: 1}\n", "on", "a: {'on': 1, one: 2}\n"),
    ("OB104", "a: {8080: 1}\n", "8080", "a: {'8080': 1, 80-80: 2}\n"),
    ("OB104", "a: {~: 1}\n", "~", "a: {'~': 1}\n"),
    ("OB104", "a: {{ .Values.b }}\n", "{", "a: '{{ .Values.b }}'\n"),
    ("OB105", "a: 1\n---\nb: 2\n", "---", "---\na: 1\n"),
    ("OB105", "a: 1\n...\nb: 2\n", "b:", "a: 1\n...\n"),
    ("OB106", "- a\n", "-", "a: [a]\n"),
    ("OB106", "a:1\n", "a", "a: 1\n"),
    ("OB107", "a: [yes]\n", "yes", "a: ['yes', 'y', Yeah, true, False, yEs]\n"),
    ("OB107", "a: =\n", "=", "a: ==\n"),
    ("OB108", "a: 7e1\n", "7e1", "a: '7e1'\nb: 7e\nc: 7.0e1\n"),
    ("OB108", "a: 0777\n", "0777", "a: '0777'\nb: 777\nc: 0\n"),
    ("OB108", "a: 1_000\n", "1_000", "a: 1000\nb: _1\n"),
    ("OB109", "a: 2024-01-01\n", "2024-01-01", "a: '2024-01-01'\nb: 2024-01\n"),
    ("OB109", "a: 12:30\n", "12:30", "a: '12:30'\nb: 12:60\nc: 08:30\nd: 8080:80\n"),
    ("OB110", "a: -.inf\n", "-.inf", "a: inf\nb: '.inf'\n"),
    ("OB110", "a: 9007199254740993\n", "9007199254740993", "a: 9007199254740992\n"),
    ("OB110", "a: 1.0e400\n", "1.0e400", "a: 1.0e300\n"),
    ("OB111", "a: !Ref b\n", "!Ref b", "a: '!Ref b'\nb: !!str 1\n"),
    ("OB111", "a: ! 12\n", "!", "a: '! 12'\nb: x !\n"),
    ("OB112", "a: *b\n", "*b", "b: &b 1\na: *b\n"),
    ("OB112", "a: *.log\n", "", "a: '*.log'\nb: x*.log\n"),
    ("OB112", "a: &b 1\nc: &b 2\n", "&b", "a: &b 1\nc: &d 2\n"),
    ("OB112", "a: &a [*a]\n", "", "a: &a [1]\nb: [*a, *a]\n"),
    ("OB113", "a: {<<: [1]}\n", "[", "a: {<<: [{b: 1}]}\n"),
    ("OB113", "x: &x {a: 1}\nb: {a: 2, <<: *x}\n", "<<", "x: &x {a: 1}\nb: {<<: *x, a: 2}\n"),
    ("OB115", f"a: {'[' * (DEEP + 1)}1{']' * (DEEP + 1)}\n", "[", f"a: {'[' * DEEP}1{']' * DEEP}\n"),
    ("OB116", "%YAML 1.2\n---\na: 1\n", "%YAML 1.2", "# %YAML\n---\na: '%'\n"),
    ("OB116", "--- {a: 1}\n", "---", "--- # {a: 1}\na: ---x\n"),
    ("OB117", "a: x\x07y\n", "\x07", 'a: "x\\x07y"\n'),
    ("OB117", "a: 1\n\ufeffb: 2\n", "\ufeff", "\ufeffa: 1\nb: 2\n"),
]


def marked(text: str, span: Span) -> str:
    """What a span of one line covers, by lines and columns as editors count them."""
    assert span.line == span.end_line
    return lines(text)[span.line - 1][span.column - 1 : span.end_column - 1]


def only(text: str | bytes) -> Diagnostic:
    raw = text.encode() if isinstance(text, str) else text
    findings = read("f.yaml", raw)[1]
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize(("code", "text", "mark", "near"), CASES, ids=[f"{each[0]}-{each[1][:24]!r}" for each in CASES])
def test_each_code_fires_at_its_place_and_not_next_to_it(code: str, text: str, mark: str, near: str) -> None:
    finding = only(text)
    assert finding.code == code
    assert marked(text.removeprefix("\ufeff"), finding.span).startswith(mark)
    document, findings = read("f.yaml", near.encode())
    assert document is not None
    assert findings == []


def test_every_code_of_the_text_has_a_case() -> None:
    of_text = {code for code in CODES if code <= "OB117"}
    assert {case[0] for case in CASES} == of_text - {"OB114"}


def bomb(levels: int) -> str:
    text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefgh", "bcdefghi"[:levels], strict=False):
        text += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    return text


def test_aliases_that_multiply_are_stopped_before_they_are_expanded() -> None:
    assert only(bomb(8)).code == "OB114"
    document, findings = read("f.yaml", bomb(1).encode())
    assert (findings, document and document.data["b"]) == ([], [["x"] * 10] * 10)


def test_many_aliases_of_a_large_value_are_stopped_at_the_stated_bound() -> None:
    base = "base: &base [" + ", ".join(["x"] * 3000) + "]\n"
    assert read("f.yaml", (base + "".join(f"k{i}: *base\n" for i in range(60))).encode())[1] == []
    assert only(base + "".join(f"k{i}: *base\n" for i in range(90))).code == "OB114"


def test_aliases_count_into_the_depth() -> None:
    text = f"a: &a {'[' * 60}{']' * 60}\nb: {'[' * 60}*a{']' * 60}\n"
    assert only(text).code == "OB115"


def test_an_aliased_value_is_plain_data_of_its_own() -> None:
    document = read("f.yaml", b"a: &a {x: [1]}\nb: *a\n")[0]
    assert document is not None
    assert document.data["a"] == document.data["b"]
    assert document.data["a"]["x"] is not document.data["b"]["x"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_endless_nesting_is_a_finding_not_a_crash(opening: str) -> None:
    assert read("f.yaml", ("a:\n " + opening * 200_000).encode())[1][0].code in {"OB115", "OB101"}


def test_a_duplicate_shows_both_places_and_its_path() -> None:
    finding = only("head:\n  cpu: 4\n  memory: 1Gi\n  cpu: 8\n")
    assert (finding.span.line, finding.related[0].span.line, finding.path) == (4, 2, "head.cpu")
    assert finding.message == 'key "cpu" is written twice'


def test_three_of_a_key_are_two_findings() -> None:
    findings = read("f.yaml", b"a: 1\na: 2\na: 3\n")[1]
    assert [(each.code, each.span.line, each.related[0].span.line) for each in findings] == [
        ("OB103", 2, 1),
        ("OB103", 3, 1),
    ]


def test_all_findings_of_a_file_come_together_in_order() -> None:
    document, findings = read("f.yaml", b"b: 017\na: {x: on, x: off}\nc: [2024-01-01]\n")
    assert [(each.code, each.path) for each in findings] == [
        ("OB108", "b"),
        ("OB107", "a.x"),
        ("OB103", "a.x"),
        ("OB107", "a.x"),
        ("OB109", "c[0]"),
    ]
    assert document is not None
    assert document.data == {"b": 15, "a": {"x": False}, "c": ["2024-01-01"]}


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("a: on\n", 'write true, or "on" if it is text'),
        ("a: 017\n", 'write 15, or "017" if it is text'),
        ("a: 1e-7\n", 'write 1.0e-07, or "1e-7" if it is text'),
        ("a: 12:30\n", 'quote it: "12:30"'),
        ("on: 1\n", 'quote it: "on"'),
    ],
)
def test_the_help_is_a_way_out(text: str, help_: str) -> None:
    assert only(text).help == help_


@pytest.mark.parametrize("value", ["true", "15", "1.0e-07", '"12:30"', '"on"', '"1e-7"'])
def test_what_the_help_suggests_is_accepted(value: str) -> None:
    assert read("f.yaml", f"a: {value}\n".encode())[1] == []


def test_columns_count_code_points_and_lines_end_as_in_editors() -> None:
    text = "日本: 'é😀'\r\n# \u2028 \u0085\r\n😀: {é: on}\r\n"
    finding = only(text)
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (3, 8, 10)
    assert (only("\ufeffé: on\n").span.column, only("a: 1\rb: on\r").span.line) == (4, 2)


def test_template_braces_are_named() -> None:
    for text in ("a: {{ .V }}\n", "a: {{ .V }}-x\n", "a: {{- if .V }}\n"):
        assert any("templates" in note for note in only(text).notes), text


def test_an_open_bracket_shows_where_it_was_opened() -> None:
    finding = only("a:\n  b: [1,\n  2\nc: 1\n")
    assert (finding.code, finding.related[0].span.line, finding.related[0].span.column) == ("OB101", 2, 6)


@pytest.mark.parametrize("text", ["", "\n", "# only this\n", "---\n", "\ufeff", "null\n", "~\n"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    document, findings = read("f.yaml", text.encode())
    assert document is not None
    assert (document.data, findings) == ({}, [])
    assert document.span(("a",)) == Span("f.yaml")


def test_null_stays() -> None:
    document = read("f.yaml", b"a:\nb: ~\nc: null\n")[0]
    assert document is not None
    assert document.data == {"a": None, "b": None, "c": None}


@pytest.mark.parametrize(
    ("code", "raw", "near"),
    [
        ("OB125", b"a: 1\0\n", b'a: "1\\0"\n'),
        ("OB125", b"\x7fELF\x02\x01\x01\x00\x00", b"ELF: 1\n"),
        ("OB126", "a: é\n".encode("latin-1"), "a: é\n".encode()),
        ("OB126", "a: 1\n".encode("utf-16"), "a: 1\n".encode("utf-8-sig")),
        ("OB126", b"a: \xed\xa0\x80\n", "a: ퟿\n".encode()),
        ("OB127", b"#" * (MAX_BYTES + 1), b"#" * 1000),
    ],
)
def test_bytes_that_are_no_text(code: str, raw: bytes, near: bytes) -> None:
    assert only(raw).code == code
    assert read("f.yaml", near)[1] == []


def test_the_byte_that_is_not_utf_8_is_marked() -> None:
    span = only(b"a: 1\r\nb: \xc3\xa9 \xe9\n").span
    assert (span.line, span.column, span.end_column) == (2, 6, 7)


def test_every_page_has_an_example_that_brings_its_code_and_one_that_does_not() -> None:
    for code, page in CODES.items():
        assert page.title
        assert page.why.endswith(".")
        if code > "OB117" or "…" in page.wrong or "<U+" in page.wrong:
            continue
        assert {each.code for each in read("f.yaml", page.wrong.encode())[1]} == {code}
        assert read("f.yaml", page.right.encode())[1] == [], code


def test_no_finding_shows_the_parsers_own_words() -> None:
    for _, text, _, _ in CASES:
        for each in read("f.yaml", text.encode())[1]:
            said = " ".join((each.message, each.help, each.label, *each.notes))
            assert "yaml." not in said
            assert "Error" not in said
            assert "token" not in said
            assert "while scanning" not in said
