"""What a change of values does to objects: the view of ``oneblock diff``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import Any, Literal

from generator.diagnostics import Span
from generator.report import secret_fields
from generator.report.cells import clip, pad, shown, width
from generator.report.style import PLAIN, Role, Style
from generator.report.words import amount


class Absent(Enum):
    """The old side of a new field, the new side of a removed one. (``None`` is a value: YAML's null.)"""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
Operation = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, its dotted path in the object, both values, and the place in the values files that decides it."""

    path: str
    old: Any = ABSENT
    new: Any = ABSENT
    where: Span | None = None


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object; ``namespace`` is the heading it stands under (a cluster-scoped object gives another one, "queues").

    ``where`` is the value that adds or removes the object as a whole. ``notes`` say what the change means: "the head
    restarts".
    """

    namespace: str
    kind: str
    name: str
    op: Operation = "changed"
    fields: tuple[FieldChange, ...] = ()
    where: Span | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    mark: str
    field: str
    values: str
    where: str


_ROLES = {"+": Role.ADDED, "-": Role.REMOVED, "~": Role.CHANGED}
_WHOLE = {"added": ("+", "new object"), "removed": ("-", "removed"), "changed": ("~", "changed")}
_FIELD_COLUMNS, _VALUE_COLUMNS = 48, 40

CRD = "CustomResourceDefinition"
_SCHEMA = re.compile(r"^spec\.versions\[[^\]]*\]\.schema\b")
_FEW = 5
"""Fields of a CRD's schema that are still told one by one."""


def write(changes: Sequence[ObjectChange], style: Style = PLAIN) -> str:
    """Grouped by object, aligned over all of them, secrets masked, long values cut; the last line counts."""
    if not changes:
        return "no object changes\n"
    groups = [(change, _lines(change, style)) for change in changes]
    lines = [line for _, members in groups for line in members]
    # A path is never cut (people copy it), so a very long one must not push the rest to the right.
    across = max((width(line.field) for line in lines if width(line.field) <= _FIELD_COLUMNS), default=0)
    values = max((width(line.values) for line in lines), default=0)
    told = []
    for change, members in groups:
        heading = f"{change.kind} {change.name}"
        title = shown(f"{change.namespace}  {heading}" if change.namespace else heading, style)
        told.append(style.paint(Role.STRONG, title))
        told += [_drawn(line, across, values, style) for line in members]
        told += [f"  {style.paint(Role.GUTTER, '=')} {shown(note, style)}" for note in change.notes]
    return "\n".join([*told, _closing(changes, style)]) + "\n"


def data(changes: Sequence[ObjectChange]) -> list[dict[str, Any]]:
    """The same for programs: plain data, secrets masked; a side that is absent has no member."""
    return [
        {
            "namespace": change.namespace,
            "kind": change.kind,
            "name": change.name,
            "op": change.op,
            "fields": [_field_data(change, each) for each in change.fields],
            **_where_data(change.where),
            "notes": list(change.notes),
        }
        for change in changes
    ]


def _field_data(change: ObjectChange, field: FieldChange) -> dict[str, Any]:
    sides = {"old": field.old, "new": field.new}
    present = {side: _masked(change, field.path, value) for side, value in sides.items() if value is not ABSENT}
    return {"path": field.path, **present, **_where_data(field.where)}


def _where_data(where: Span | None) -> dict[str, Any]:
    return {"file": where.file, "line": where.line} if where else {}


def _masked(change: ObjectChange, path: str, value: Any) -> Any:
    return value if value is ABSENT else secret_fields.masked(change.kind, path, value)


def _lines(change: ObjectChange, style: Style) -> list[_Line]:
    schema = [field for field in change.fields if change.kind == CRD and _SCHEMA.match(field.path)]
    told = [field for field in change.fields if field not in schema] if len(schema) > _FEW else change.fields
    fields = [_line(change, field, style) for field in told]
    if len(told) < len(change.fields):
        fields.append(_line_of_schema(schema, style))
    if change.op == "changed" and fields:
        return fields
    mark, text = _WHOLE[change.op]
    return [_Line(mark, text, "", _where(change.where, style)), *fields]


def _line_of_schema(fields: Sequence[FieldChange], style: Style) -> _Line:
    """Another KubeRay changes a hundred fields of a CRD's schema: how many says as much as which."""
    new = sum(field.old is ABSENT for field in fields)
    gone = sum(field.new is ABSENT for field in fields)
    values = f"{new:,} new, {gone:,} gone, {len(fields) - new - gone:,} changed"
    return _Line("~", "spec.versions[*].schema", values, _where(fields[0].where, style))


def _line(change: ObjectChange, field: FieldChange, style: Style) -> _Line:
    old, new = (_masked(change, field.path, each) for each in (field.old, field.new))
    if field.old is ABSENT or field.new is ABSENT:
        mark, side = ("+", new) if field.old is ABSENT else ("-", old)
        values = _cut(_text(side, style), style) if side is not ABSENT else ""
    else:
        mark, values = "~", _both(old, new, style)
    return _Line(mark, shown(field.path, style), values, _where(field.where, style))


def _both(old: Any, new: Any, style: Style) -> str:
    arrow = f" {style.glyphs.arrow} "
    before, after = _text(old, style), _text(new, style)
    if before == after and old != new:  # texts of as many lines
        return f"{after}, edited"
    room = (_VALUE_COLUMNS - len(arrow)) // 2
    if width(before) > room and width(after) > room:
        # Two long values differ somewhere inside: cutting both ends would show the same text twice.
        start = max(0, _shared(before, after) - 6)
        dots = style.glyphs.ellipsis if start else ""
        before, after = dots + before[start:], dots + after[start:]
    return _cut(before, style, room) + arrow + _cut(after, style, room)


def _shared(before: str, after: str) -> int:
    """How many characters two texts have in common at their start."""
    same = (a == b for a, b in zip(before, after, strict=False))
    return sum(takewhile(bool, same))


def _cut(text: str, style: Style, columns: int = _VALUE_COLUMNS) -> str:
    return clip(text, columns, style.glyphs.ellipsis)


def _text(value: Any, style: Style) -> str:
    """A value as people write it; a text of several lines by its size."""
    if isinstance(value, str):
        if "\n" in value.rstrip("\n"):
            return amount(len(value.splitlines()), "line")
        return shown(value if _reads_as_text(value) else json.dumps(value, ensure_ascii=False), style)
    return shown(json.dumps(value, ensure_ascii=False, default=str), style)


def _reads_as_text(value: str) -> bool:
    """Whether a string needs no quotes to be told from a number, a switch or the empty string."""
    if value != value.strip() or not value.isprintable():
        return False
    try:
        json.loads(value)
    except ValueError:
        return bool(value)
    return False


def _where(where: Span | None, style: Style) -> str:
    return f"{shown(where.file, style)}:{where.line}" if where else ""


def _drawn(line: _Line, across: int, values: int, style: Style) -> str:
    mark = style.paint(_ROLES[line.mark], line.mark)
    body = f"{pad(line.field, across)}   {line.values}" if line.values else line.field
    if line.where:
        body = pad(body, across + (3 + values if values else 0)) + "  " + style.paint(Role.DIM, line.where)
    return f"  {mark} {body}".rstrip()


def _closing(changes: Sequence[ObjectChange], style: Style) -> str:
    count = {op: sum(change.op == op for change in changes) for op in _WHOLE}
    parts = []
    if count["changed"]:
        fields = sum(len(change.fields) for change in changes if change.op == "changed")
        parts.append(f"{amount(fields, 'field')} in {amount(count['changed'], 'object')}")
    if count["added"]:
        parts.append(f"{amount(count['added'], 'object')} added")
    removed = f"{amount(count['removed'], 'object', none='no')} removed"
    return ", ".join([*parts, style.paint(Role.ERROR, removed) if count["removed"] else removed])
