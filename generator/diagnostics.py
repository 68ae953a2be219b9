"""What OneBlock has to say about a file: values, never printed here.

A :class:`Diagnostic` is made by whichever layer finds the fault and travels unchanged to ``report``, the only place
that turns it into text. Lines and columns are 1-based; columns count Unicode code points, as editors do; an end column
is the first column after the marked text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

Path = tuple[str | int, ...]
"""The way to a value inside a document: ``("rayClusters", "main", "head", "cpu")``."""


class Level(StrEnum):
    """How much a finding matters: an error stops the run with exit code 1, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text in a file. ``file`` is relative to the fleet's root, with forward slashes."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    @classmethod
    def of_file(cls, file: str) -> Span:
        """The span for findings about a file as a whole."""
        return cls(file)


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that belongs to a finding: the other file of a disagreement."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    ``message`` states the problem and stands alone; ``label`` is the short text under the caret; ``notes`` say what is
    allowed; ``help`` says what to do; ``path`` is the value's place in the file (``rayClusters.main.head.cpu``).
    """

    code: str
    message: str
    span: Span
    label: str = ""
    level: Level = Level.ERROR
    notes: tuple[str, ...] = ()
    help: str = ""
    related: tuple[Label, ...] = field(default=())
    path: str = ""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Findings are shown by file, place and code."""
        return (self.span.file, self.span.line, self.span.column, self.code, self.message)

    def moved(self, file: str) -> Diagnostic:
        """The same finding, told of another file name."""
        return replace(self, span=replace(self.span, file=file))


def in_order(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted as they are shown, each once."""
    return sorted(dict.fromkeys(findings), key=lambda each: each.sort_key)


def has_errors(findings: Iterable[Diagnostic]) -> bool:
    """Whether any finding stops the run."""
    return any(each.level is Level.ERROR for each in findings)


def near(word: str, known: Iterable[str]) -> str | None:
    """The known name closest to ``word``, if one is close enough to be a slip of the hand."""
    import difflib  # here: runs that find nothing, all but few, do not wait for it to load

    folded = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else None


def dotted(path: Path) -> str:
    """A path as people write it: ``workerGroups.a100.env[0]``; keys that need it are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not step or any(char in step for char in '.[]" '):
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text
