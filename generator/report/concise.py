"""One line a finding, ``file:line:column: error[CODE] message``: for editors, grep and logs."""

from __future__ import annotations

from generator.diagnostics import Diagnostic
from generator.report.cells import shown
from generator.report.run import Run
from generator.report.style import PLAIN, Role, Style


def line(found: Diagnostic, style: Style = PLAIN) -> str:
    """The finding in one line."""
    place = f"{shown(found.span.file, style)}:{found.span.line}:{found.span.column}:"
    code = style.paint(Role(found.level.value), f"{found.level}[{shown(found.code, style)}]")
    return f"{place} {code} {shown(' '.join(found.message.split()), style)}"


def write(run: Run, style: Style) -> str:
    """All findings; nothing when there are none."""
    return "".join(f"{line(each, style)}\n" for each in run.diagnostics)
