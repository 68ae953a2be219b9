"""What a run would do to one folder of the tree, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
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

    ``files`` is what it should hold (name → content); ``edited`` names files that are ours by the index but were
    changed by hand, and files of somebody else that stand where one of ours should go.
    """

    path: str
    files: Mapping[str, bytes]
    changes: tuple[Change, ...]
    edited: tuple[str, ...]

    @property
    def dirty(self) -> bool:
        """Whether anything on disk has to change."""
        return bool(self.changes)


def compare(root: Path, path: str, files: Mapping[str, bytes]) -> Folder:
    """Compares ``files`` with what is on disk at ``root/path``.

    The folder's index is told of as a file of its own only when nothing else of the folder differs. Raises OutputError
    where the disk cannot be read, or where something of another kind stands in the way.
    """
    folder = os.path.join(root, path)  # noqa: PTH118 (a hot path: every file of the tree passes here)
    owned = _owned(root, path)
    changes: list[Change] = []
    edited: list[str] = []
    for name in sorted({*owned, *files}):
        there, wanted = _content(f"{folder}/{name}"), files.get(name)
        if there == wanted:
            continue
        if there is not None and (name not in owned or sums.digest(there) != owned[name]):
            edited.append(f"{path}/{name}")
        op: Op = "-" if wanted is None else "+" if there is None else "~"
        changes.append(Change(op, f"{path}/{name}"))
    if not changes and owned != {name: sums.digest(content) for name, content in files.items()}:
        changes.append(Change("~" if owned else "+", f"{path}/{SUM_FILE}"))
    return Folder(path, files, tuple(changes), tuple(edited))


def leftovers(root: Path, kept: Iterable[str], present: Iterable[str] | None = None) -> list[Folder]:
    """Folders that are ours on disk and hold nothing any more; ``present``: ours on disk, where that is known."""
    wanted = set(kept)
    found = folders(root) if present is None else sorted(present)
    return [compare(root, path, {}) for path in found if path not in wanted]


def folders(root: Path) -> list[str]:
    """Every folder below ``root`` that has an index, sorted. Links are not followed."""
    return sorted(_indexed(str(root), "", DEPTH))


def _indexed(folder: str, name: str, depth: int) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == SUM_FILE and name:
                    yield name
                elif depth and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                    yield from _indexed(entry.path, f"{name}/{entry.name}" if name else entry.name, depth - 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{folder} cannot be read: {_why(error)}") from error


def check_root(root: Path) -> None:
    """Refuses a folder that is not a rendered tree: not empty, and nothing of OneBlock's in it."""
    try:
        entries = [each.name for each in os.scandir(root) if not each.name.startswith(".")]
    except FileNotFoundError:
        if root.is_symlink():
            raise OutputError(f"{root} is a link to nothing; remove it, or make the folder it leads to") from None
        return
    except NotADirectoryError:
        raise OutputError(f"{root} is a file; the rendered tree needs a folder") from None
    except OSError as error:
        raise OutputError(f"{root} cannot be read: {_why(error)}") from error
    if entries and not any(_indexed(str(root), "", DEPTH)):
        raise OutputError(
            f"{root} is not empty and holds nothing of OneBlock's (found {min(entries)}); "
            "choose another folder with --output, or empty it yourself"
        )


def _owned(root: Path, path: str) -> dict[str, str]:
    """What the folder's index lists. A link on the way would lead out of the tree: nothing is written through one."""
    below = ""
    for part in path.split("/"):
        below = f"{below}/{part}"
        if os.path.islink(f"{root}{below}"):  # noqa: PTH114 (a hot path)
            raise OutputError(f"{root}{below} is a link; only the tree's root may be one")
    content = _content(f"{root}/{path}/{SUM_FILE}")
    return sums.read(content) if content is not None else {}


def _content(file: str) -> bytes | None:
    """A file's bytes, None where there is none. A link to nothing is somebody's file too: no bytes of ours."""
    try:
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 (a hot path)
            return stream.readall()
    except FileNotFoundError:
        return b"" if os.path.islink(file) else None  # noqa: PTH114
    except NotADirectoryError:
        way = next(each for each in Path(file).parents if each.exists())
        raise OutputError(f"{way} is a file, but a folder of the rendered tree belongs there") from None
    except IsADirectoryError:
        raise OutputError(f"{file} is a folder, but a file of the rendered tree belongs there") from None
    except OSError as error:
        raise OutputError(f"{file} cannot be read: {_why(error)}") from error


def _why(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
