"""Images unpacked once a machine: containerd's own folder, made ready in the cache and lent to every lab.

Handing a gigabyte to containerd takes longer than everything else together, and layers are only ever read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

from tests.e2e.kube import until
from tests.e2e.lab.images import Layers, load
from tests.e2e.lab.processes import Processes
from tests.e2e.lab.rootfs import APART, cache, locked, workplace

LENT = ("io.containerd.content.v1.content/blobs/sha256", "io.containerd.snapshotter.v1.overlayfs/snapshots")


def prepare(layers: Layers) -> Path:
    """The folder with these images in it, made where the cache lacks it; a second maker waits for the first."""
    store = cache() / f"store-{_key(layers)}"
    with locked(cache() / "store.lock"):
        if not store.exists():
            print("unpacking the images, once on this machine", file=sys.stderr, flush=True)
            with workplace("store") as folder:
                _fill(folder, layers)
                (folder / "root").rename(store)
    return store


def _key(layers: Layers) -> str:
    """Changes with every image's name, configuration and content."""
    whole = hashlib.sha256()
    for image, layer in layers.items():
        content = layer.name if isinstance(layer, Path) else hashlib.sha256(layer).hexdigest()
        whole.update(json.dumps([image.name, image.config(), content]).encode())
    return whole.hexdigest()[:12]


def _fill(folder: Path, layers: Layers) -> None:
    (folder / "none.toml").touch()  # containerd as it is by itself, not as somebody set it up on this machine
    own = (f"--root={folder / 'root'}", f"--state={folder / 'state'}", f"--config={folder / 'none.toml'}")
    ctr = ["ctr", f"--address={folder / 'socket'}"]
    processes = Processes(folder)
    containerd = processes.start(
        "containerd", [*APART, "--mount-proc", "containerd", f"--address={folder / 'socket'}", *own], forks=True
    )
    try:
        until("containerd answers", (folder / "socket").exists, 30, every=0.1)
        load(layers, [*ctr, "--namespace=k8s.io", "images", "import", "-"])
    finally:
        containerd.stop()
        processes.reap()


def lend(store: Path, target: Path) -> None:
    """Fills a lab's folder for containerd: what containerd writes to is copied, layers are the store's."""
    lent = [store / part for part in LENT]

    def skipped(folder: str, names: list[str]) -> list[str]:
        return names if Path(folder) in lent else []

    shutil.copytree(store, target, ignore=skipped, dirs_exist_ok=True)
    for part in LENT:
        for entry in (store / part).iterdir():
            (target / part / entry.name).symlink_to(entry)
