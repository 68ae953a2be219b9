"""What the YAML parser complains about, in words for people who write values files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yaml import YAMLError
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from generator.diagnostics import Diagnostic, Label, Span
from generator.source.places import Places

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_END_MARKER = re.compile(r"^\.\.\.(?:\s|\Z)", re.MULTILINE)
_WORD = re.compile(r"\S*")


@dataclass(frozen=True, slots=True)
class _Complaint:
    """How a problem is told: ``found`` is part of the parser's text, ``at_context`` puts the caret where it began."""

    found: str
    message: str
    help: str = ""
    label: str = ""
    code: str = "OB101"
    at_context: bool = False
    context: str = ""


_ONE_DOCUMENT = "a values file holds one document"
_QUOTE = "put the value in quotes"
_COMPLAINTS = (
    _Complaint(
        "mapping values are not allowed",
        'a ":" that makes a key is not allowed here',
        'quote a value that holds ": "; put a space after each key\'s colon; start nested keys on their own line',
    ),
    _Complaint(
        "sequence entries are not allowed",
        'a list entry "- " is not allowed here',
        "start the list on the next line, or write it as [a, b]",
    ),
    _Complaint("mapping keys are not allowed", '"? " is not allowed here', _QUOTE),
    _Complaint(
        "could not find expected ':'",
        'no ": " follows this key',
        'write "key: value"; text that runs over several lines must be indented below its key',
        at_context=True,
    ),
    _Complaint(
        "found unexpected end of stream", "this quote is never closed", "add the closing quote", at_context=True
    ),
    _Complaint(
        "found unexpected document",
        'this quote is not closed before the line "---" or "..."',
        "add the closing quote",
        at_context=True,
    ),
    _Complaint(
        "unknown escape character",
        "unknown escape in a double-quoted text",
        "write \\\\ for a backslash, or use single quotes, which know no escapes",
    ),
    _Complaint(
        "did not find expected hexdecimal number",
        "an escape is cut short: \\x takes 2, \\u 4 and \\U 8 hexadecimal digits",
        "complete it, or use single quotes, which know no escapes",
    ),
    _Complaint(
        "escape sequence of",
        "an escape is cut short: \\x takes 2, \\u 4 and \\U 8 hexadecimal digits",
        "complete it, or use single quotes, which know no escapes",
    ),
    _Complaint(
        "invalid Unicode character escape",
        "this escape is no character: YAML knows no surrogate pairs",
        "write the character itself, or its code as \\U0001F600",
    ),
    _Complaint(
        "expected comment or line break",
        "only + or - and one digit may follow | or > on this line",
        "start the text on the next line",
    ),
    _Complaint(
        "expected a comment or a line break",
        "only + or - and one digit may follow | or > on this line",
        "start the text on the next line",
    ),
    _Complaint(
        "expected chomping or indentation indicators",
        "only + or - and one digit may follow | or > on this line",
        "start the text on the next line",
    ),
    _Complaint("indentation indicator", "the indentation digit after | or > is 1 to 9"),
    _Complaint(
        "expected alphabetic or numeric character",
        "a name must follow * or &",
        "quote a value that starts with * or &",
        code="OB112",
    ),
    _Complaint(
        "did not find expected key",
        "a key is expected here",
        "keys of one mapping start in one column; quote a value that goes on after its closing quote",
        context="the mapping it should belong to",
    ),
    _Complaint(
        "did not find expected '-' indicator",
        'a list entry "- " is expected here',
        "entries of one list start in one column",
        context="the list it should belong to",
    ),
    _Complaint(
        "expected <block end>",
        "this line does not fit the lines before it",
        "keys of one mapping, and entries of one list, start in one column",
        context="the block it should belong to",
    ),
    _Complaint("',' or ']'", 'a "," or "]" is missing', context="the list is opened here"),
    _Complaint("',' or '}'", 'a "," or "}" is missing', context="the mapping is opened here"),
    _Complaint("did not find expected node content", "a value is expected here", _QUOTE),
    _Complaint("expected the node content", "a value is expected here", _QUOTE),
    _Complaint(
        "found unexpected ':'", 'a space must follow this ":"', "write {key: value}, or quote text that holds a colon"
    ),
    _Complaint(
        "undefined alias",
        "this alias has no anchor before it",
        "name a value above with &, or quote the *",
        code="OB112",
    ),
    _Complaint(
        "another document",
        _ONE_DOCUMENT,
        'remove the line "---" and what does not belong, or write two files',
        "a second document starts here",
        "OB105",
    ),
    _Complaint("tag handle", "this tag is not known", "remove the tag", code="OB111"),
)
_BY_CONTEXT = (
    _Complaint(
        "duplicate anchor",
        "this anchor is named twice",
        "give each anchor its own name",
        code="OB112",
        context="first here",
    ),
    _Complaint("directive", "a directive (%) is not allowed", "remove the line", code="OB116"),
    _Complaint("tag", "this tag cannot be read", 'quote a value that starts with "!"', code="OB111"),
)


