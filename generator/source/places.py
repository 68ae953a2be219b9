"""Character offsets to lines and columns as editors count them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from generator.diagnostics import Span

_BREAK = re.compile(r"\r\n?|\n")


def lines(text: str) -> list[str]:
    """The lines that :class:`Places` numbers, without their ends: CRLF, LF and CR end one, U+2028 and U+0085 do not."""
    return _BREAK.split(text)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the lines of a file start. ``starts`` are offsets in code points."""

    file: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, file: str, text: str) -> Places:
        """The places of a text."""
        return cls(file, (0, *(found.end() for found in _BREAK.finditer(text))))

    def span(self, start: int, end: int) -> Span:
        """The stretch between two offsets; ``end`` is the first one after it."""
        line = bisect_right(self.starts, start)
        end_line = line if end == start else bisect_right(self.starts, end)
        return Span(self.file, line, start - self.starts[line - 1] + 1, end_line, end - self.starts[end_line - 1] + 1)
