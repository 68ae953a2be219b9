"""The view of ``oneblock why``."""

from __future__ import annotations

import json
from typing import Any

from generator.commands.objects import MISSING
from generator.commands.why import Answer, Cause
from generator.report import secret_fields
from generator.report.cells import pad, shown, widest
from generator.report.style import PLAIN, Role, Style


def answer_text(answer: Answer, style: Style = PLAIN) -> str:
    """The value, then a line a cause with its place; secrets masked."""
    value = secret_fields.masked(answer.kind, answer.field, answer.value)
    value = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    whats = [shown(_what(answer, cause), style) for cause in answer.causes]
    width = widest(whats)
    lines = [
        f"  {pad(what, width)}  {style.paint(Role.DIM, shown(_where(cause), style))}".rstrip()
        for what, cause in zip(whats, answer.causes, strict=True)
    ]
    return "\n".join([style.paint(Role.STRONG, shown(value, style)), *lines]) + "\n"


def answer_data(answer: Answer) -> dict[str, Any]:
    """The same for programs."""
    causes = [{"what": _what(answer, cause), "where": _where(cause)} for cause in answer.causes]
    return {"value": secret_fields.masked(answer.kind, answer.field, answer.value), "causes": causes}


def _what(answer: Answer, cause: Cause) -> str:
    if cause.value is MISSING:
        return cause.what
    hidden = secret_fields.masked(answer.kind, answer.field, cause.value)
    return f"{cause.what}: {secret_fields.masked('', cause.what, hidden)}"


def _where(cause: Cause) -> str:
    return f"{cause.span.file}:{cause.span.line}" if cause.span is not None else cause.source
