"""The command line: the only place that reads arguments and the environment, prints, and exits."""

from __future__ import annotations

import sys


def main() -> None:
    """The program: runs the command line, turns every ending into an exit code."""
    try:
        from generator.cli.app import oneblock
        from generator.cli.shield import shielded

        code = shielded(oneblock)
    except KeyboardInterrupt:  # before there was anything to interrupt
        code = 130
    sys.exit(code)
