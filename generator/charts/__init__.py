"""The chart generator: blueprints + schemas + versions → the files of ``charts/oneblock/``."""

from generator.charts.generate import VERSION, generate
from generator.charts.tree import stale, write

__all__ = ["VERSION", "generate", "stale", "write"]
