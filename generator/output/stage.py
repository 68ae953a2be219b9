"""Writes a new tree beside the old one and swaps them: a killed run leaves the old tree or the new one, never a mix.

Only the smallest folder that holds every change is built and swapped, so one changed namespace costs one small folder.
What does not change is hard-linked, not copied. Where the system cannot swap two folders in one step (Windows, old
network disks) the whole tree is renamed away and the new one into its place, and a run killed between the two is put
right by the next. Where a folder cannot be renamed at all (a mount point, a lower layer of a container's image) files
are replaced one by one, each whole; only there a killed run leaves a mix, which ``oneblock check`` names.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from generator.output import sums
from generator.output.compare import Folder, OutputError
from generator.output.exchange import exchange
from generator.output.interrupts import uninterrupted
from generator.output.lock import Lock, nobody_told
from generator.output.sums import SUM_FILE

_FIXED = (errno.EXDEV, errno.EBUSY)
"""A folder that is where it is for good."""


class Stage:
    """The place where one run's new files wait. Several processes may ``put`` different folders at the same time."""

    def __init__(self, root: Path, at: Path | None = None, busy: Callable[[], None] = nobody_told) -> None:
        """For the tree at ``root``, once no other run writes it; ``at`` joins a stage another process opened.

        ``busy`` is called before waiting for another run. A root that is a link stays one: what it leads to is written.
        Raises OutputError.
        """
        self.root = root.resolve()
        self._lock: Lock | None = None
        if at is not None:
            self.path = at
            return
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.root.with_name(f".{self.root.name}.oneblock-stage"), busy)
            self.path = self._lock.path / os.urandom(16).hex()
            self.path.mkdir()
            _bring_back(self.root)
        except OSError as error:
            self.close()
            raise OutputError(f"{self.root.parent} cannot be written: {_why(error)}") from error
        except BaseException:
            self.close()
            raise

    @property
    def waited(self) -> bool:
        """Whether another run wrote the tree while this one waited: what was known of it may not be so any more."""
        return self._lock is not None and self._lock.waited

    def put(self, folder: Folder) -> None:
        """Writes the folder's files and index. Raises OutputError (a full disk, say)."""
        base = self.path / folder.path
        try:
            base.mkdir(parents=True, exist_ok=True)
            for name, content in folder.files.items():
                if "/" in name:
                    (base / name).parent.mkdir(parents=True, exist_ok=True)
                _write(f"{base}/{name}", content)
            if folder.files:
                index = {name: sums.digest(content) for name, content in folder.files.items()}
                _write(f"{base}/{SUM_FILE}", sums.write(index))
        except OSError as error:
            raise self._unwritable(error) from error

    def commit(self, folders: Iterable[Folder], done: Callable[[Path], None] = lambda _: None) -> None:
        """Makes the tree at ``root`` hold ``folders`` as they were put, and everything else as it was.

        ``done`` is called with the root as soon as the tree is another one, and before Ctrl-C is heard again.
        """
        dirty = [folder for folder in folders if folder.dirty]
        try:
            if dirty:
                self._swap(dirty, done)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            self.close()

    def close(self) -> None:
        """Forgets what was staged, and lets the next run go on."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{self.root} cannot be written: {_why(error)}")

    def _swap(self, dirty: list[Folder], done: Callable[[Path], None]) -> None:
        paths = [PurePosixPath(folder.path) for folder in dirty]
        homes = [path if folder.files else path.parent for path, folder in zip(paths, dirty, strict=True)]
        top = self._top(homes) if self._atomic() else PurePosixPath()
        new, old = self.path / top, self.root / top
        new.mkdir(parents=True, exist_ok=True)
        gone = {change.path for folder in dirty for change in folder.changes if change.op == "-"}
        gone |= {f"{folder.path}/{SUM_FILE}" for folder in dirty if not folder.files}
        if old.is_dir():
            self._keep(old, new, gone)
        if gone:
            _drop_empty(new)
        with uninterrupted():
            self._move(new, old)
            done(self.root)
            self.close()

    def _atomic(self) -> bool:
        """Whether the file system swaps folders, found out with two of our own."""
        pair = [self.path.with_name(name) for name in ("first", "second")]
        for each in pair:
            each.mkdir()
        return exchange(*pair)

    def _move(self, new: Path, old: Path) -> None:
        try:
            if not old.is_dir():
                new.rename(old)
            elif not exchange(new, old):
                aside = _aside(old)
                old.rename(aside)
                new.rename(old)
                shutil.rmtree(aside, ignore_errors=True)
        except OSError as error:
            if error.errno not in _FIXED:
                raise
            _fill(old, new)

    def _top(self, paths: list[PurePosixPath]) -> PurePosixPath:
        """The deepest folder above every change whose parent is there already."""
        first = paths[0]
        above = [first, *first.parents]
        top = next(each for each in above if all(path.is_relative_to(each) for path in paths))
        while top.parts and not (self.root / top.parent).is_dir():
            top = top.parent
        return top

    def _keep(self, old: Path, new: Path, gone: set[str]) -> None:
        """Links everything of ``old`` that the new tree does not replace or drop."""
        for folder, below, files in os.walk(old):
            target = new / Path(folder).relative_to(old)
            target.mkdir(exist_ok=True)
            shutil.copymode(folder, target)
            links = [name for name in below if (Path(folder) / name).is_symlink()]
            for name in [*files, *links]:
                path = (Path(folder) / name).relative_to(self.root).as_posix()
                if path not in gone and not os.path.lexists(target / name):
                    _link(Path(folder) / name, target / name)


def _write(file: str, content: bytes) -> None:
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        while content:  # a disk that fills up takes a part, then says so
            content = content[os.write(number, content) :]
    finally:
        os.close(number)


def _link(old: Path, new: Path) -> None:
    if old.is_symlink():
        new.symlink_to(os.readlink(old))  # noqa: PTH115 (kept as it is written)
        return
    try:
        os.link(old, new)
    except OSError:  # a file system without hard links, another owner's file
        shutil.copy2(old, new)


def _drop_empty(top: Path) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        if Path(folder) != top and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _fill(old: Path, new: Path) -> None:
    """Makes ``old`` hold what ``new`` holds, file by file, the indexes last: what they list is then there."""
    wanted = {each.relative_to(new): each for each in new.rglob("*") if not each.is_dir() or each.is_symlink()}
    for path in sorted(wanted, key=lambda each: (each.name == SUM_FILE, each)):
        target = old / path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.copy2(wanted[path], part, follow_symlinks=False)
        part.replace(target)
    for each in sorted(old.rglob("*"), reverse=True):
        path = each.relative_to(old)
        if path not in wanted and (each.is_symlink() or not each.is_dir()):
            each.unlink()
        elif path not in wanted and not (new / path).is_dir():
            each.rmdir()


def _aside(root: Path) -> Path:
    return root.with_name(f".{root.name}.oneblock-old")


def _bring_back(root: Path) -> None:
    """Undoes half a swap of a run that was killed where folders cannot be swapped in one step."""
    aside = _aside(root)
    if aside.is_dir():
        if root.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.rename(root)


def _why(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
