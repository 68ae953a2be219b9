"""Bytes to a :class:`~generator.source.document.Document`."""

from __future__ import annotations

from yaml import YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode

from generator.diagnostics import Diagnostic, Span, in_order
from generator.source import aliases, dialect
from generator.source.build import Builder
from generator.source.compose import MAX_DEPTH, TooDeepError, compose, many_objects
from generator.source.document import Document
from generator.source.places import Places

MAX_BYTES = 32 * 2**20
"""The largest values file that is read."""


def read(file: str, raw: bytes) -> tuple[Document | None, list[Diagnostic]]:
    """Reads a values file as Helm would.

    ``file`` is the name to show. Findings are OB101 – OB127. A document comes with findings when the file
    can be read but something in it is refused; there is none when the text cannot be used at all.
    """
    text = decode(file, raw)
    if isinstance(text, Diagnostic):
        return None, [text]
    with many_objects(len(text)):
        return _read(file, text)


def _read(file: str, text: str) -> tuple[Document | None, list[Diagnostic]]:
    places = Places.of(file, text)
    root = _compose(text, places)
    if isinstance(root, Diagnostic):
        return None, [root]
    if root is None or (
        isinstance(root, ScalarNode) and root.tag is None and root.value in ("", "~", "null", "Null", "NULL")
    ):
        return Document(file, text, {}), []
    if not isinstance(root, MappingNode):
        return None, [_top_level(root, places)]
    if "*" in text and "&" in text:
        refused = aliases.check(root, places)
        if refused:
            return None, [refused]
    builder = Builder(text, places)
    if root.tag is not None:
        builder.tagged_root(root)
    data = builder.mapping(root, ())
    return Document(file, text, data), in_order(builder.found)


def decode(file: str, raw: bytes) -> str | Diagnostic:
    """The text of a file without its byte order mark, or why it is none (OB125 – OB127)."""
    start = Span.of_file(file)
    if len(raw) > MAX_BYTES:
        return too_large(file, len(raw))
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Diagnostic("OB126", "the file is UTF-16, not UTF-8", start, help="save it as UTF-8")
    if b"\0" in raw:
        return Diagnostic("OB125", "the file is binary: it holds NUL bytes", start, help="values files are YAML text")
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        span = Places.of(file, before + "?").span(len(before), len(before) + 1)
        message = f"the file is not UTF-8: byte 0x{raw[error.start]:02x} does not belong here"
        return Diagnostic("OB126", message, span, help="save it as UTF-8")


def too_large(file: str, size: int) -> Diagnostic:
    """The finding for a file over :data:`MAX_BYTES`."""
    message = f"the file is too large: {size / 2**20:.0f} MiB, at most {MAX_BYTES // 2**20} MiB are read"
    return Diagnostic(
        "OB127", message, Span.of_file(file), help="split it, or keep what is not configuration elsewhere"
    )


def _compose(text: str, places: Places) -> Node | Diagnostic | None:
    refused = dialect.before_parsing(text, places)
    if refused:
        return refused
    try:
        root = compose(text)
    except TooDeepError as error:
        message = f"nested deeper than {MAX_DEPTH} levels"
        return Diagnostic(
            "OB115", message, places.span(error.index, error.index + 1), "one level too many", help="flatten the data"
        )
    except YAMLError as error:
        from generator.source.syntax import explain  # here: files that are YAML, all but few, do not wait for it

        return explain(error, text, places)
    return root if root is None else dialect.check(root, text, places) or root


def _top_level(root: Node, places: Places) -> Diagnostic:
    kind = "text" if isinstance(root, ScalarNode) else "a list"
    span = places.span(root.start_mark.index, root.start_mark.index + 1)
    return Diagnostic(
        "OB106",
        f"the file holds {kind}, not a mapping",
        span,
        help='write "key: value" lines; a space follows the colon',
    )
