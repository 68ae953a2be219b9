"""A values file that was read: its data, and where each value is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from generator.diagnostics import Path, Span
from generator.source.build import is_merge, key_name, merge_sources
from generator.source.compose import compose, many_objects
from generator.source.places import Places

_Found = tuple[Node | None, Node]
"""A key (None for a list entry and the root) and its value."""


@dataclass(frozen=True, slots=True)
class Document:
    """One values file.

    ``file`` is its name as shown, ``text`` what it holds (without a byte order mark), ``data`` plain Python, exactly
    what a Helm template sees: ``{}`` for an empty file. Places are worked out from the text when the first one is asked
    for, and are no part of a pickle.
    """

    file: str
    text: str = field(repr=False)
    data: dict[str, Any] = field(hash=False)
    _tree: list[tuple[Node | None, Places]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[Document], tuple[str, str, dict[str, Any]]]:
        return Document, (self.file, self.text, self.data)

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Where the value at ``path`` is written, or its key.

        What came by an alias or a merge is shown where it is written. A path that is not there gives the key of its
        nearest ancestor (a list entry: the entry; the root: the file's start), which is where something would be added.
        """
        if not self._tree:
            with many_objects(len(self.text)):
                self._tree.append((compose(self.text), Places.of(self.file, self.text)))
        root, places = self._tree[0]
        if root is None:
            return Span.of_file(self.file)
        found: _Found = (None, root)
        for depth, step in enumerate(path):
            below = _step(found[1], step)
            if below is None:
                return Span.of_file(self.file) if depth == 0 else _place(found, True, self.text, places)
            found = below
        return _place(found, key, self.text, places)


def _place(found: _Found, key: bool, text: str, places: Places) -> Span:
    node = found[0] if key and found[0] is not None else found[1]
    return places.span(*extent(node, text))


def extent(node: Node, text: str) -> tuple[int, int]:
    """The offsets between which a node is written, without the blank lines and comments the parser counts to it."""
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, ScalarNode):
        return start, start + len(text[start:end].rstrip()) if node.style in ("|", ">") else end
    if cast(CollectionNode, node).flow_style:
        return start, end
    last = start
    for child in reversed(
        [each for pair in node.value for each in pair] if isinstance(node, MappingNode) else node.value
    ):
        if start <= child.start_mark.index <= end:  # an alias is written elsewhere
            last = max(last, extent(child, text)[1])
            break
    return start, last


def _step(node: Node, step: str | int) -> _Found | None:
    if isinstance(node, SequenceNode):
        inside = isinstance(step, int) and 0 <= step < len(node.value)
        return (None, node.value[step]) if inside else None
    if not isinstance(node, MappingNode) or not isinstance(step, str):
        return None
    found: _Found | None = None
    for key, value in node.value:
        if is_merge(key):
            for source in reversed(merge_sources(key, value) or []):
                found = _step(source, step) or found
        elif key_name(key) == step:
            found = (key, value)
    return found
