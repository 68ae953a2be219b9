"""What a run would do to one folder of the tree, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.output import sums
from generator.output.sums import SUM_FILE

Op = Literal["+", "~", "-"]
DEPTH = 2
"""Folders of objects stand at most this deep below the tree's root: ``crds``, ``ray/team-a``."""


class OutputError(Exception):
    """The output folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file that a run adds, changes or removes. ``path`` is relative to the tree's root."""

    op: Op
    path: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the tree against what it should hold.

    ``files`` is what it should hold (name → content); ``edited`` names files that are ours by the index but were changed
    by hand, and files of somebody else that stand where one of ours should go.
    """

    path: str
    files: Mapping[str, bytes]
    changes: tuple[Change, ...]
    edited: tuple[str, ...]
    stale_index: bool = False

    @property
    def dirty(self) -> bool:
        """Whether anything on disk has to change."""
        return bool(self.changes) or self.stale_index


def compare(root: Path, path: str, files: Mapping[str, bytes]) -> Folder:
    """Compares ``files`` with what is on disk at ``root/path``. Raises OutputError where disk cannot be read."""
    folder = root / path
    owned = _owned(folder)
    changes: list[Change] = []
    edited: list[str] = []
    for name in sorted({*owned, *files}):
        there, wanted = _content(folder / name), files.get(name)
        if there == wanted:
            continue
        if there is not None and (name not in owned or sums.digest(there) != owned[name]):
            if wanted is None and name not in owned:
                continue
            edited.append(f"{path}/{name}")
        op: Op = "-" if wanted is None else "+" if there is None else "~"
        changes.append(Change(op, f"{path}/{name}"))
    wanted_index = {name: sums.digest(content) for name, content in files.items()}
    return Folder(path, files, tuple(changes), tuple(edited), owned != wanted_index)


def leftovers(root: Path, kept: Iterable[str]) -> list[Folder]:
    """Folders that are ours on disk and hold nothing any more."""
    wanted = set(kept)
    return [compare(root, path, {}) for path in folders(root) if path not in wanted]


def folders(root: Path) -> list[str]:
    """Every folder below ``root`` that has an index."""
    found = []
    for depth in range(1, DEPTH + 1):
        found += [str(each.parent.relative_to(root).as_posix()) for each in root.glob("*/" * depth + SUM_FILE)]
    return sorted(found)


def check_root(root: Path) -> None:
    """Refuses a folder that is not a rendered tree: not empty, and nothing of OneBlock's in it."""
    if root.is_symlink() and not root.exists():
        raise OutputError(f"{root} is a link to nothing")
    if root.exists() and not root.is_dir():
        raise OutputError(f"{root} is a file; the rendered tree needs a folder")
    if not root.exists():
        return
    try:
        entries = [each for each in root.iterdir() if not each.name.startswith(".")]
    except OSError as error:
        raise OutputError(f"{root} cannot be read: {error.strerror}") from error
    if entries and not folders(root):
        raise OutputError(
            f"{root} is not empty and holds nothing of OneBlock's (found {entries[0].name}); "
            "choose another folder with --output, or empty it yourself"
        )


def _owned(folder: Path) -> dict[str, str]:
    content = _content(folder / SUM_FILE)
    return sums.read(content) if content is not None else {}


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise OutputError(f"{file} is a folder, but a file of the rendered tree belongs there") from None
    except OSError as error:
        raise OutputError(f"{file} cannot be read: {error.strerror}") from error
