"""The command line: the only place that reads arguments and the environment, prints, and exits."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """The program: runs the command line, turns every ending into an exit code."""
    # Modules and values are objects that stay: looking for dead cycles among them every 700 would cost a tenth of it.
    gc.set_threshold(50_000)
    try:
        from generator.cli.app import oneblock
        from generator.cli.shield import shielded

        code = shielded(oneblock)
    except KeyboardInterrupt:  # before there was anything to interrupt
        code = 130
    sys.exit(code)
