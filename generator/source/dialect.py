"""The few texts that libyaml reads and go-yaml v2, Helm's parser, refuses or reads otherwise.

Found by comparing both on mutated files; each is refused, so that what is accepted means one thing to every Helm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from generator.diagnostics import Diagnostic
from generator.source.places import Places

_DIRECTIVE = re.compile(r"\A(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n))*(%[^\r\n]*)")
_MARKER_WITH_TEXT = re.compile(r"^---(?![ \t\r]*$)(?![ \t]+#)", re.MULTILINE)
_BARE_TAG = re.compile(r"(?:&\S+\s+)?!(?=\s|[,\]}]|\Z)")
_BARE_TAG_SOMEWHERE = re.compile(r"!(?:\s|[,\]}]|\Z)")
_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*(\\/)")


def check(root: Node, text: str, places: Places) -> Diagnostic | None:
    """The first place below ``root`` where the two parsers disagree. Costs little for a text without suspects."""
    slash, question, bang = "\\/" in text, "?" in text, bool(_BARE_TAG_SOMEWHERE.search(text))
    if not (slash or question or bang):
        return None
    for node, in_flow in _nodes(root):
        found = _bare_tag(node, text, places) if bang else None
        if not found and isinstance(node, ScalarNode):
            if slash and node.style == '"':
                found = _slash(node, text, places)
            elif question and in_flow and not node.style and "?" in node.value:
                found = _question(node, places)
        if found:
            return found
    return None


def _nodes(root: Node) -> Iterator[tuple[Node, bool]]:
    """Every node once, in the order of the text, and whether it stands inside ``{}`` or ``[]``."""
    todo, seen = [(root, False)], set()
    while todo:
        node, in_flow = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node, in_flow
        if not isinstance(node, ScalarNode):
            below = [each for pair in node.value for each in pair] if isinstance(node, MappingNode) else node.value
            inside = in_flow or bool(cast(CollectionNode, node).flow_style)
            todo.extend((each, inside) for each in reversed(below))


def before_parsing(text: str, places: Places) -> Diagnostic | None:
    """What shows in the text alone: directives, document markers with text after them, byte order marks."""
    return _cut(text, places) or _byte_order_mark(text, places)


def _cut(text: str, places: Places) -> Diagnostic | None:
    """Helm 4 cuts a file at lines that begin with ``---`` before it reads it (apimachinery ``YAMLReader``)."""
    directive = _DIRECTIVE.match(text)
    if directive:
        return Diagnostic(
            "OB116",
            "a directive (%) is not allowed",
            places.span(*directive.span(1)),
            notes=('Helm 4 cuts the file at "---" and reads the directive by itself',),
            help="remove the line",
        )
    marker = _MARKER_WITH_TEXT.search(text)
    if marker:
        return Diagnostic(
            "OB116",
            'text follows "---" on its line',
            places.span(marker.start(), marker.end()),
            "Helm 4 refuses it",
            help='start the text on the next line; quote text that starts with "---"',
        )
    return None


def _byte_order_mark(text: str, places: Places) -> Diagnostic | None:
    """A byte order mark that is not the first character: libyaml skips it at the start of a line, Helm does not."""
    at = text.find("\ufeff")
    if at < 0:
        return None
    return Diagnostic(
        "OB117",
        "a byte order mark (U+FEFF) stands inside the file",
        places.span(at, at + 1),
        help='remove the invisible character, or write it as "\\uFEFF"',
    )


def _bare_tag(node: Node, text: str, places: Places) -> Diagnostic | None:
    start = node.start_mark.index
    found = _BARE_TAG.match(text, start)
    if not found:
        return None
    span = places.span(found.end() - 1, found.end())
    return Diagnostic("OB111", 'the tag "!" is not allowed', span, help="remove it; quote a value that is text")


def _slash(node: Node, text: str, places: Places) -> Diagnostic | None:
    found = _ESCAPED_SLASH.search(text, node.start_mark.index, node.end_mark.index)
    if not found:
        return None
    span = places.span(*found.span(1))
    return Diagnostic(
        "OB101", r"unknown escape \/ in a double-quoted text", span, "Helm refuses it", help="write / alone"
    )


def _question(node: ScalarNode, places: Places) -> Diagnostic:
    span = places.span(node.start_mark.index, node.end_mark.index)
    return Diagnostic(
        "OB101",
        'unquoted text inside {} or [] cannot hold "?"',
        span,
        "Helm refuses it",
        help="put it in quotes",
    )
