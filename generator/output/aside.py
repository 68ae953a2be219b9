"""A look at the whole tree by a process of its own, while this one gets ready for the work."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from generator.output import memory
from generator.output.interrupts import deaf_children
from generator.output.memory import States


def states_aside(root: Path) -> Callable[[], States]:
    """Begins :func:`generator.output.memory.states`; what is returned waits for the result. Raises OutputError then."""
    if not _may_fork():
        return lambda: memory.states(root)
    reader, writer = os.pipe()
    with deaf_children():
        child = os.fork()
        if not child:
            _look(root, writer)
    os.close(writer)

    def found() -> States:
        with os.fdopen(reader, "rb") as said:
            text = said.read()
        os.waitpid(child, 0)
        try:
            told: States = json.loads(text)
        except ValueError:  # it failed; here the same failure has a message
            told = memory.states(root)
        return told

    return found


def _may_fork() -> bool:
    """Whether a copy of this process would live: not one without the threads that something in it waits for."""
    alone = threading.active_count() == 1 and "helm_python" not in sys.modules  # Go's threads are not counted
    return alone and hasattr(os, "fork") and sys.platform != "darwin"


def _look(root: Path, writer: int) -> None:
    """In the child: says what it found, and ends without anything the parent would do at its end."""
    try:
        with os.fdopen(writer, "wb") as out:
            out.write(json.dumps(memory.states(root)).encode())
    finally:
        os._exit(0)
