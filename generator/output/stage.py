"""Writes a new tree beside the old one and swaps them: a killed run leaves the old tree or the new one, never a mix.

Only the smallest folder that holds every change is built and swapped, so one changed namespace costs one small folder.
What does not change is hard-linked, not copied.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from generator.output import sums
from generator.output.compare import Folder, OutputError
from generator.output.exchange import exchange
from generator.output.sums import SUM_FILE


class Stage:
    """The place where one run's new files wait. Several processes may ``put`` different folders at the same time."""

    def __init__(self, root: Path, at: Path | None = None) -> None:
        """For the tree at ``root``; ``at`` joins a stage another process opened."""
        self.root = root
        try:
            if at is None:
                root.parent.mkdir(parents=True, exist_ok=True)
                at = Path(tempfile.mkdtemp(prefix=f".{root.name}.oneblock-", dir=root.parent))
        except OSError as error:
            raise OutputError(f"{root.parent} cannot be written: {error.strerror}") from error
        self.path = at

    def put(self, folder: Folder) -> None:
        """Writes the folder's files and index. Raises OutputError (a full disk, say)."""
        base = self.path / folder.path
        try:
            base.mkdir(parents=True, exist_ok=True)
            for name, content in folder.files.items():
                file = base / name
                if "/" in name:
                    file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            if folder.files:
                index = {name: sums.digest(content) for name, content in folder.files.items()}
                (base / SUM_FILE).write_bytes(sums.write(index))
        except OSError as error:
            raise OutputError(f"{self.root} cannot be written: {error.strerror}") from error

    def commit(self, folders: Iterable[Folder]) -> None:
        """Makes the tree at ``root`` hold ``folders`` as they were put, and everything else as it was."""
        dirty = [folder for folder in folders if folder.dirty]
        try:
            if dirty:
                self._swap(dirty)
        except OSError as error:
            raise OutputError(f"{self.root} cannot be written: {error.strerror}") from error
        finally:
            self.close()

    def close(self) -> None:
        """Forgets what was staged."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _swap(self, dirty: list[Folder]) -> None:
        paths = [PurePosixPath(folder.path) for folder in dirty]
        top = self._top([path if folder.files else path.parent for path, folder in zip(paths, dirty, strict=True)])
        new, old = self.path / top, self.root / top
        new.mkdir(parents=True, exist_ok=True)
        gone = {change.path for folder in dirty for change in folder.changes if change.op == "-"}
        gone |= {f"{folder.path}/{SUM_FILE}" for folder in dirty if not folder.files}
        if old.is_dir():
            self._keep(old, new, gone)
        _drop_empty(new)
        os.chmod(new, 0o755)  # noqa: PTH101 S103 (mkdtemp made it private; a tree in Git is not)
        if old.is_dir() and new.is_dir() and not old.is_symlink():
            exchange(new, old)
        else:
            old.resolve().parent.mkdir(parents=True, exist_ok=True)
            _replace(new, old)

    def _top(self, paths: list[PurePosixPath]) -> PurePosixPath:
        """The deepest folder above every change whose parent is there already."""
        parts = os.path.commonprefix([path.parts for path in paths])
        top = PurePosixPath(*parts)
        while top.parts and not (self.root / top.parent).is_dir():
            top = top.parent
        return top

    def _keep(self, old: Path, new: Path, gone: set[str]) -> None:
        """Links everything of ``old`` that the new tree does not replace or drop."""
        for folder, _, files in os.walk(old):
            below = Path(folder)
            target = new / below.relative_to(old)
            target.mkdir(parents=True, exist_ok=True)
            for name in files:
                path = (below / name).relative_to(self.root).as_posix()
                if path not in gone and not (target / name).exists():
                    _link(below / name, target / name)


def _link(old: Path, new: Path) -> None:
    if old.is_symlink():
        new.symlink_to(os.readlink(old))  # noqa: PTH115 (kept as it is written)
        return
    try:
        os.link(old, new)
    except OSError:  # a file system without hard links
        shutil.copy2(old, new)


def _replace(new: Path, old: Path) -> None:
    if old.is_symlink():  # the tree is kept somewhere else: fill that place
        exchange(new, old.resolve())
    else:
        new.rename(old)


def _drop_empty(top: Path) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        if Path(folder) != top and not any(Path(folder).iterdir()):
            Path(folder).rmdir()
