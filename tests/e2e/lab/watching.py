"""What a process of a lab does that keeps looking at the cluster, through the lab's ``kubectl proxy``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.proxy import Proxy

SURROUNDINGS = {"PYTHONPATH": str(Path(__file__).parents[3])}
"""What such a process needs in its environment."""


def keep_looking(socket: str, seconds: float, step: Callable[[Proxy], None]) -> None:
    """Takes that step every so many seconds, for ever."""
    api = Proxy(Path(socket))
    while True:
        try:
            step(api)
        except OSError as error:
            print(error, flush=True)
        time.sleep(seconds)
