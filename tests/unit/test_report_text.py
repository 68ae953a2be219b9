"""The text form: the mark stands under what it means, whatever the line holds, and nothing raises."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.diagnostics import Diagnostic, Label, Level, Span
from generator.report.cells import cells, clip, pad, shown, width
from generator.report.excerpt import excerpt
from generator.report.formats import FORMATS, write
from generator.report.run import Run
from generator.report.style import Style

AWKWARD = st.text(
    st.one_of(
        st.sampled_from("a:- \t{}\"'#"),
        st.sampled_from("日本値한🚀👩\u200d💻e\u0301\ufe0f\u202e\x1b\x07\x9b\xa0\u3000\ufeff\U0001f1e9\u1161"),
        st.characters(exclude_characters="\n\r"),
    )
)
NUMBERS = st.integers(-3, 60)


def columns(text: str) -> int:
    """Columns of ``text``, counted without the code under test."""
    narrow = ("Mn", "Me", "Cf")
    return sum(
        0
        if unicodedata.category(char) in narrow or unicodedata.combining(char) or "\u1160" <= char <= "\u11ff"
        else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def under(text: str, indent: int, mark: int) -> str:
    """The characters of ``text`` that stand in the columns of the mark."""
    found, at = "", 0
    for char in text:
        if indent <= at < indent + mark:
            found += char
        at += columns(char)
    return found


@given(AWKWARD, st.data(), st.booleans())
def test_the_mark_stands_under_the_text_of_the_span(line: str, data: st.DataObject, fancy: bool) -> None:
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    style = Style(unicode=fancy)
    part = excerpt(line, Span("a", 1, start + 1, 1, end + 1), (), 100_000, style)
    drawn = cells(line, style)
    assert part.text == "".join(drawn)
    assert part.indent == columns("".join(drawn[:start]))
    meant = "".join(drawn[start:end])
    assert part.mark == max(1, columns(meant))
    # What takes no column (a combining mark) belongs to its neighbour on the screen.
    assert [char for char in meant if columns(char)] == [
        char for char in under(part.text, part.indent, part.mark) if columns(char)
    ][: len([char for char in meant if columns(char)])]


@given(AWKWARD.map(lambda text: text * 7), st.data(), st.integers(20, 90), st.booleans())
def test_a_window_fits_and_still_marks_the_start(line: str, data: st.DataObject, room: int, fancy: bool) -> None:
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    style = Style(unicode=fancy)
    part = excerpt(line, Span("a", 1, start + 1, 1, end + 1), (), room, style)
    assert columns(part.text) <= room
    assert 0 <= part.indent <= room
    assert part.mark >= 1
    if start < end and (first := "".join(cells(line, style)[start])) and columns(first):
        assert under(part.text, part.indent, 1)[:1] == first[0]


@given(
    st.lists(AWKWARD, max_size=4) | st.none(),
    st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=3),
    AWKWARD,
    st.builds(Style, st.booleans(), st.booleans(), st.integers(0, 120)),
)
@example(["a" * 30], [(1, 1, 1, 30)], "x\ny", Style(width=1))
def test_no_line_span_or_word_makes_a_format_fail(
    lines: list[str] | None, places: list[tuple[int, int, int, int]], words: str, style: Style
) -> None:
    spans = [Span("f" + words, *place) for place in places]
    related = tuple(Label(span, words) for span in spans[1:])
    found = Diagnostic("OB1" + words, words, spans[0], words, Level.WARNING, (words,), words, related, words)
    run = Run([found], lines=lambda _file: lines)
    for name in FORMATS:
        text = write(name, run, style)
        bare = text
        for code in ("\x1b[0m", *(f"\x1b[{number}m" for number in ("1;31", "1;33", "1", "34", "1;34", "36", "2"))):
            bare = bare.replace(code, "")
        assert not [char for char in bare if char != "\n" and unicodedata.category(char) == "Cc"], name
        assert style.unicode or name not in {"text", "concise"} or text.isascii()


def told(*found: Diagnostic, files: int = 3, seconds: float | None = None) -> list[str]:
    run = Run(found, [f"f{at}" for at in range(files)], seconds=seconds)
    return write("text", run).splitlines()


def finding(code: str, file: str = "f0", level: Level = Level.ERROR, line: int = 1) -> Diagnostic:
    return Diagnostic(code, "m", Span(file, line, 1, line, 2), level=level)


@pytest.mark.parametrize(
    ("found", "closing"),
    [
        ([], "3 files checked, nothing to report (0.18 s)"),
        ([finding("OB101")], "1 error in 1 of 3 files (0.18 s) · oneblock explain OB101"),
        (
            [finding("OB101", level=Level.WARNING), finding("OB102", "f1"), finding("OB103", "f1")],
            "2 errors, 1 warning in 2 of 3 files (0.18 s) · oneblock explain OB102",
        ),
        ([finding("OB901", "x", Level.WARNING)], "1 warning in 1 of 4 files (0.18 s) · oneblock explain OB901"),
    ],
)
def test_the_last_line_counts_and_names_the_rule_to_read(found: list[Diagnostic], closing: str) -> None:
    assert told(*found, seconds=0.18)[-1] == closing


def test_line_numbers_of_different_width_share_a_margin() -> None:
    lines = ["a: 1"] * 1200
    found = Diagnostic("OB301", "m", Span("f", 9, 4, 9, 5), related=(Label(Span("f", 1200, 1, 1200, 2), "here"),))
    assert write("text", Run([found], lines={"f": lines}.get)).splitlines()[:8] == [
        "error[OB301]: m",
        "     ┌─ f:9:4",
        "   9 │ a: 1",
        "     │    ^",
        "     ┌─ f:1200:1",
        "1200 │ a: 1",
        "     │ - here",
        "",
    ]


def test_a_file_that_cannot_be_read_does_not_hide_its_finding() -> None:
    def lines(_file: str) -> list[str]:
        raise PermissionError

    text = write("text", Run([Diagnostic("OB100", "m", Span("f", 3, 1, 3, 2), "why")], lines=lines))
    assert text.splitlines()[:3] == ["error[OB100]: m", "  ┌─ f:3:1", "  = why"]


def test_a_file_is_fetched_once() -> None:
    asked = []

    def lines(file: str) -> list[str]:
        asked.append(file)
        return ["a: b"]

    run = Run([finding("OB101"), finding("OB102"), finding("OB102", "g")], lines=lines)
    for name in FORMATS:
        asked.clear()
        write(name, run)
        assert asked == ["f0", "g"], name


def test_a_line_of_megabytes_costs_no_more_than_its_neighbourhood() -> None:
    line = "a" * 5_000_000
    part = excerpt(line, Span("f", 1, 2_500_000, 1, 2_500_003), (), 60, Style())
    assert len(part.text) == 60
    assert part.text[part.indent : part.indent + part.mark] == "aaa"
    assert part.text.startswith("…a")
    assert part.text.endswith("a…")


def test_a_secret_is_covered_whole_by_mark_and_mask() -> None:
    part = excerpt("password: hunter2 # x", Span("f", 1, 13, 1, 14), ((10, 17),), 60, Style())
    assert (part.text, part.indent, part.mark) == ("password: ••• # x", 10, 3)


def test_cells_of_plain_and_awkward_characters() -> None:
    assert shown("a\tb\x1b[0m\x9b\u202e\xa0é日\U000e0001") == "a    b\\x1b[0m\\x9b\\u202e\\xa0é日\\U000e0001"
    assert shown("a≥b…日", Style(unicode=False)) == "a>=b...\\u65e5"
    assert shown("a\u200db") == "a\\u200db"
    assert shown("👩\u200d💻") == "👩\u200d💻"
    assert [width(text) for text in ("日本", "e\u0301", "abc", "\u1112\u1161\u11ab")] == [4, 1, 3, 2]
    assert (pad("日", 4), pad("日", 4, right=True)) == ("日  ", "  日")
    assert (clip("日本語", 4, "…"), clip("abc", 3, "…")) == ("日…", "abc")
