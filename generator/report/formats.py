"""The formats of findings by name. A new one is a module with ``write`` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from generator.report import concise, github, json_object, junit, sarif, text
from generator.report.run import Run
from generator.report.style import PLAIN, Style


class Writer(Protocol):
    """Turns a run, ready to be shown, into the whole text of one format."""

    def __call__(self, run: Run, style: Style, /) -> str:
        """The text, ending in a line break unless it is empty."""
        ...


FORMATS: Mapping[str, Writer] = MappingProxyType(
    {
        "text": text.write,
        "concise": concise.write,
        "json": json_object.write,
        "sarif": sarif.write,
        "github": github.write,
        "junit": junit.write,
    }
)
"""Name → writer; the first is the default. json, sarif and junit are contracts, text and concise may change."""


def write(name: str, run: Run, style: Style = PLAIN) -> str:
    """The findings in the format ``name`` (a key of :data:`FORMATS`): sorted, each once, secrets masked."""
    told = FORMATS[name](run.ready(), style)
    # File names that are not UTF-8 arrive with lone surrogates, which no stream would take.
    return told.encode("utf-8", "replace").decode("utf-8")
