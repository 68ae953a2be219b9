"""Findings as one JSON object. Its shape is a promise: ``schemas/diagnostics.schema.json``, ``version`` 1.

Members may be added within a version; none is removed, renamed or changes its meaning.
"""

from __future__ import annotations

from typing import Any

from generator.diagnostics import Diagnostic, Span
from generator.report.plain_data import to_json
from generator.report.run import Run
from generator.report.style import Style

VERSION = 1


def write(run: Run, _style: Style) -> str:
    """The whole run, indented for reviewers, in UTF-8."""
    return to_json(data(run))


def data(run: Run) -> dict[str, Any]:
    """The object before it is text."""
    return {
        "version": VERSION,
        "errors": run.errors,
        "warnings": run.warnings,
        "files": len(run.all_files),
        "diagnostics": [_finding(each) for each in run.diagnostics],
    }


def _finding(found: Diagnostic) -> dict[str, Any]:
    return {
        "level": found.level.value,
        "code": found.code,
        "message": found.message,
        **_place(found.span),
        "path": found.path,
        "label": found.label,
        "notes": list(found.notes),
        "help": found.help,
        "related": [{**_place(label.span), "text": label.text} for label in found.related],
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "endLine": max(span.line, span.end_line),
        "endColumn": span.end_column if span.end_line > span.line else max(span.column, span.end_column),
    }
