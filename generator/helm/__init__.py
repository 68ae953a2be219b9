"""Helm, behind one protocol with two adapters: the SDK in process and the ``helm`` program.

Nothing else of OneBlock loads Helm or starts a program.
"""

from generator.helm.adapters import open_engine
from generator.helm.engine import Engine, HelmError, Printed, split_documents

__all__ = ["Engine", "HelmError", "Printed", "open_engine", "split_documents"]
