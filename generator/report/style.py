"""How things are drawn: colours, line-drawing characters and the width to fill.

The command line decides (``NO_COLOR``, ``--color``, is it a terminal, its encoding); this layer only obeys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a piece of text is for; the colour follows from it."""

    ERROR = "error"
    WARNING = "warning"
    STRONG = "strong"
    GUTTER = "gutter"
    RELATED = "related"
    HELP = "help"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    DIM = "dim"


# Only the eight basic colours: readable on light and dark backgrounds, and themed by the terminal.
_ANSI: Mapping[Role, str] = MappingProxyType(
    {
        Role.ERROR: "1;31",
        Role.WARNING: "1;33",
        Role.STRONG: "1",
        Role.GUTTER: "34",
        Role.RELATED: "1;34",
        Role.HELP: "36",
        Role.ADDED: "32",
        Role.REMOVED: "31",
        Role.CHANGED: "33",
        Role.DIM: "2",
    }
)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that draw a report."""

    corner: str
    bar: str
    ellipsis: str
    secret: str
    separator: str
    arrow: str
    nothing: str


_UNICODE = Glyphs("┌─", "│", "…", "•••", "·", "→", "–")
_ASCII = Glyphs("-->", "|", "...", "***", "-", "->", "-")


@dataclass(frozen=True, slots=True)
class Style:
    """Colours or none, line drawing or plain ASCII, and the columns an excerpt may fill."""

    colour: bool = False
    unicode: bool = True
    width: int = 100

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return _UNICODE if self.unicode else _ASCII

    def paint(self, role: Role, text: str) -> str:
        """``text`` in the colour of its role, or as it is."""
        if not (self.colour and text):
            return text
        return f"\x1b[{_ANSI[role]}m{text}\x1b[0m"


PLAIN = Style()
"""No colour, UTF-8: what files and tests get."""
