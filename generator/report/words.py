"""Numbers and times as a sentence says them."""

from __future__ import annotations


def amount(count: int, thing: str, *, none: str = "0") -> str:
    """``1 file``, ``14 files``, ``12,004 objects``; ``none`` is the word for zero."""
    number = f"{count:,}" if count else none
    return f"{number} {thing}" if count == 1 or (count == 0 and none == "no") else f"{number} {thing}s"


def time(seconds: float) -> str:
    """``0.18 s``, ``12.3 s``, ``2 min 05 s``."""
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest:02d} s"
