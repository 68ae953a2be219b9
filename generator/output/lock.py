"""One writer at a time for each tree: a folder beside the tree, which also is where new files wait.

The lock dies with its process (flock), so the folder of a killed run holds nobody up; whoever gets the lock next clears
what is in it.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def nobody_told() -> None:
    """For callers with no one to tell that they wait."""


class Lock:
    """Holds the folder at ``path`` until :meth:`release`, which removes it."""

    def __init__(self, path: Path, busy: Callable[[], None] = nobody_told) -> None:
        """Makes and takes the folder; calls ``busy`` once before waiting for another process. Raises OSError."""
        self.path = path
        self.waited = False
        self._number: int | None = None
        while not self._take(busy):
            self._close()
        for left in path.iterdir():
            shutil.rmtree(left, ignore_errors=True)

    def release(self) -> None:
        """Removes the folder and lets the next process go on."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._close()

    def _take(self, busy: Callable[[], None]) -> bool:
        """One try; False when the folder taken is not the one at ``path``: who holds it removes it, then lets go."""
        with suppress(FileExistsError):  # mkdir(exist_ok=True) looks a second time, when it may be gone again
            self.path.mkdir()
        if sys.platform == "win32":  # folders cannot be locked there: two runs at once are the user's own business
            return True
        import fcntl

        try:
            self._number = number = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not self.waited:
                busy()
            self.waited = True
            fcntl.flock(number, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EBADF, errno.EINVAL):  # some network disks
                raise
            return True
        return self._is_still_there(number)

    def _is_still_there(self, number: int) -> bool:
        try:
            return os.path.samestat(os.fstat(number), self.path.stat())
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None
