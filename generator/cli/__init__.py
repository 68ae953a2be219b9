"""The command line: the only place that reads arguments and the environment, prints, and exits."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """The program: runs the command line, turns every ending into an exit code."""
    # Modules and values are objects that stay: looking for dead cycles among them every 700 would cost a tenth of it.
    gc.set_threshold(50_000)
    try:
        from generator.cli.app import oneblock
        from generator.cli.shield import open_streams, shielded

        open_streams()
        code = shielded(oneblock)
    except KeyboardInterrupt:  # before there was anything to interrupt
        code = 130
    with suppress(OSError, ValueError):  # nobody may be there any more to hear it
        sys.stderr.flush()
    if "multiprocessing" in sys.modules:  # has things of its own to put away
        sys.exit(code)
    # Python would now take everything apart, object by object, for longer than it takes to check a file.
    os._exit(code)
