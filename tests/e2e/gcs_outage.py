"""GCS held down for a while, and the table of what works meanwhile and afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.e2e.kube import until
from tests.e2e.ray_cluster import Attempt, RayUnderTest

ROWS = {
    "actor": "a call of an actor whose handle is at hand",
    "lookup": "an actor found by its name",
    "running_task": "a task that was running",
    "task": "a new task",
    "kept_group": "a task in a placement group that was there",
    "new_group": "a new placement group",
    "dashboard": "the dashboard",
    "state": "the State API (`ray list actors`)",
    "serve": "a Serve request, through a worker's proxy",
    "submit": "`ray job submit`",
}
COLUMNS = ("GCS down", "GCS back")
NOWHERE = "localhost/nothing:0"
PATIENCE = 75.0
"""Seconds in which everything that does not wait for GCS for ever has given up: a placement group takes 60."""
STEP = 20
"""Ray's own limits are multiples of so many seconds; a command's start comes on top."""


@contextmanager
def gcs_down(ray: RayUnderTest) -> Iterator[None]:
    """The head's Ray container is stopped and cannot start again, because its image is nowhere."""
    head = ray.head()
    image = ray.head_image()
    _set_image(ray, head, NOWHERE)
    try:
        until("the head's Ray is down", lambda: not ray.life(), 90)
        yield
    finally:
        _set_image(ray, head, image)
    until("the head's Ray runs again", ray.life, 120)


def _set_image(ray: RayUnderTest, head: str, image: str) -> None:
    patch = {"spec": {"containers": [{"name": "ray-head", "image": image}]}}
    ray.kube.kubectl("patch", "pod", head, f"--namespace={ray.namespace}", f"--patch={json.dumps(patch)}")


@dataclass
class Outage:
    """What the probe saw, a column each."""

    down: dict[str, str]
    back: dict[str, str]


def observe(ray: RayUnderTest, *, kept: bool) -> Outage:
    """Takes GCS away, tries everything, brings it back, tries everything again.

    ``kept`` says whether it comes back with what it knew. Where it does not, the worker's raylet ends, with the
    container and the driver in it.
    """
    worker = ray.life("worker")
    with gcs_down(ray):
        begun = {name: ray.attempt(name, 0).number for name in ROWS}
        time.sleep(PATIENCE)
        seen = {name: ray.attempt(str(number), 0) for name, number in begun.items()}
    waiting = {name: attempt.number for name, attempt in seen.items() if not attempt.done}
    if kept:
        until("an actor's name can be looked up", lambda: ray.attempt("lookup", 60).done, 240)
        ends = {name: _words(ray.attempt(str(number), 120)) for name, number in waiting.items()}
    else:
        until("the worker has started again", lambda: ray.life("worker") not in ("", worker), 240)
        ray.start_probe("look")
        ends = dict.fromkeys(waiting, "ends with its driver")
    down = {name: f"waits, then {ends[name]}" if name in ends else _words(attempt) for name, attempt in seen.items()}
    back = {name: _words(ray.attempt(name, 180)) for name in ROWS}
    if not kept:
        back = {name: words.replace("fails", "lost") for name, words in back.items()}
    return Outage(down, back)


def _words(attempt: Attempt) -> str:
    if not attempt.done:
        return "waits"
    if attempt.ok:
        return "works"
    print(f"attempt {attempt.number}, after {attempt.seconds:.0f} s: {attempt.answer}")
    limit = int(attempt.seconds) // STEP * STEP
    return f"gives up after {limit} s" if limit else "fails"


def table(on: Outage, off: Outage) -> str:
    """The table in Markdown."""
    heads = ["", *(f"{which}: {column}" for which in ("with fault tolerance", "without") for column in COLUMNS)]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name, words in ROWS.items():
        cells = [words, on.down[name], on.back[name], off.down[name], off.back[name]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
