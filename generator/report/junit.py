"""JUnit XML, the dialect CI systems agree on: one suite, a case for each file and rule that found something in it.

A clean file is one passing case, so that the count of cases says how much was looked at. JUnit knows no warnings: a
case with nothing but warnings passes and carries them as its output.
"""

from __future__ import annotations

from html import escape
from itertools import groupby

from generator.diagnostics import Diagnostic, Level
from generator.report import concise
from generator.report.cells import shown, shown_lines
from generator.report.run import Run, elsewhere, remarks
from generator.report.style import Style


def write(run: Run, _style: Style) -> str:
    """The document, in UTF-8."""
    faulty = set(run.faulty)
    clean = [file for file in run.all_files if file not in faulty]
    found = sorted(run.diagnostics, key=lambda each: (each.span.file, each.code, each.sort_key))
    groups = [(key, list(each)) for key, each in groupby(found, key=lambda each: (each.span.file, each.code))]
    cases = sorted(
        [(file, "", _passed(run.in_repository(file))) for file in clean]
        + [(file, code, _case(file, code, each, run)) for (file, code), each in groups]
    )
    failures = sum(any(each.level is Level.ERROR for each in members) for _, members in groups)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0"}
    if run.seconds is not None:
        counts["time"] = f"{run.seconds:.3f}"
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites {_attributes(**counts)}>",
            f"  <testsuite {_attributes(name='oneblock', **counts)}>",
            *(text for _, _, text in cases),
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _passed(file: str) -> str:
    return f"    <testcase {_attributes(classname=file, name='valid', file=file)}/>"


def _case(file: str, code: str, found: list[Diagnostic], run: Run) -> str:
    title = run.rules.get(code, ("", ""))[0]
    name = f"{code}: {title}" if title else code
    file = run.in_repository(file)
    case = _attributes(classname=file, name=name, file=file, line=str(found[0].span.line))
    body = escape("\n".join(line for each in found for line in _lines(each, run)), quote=False)
    errors = [each for each in found if each.level is Level.ERROR]
    if errors:
        inner = f"<failure {_attributes(message=errors[0].message, type=code)}>{body}</failure>"
    else:
        inner = f"<system-out>{body}</system-out>"
    return f"    <testcase {case}>\n      {inner}\n    </testcase>"


def _lines(found: Diagnostic, run: Run) -> list[str]:
    texts = [*([found.label] if found.label else []), *elsewhere(found, run), *remarks(found)]
    line = concise.line(found.moved(run.in_repository(found.span.file)))
    return [line, *(f"  {line}" for text in texts for line in shown_lines(text))]


def _attributes(**values: str) -> str:
    # shown() leaves no character that XML 1.0 forbids: those are all controls, surrogates or unassigned.
    return " ".join(f'{name}="{escape(shown(value))}"' for name, value in values.items())
