"""``oneblock.sum``: the ownership index of one folder, in the format of ``sha256sum``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

SUM_FILE = "oneblock.sum"


def digest(content: bytes) -> str:
    """The SHA-256 of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()


def write(sums: Mapping[str, str]) -> bytes:
    """File name → digest, as the index's text."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()


def read(text: bytes) -> dict[str, str]:
    """The index's entries; lines that are not entries are passed over, so a damaged index owns less, never more."""
    entries = {}
    for line in text.decode("utf-8", "replace").splitlines():
        value, mark, name = line.partition("  ")
        inside = not name.startswith("/") and all(part not in ("", ".", "..") for part in name.split("/"))
        if mark and len(value) == 64 and inside:
            entries[name] = value
    return entries
