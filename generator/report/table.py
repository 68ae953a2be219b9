"""Views of rows: aligned columns for people, JSON or YAML for programs (``-o table|json|yaml``).

Rows are mappings of plain data. People see the columns asked for, programs whole rows under their own names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from generator.report.cells import pad, shown, widest
from generator.report.plain_data import to_json, to_yaml
from generator.report.style import PLAIN, Role, Style

Output = Literal["table", "json", "yaml"]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the key of its values in a row, and its heading (the key in capitals if none is given)."""

    key: str
    title: str = ""

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return self.title or self.key.upper()


def view(columns: Sequence[Column], rows: Sequence[Row], output: Output = "table", style: Style = PLAIN) -> str:
    """The rows in the form asked for, ending in a line break. No rows: headings alone, ``[]`` for programs."""
    if output == "table":
        return table(columns, rows, style)
    data = [dict(row) for row in rows]
    return to_json(data) if output == "json" else to_yaml(data)


def table(columns: Sequence[Column], rows: Sequence[Row], style: Style = PLAIN) -> str:
    """Aligned by display width, two spaces apart; a column of numbers stands at the right; ``None`` is a dash."""
    shaped = []
    for column in columns:
        values = [row.get(column.key) for row in rows]
        heading = shown(column.heading, style)
        texts = [_text(value, style) for value in values]
        across = widest([heading, *texts])
        right = _numeric(values)
        head = pad(style.paint(Role.STRONG, heading), across + _painted(heading, style), right=right)
        shaped.append([head, *(pad(text, across, right=right) for text in texts)])
    return "".join("  ".join(line).rstrip() + "\n" for line in zip(*shaped, strict=True))


def _painted(text: str, style: Style) -> int:
    """Columns that padding would wrongly count for the colour around ``text``."""
    return len(style.paint(Role.STRONG, text)) - len(text)


def _numeric(values: Sequence[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present)


def _text(value: Any, style: Style) -> str:
    if value is None:
        return style.glyphs.nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{_text(key, style)}={_text(each, style)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(each, style) for each in value)
    return shown(str(value), style)