def explain(error: YAMLError, text: str, places: Places) -> Diagnostic:
    """One finding for what stopped the parser."""
    if isinstance(error, ReaderError):
        return _character(text, places)
    if not isinstance(error, MarkedYAMLError):
        return Diagnostic("OB101", "this is not YAML", places.span(0, 0))
    problem, context = error.problem or "", error.context or ""
    index = error.problem_mark.index if error.problem_mark else 0
    began = error.context_mark.index if error.context_mark else index
    if "tab character" in problem or ("cannot start any token" in problem and text[index : index + 1] == "\t"):
        return _tab(text, index, places)
    if "cannot start any token" in problem:
        return _start(text, index, places)
    if "<document start>" in problem:
        return _left_over(text, index, places)
    complaint = next((each for each in _COMPLAINTS if each.found in problem), None)
    complaint = complaint or next((each for each in _BY_CONTEXT if each.found in context), None)
    if complaint is None:
        return Diagnostic("OB101", f"this is not YAML: {problem or context}", _word(text, index, places))
    related = (Label(_word(text, began, places), complaint.context),) if complaint.context and began != index else ()
    at = began if complaint.at_context else index
    notes = _template_note(text, at)
    return Diagnostic(
        complaint.code,
        complaint.message,
        _word(text, at, places),
        complaint.label,
        notes=notes,
        help=complaint.help,
        related=related,
    )


def _left_over(text: str, index: int, places: Places) -> Diagnostic:
    span = _word(text, index, places)
    if _END_MARKER.search(text, 0, index):
        return Diagnostic("OB105", _ONE_DOCUMENT, span, "a second document starts here", help='remove the line "..."')
    return Diagnostic(
        "OB101",
        "this does not belong to what stands above it",
        span,
        notes=("Helm would stop reading here and say nothing",),
        help="top-level keys start in one column",
    )


def _word(text: str, index: int, places: Places) -> Span:
    found = _WORD.match(text, index)
    return places.span(index, max(found.end() if found else index, index))


def _template_note(text: str, index: int) -> tuple[str, ...]:
    """Template braces are a frequent reason for broken values files."""
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    line = text[start : end if end >= 0 else len(text)]
    return ("Helm does not read values files as templates: {{ }} is not filled in",) if "{{" in line else ()


def _tab(text: str, index: int, places: Places) -> Diagnostic:
    start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    at = text.find("\t", start)
    at = at if at >= 0 else index
    end = at
    while text[end : end + 1] == "\t":
        end += 1
    return Diagnostic(
        "OB102",
        "a tab stands where spaces must",
        places.span(at, end),
        "tab",
        help="indent with spaces; YAML allows no tabs",
    )


def _start(text: str, index: int, places: Places) -> Diagnostic:
    char = text[index : index + 1]
    return Diagnostic(
        "OB101",
        f'unquoted text cannot start with "{char}"',
        _word(text, index, places),
        notes=_template_note(text, index),
        help=_QUOTE,
    )


def _character(text: str, places: Places) -> Diagnostic:
    found = _FORBIDDEN.search(text)
    if found is None:
        return Diagnostic("OB117", "the file holds a character that YAML does not allow", places.span(0, 0))
    return Diagnostic(
        "OB117",
        f"the character U+{ord(found[0]):04X} is not allowed in YAML",
        places.span(found.start(), found.end()),
        help='remove it, or write it as an escape in double quotes ("\\x07")',
    )
