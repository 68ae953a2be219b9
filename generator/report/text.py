"""Findings for people: what is wrong, where, what now.

::

    error[OB312]: queue "urgent" is not granted to namespace "speech"
      ┌─ values/namespaces/speech.yaml:3:12
    3 │     queue: urgent
      │            ^^^^^^ not granted
      = speech may use: research, default

This form may change at any release; programs read ``json`` or ``sarif``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.diagnostics import Diagnostic, Level, Span
from generator.report.cells import shown, shown_lines, widest, width
from generator.report.excerpt import Excerpt, excerpt
from generator.report.run import Run, Texts
from generator.report.style import Role, Style
from generator.report.words import amount, time


def write(run: Run, style: Style) -> str:
    """All findings and a closing line."""
    texts = Texts.over(run.lines)
    blocks = ["\n".join(_finding(each, texts, style)) for each in run.diagnostics]
    return "\n\n".join([*blocks, _closing(run, style)]) + "\n"


def _finding(found: Diagnostic, texts: Texts, style: Style) -> Iterator[str]:
    role = Role(found.level.value)
    head, *more = shown_lines(found.message, style)
    yield style.paint(role, f"{found.level}[{shown(found.code, style)}]") + style.paint(Role.STRONG, f": {head}")
    places = [found.span, *(label.span for label in found.related)]
    gutter = max(len(str(span.line)) for span in places) + 1
    margin = " " * gutter
    yield from (f"{margin} {line}" for line in more)
    yield from _place(found.span, found.label, "^", role, _View(texts, style, gutter, found.path))
    for label in found.related:
        yield from _place(label.span, label.text, "-", Role.RELATED, _View(texts, style, gutter))
    for note in found.notes:
        yield from _remark(note, "", margin, style)
    if found.help:
        yield from _remark(found.help, style.paint(Role.HELP, "help: "), margin, style)


@dataclass(frozen=True, slots=True)
class _View:
    """Where an excerpt's text comes from and the margin it is drawn in."""

    texts: Texts
    style: Style
    gutter: int
    path: str = ""


def _place(span: Span, label: str, mark: str, role: Role, view: _View) -> Iterator[str]:
    """Location, line and mark; without a line to show, location and label only."""
    style, glyphs = view.style, view.style.glyphs
    margin = " " * view.gutter
    whole = span == Span.of_file(span.file)
    where = shown(span.file, style) + ("" if whole else f":{span.line}:{span.column}")
    yield f"{margin}{style.paint(Role.GUTTER, glyphs.corner)} {where}"
    line = None if whole else view.texts.line(span.file, span.line)
    if line is None:
        if view.path and not whole:
            yield from _remark(f"at {view.path}", "", margin, style)
        yield from _remark(label, "", margin, style) if label else ()
        return
    room = max(20, style.width - view.gutter - 3)
    part = excerpt(line, span, view.texts.hidden(span, view.path), room, style)
    bar = style.paint(Role.GUTTER, glyphs.bar)
    number = style.paint(Role.GUTTER, f"{span.line:>{view.gutter - 1}} ")
    yield f"{number}{bar} {part.text}".rstrip()
    for column, words in _marks(span, part, mark, label, room, style):
        yield f"{margin}{bar} {' ' * column}" + style.paint(role, words)


def _marks(span: Span, part: Excerpt, mark: str, label: str, room: int, style: Style) -> Iterator[tuple[int, str]]:
    """The mark and its label with the column each starts in; a label that would not fit beside it stands below."""
    marks, words = mark * part.mark, shown_lines(label, style)
    if part.last_line > span.line:
        marks += style.glyphs.ellipsis
        words[-1] = f"{words[-1]} (to line {part.last_line})".lstrip()
    column = part.indent + width(marks) + 1
    if column + widest(words) <= room:
        yield part.indent, f"{marks} {words.pop(0)}".rstrip()
    else:
        yield part.indent, marks
        column = max(0, min(part.indent, room - widest(words)))
    yield from ((column, each) for each in words)


def _remark(text: str, title: str, margin: str, style: Style) -> Iterator[str]:
    first, *more = shown_lines(text, style)
    yield f"{margin}{style.paint(Role.GUTTER, '=')} {title}{first}"
    yield from (f"{margin}  {line}" for line in more)


def _closing(run: Run, style: Style) -> str:
    took = "" if run.seconds is None else f" ({time(run.seconds)})"
    if not run.diagnostics:
        return f"{amount(len(run.all_files), 'file')} checked, nothing to report{took}"
    counts = [amount(run.errors, "error")] if run.errors else []
    counts += [amount(run.warnings, "warning")] if run.warnings else []
    # The rule worth reading first: of an error if there is one.
    first = next((each for each in run.diagnostics if each.level is Level.ERROR), run.diagnostics[0])
    summary = f"{', '.join(counts)} in {len(run.faulty):,} of {amount(len(run.all_files), 'file')}{took}"
    hint = f" {style.glyphs.separator} oneblock explain {shown(first.code, style)}"
    return summary + style.paint(Role.DIM, hint)
