"""A chart's folder as Helm reads it from a ``.tgz``, without what decides nothing here."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

LEFT_OUT = ("values.schema.json", "README.md", "templates/NOTES.txt", ".pyc")
"""Helm compiles the schema anew for every release, which is more than half of the time of a render; OneBlock has
checked the same values against a stricter one."""

TESTS = "templates/tests/"
"""What ``helm test`` runs is no part of a release: nothing but Helm would run it, or ever remove it."""


def archive(chart: Path) -> bytes:
    """The chart at ``chart``, packed; the same bytes each time."""
    return pack(chart.name, contents(chart))


def contents(chart: Path) -> dict[str, bytes]:
    """The chart's files by their path in it, without those that are :data:`LEFT_OUT`, and its :data:`TESTS`."""
    files = sorted(each for each in chart.rglob("*") if each.is_file())
    named = {file.relative_to(chart).as_posix(): file for file in files}
    return {name: file.read_bytes() for name, file in named.items() if not (name.endswith(LEFT_OUT) or TESTS in name)}


def pack(chart: str, files: Mapping[str, bytes]) -> bytes:
    """A ``.tgz`` of a chart called ``chart``."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        for name, content in files.items():
            member = tarfile.TarInfo(f"{chart}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()
