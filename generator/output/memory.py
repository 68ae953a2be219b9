"""What earlier runs proved, so that a run need not prove it again (``.oneblock_cache/`` in the fleet's root).

An entry says: these inputs gave this state of these folders, without findings. It holds as long as the inputs' digest and
the folders' signature (names, sizes, modification times, as Git's index keeps them) are the same. Without the cache, or
with a damaged one, a run only takes longer.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = ".oneblock_cache"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """``inputs``: digest of everything that decided the result; ``signature``: the state of ``folders`` on disk."""

    inputs: str
    signature: str
    folders: tuple[str, ...]
    objects: int


@dataclass(slots=True)
class Memory:
    """Entries by name (a values file, or ``platform``)."""

    file: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    def holds(self, name: str, inputs: str, root: Path) -> Entry | None:
        """The entry, if it still describes what is on disk."""
        entry = self.entries.get(name)
        if entry is None or entry.inputs != inputs or signature(root, entry.folders) != entry.signature:
            return None
        return entry

    def remember(self, name: str, inputs: str, root: Path, folders: tuple[str, ...], objects: int) -> None:
        """Keeps what a committed run proved."""
        self.entries[name] = Entry(inputs, signature(root, folders), folders, objects)

    def save(self) -> None:
        """Writes the file; a cache that cannot be written is no cache, not an error."""
        rows = {name: [each.inputs, each.signature, each.folders, each.objects] for name, each in self.entries.items()}
        part = self.file.with_suffix(f".{os.getpid()}")
        try:
            self.file.parent.mkdir(exist_ok=True)
            (self.file.parent / ".gitignore").write_text("*\n", encoding="utf-8")
            part.write_text(json.dumps({"format": FORMAT, "entries": rows}), encoding="utf-8")
            part.replace(self.file)
        except OSError:
            part.unlink(missing_ok=True)


def load(root: Path, name: str) -> Memory:
    """The cache of the tree called ``name`` below the fleet's root; empty where there is none or it is damaged."""
    memory = Memory(root / FOLDER / f"{name}.json")
    try:
        kept: Any = json.loads(memory.file.read_bytes())
        if kept["format"] == FORMAT:
            memory.entries = {key: Entry(row[0], row[1], tuple(row[2]), row[3]) for key, row in kept["entries"].items()}
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        memory.entries = {}
    return memory


def signature(root: Path, folders: tuple[str, ...]) -> str:
    """The state of folders without reading files: names, sizes, modification times, file numbers."""
    found: list[object] = []
    for folder in folders:
        _look(os.path.join(root, folder), found)  # noqa: PTH118 (a hot path: one call a folder)
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _look(folder: str, found: list[object]) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                if entry.is_dir(follow_symlinks=False):
                    _look(entry.path, found)
                else:
                    stat = entry.stat(follow_symlinks=False)
                    found.append((entry.name, stat.st_size, stat.st_mtime_ns, stat.st_ino))
    except OSError:
        found.append((folder, "not there"))
