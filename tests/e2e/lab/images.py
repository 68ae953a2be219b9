"""Container images under the names that the charts use, each around the real program.

No registry and no builder: an image is a layer and a few lines of JSON, handed to containerd as one stream.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tests.e2e.lab.rootfs import Rootfs
from tests.e2e.programs import MissingError, program

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RAY = "2.60.0"
OCI = "application/vnd.oci.image"
PAUSE = "localhost/pause:1"

RAY_ROOT = Rootfs(
    "ray",
    ("python3", "python3-pip", "python-is-python3", "bash", "wget", "curl", "procps", "iproute2", "ca-certificates"),
    (f"ray[default,train,data,serve]=={RAY}", "redis", "numpy", "pandas", "pyarrow"),
    user="ray",
)
REDIS_ROOT = Rootfs("redis", ("redis-server", "redis-sentinel", "redis-tools", "prometheus-redis-exporter"))
VALKEY_ROOT = Rootfs("valkey", ("valkey-server", "valkey-sentinel", "valkey-tools"))


@dataclass(frozen=True)
class Image:
    """An image: its name, and the root folder or the one static program in it."""

    name: str
    content: Rootfs | str
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    env: tuple[str, ...] = ()
    folder: str = "/"

    def layer(self) -> Path | bytes:
        """Its only layer, a tar."""
        if isinstance(self.content, Rootfs):
            return self.content.build()
        return packed(program(self.content), self.entrypoint[0])

    def config(self) -> dict[str, Any]:
        """How it is run where a pod does not say otherwise."""
        config = {"Entrypoint": list(self.entrypoint), "Env": [PATH, *self.env], "User": self.user}
        return {**config, "WorkingDir": self.folder}


IMAGES = (
    Image(PAUSE, "busybox", ("/bin/busybox", "tail", "-f", "/dev/null")),
    Image("docker.io/library/busybox:stable", "busybox", ("/bin/busybox",)),
    Image(f"docker.io/rayproject/ray:{RAY}", RAY_ROOT, user="1000", env=("HOME=/home/ray",), folder="/home/ray"),
    Image("docker.io/library/redis:8.0", REDIS_ROOT, ("redis-server",)),
    Image("docker.io/oliver006/redis_exporter:v1.80.0", REDIS_ROOT, ("prometheus-redis-exporter",), user="59000"),
    Image("docker.io/valkey/valkey:8.1", VALKEY_ROOT, ("valkey-server",)),
    *(
        Image(f"quay.io/kuberay/operator:v{version}", f"kuberay-{version}", ("/manager",), user="65532:65532")
        for version in ("1.6.2", "1.2.2")
    ),
)


Layers = dict[Image, Path | bytes]


def build(images: Iterable[Image]) -> tuple[Layers, dict[str, str]]:
    """The layers of images, made where the cache lacks them; by name what cannot be made, and why."""
    layers: Layers = {}
    missing = {}
    for image in images:
        try:
            layers[image] = image.layer()
        except MissingError as why:
            missing[image.name] = str(why)
    return layers, missing


def packed(file: Path, place: str) -> bytes:
    """A layer with one program, and a folder for temporary files; busybox under the names of all it can do."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as layer:
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        layer.addfile(temporary)
        layer.add(file.resolve(), arcname=place.lstrip("/"))
        if file.name == "busybox":
            for name in subprocess.run([file, "--list"], capture_output=True, text=True, check=True).stdout.split():
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                if name != "busybox":
                    layer.addfile(link)
    return memory.getvalue()


@dataclass
class Archive:
    """An OCI archive being written to a stream."""

    stream: tarfile.TarFile
    manifests: list[dict[str, Any]] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)

    def blob(self, content: Path | bytes) -> dict[str, Any]:
        """Writes a blob, once; returns what a descriptor says of it."""
        with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.seek(0, io.SEEK_END)
            if digest not in self.written:
                file.seek(0)
                self.file(f"blobs/sha256/{digest}", file, size)
                self.written[digest] = size
        return {"digest": f"sha256:{digest}", "size": size}

    def file(self, name: str, content: BinaryIO, size: int) -> None:
        """Writes a file of the archive."""
        entry = tarfile.TarInfo(name)
        entry.size = size
        self.stream.addfile(entry, content)

    def document(self, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Writes JSON as a blob; returns its descriptor."""
        return {"mediaType": f"{OCI}.{kind}+json", **self.blob(json.dumps(value).encode())}

    def image(self, image: Image, content: Path | bytes) -> None:
        """Writes an image with that one layer."""
        layer = {"mediaType": f"{OCI}.layer.v1.tar", **self.blob(content)}
        layers = {"type": "layers", "diff_ids": [layer["digest"]]}
        config = {"architecture": "amd64", "os": "linux", "rootfs": layers, "config": image.config()}
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": self.document("config.v1", config),
            "layers": [layer],
        }
        named = {"annotations": {"io.containerd.image.name": image.name}}
        self.manifests.append({**self.document("manifest.v1", manifest), **named})

    def close(self) -> None:
        """Writes the table of contents."""
        index = {"schemaVersion": 2, "manifests": self.manifests}
        for name, value in {"oci-layout": {"imageLayoutVersion": "1.0.0"}, "index.json": index}.items():
            text = json.dumps(value).encode()
            self.file(name, io.BytesIO(text), len(text))
        self.stream.close()


def load(layers: Layers, command: list[str]) -> None:
    """Hands images to the containerd that ``command`` (a ctr import of standard input) speaks to."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as ctr:
        assert ctr.stdin
        assert ctr.stderr
        try:
            archive = Archive(tarfile.open(fileobj=ctr.stdin, mode="w|", bufsize=1 << 20))  # noqa: SIM115
            for image, layer in layers.items():
                archive.image(image, layer)
            archive.close()
            ctr.stdin.close()
        except BrokenPipeError:
            pass  # it says why
        except BaseException:
            ctr.kill()
            raise
        words = ctr.stderr.read().decode(errors="replace")
    if ctr.returncode:
        raise RuntimeError(f"containerd does not take the images: {words.strip()}")
