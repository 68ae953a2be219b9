"""Puts a folder in another's place in one step of the kernel's, so that no one ever sees half of either."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS sys/stdio.h


def exchange(first: Path, second: Path) -> bool:
    """Swaps two existing paths of one file system atomically; False where the system has no such step.

    Linux has renameat2 (glibc 2.28), macOS renamex_np. Raises OSError: EXDEV or EBUSY where a folder cannot be renamed
    at all (a mount point, a lower layer of a container's image).
    """
    failed = _swap(os.fsencode(first), os.fsencode(second))
    if failed is None:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(second))


def _swap(first: bytes, second: bytes) -> int | None:
    if sys.platform == "win32":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        return int(libc.renamex_np(first, second, _RENAME_SWAP)) if hasattr(libc, "renamex_np") else None
    if hasattr(libc, "renameat2"):
        return int(libc.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE))
    return None
