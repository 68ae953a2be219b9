"""Nodes to plain Python data, the way go-yaml v2 decodes them for Helm, and a finding for whatever is refused."""

from __future__ import annotations

from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from generator.diagnostics import Diagnostic, Label, Path, dotted
from generator.source import say
from generator.source.compose import TEXT
from generator.source.places import Places
from generator.source.scalars import NUMERIC, WORDS, Doubt, plain

MERGE = "<<"


def is_merge(key: Node) -> bool:
    """Whether a key is YAML 1.1's merge sign (quoted, it is a key like any other)."""
    return key.value == MERGE and key.tag is None


def key_name(key: Node) -> str | None:
    """The key's name in the data, None for a key that Helm refuses."""
    if not isinstance(key, ScalarNode):
        return None
    text: str = key.value
    if key.tag is not None:
        return text
    value = plain(text)
    if isinstance(value, Doubt):  # whole numbers keep their digits as keys
        value = int(text, 0) if value.code == "OB110" and isinstance(value.value, (int, float)) else value.value
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        None
        if value is None
        else value
        if isinstance(value, str)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


class Builder:
    """Turns one tree into data; ``found`` collects what is refused. The data is what Helm would see all the same."""

    __slots__ = ("found", "places", "text")

    def __init__(self, text: str, places: Places) -> None:
        self.text = text
        self.places = places
        self.found: list[Diagnostic] = []

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        """A mapping's data. This loop is where reading a file spends its time: common cases come first."""
        data: dict[str, Any] = {}
        inherited: set[str] | None = None
        for key_node, value_node in node.value:
            key = key_node.value
            if key.__class__ is not str or (
                key_node.tag is not TEXT and (key in WORDS or key[0] in NUMERIC or key_node.tag)
            ):
                if is_merge(key_node):
                    inherited = self._merge(node, (key_node, value_node), data, inherited, path)
                    continue
                key = self._odd_key(key_node, path)
                if key is None:
                    continue
            if key in data:
                self._again(node, key_node, key, inherited, path)
            value = value_node.value
            if value.__class__ is not str:
                value = self._collection(value_node, (*path, key))
            elif value_node.tag is not TEXT and (value in WORDS or value[0] in NUMERIC or value_node.tag):
                value = self._value(value_node, (*path, key))
            data[key] = value
        return data

    def tagged_root(self, node: Node) -> None:
        """Refuses a tag on the whole document."""
        self._tagged(node, ())

    def _collection(self, node: Node, path: Path) -> dict[str, Any] | list[Any]:
        if node.tag is not None:
            self._tagged(node, path)
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _value(self, node: Node, path: Path) -> Any:
        value = node.value
        if value.__class__ is not str:
            return self._collection(node, path)
        if node.tag is None:
            value = plain(value)
            return self._doubt(node, value, path) if isinstance(value, Doubt) else value
        return value if node.tag == TEXT else self._tagged(node, path)

    def _add(self, code: str, node: Node, path: Path, words: say.Words, *related: Label) -> None:
        start, end = node.start_mark.index, node.end_mark.index
        span = self.places.span(start, end if isinstance(node, ScalarNode) else start + 1)
        self.found.append(
            Diagnostic(
                code,
                words.message,
                span,
                words.label,
                notes=words.notes,
                help=words.help,
                related=related,
                path=dotted(path),
            )
        )

    def _doubt(self, node: Node, doubt: Doubt, path: Path) -> Any:
        self._add(doubt.code, node, path, say.doubt(node.value, doubt))
        return doubt.value

    def _tagged(self, node: Node, path: Path) -> Any:
        self._add("OB111", node, path, say.tag(node.tag))
        return node.value

    def _odd_key(self, key: Node, path: Path) -> str | None:
        """A key that is not plainly text: a word, empty, tagged, a collection, or one that starts like a number."""
        name = key_name(key)
        if key.tag is not None:
            if key.tag != TEXT or name is None:
                self._add("OB111", key, (*path, name) if name else path, say.tag(key.tag))
            return name
        value = plain(key.value) if isinstance(key, ScalarNode) else None
        if isinstance(value, Doubt) and isinstance(value.value, str):
            self._add(value.code, key, (*path, value.value), say.doubt(key.value, value))
        elif not isinstance(value, str):
            self._add("OB104", key, (*path, name) if name else path, say.key(key.value, name))
        return name

    def _again(self, node: MappingNode, again: Node, name: str, inherited: set[str] | None, path: Path) -> None:
        """A key that the mapping has: written twice, or set anew after a merge, which is what merges are for."""
        if inherited and name in inherited:
            inherited.discard(name)
            return
        first = next(key for key, _ in node.value if key_name(key) == name and not is_merge(key))
        place = self.places.span(first.start_mark.index, first.end_mark.index)
        self._add("OB103", again, (*path, name), say.duplicate(name), Label(place, "first here"))

    def _merge(
        self,
        node: MappingNode,
        pair: tuple[Node, Node],
        data: dict[str, Any],
        inherited: set[str] | None,
        path: Path,
    ) -> set[str]:
        """Merges into ``data`` where the ``<<`` stands, as go-yaml v2 does: what comes later wins, of a list its first.

        Returns the keys that are in ``data`` by merges only.
        """
        key, value = pair
        if inherited is not None:
            first = next(each for each, _ in node.value if is_merge(each))
            place = self.places.span(first.start_mark.index, first.end_mark.index)
            self._add("OB103", key, path, say.duplicate(MERGE), Label(place, "first here"))
        inherited = set() if inherited is None else inherited
        sources = merge_sources(key, value)
        if sources is None or key.start_mark.index < node.start_mark.index:  # an alias of "<<" is a key to Helm
            self._add("OB113", value if value.value else key, path, say.MERGE_VALUE)
            return inherited
        own = data.keys() - inherited
        for source in reversed(sources):
            if source.tag is not None:
                self._tagged(source, path)
            merged = self.mapping(source, path)
            for name in own & merged.keys():
                self._add("OB113", key, (*path, name), say.overridden(name))
            data.update(merged)
            inherited |= merged.keys() - own
        return inherited


def merge_sources(key: Node, value: Node) -> list[MappingNode] | None:
    """The mappings a ``<<`` names, None if Helm refuses the value: an alias of a list is not a list to it."""
    if isinstance(value, MappingNode):
        return [value]
    written_here = value.start_mark.index > key.start_mark.index
    if isinstance(value, SequenceNode) and written_here and all(isinstance(item, MappingNode) for item in value.value):
        return list(value.value)
    return None
