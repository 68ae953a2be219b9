"""What a command found, and the text it found it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.diagnostics import Diagnostic, Level, Span, in_order
from generator.report import masks
from generator.report.secret_keys import is_secret
from generator.report.secret_text import Region

Lines = Callable[[str], Sequence[str] | None]
"""The lines of a file by the name a span gives it; ``None`` where it cannot be read. Asked once a file."""

Rules = Mapping[str, tuple[str, str]]
"""Rule code → (title, help text), for the formats that describe rules."""


def _no_text(_file: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a format may need.

    ``files`` are all files looked at, with and without findings. ``prefix`` leads from the repository's root to the
    fleet's, for forges that want repository paths. ``seconds`` is not told in formats that should be the same each run.
    """

    diagnostics: Sequence[Diagnostic]
    files: Sequence[str] = ()
    lines: Lines = _no_text
    rules: Rules = field(default_factory=dict)
    version: str = ""
    seconds: float | None = None
    prefix: str = ""

    @property
    def errors(self) -> int:
        """How many findings stop the run."""
        return sum(each.level is Level.ERROR for each in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many findings do not."""
        return len(self.diagnostics) - self.errors

    @property
    def faulty(self) -> tuple[str, ...]:
        """The files that have findings, each once, in order."""
        return tuple(dict.fromkeys(each.span.file for each in self.diagnostics))

    @property
    def all_files(self) -> tuple[str, ...]:
        """Every file looked at or told of, each once, sorted."""
        return tuple(sorted({*self.files, *self.faulty}))

    def ready(self) -> Run:
        """The same run as it may be shown: findings in order, each once, secrets masked, files read once."""
        texts = Texts(self.lines)
        findings = tuple(texts.masked(each) for each in in_order(self.diagnostics))
        return replace(self, diagnostics=findings, lines=texts.lines)

    def in_repository(self, file: str) -> str:
        """A file's path from the repository's root."""
        prefix = self.prefix.strip("/")
        return f"{prefix}/{file}" if prefix and prefix != "." else file


def remarks(found: Diagnostic) -> list[str]:
    """What a finding adds to its message and places: its notes, then what to do."""
    return [*found.notes, *([f"help: {found.help}"] if found.help else [])]


def headline(found: Diagnostic) -> str:
    """Message and label in one, for the formats that have no mark to put the label under."""
    return f"{found.message}: {found.label}" if found.label else found.message


def elsewhere(found: Diagnostic, run: Run) -> list[str]:
    """The related places, a line each, as the repository calls the files."""
    return [
        f"{run.in_repository(label.span.file)}:{label.span.line}:{label.span.column}: {label.text or 'see also'}"
        for label in found.related
    ]


def last_line(span: Span) -> int:
    """The last line a span covers: YAML blocks end at the start of the line after them, which is no part of them."""
    return max(span.line, span.end_line - (span.end_column <= 1))


class Texts:
    """The text behind the findings, each file fetched once, and where it holds secrets."""

    def __init__(self, lines: Lines) -> None:
        self._fetch = lines
        self._files: dict[str, Sequence[str] | None] = {}
        self._continued: dict[str, frozenset[int]] = {}
        self._regions: dict[tuple[str, int], tuple[Region, ...]] = {}

    @classmethod
    def over(cls, lines: Lines) -> Texts:
        """The texts these lines already come from (:meth:`Run.ready`), so that nothing is worked out twice."""
        owner = getattr(lines, "__self__", None)
        return owner if isinstance(owner, cls) else cls(lines)

    def lines(self, file: str) -> Sequence[str] | None:
        """The lines of a file, ``None`` where it cannot be read: a missing file must not hide the finding about it."""
        if file not in self._files:
            try:
                self._files[file] = self._fetch(file)
            except (OSError, ValueError):
                self._files[file] = None
        return self._files[file]

    def line(self, file: str, number: int) -> str | None:
        """Line ``number`` (1-based) without its line break; the one after the last is empty: findings at the end."""
        lines = self.lines(file)
        if lines is None or not 1 <= number <= len(lines) + 1:
            return None
        return "" if number > len(lines) else lines[number - 1].rstrip("\r\n")

    def hidden(self, span: Span, path: str = "") -> tuple[Region, ...]:
        """The secret parts of the span's first line; ``path`` is the value's place in the file, where it is known."""
        lines = self.lines(span.file)
        if lines is None or not 1 <= span.line <= len(lines):
            return ()
        key = (span.file, span.line)
        if key not in self._regions:
            if span.file not in self._continued:
                self._continued[span.file] = masks.continuations(lines)
            self._regions[key] = masks.regions(lines, span.line - 1, self._continued[span.file])
        found = self._regions[key]
        last = path.rpartition(".")[2].partition("[")[0]
        if found or not is_secret(last):
            return found
        # An unusual way to write a pair ("? password"): the span itself is the value, unless it marks the key.
        line = lines[span.line - 1].rstrip("\r\n")
        start = span.column - 1
        end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line)
        marked = masks.unquoted(line[start:end])
        return ((start, end),) if marked and last not in marked and marked[0] not in "{[|>" else ()

    def masked(self, found: Diagnostic) -> Diagnostic:
        """The finding with every secret that its own lines hold taken out of its words."""
        known: set[str] = set()
        for span in (found.span, *(label.span for label in found.related)):
            line = self.line(span.file, span.line) or ""
            for start, end in self.hidden(span, found.path if span is found.span else ""):
                known |= {line[start:end], masks.unquoted(line[start:end])}
        values = [each for each in known if len(each) > 2]

        def clean(text: str) -> str:
            return masks.prose(text, values)

        return replace(
            found,
            message=clean(found.message),
            label=clean(found.label),
            notes=tuple(map(clean, found.notes)),
            help=clean(found.help),
            related=tuple(replace(label, text=clean(label.text)) for label in found.related),
        )
