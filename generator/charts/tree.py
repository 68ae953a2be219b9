"""A chart as files: writing it, and saying in what a folder differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def stale(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """What differs between generated files and a folder, one line a file, sorted by path.

    ``changed <path>``, ``missing <path>`` or ``left over <path>`` (there, but no longer generated). Nothing is written.
    """
    found = {path: "missing" for path in files if not (folder / path).is_file()}
    found |= {path: "changed" for path in files if path not in found and (folder / path).read_bytes() != files[path]}
    found |= dict.fromkeys(present(folder) - set(files), "left over")
    return [f"{what} {path}" for path, what in sorted(found.items())]


def write(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Make the folder equal to the files; says what :func:`stale` said before. Files that are right are not touched."""
    before = stale(files, folder)
    for line in before:
        path = line.removeprefix("changed ").removeprefix("missing ")
        if line.startswith("left over "):
            _remove(folder, line.removeprefix("left over "))
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[path])
    return before


def present(folder: Path) -> set[str]:
    """The files below a folder, as paths with forward slashes; not what Python makes of an installed script."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


def _remove(folder: Path, path: str) -> None:
    target = folder / path
    target.unlink()
    for parent in target.parents:
        if parent == folder or any(parent.iterdir()):
            break
        parent.rmdir()
