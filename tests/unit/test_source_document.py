"""Where values are written: :meth:`Document.span`."""

from __future__ import annotations

import pickle

import pytest

from generator.diagnostics import Path, Span
from generator.source import Document, lines, read

TEXT = """\
# a comment
base: &base {cpu: 1, memory: 2Gi}   # shared
head:
  <<: *base
  cpu: 4
  env:
    - name: A
      value: 'é 😀'   # comment
    -   # empty
    - *base
  text: |
    one
      two

  folded: >-
    x
    y

"日本":
  queue: research
  list: [a, {b: c}, [d]]
  plain: over
    two lines
  nothing:
last: *base
"""


def document(text: str) -> Document:
    found, findings = read("f.yaml", text.encode())
    assert found is not None
    assert findings == []
    return found


def cut(text: str, span: Span) -> str:
    rows = lines(text)[span.line - 1 : span.end_line]
    rows[-1] = rows[-1][: span.end_column - 1]
    rows[0] = rows[0][span.column - 1 :]
    return "\n".join(rows)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("head", "cpu"), "4", "cpu"),
        (("base",), "&base {cpu: 1, memory: 2Gi}", "base"),
        (("head", "memory"), "2Gi", "memory"),
        (("head", "env", 0, "value"), "'é 😀'", "value"),
        (("head", "env", 0), "name: A\n      value: 'é 😀'", "name: A\n      value: 'é 😀'"),
        (("head", "env", 1), "", ""),
        (("head", "env", 2, "cpu"), "1", "cpu"),
        (("head", "env", 2), "&base {cpu: 1, memory: 2Gi}", "&base {cpu: 1, memory: 2Gi}"),
        (("head", "text"), "|\n    one\n      two", "text"),
        (("head", "folded"), ">-\n    x\n    y", "folded"),
        (("日本", "queue"), "research", "queue"),
        (("日本",), None, '"日本"'),
        (("日本", "list", 1, "b"), "c", "b"),
        (("日本", "list", 2, 0), "d", "d"),
        (("日本", "list"), "[a, {b: c}, [d]]", "list"),
        (("日本", "plain"), "over\n    two lines", "plain"),
        (("日本", "nothing"), "", "nothing"),
        (("last", "memory"), "2Gi", "memory"),
    ],
)
def test_a_value_and_its_key(path: Path, value: str | None, key: str, ending: str) -> None:
    text = TEXT.replace("\n", ending)
    read_ = document(text)
    if value is not None:
        assert cut(text, read_.span(path)) == value
    assert cut(text, read_.span(path, key=True)) == key


def test_a_block_ends_with_its_last_value_not_with_the_next_key() -> None:
    read_ = document(TEXT)
    assert cut(TEXT, read_.span(("head",))).endswith("    x\n    y")
    assert cut(TEXT, read_.span(("日本",))).endswith("  nothing:")
    assert cut(TEXT, read_.span(())).startswith("base: &base")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("head", "gpu"), "head"),
        (("head", "env", 0, "valueFrom", "x"), "name: A\n      value: 'é 😀'"),
        (("head", "env", 9), "env"),
        (("head", "cpu", "x"), "cpu"),
        (("head", 0), "head"),
        (("日本", "list", "x"), "list"),
        (("last", "gpu", "x", 1), "last"),
    ],
)
def test_what_is_not_there_is_shown_at_its_nearest_ancestor(path: Path, shown: str) -> None:
    read_ = document(TEXT)
    assert cut(TEXT, read_.span(path)) == shown
    assert read_.span(path) == read_.span(path, key=True)


def test_nothing_of_the_path_is_there() -> None:
    assert document(TEXT).span(("nowhere", "x")) == Span("f.yaml")


def test_of_merged_values_the_winner_is_shown() -> None:
    text = "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b], w: 4}\nd: {<<: *b, x: 5}\n"
    read_ = document(text)
    assert read_.data["c"] == {"x": 1, "z": 3, "w": 4}
    for path in (("c", "x"), ("c", "z"), ("c", "w"), ("d", "x"), ("d", "z")):
        assert cut(text, read_.span(path)) == str(read_.data[path[0]][path[1]])


def test_a_byte_order_mark_moves_no_column() -> None:
    read_ = document("\ufeffa: b\n")
    assert read_.span(("a",)) == Span("f.yaml", 1, 4, 1, 5)
    assert read_.text == "a: b\n"


def test_a_document_is_a_value() -> None:
    one, other = document(TEXT), document(TEXT)
    one.span(("head",))
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


def test_a_pickle_holds_text_and_data_only() -> None:
    read_ = document(TEXT)
    before = len(pickle.dumps(read_))
    read_.span(("head",))
    copy = pickle.loads(pickle.dumps(read_))  # noqa: S301
    assert copy == read_
    assert copy.span(("head", "cpu")) == read_.span(("head", "cpu"))
    assert len(pickle.dumps(read_)) == before < 3 * len(TEXT.encode())
