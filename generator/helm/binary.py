"""The ``helm`` program: the second engine, and the reference the first one is held against."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.helm.engine import HelmError, Printed, one_by_one, readable, split_documents
from generator.plan import Release

OLDEST = (3, 18, 5)
"""The oldest Helm whose schema checks know JSON Schema 2020-12."""

TIMEOUT = 60.0
"""Seconds one ``helm template`` may take."""


class BinaryEngine:
    """Runs ``$ONEBLOCK_HELM`` or the ``helm`` on PATH once for each release."""

    name = "binary"

    def __init__(self, *, kube_version: str, program: str | None = None) -> None:
        wanted = program or os.environ.get("ONEBLOCK_HELM") or "helm"
        found = shutil.which(wanted)
        if found is None:
            raise HelmError(f"no program {wanted!r} on PATH; install Helm 3.18.5 or newer, or drop --engine binary")
        self._program = found
        self._kube_version = kube_version
        self.version = self._run(["version", "--template", "{{.Version}}"]).strip()
        if _numbers(self.version) < OLDEST:
            raise HelmError(f"{found} is Helm {self.version}; OneBlock needs 3.18.5 or newer")

    def render(self, chart: Path, release: str, namespace: str, values: Mapping[str, Any]) -> list[str]:
        """See :class:`generator.helm.Engine`."""
        with tempfile.TemporaryDirectory(prefix="oneblock-") as folder:
            file = Path(folder) / "values.json"
            file.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
            flags = ["--namespace", namespace, "--values", str(file), "--kube-version", self._kube_version]
            text = self._run(["template", release, str(chart), "--skip-tests", *flags])
        return split_documents(text)

    def render_many(self, chart: Path, releases: Sequence[Release]) -> list[Printed]:
        """See :class:`generator.helm.Engine`."""
        return one_by_one(self, chart, releases)

    def _run(self, arguments: list[str]) -> str:
        try:
            done = subprocess.run(  # noqa: S603 (the user's own helm, arguments as a list)
                [self._program, *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HelmError(f"{self._program} {arguments[0]}: {error}") from error
        if done.returncode != 0:
            raise HelmError(readable(done.stderr.strip() or f"{self._program} ended with {done.returncode}"))
        return done.stdout


def _numbers(version: str) -> tuple[int, ...]:
    core = version.lstrip("v").split("+")[0].split("-")[0]
    return tuple(int(part) for part in core.split(".") if part.isdigit())
