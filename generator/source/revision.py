"""The values of another Git revision, for ``oneblock diff REV``.

The one place beside the Helm adapters that starts a program: Git itself knows best what a revision holds.
"""

from __future__ import annotations

import io
import os
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
    name = f"{revision}^{{commit}}"
    missing = f"no revision {revision!r} in Git"
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", name, wrong=missing).decode().strip()
    if _git(root, "ls-tree", "-d", commit, f"./{folder}"):
        archive = _git(root, "archive", "--format=tar", commit, f"./{folder}")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                _put(tar, member, target)


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Files and links of the archive; a link that leads out of ``target`` is left out, so its file is missing there."""
    path = target / member.name
    content = tar.extractfile(member) if member.isreg() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        path.write_bytes(content.read())
    elif member.issym():
        leads_to = os.path.normpath(path.parent / member.linkname)
        if Path(leads_to).is_relative_to(target):
            path.symlink_to(member.linkname)


def _git(root: Path, *arguments: str, wrong: str = "") -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)  # noqa: S603 S607
    except OSError as error:
        raise RevisionError(f"git cannot be started: {(error.strerror or '').lower()}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise RevisionError(said or wrong or "git failed")
    return done.stdout
