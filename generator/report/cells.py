"""Text as a terminal shows it: columns, not characters, and nothing that could drive the terminal.

A *cell* is what one code point of the source becomes on the screen: itself, the spaces of a tab, or a visible escape.
Widths follow Unicode's East Asian Width: wide and full-width characters take two columns, combining marks none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from generator.report.style import PLAIN, Style

TAB = "    "
"""A tab in an excerpt: a fixed width keeps the caret right wherever the excerpt starts."""

_JOINERS = "\u200c\u200d"
# The look of these in ASCII; any other character outside ASCII becomes an escape.
_ASCII = str.maketrans(
    {"…": "...", "→": "->", "≥": ">=", "≤": "<=", "–": "-", "—": "-", "·": "-", "×": "x", "•": "*", "’": "'"}
    | {"“": '"', "”": '"', "│": "|"}
)


def _escape(char: str) -> str:
    code = ord(char)
    named = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\0": r"\0"}.get(char)
    if named:
        return named
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _printable(char: str) -> bool:
    """Whether a terminal may be given this character: no controls, bidi overrides, odd spaces, unassigned ones."""
    category = unicodedata.category(char)
    return category[0] != "C" and category not in {"Zl", "Zp"} and not (category == "Zs" and char != " ")


def _cell(char: str, before: str, after: str, style: Style) -> str:
    if char.isascii():
        return char if char.isprintable() else TAB if char == "\t" else _escape(char)
    if not style.unicode:
        plain = char.translate(_ASCII)
        return plain if plain.isascii() else _escape(char)
    # Joiners belong to emoji and to several scripts; between ASCII letters they are an invisible mistake.
    joins = char in _JOINERS and bool(before + after) and not (before + after).isascii()
    return char if joins or _printable(char) else _escape(char)


def cells(text: str, style: Style = PLAIN) -> list[str]:
    """What each code point of ``text`` becomes on the screen; as many as ``text`` has code points."""
    if text.isascii() and text.isprintable():
        return list(text)
    last = len(text) - 1
    return [
        _cell(char, text[at - 1] if at else "", text[at + 1] if at < last else "", style)
        for at, char in enumerate(text)
    ]


def shown(text: str, style: Style = PLAIN) -> str:
    """One line of text, safe for a terminal; line breaks become visible too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(cells(text, style))


def shown_lines(text: str, style: Style = PLAIN) -> list[str]:
    """Text of several lines, each safe for a terminal."""
    return [shown(line, style) for line in text.replace("\r\n", "\n").split("\n")]


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    if "\u1160" <= char <= "\u11ff":  # Hangul vowels and finals join the syllable before them
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """Columns that shown text takes."""
    return len(text) if text.isascii() else sum(_columns(char) for char in text)


def clip(text: str, columns: int, ellipsis: str) -> str:
    """Shown text in at most ``columns`` columns, its end cut where it is longer."""
    if width(text) <= columns:
        return text
    room = columns - width(ellipsis)
    kept: list[str] = []
    for char in text:
        room -= _columns(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + ellipsis


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Shown text filled up with spaces to ``columns``; ``right`` puts the text at the right."""
    space = " " * (columns - width(text))
    return space + text if right else text + space


def widest(texts: Iterable[str]) -> int:
    """Columns of the widest of these."""
    return max((width(text) for text in texts), default=0)
