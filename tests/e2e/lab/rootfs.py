"""Root folders of container images, made of Debian 13 and PyPI once a machine and kept as layers in a cache."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.lab.network import TEMPLATES
from tests.e2e.programs import MissingError

SUITE = "trixie"
# In namespaces of its own: what it mounts and starts is gone when it ends, and it ends when we do, however that is.
APART = ("setpriv", "--pdeathsig=KILL", "--", "unshare", "--mount", "--pid", "--fork", "--kill-child")
SCRIPT = TEMPLATES / "rootfs.sh"


def cache() -> Path:
    """``$ONEBLOCK_E2E_CACHE``, else a folder in the user's cache."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oneblock-e2e"
    return Path(os.environ.get("ONEBLOCK_E2E_CACHE") or usual).absolute()


@dataclass(frozen=True)
class Rootfs:
    """What is in a root folder: Debian's packages, and PyPI's for its Python 3.13, as user ``user`` if there is one."""

    name: str
    packages: tuple[str, ...]
    python: tuple[str, ...] = ()
    user: str = ""

    @property
    def layer(self) -> Path:
        """The layer in the cache; its name changes with everything it is made from."""
        recipe = f"{self} {SUITE} {SCRIPT.read_text()}"
        return cache() / f"{self.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.tar"

    def build(self) -> Path:
        """Makes the layer unless it is there; a second builder waits for the first."""
        with locked(cache() / f"{self.name}.lock"):
            if not self.layer.exists():
                print(f"making the image of {self.name}, once on this machine", file=sys.stderr, flush=True)
                with workplace(self.name) as folder:
                    self._build(folder)
        return self.layer

    def _build(self, folder: Path) -> None:
        wheels = folder / "wheels"
        wheels.mkdir()
        log = cache() / f"{self.name}.log"
        with log.open("wb") as output:

            def run(label: str, *command: str | Path) -> None:
                done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=1800)
                if done.returncode:
                    raise MissingError(f"the image of {self.name} cannot be made: {label} failed, see {log}")

            if self.python:
                # By the Python out here, which knows how PyPI is reached; installed in there without a network.
                wanted: tuple[str | Path, ...] = (
                    "--python-version",
                    "3.13",
                    "--only-binary",
                    ":all:",
                    "--dest",
                    wheels,
                    *self.python,
                )
                run("pip download", sys.executable, "-m", "pip", "download", "--quiet", *wanted)
            packages = ",".join(self.packages)
            run(SCRIPT.name, *APART, "sh", SCRIPT, folder, SUITE, mirror(), packages, self.user, " ".join(self.python))
        (folder / "layer.tar").rename(self.layer)


def mirror() -> str:
    """The address of Debian's packages that this machine uses."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for file in files:
        for line in file.read_text().splitlines() if file.is_file() else ():
            words = line.split()
            address = next((word for word in words if "://" in word), "")
            if words and words[0] in ("deb", "URIs:") and address.rstrip("/").endswith("/debian"):
                return address
    raise MissingError("no Debian mirror in /etc/apt: images are made of Debian packages")


@contextlib.contextmanager
def workplace(name: str) -> Iterator[Path]:
    """A folder of the cache to make something in, for who holds its lock; what a killed maker left is removed."""
    for left in cache().glob(f"build-{name}-*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=f"build-{name}-", dir=cache()) as folder:
        yield Path(folder)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Holds a lock that other processes wait for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
