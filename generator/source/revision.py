"""The values of another Git revision, for ``oneblock diff REV``.

The one place below the Helm adapters that starts a program: Git itself knows best what a revision holds.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path


class RevisionError(Exception):
    """Git cannot give that revision; the message is Git's own."""


def extract(root: Path, revision: str, folder: str, target: Path) -> None:
    """Puts ``folder`` (relative to the fleet's ``root``) as it was at ``revision`` below ``target``.

    A folder that was not there yet gives an empty one. Raises RevisionError.
    """
    (target / folder).mkdir(parents=True, exist_ok=True)
    _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", wrong=f"no revision {revision!r} in Git")
    if not _git(root, "ls-tree", "-d", revision, f"./{folder}"):
        return
    archive = _git(root, "archive", "--format=tar", revision, f"./{folder}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(target, filter="data")


def _git(root: Path, *arguments: str, wrong: str = "") -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)  # noqa: S603 S607
    except OSError as error:
        raise RevisionError(f"git cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        raise RevisionError(wrong or done.stderr.decode("utf-8", "replace").strip() or "git failed")
    return done.stdout
