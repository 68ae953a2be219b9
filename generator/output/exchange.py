"""Swaps two folders in one step of the kernel's, so that no one ever sees half of either."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS sys/stdio.h


def exchange(first: Path, second: Path) -> None:
    """Swaps two existing paths of one file system atomically. Raises OSError.

    Linux has renameat2 (glibc 2.28), macOS renamex_np. Where neither works (an old file system, Windows) two renames
    stand in: a run killed between them leaves the old tree beside its place, complete, under the name in ``first``.
    """
    if not _atomically(os.fsencode(first), os.fsencode(second)):
        aside = first.with_name(f"{first.name}.old")
        second.rename(aside)
        first.rename(second)
        aside.rename(first)


def _atomically(first: bytes, second: bytes) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        if not hasattr(libc, "renamex_np"):
            return False
        failed = libc.renamex_np(first, second, _RENAME_SWAP)
    elif hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), os.fsdecode(second))
