"""Whatever bytes come, a document or findings come back; data written with quotes is read back, place by place."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.diagnostics import Path
from generator.source import CODES, Document, lines, read
from generator.source.scalars import EXACT

# What YAML text can hold without escapes; a byte order mark inside a file is refused.
PRINTABLE = st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="\ufeff\ufffe\uffff")
TEXT = st.text(PRINTABLE, max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-EXACT, EXACT) | TEXT
DATA = st.dictionaries(
    TEXT,
    st.recursive(
        SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4), max_leaves=15
    ),
    max_size=5,
)
SNIPPETS = st.sampled_from(
    (
        *(
            "a",
            ": ",
            ":",
            "- ",
            "\n",
            "  ",
            "\t",
            "'",
            '"',
            "{",
            "}",
            "[",
            "]",
            ",",
            "&a ",
            "*a",
            "<<: *a",
            "|",
            ">",
            "---",
        ),
        *(
            "...",
            "#",
            " #",
            "!",
            "!!str ",
            "%",
            "@",
            "?",
            "? ",
            "\\",
            "\r\n",
            "\ufeff",
            "\u2028",
            "é😀",
            "yes",
            "017",
            "1e3",
        ),
        *(".inf", "12:30", "~", "\x00", "\x07"),
    )
)


class Quoted(yaml.SafeDumper):
    """Writes every text in double quotes, as OneBlock does."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


Quoted.add_representer(str, _text)


def values(data: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    below: list[tuple[Path, Any]] = []
    if isinstance(data, dict):
        below = [each for key, value in data.items() for each in values(value, (*path, key))]
    elif isinstance(data, list):
        below = [each for index, value in enumerate(data) for each in values(value, (*path, index))]
    return [(path, data), *below]


def cut(document: Document, path: Path, *, key: bool = False) -> str:
    """The text of a span, set where it stood so that its indentation still means the same."""
    span = document.span(path, key=key)
    rows = lines(document.text)[span.line - 1 : span.end_line]
    rows[-1] = rows[-1][: span.end_column - 1]
    rows[0] = " " * (span.column - 1) + rows[0][span.column - 1 :]
    return "\n".join(rows)


@settings(max_examples=120)
@given(DATA, st.sampled_from([True, False, None]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_written_with_quotes_read_back_with_places(
    data: dict[str, Any], flow: bool | None, ending: str, unicode: bool
) -> None:
    text = yaml.dump(data, Dumper=Quoted, default_flow_style=flow, allow_unicode=unicode, line_break=ending, width=60)
    document, findings = read("f.yaml", text.encode())
    assert findings == []
    assert document is not None
    assert json.dumps(document.data, sort_keys=True) == json.dumps(data, sort_keys=True)
    for path, value in values(data)[1:]:
        assert yaml.safe_load(cut(document, path)) == value
        if isinstance(path[-1], str):
            assert yaml.safe_load(cut(document, path, key=True).lstrip(" ")) == path[-1]


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.lists(SNIPPETS, max_size=25).map(lambda parts: "".join(parts).encode()))
def test_nothing_is_raised_and_every_place_is_in_the_file(raw: bytes) -> None:
    document, findings = read("f.yaml", raw)
    assert document is not None or findings
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
    rows = lines(text)
    for each in findings:
        assert each.code in CODES
        for span in (each.span, *(label.span for label in each.related)):
            assert 1 <= span.line <= span.end_line <= len(rows)
            assert 1 <= span.column <= len(rows[span.line - 1]) + 1
            assert 1 <= span.end_column <= len(rows[span.end_line - 1]) + 1
            assert (span.line, span.column) <= (span.end_line, span.end_column)
    if document is not None:
        for path, _ in values(document.data):
            document.span(path)
            document.span((*path, "not there"))
