"""GitHub Actions workflow commands: each finding becomes an annotation at its line of the pull request.

Escapes are those of the runner's own command parser (actions/toolkit ``command.ts``); the runner drops columns of an
annotation whose lines differ, so those are only written within one line.
"""

from __future__ import annotations

from generator.diagnostics import Diagnostic, Span
from generator.report.cells import shown, shown_lines
from generator.report.run import Run, elsewhere, headline, last_line, remarks
from generator.report.style import Style


def write(run: Run, _style: Style) -> str:
    """One command a finding."""
    return "".join(f"{_command(each, run)}\n" for each in run.diagnostics)


def _command(found: Diagnostic, run: Run) -> str:
    title = run.rules.get(found.code, ("", ""))[0]
    properties = {
        "file": run.in_repository(found.span.file),
        **_place(found.span),
        "title": f"{found.code}: {title}" if title else found.code,
    }
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{found.level} {listed}::{_data(_message(found, run))}"


def _place(span: Span) -> dict[str, str]:
    if span == Span.of_file(span.file):
        return {"line": "1"}
    if span.end_line > span.line:
        return {"line": str(span.line), "endLine": str(last_line(span))}
    return {"line": str(span.line), "col": str(span.column), "endColumn": str(max(span.column, span.end_column))}


def _message(found: Diagnostic, run: Run) -> str:
    texts = (headline(found), *elsewhere(found, run), *remarks(found))
    return "\n".join(line for text in texts for line in shown_lines(text))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(shown(text)).replace(":", "%3A").replace(",", "%2C")
