"""What the cache still proves of a cluster: told by digests and file times, without reading YAML."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from generator import __version__, resources
from generator.commands.fleet_files import Cluster
from generator.helm.engine import EngineName
from generator.output import memory
from generator.output.memory import Entry, Memory, States

PLATFORM = "platform"
"""The entry for everything the platform file decides."""

DECIDING = ("helm_python_sdk", "jsonschema_rs", "kubernetes_validate", "pyyaml")
"""The distributions whose versions decide what is found and rendered."""


@dataclass(slots=True)
class Known:
    """The cache, what it must be measured against, and, after a look at the tree, the entries that hold.

    ``base`` is the digest of all that every result depends on: OneBlock itself and the platform file, whose content is
    ``text``; ``platform`` says that it was found sound before. ``root`` is the tree's root as far as
    the cache knows it; ``stamps`` are those of the namespace files before any of them was read. ``entries`` are the
    digest of each file's inputs now, and the entry for it.
    """

    memory: Memory
    base: str
    text: bytes
    root: Path
    stamps: dict[str, str]
    platform: bool = False
    entries: dict[str, tuple[str, Entry]] = field(default_factory=dict)
    states: States = field(default_factory=dict)
    held: dict[str, Entry] = field(default_factory=dict)
    everything: bool = False

    def inputs(self, text: bytes) -> str:
        """The digest of what decides a namespace file's result."""
        return digest(self.base, text)

    @property
    def changed(self) -> list[str]:
        """The namespace files that are new or say something else, whatever the tree looks like.

        None where the platform file does: then everything is to be done.
        """
        same = {name for name, (inputs, entry) in self.entries.items() if inputs == entry.inputs}
        return [name for name in self.stamps if name not in same] if self.platform else []

    def look_at_tree(self) -> None:
        """Finds the entries that hold. Raises OutputError."""
        if not self.platform:
            return
        self.states = memory.states(self.root)
        self.held = {name: entry for name, (inputs, entry) in self.entries.items() if entry.holds(inputs, self.states)}
        owned = {folder for entry in self.held.values() for folder in entry.state}
        self.everything = self.held.keys() == {PLATFORM, *self.stamps} and owned == self.states.keys()


def look(cluster: Cluster, output: Path | None, engine: EngineName) -> Known:
    """What the last run on these files and this output proved, measured against the files; not yet against the tree.

    The helm program is asked afresh every time: whoever chooses it wants its word.
    """
    kept = memory.load(cluster.root, _name(cluster, output))
    text = cluster.raw(cluster.platform) if cluster.platform else b""
    base = digest(installation(), text)
    stamps = {name: cluster.stamp(name) for name in cluster.namespaces}
    known = Known(kept, base, text, root_of(cluster, output, kept.tree), stamps)
    platform = kept.entries.get(PLATFORM)
    if engine != "sdk" or not kept.tree or platform is None or platform.inputs != base:
        return known
    known.platform = True
    known.entries[PLATFORM] = (base, platform)
    for name, stamp in stamps.items():
        entry = kept.entries.get(name)
        if entry is not None and stamp and stamp == entry.stamp:
            known.entries[name] = (entry.inputs, entry)  # and so the text is; all entries were saved with one base
        elif entry is not None:
            known.entries[name] = (known.inputs(cluster.raw(name)), replace(entry, stamp=stamp))
    return known


def root_of(cluster: Cluster, output: Path | None, path: str) -> Path:
    """The tree's root: ``path`` in the fleet, or ``output`` (a folder a cluster below it when there are several)."""
    return Path(os.path.normpath(cluster.root / path)) if output is None else output / cluster.name


def digest(*parts: str | bytes) -> str:
    """A digest of some texts, each told from the next."""
    whole = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        whole.update(len(content).to_bytes(8, "big"))
        whole.update(content)
    return whole.hexdigest()


@cache
def installation() -> str:
    """A digest of this OneBlock and of what it stands on.

    Its version, names, sizes and times of its code, blueprints, schemas and charts; the versions of its libraries.
    """
    folders = {resources.PACKAGE, resources.schemas(), resources.charts()}
    files = (each for folder in sorted(folders) for each in _files(str(folder)))
    return digest(__version__, *libraries(sys.path), *files)


def libraries(path: Iterable[str]) -> list[str]:
    """Name and version of the installed distributions that decide a result: their folders in ``path`` carry both.

    importlib.metadata says the same, and takes longer to load than a run with nothing to do.
    """
    found = []
    for folder in path:
        with suppress(OSError), os.scandir(folder or ".") as entries:
            names = (entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
            plain = (name.lower().replace("-", "_") for name in names)
            found += sorted(name for name in plain if name.startswith(tuple(f"{each}_" for each in DECIDING)))
    return found


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            else:
                stat = entry.stat()
                yield f"{entry.path} {stat.st_size} {stat.st_mtime_ns}"


def _name(cluster: Cluster, output: Path | None) -> str:
    place = str(output.absolute()) if output is not None else ""
    return digest(cluster.platform or cluster.name, place)[:16]
