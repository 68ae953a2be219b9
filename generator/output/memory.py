"""What earlier runs proved, so that a run need not prove it again (``.oneblock_cache/`` in the fleet's root).

An entry says: these inputs gave this state of these folders, with these findings (warnings only). It holds as long as
the inputs' digest and the folders' state (names, sizes, modification times, file numbers, as Git's index has them) are
the same. Without the cache, or with a damaged one, a run only takes longer.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from generator.diagnostics import Diagnostic, Label, Level, Span
from generator.output.compare import DEPTH, OutputError
from generator.output.sums import SUM_FILE

FOLDER = ".oneblock_cache"
FORMAT = 3
_NAME = attrgetter("name")

States = Mapping[str, str]
"""Folder of the tree → digest of its files' names, sizes and times."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``inputs``: digest of everything that decided the result; ``state``: folder → what it looked like then.

    ``stamp`` tells the values file by size, times and number, so that it need not be read to know it is the same; empty
    where that would not be safe.
    """

    inputs: str
    state: dict[str, str]
    objects: int
    findings: tuple[Diagnostic, ...] = ()
    stamp: str = ""

    def holds(self, inputs: str, states: States) -> bool:
        """Whether it still describes what is on disk."""
        return self.inputs == inputs and all(states.get(folder) == was for folder, was in self.state.items())


@dataclass(slots=True)
class Memory:
    """Entries by name (a values file, or ``platform``), for the tree at ``tree``.

    ``platform`` is the platform file's data as JSON: reading JSON takes a fiftieth of reading YAML.
    """

    file: Path
    tree: str = ""
    platform: str = ""
    entries: dict[str, Entry] = field(default_factory=dict)

    def save(self) -> None:
        """Writes the file; a cache that cannot be written is no cache, not an error."""
        rows = {
            name: [each.inputs, each.state, each.objects, [asdict(found) for found in each.findings], each.stamp]
            for name, each in self.entries.items()
        }
        whole = {"format": FORMAT, "tree": self.tree, "platform": self.platform, "entries": rows}
        part = self.file.with_suffix(f".{os.getpid()}")
        try:
            self.file.parent.mkdir(exist_ok=True)
            (self.file.parent / ".gitignore").write_text("*\n", encoding="utf-8")
            part.write_text(json.dumps(whole), encoding="utf-8")
            part.replace(self.file)
        except OSError:
            with suppress(OSError):
                part.unlink()


def load(root: Path, name: str) -> Memory:
    """The cache called ``name`` below the fleet's root; empty where there is none or it is damaged."""
    file = root / FOLDER / f"{name}.json"
    try:
        kept: Any = json.loads(file.read_bytes())
        if kept["format"] != FORMAT:
            return Memory(file)
        entries = {key: _entry(*row) for key, row in kept["entries"].items()}
        return Memory(file, str(kept["tree"]), str(kept["platform"]), entries)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return Memory(file)


def states(root: Path) -> dict[str, str]:
    """Every folder of the tree that has an index, with its state; no file is read. Raises OutputError."""
    found: dict[str, str] = {}
    try:
        _look(str(root), "", DEPTH, found)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputError(f"{root} cannot be read: {(error.strerror or '').lower()}") from error
    return found


def state(root: Path, folder: str) -> str | None:
    """The state of one folder, as :func:`states` has it; None where it is not there. Raises OutputError."""
    try:
        return _digest(_inside(f"{root}/{folder}"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutputError(f"{root / folder} cannot be read: {(error.strerror or '').lower()}") from error


def _look(folder: str, name: str, depth: int, found: dict[str, str]) -> None:
    """Notes a folder that has an index with all below it, or looks for such folders below."""
    inside = _inside(folder)
    if name and any(each.name == SUM_FILE for each in inside):
        found[name] = _digest(inside)
    elif depth:
        for each in inside:
            if not each.name.startswith(".") and each.is_dir(follow_symlinks=False):
                _look(each.path, f"{name}/{each.name}" if name else each.name, depth - 1, found)


def _inside(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=_NAME)


def _digest(entries: Iterable[os.DirEntry[str]]) -> str:
    return hashlib.sha256(repr(_files(entries)).encode()).hexdigest()


def _files(entries: Iterable[os.DirEntry[str]]) -> list[object]:
    found: list[object] = []
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            found.append((entry.name, _files(_inside(entry.path))))
        else:
            stat = entry.stat(follow_symlinks=False)
            found.append((entry.name, stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_mode))
    return found


def _entry(inputs: str, state: dict[str, str], objects: int, findings: list[dict[str, Any]], stamp: str) -> Entry:
    return Entry(inputs, dict(state), int(objects), tuple(map(_finding, findings)), stamp)


def _finding(row: dict[str, Any]) -> Diagnostic:
    related = tuple(Label(Span(**each["span"]), each["text"]) for each in row["related"])
    span, level = Span(**row["span"]), Level(row["level"])
    return Diagnostic(**(row | {"span": span, "level": level, "notes": tuple(row["notes"]), "related": related}))
