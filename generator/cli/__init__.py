"""The command line: the only place that reads arguments and the environment, prints, and exits."""

from generator.cli.app import main

__all__ = ["main"]
