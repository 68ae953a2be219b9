"""SARIF 2.1.0 (OASIS), as GitHub code scanning and other forges read it.

Of the fingerprints GitHub compares only ``primaryLocationLineHash``. Ours hashes what survives an edit elsewhere in the
file (rule, file, the value's path or its line's text) so that an alert stays the same alert when lines move.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from generator.diagnostics import Diagnostic, Span
from generator.report.plain_data import to_json
from generator.report.run import Run, Texts, headline, remarks
from generator.report.style import Style

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write(run: Run, _style: Style) -> str:
    """The log of one run, indented, in UTF-8."""
    return to_json(data(run))


def data(run: Run) -> dict[str, Any]:
    """The log before it is text. Rules listed are those that found something, in the order of their codes."""
    codes = sorted({each.code for each in run.diagnostics})
    driver: dict[str, Any] = {"name": "oneblock", "rules": [_rule(code, run) for code in codes]}
    if run.version:
        driver |= {"version": run.version, "semanticVersion": run.version}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": _results(run, codes)}],
    }


def _rule(code: str, run: Run) -> dict[str, Any]:
    title, text = run.rules.get(code, ("", ""))
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": title or code}}
    if text:
        rule["help"] = {"text": text}
    return rule


def _results(run: Run, codes: Sequence[str]) -> list[dict[str, Any]]:
    index = {code: at for at, code in enumerate(codes)}
    texts, seen = Texts.over(run.lines), Counter[str]()
    results = []
    for found in run.diagnostics:
        mark = _fingerprint(found, run, texts)
        seen[mark] += 1
        location: dict[str, Any] = {"physicalLocation": _physical(found.span, run)}
        if found.path:
            location["logicalLocations"] = [{"fullyQualifiedName": found.path, "kind": "member"}]
        result: dict[str, Any] = {
            "ruleId": found.code,
            "ruleIndex": index[found.code],
            "level": found.level.value,
            # The first line is what forges show in lists.
            "message": {"text": "\n".join([headline(found), *remarks(found)])},
            "locations": [location],
            "partialFingerprints": {"primaryLocationLineHash": f"{mark}:{seen[mark]}"},
        }
        if found.related:
            result["relatedLocations"] = [
                {
                    "id": at,
                    "physicalLocation": _physical(label.span, run),
                    "message": {"text": label.text or "see also"},
                }
                for at, label in enumerate(found.related, start=1)
            ]
        results.append(result)
    return results


def _physical(span: Span, run: Run) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": max(1, span.line)}
    if span != Span.of_file(span.file):
        end_line = max(span.line, span.end_line)
        end_column = span.end_column if end_line > span.line else max(span.column, span.end_column)
        region |= {"startColumn": max(1, span.column), "endLine": end_line, "endColumn": max(1, end_column)}
    uri = quote(run.in_repository(span.file), safe="/", errors="replace")
    return {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}


def _fingerprint(found: Diagnostic, run: Run, texts: Texts) -> str:
    anchor = found.path
    if not anchor:
        line = texts.line(found.span.file, found.span.line) or ""
        for start, end in reversed(texts.hidden(found.span)):
            line = line[:start] + line[end:]
        anchor = line.strip()
    parts = (found.code, run.in_repository(found.span.file), anchor)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
