"""Values files on disk: which ones a fleet has, and reading one without ever failing otherwise than by a finding."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from generator.diagnostics import Diagnostic, Level, Span, near
from generator.source.document import Document
from generator.source.reader import MAX_BYTES, read, too_large

PLATFORM = "platform.yaml"
NAMESPACES = "namespaces"
_NOT_READ = "read are platform.yaml and namespaces/<namespace>.yaml"


@dataclass(frozen=True, slots=True)
class ClusterFiles:
    """The values files of one cluster, named relative to the fleet's root with forward slashes.

    ``folder`` is ``values`` or ``values/<cluster>``; ``platform`` is None when the file is missing, which is a finding;
    ``namespaces`` are sorted by name.
    """

    folder: str
    platform: str | None
    namespaces: tuple[str, ...]


def load(root: Path, file: str | Path) -> tuple[Document | None, list[Diagnostic]]:
    """Reads one values file; ``file`` is relative to ``root`` (shown so) or anywhere else (shown as given).

    Whatever keeps it from being read — missing, a folder, a device, no permission, a loop of links, too large — is one
    finding (OB121 – OB127). Nothing is raised for a bad file.
    """
    path = root / file
    name = _shown(root, Path(file))
    raw = _bytes(path, name)
    return (None, [raw]) if isinstance(raw, Diagnostic) else read(name, raw)


def find_values(root: Path, values: str | Path = "values") -> tuple[list[ClusterFiles], list[Diagnostic]]:
    """The clusters of a fleet: ``values``, or each folder in it, that holds ``platform.yaml`` or ``namespaces/``.

    Only ``*.yaml`` counts. A ``.yml`` file in its place is an error (OB128), for what it says would silently not apply;
    hidden files and editors' backups are passed over. No file is opened. Findings: OB121 – OB124, OB128 – OB130.
    """
    findings: list[Diagnostic] = []
    top = _shown(root, Path(values))
    listing = _listing(root / values, top, findings)
    if listing is None:
        return [], findings
    clusters = [_cluster(root, top, listing, findings)] if _is_cluster(listing) else []
    for name in sorted(entry for entry, is_folder in listing.items() if is_folder and entry != NAMESPACES):
        folder = f"{top}/{name}"
        below = _listing(root / folder, folder, findings)
        if below is None or not _is_cluster(below):
            continue
        if clusters and clusters[0].folder == top:
            findings.append(_inside(folder, top))
            continue
        clusters.append(_cluster(root, folder, below, findings))
    if not clusters:
        clusters.append(_cluster(root, top, listing, findings))
    return clusters, findings


def _shown(root: Path, file: Path) -> str:
    if file.is_absolute():
        file = file.relative_to(root.absolute()) if file.is_relative_to(root.absolute()) else file
    return file.as_posix()


def _bytes(path: Path, name: str) -> bytes | Diagnostic:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return _no_file(name, status.st_mode)
        if status.st_size > MAX_BYTES:
            return too_large(name, status.st_size)
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return _unreadable(path, name, error)


def _no_file(name: str, mode: int) -> Diagnostic:
    kind = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
    return Diagnostic(
        "OB122", f"{name} is {kind}, not a file", Span.of_file(name), help="put the values into a file of this name"
    )


def _unreadable(path: Path, name: str, error: OSError | ValueError) -> Diagnostic:
    span = Span.of_file(name)
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return _missing(path, name)
    if isinstance(error, PermissionError):
        return Diagnostic(
            "OB123", f"{name} may not be read", span, help="give the user who runs oneblock read permission"
        )
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return Diagnostic(
            "OB124", f"{name} is a link that leads back to itself", span, help="replace the link by the file"
        )
    reason = (error.strerror or "unknown reason").lower() if isinstance(error, OSError) else "not a file name"
    return Diagnostic("OB123", f"{name} cannot be read: {reason}", span)


def _missing(path: Path, name: str) -> Diagnostic:
    if path.is_symlink():
        message, hint = f"{name} is a link to a file that does not exist", "correct the link, or put the file there"
        return Diagnostic("OB121", message, Span.of_file(name), help=hint)
    try:
        close = near(path.name, (each.name for each in path.parent.iterdir()))
    except OSError:
        close = None
    return Diagnostic(
        "OB121", f"{name} does not exist", Span.of_file(name), help=f"did you mean {close}?" if close else ""
    )


def _listing(folder: Path, name: str, findings: list[Diagnostic]) -> dict[str, bool] | None:
    """The entries of a folder that count, and whether each is a folder itself; None if there is no reading it."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except NotADirectoryError:
        findings.append(
            Diagnostic(
                "OB122", f"{name} is a file, not a folder", Span.of_file(name), help="values files stand in folders"
            )
        )
        return None
    except FileNotFoundError:
        help_ = "oneblock init writes a fleet to start from; -C names the folder that holds one"
        findings.append(Diagnostic("OB129", f"there is no folder {name}", Span.of_file(name), help=help_))
        return None
    except OSError as error:
        findings.append(_unreadable(folder, name, error))
        return None
    return {entry.name: _is_folder(entry) for entry in entries if not entry.name.startswith((".", "#"))}


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links, or no permission to look: reading it will say so
        return False


