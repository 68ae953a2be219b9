"""What a process of a lab does that keeps looking at the cluster."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.e2e.kube import Kube


def keep_looking(kubeconfig: str, seconds: float, step: Callable[[Kube], None]) -> None:
    """Takes that step every so many seconds until it is told to end, and then leaves nothing behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with closing(Kube(Path(kubeconfig))) as kube:
        while True:
            try:
                step(kube)
            except OSError as error:
                print(error, flush=True)
            time.sleep(seconds)
