"""Finds the real programs that contract and conformance tests compare against."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def find(name: str) -> Path | None:
    """The program ``name`` in ``$ONEBLOCK_E2E_BIN``, else on PATH, else None."""
    folder = os.environ.get("ONEBLOCK_E2E_BIN")
    found = shutil.which(name, path=folder) if folder else None
    found = found or shutil.which(name)
    return Path(found) if found else None


def need(name: str) -> Path:
    """The program, or a skipped test that says which one is missing."""
    found = find(name)
    if found is None:
        pytest.skip(f"needs the program {name!r} in $ONEBLOCK_E2E_BIN or on PATH")
    return found