def _is_cluster(listing: dict[str, bool]) -> bool:
    return NAMESPACES in listing or any(_is_platform(name) for name in listing)


def _is_platform(name: str) -> bool:
    return name.lower() in ("platform.yaml", "platform.yml")


def _looks_like_yaml(name: str) -> bool:
    return name.lower().endswith((".yaml", ".yml"))


def _cluster(root: Path, folder: str, listing: dict[str, bool], findings: list[Diagnostic]) -> ClusterFiles:
    """One cluster's files; what is wrong with the folder goes to ``findings``."""
    strays = [name for name in listing if name != PLATFORM and _looks_like_yaml(name) and not listing[name]]
    findings.extend(_stray(folder, name, PLATFORM if _is_platform(name) else None) for name in strays)
    platform = f"{folder}/{PLATFORM}" if PLATFORM in listing else None
    if platform is None and not any(_is_platform(name) for name in strays):
        close = near(PLATFORM, strays)
        hint = f"rename {close} to {PLATFORM}" if close else f"write {PLATFORM}; oneblock init writes one to start from"
        findings.append(
            Diagnostic("OB129", f"{folder} holds no {PLATFORM}", Span.of_file(f"{folder}/{PLATFORM}"), help=hint)
        )
    namespaces = f"{folder}/{NAMESPACES}"
    below = _listing(root / namespaces, namespaces, findings) if NAMESPACES in listing else {}
    return ClusterFiles(folder, platform, tuple(_namespaces(root, namespaces, below or {}, findings)))


def _namespaces(root: Path, folder: str, listing: dict[str, bool], findings: list[Diagnostic]) -> list[str]:
    found = []
    for name, is_folder in listing.items():
        if name.endswith(".yaml"):
            found.append(f"{folder}/{name}")
        elif is_folder:
            below = _listing(root / folder / name, f"{folder}/{name}", findings) or {}
            if any(_looks_like_yaml(each) for each in below):
                findings.append(_stray(folder, name, None))
        elif _looks_like_yaml(name):
            findings.append(_stray(folder, name, f"{name[: name.rindex('.')]}.yaml"))
    return found


def _stray(folder: str, name: str, rename: str | None) -> Diagnostic:
    """A file that is not read. An error if it plainly was meant to be: what it says would be missing."""
    file = f"{folder}/{name}"
    return Diagnostic(
        "OB128",
        f"{file} is not read",
        Span.of_file(file),
        level=Level.ERROR if rename else Level.WARNING,
        notes=(_NOT_READ,),
        help=f"rename it to {rename}" if rename else "move it where it is read, or out of the values folder",
    )


def _inside(folder: str, top: str) -> Diagnostic:
    return Diagnostic(
        "OB130",
        f"{folder} is a cluster inside the cluster {top}",
        Span.of_file(f"{folder}/{PLATFORM}"),
        notes=(f"{top} holds a {PLATFORM} or {NAMESPACES}/ of its own",),
        help=f"give every cluster a folder: move {top}/{PLATFORM} and {top}/{NAMESPACES}/ to {top}/<cluster>/",
    )
