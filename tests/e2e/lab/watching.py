"""What a process of a lab does that keeps looking at the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.kube import Kube

ROOT = Path(__file__).parents[3]


def surroundings(folder: Path) -> dict[str, str]:
    """What such a process needs in its environment; what it leaves when its lab is ended is in that folder."""
    return {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}


def keep_looking(kubeconfig: str, seconds: float, step: Callable[[Kube], None]) -> None:
    """Takes that step every so many seconds, for ever."""
    kube = Kube(Path(kubeconfig))
    while True:
        try:
            step(kube)
        except OSError as error:
            print(error, flush=True)
        time.sleep(seconds)
