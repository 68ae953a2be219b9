"""One line of a file with a mark under the part that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from generator.diagnostics import Span
from generator.report.cells import cells, width
from generator.report.run import last_line
from generator.report.secret_text import Region
from generator.report.style import Style


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line as shown, and the mark: ``indent`` columns in, ``mark`` wide; the span goes on to ``last_line``."""

    text: str
    indent: int
    mark: int
    last_line: int


def excerpt(line: str, span: Span, hidden: Sequence[Region], columns: int, style: Style) -> Excerpt:
    """What to show of ``line`` (the span's first) in at most ``columns`` columns, with secrets covered.

    A span that ends past the line marks what is there; an empty one marks one column, behind the line if it starts
    there.
    """
    start = min(max(span.column - 1, 0), len(line))
    end = min(max(span.end_column - 1, start), len(line))
    if span.end_line > span.line:
        end = max(start, len(line.rstrip()))
    for left, right in hidden:
        if start < right and end > left:
            start, end = min(start, left), max(end, right)
    # Only the neighbourhood is drawn: a file of one 10 MB line must not cost 10 MB of work for each finding in it.
    first, last = max(0, start - 4 * columns), min(len(line), start + 4 * columns)
    drawn = _covered(line, hidden, first, last, style)
    cut = (first > 0, last < len(line))
    text, indent, mark = _window(drawn, start - first, min(end, last) - first, columns, style, cut)
    return Excerpt(text, indent, max(mark, 1), last_line(span))


def _covered(line: str, hidden: Sequence[Region], first: int, last: int, style: Style) -> list[str]:
    """The cells of ``line[first:last]``; a secret is one mark, however long it is."""
    drawn = cells(line[first:last], style)
    for left, right in hidden:
        inside = range(max(left, first), min(right, last))
        for at in inside:
            drawn[at - first] = style.glyphs.secret if at == inside[0] else ""
    return drawn


def _window(
    drawn: list[str], start: int, end: int, columns: int, style: Style, cut: tuple[bool, bool]
) -> tuple[str, int, int]:
    """The cells around ``start``…``end`` that fit, and where the mark then starts and how wide it is."""
    offsets = [0, *accumulate(width(cell) for cell in drawn)]
    dots = style.glyphs.ellipsis
    if offsets[-1] <= columns and not any(cut):
        return "".join(drawn), offsets[start], offsets[end] - offsets[start]
    left, room = 0, columns - width(dots)
    if cut[0] or offsets[end] > room:
        room -= width(dots)
        # A third of the window is context before the mark, less where the mark itself needs the room.
        context = min(columns // 3, max(room - (offsets[end] - offsets[start]), columns // 10))
        while left < start and offsets[start] - offsets[left] > context:
            left += 1
    right = left
    while right < len(drawn) and offsets[right + 1] - offsets[left] <= room:
        right += 1
    opening = dots if left or cut[0] else ""
    closing = dots if right < len(drawn) or cut[1] else ""
    shift = width(opening) - offsets[left]
    return (
        opening + "".join(drawn[left:right]) + closing,
        offsets[start] + shift,
        offsets[min(end, right)] - offsets[start],
    )
