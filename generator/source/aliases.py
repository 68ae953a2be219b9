"""Aliases, counted before anything is expanded: a few lines can stand for billions of values."""

from __future__ import annotations

from yaml.nodes import MappingNode, Node, SequenceNode

from generator.diagnostics import Diagnostic
from generator.source.compose import MAX_DEPTH
from generator.source.places import Places

MAX_EXPANDED = 200_000
"""How many values aliases may add to a file."""


class _RefusedError(Exception):
    def __init__(self, code: str, message: str, node: Node, help: str) -> None:  # noqa: A002
        super().__init__(message)
        self.code, self.message, self.node, self.help = code, message, node, help


class _Count:
    """Walks a tree as go-yaml v2 decodes it (``decode.go``: decodeCount, aliasCount), each anchored value once."""

    def __init__(self) -> None:
        self.decoded = 1
        self.aliased = 0
        self.known: dict[int, tuple[int, int]] = {}
        self.open: set[int] = set()

    def walk(self, node: Node, level: int) -> int:
        """Counts ``node``; returns how deep it is nested itself."""
        mark = id(node)
        if mark in self.open:
            raise _RefusedError(
                "OB112", "this value contains itself", node, "an alias (*) must not stand inside its own anchor (&)"
            )
        if mark in self.known:
            size, depth = self.known[mark]
            self.decoded += 1 + size
            self.aliased += size
            self._bounded(node, level + depth)
            return depth
        before = self.decoded
        self.decoded += 1
        depth = 0
        if isinstance(node, (MappingNode, SequenceNode)):
            self.open.add(mark)
            children = (each for pair in node.value for each in pair) if isinstance(node, MappingNode) else node.value
            depth = 1 + max((self.walk(child, level + 1) for child in children), default=0)
            self.open.discard(mark)
        self.known[mark] = (self.decoded - before, depth)
        return depth

    def _bounded(self, node: Node, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _RefusedError(
                "OB115", f"nested deeper than {MAX_DEPTH} levels", node, "aliases count as what they stand for"
            )
        too_many = self.aliased > 100 and self.decoded > 1000 and self.aliased / self.decoded > 0.99
        if too_many or self.aliased > MAX_EXPANDED:
            message = f"aliases make this file {self.decoded:,} values long"
            raise _RefusedError(
                "OB114", message, node, "write the values out, or keep shared ones small: Helm refuses such files too"
            )


def check(root: Node, places: Places) -> Diagnostic | None:
    """The finding that stops the reader from expanding the aliases below ``root``, if there is one."""
    try:
        _Count().walk(root, 0)
    except _RefusedError as refused:
        mark = refused.node.start_mark.index
        return Diagnostic(refused.code, refused.message, places.span(mark, mark), "this value", help=refused.help)
    return None
