"""The protocol both adapters keep, and what they share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:  # a run with nothing to do loads this module and no fleet
    from generator.plan import Release

EngineName = Literal["sdk", "binary"]

_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?$", re.MULTILINE)
_EXECUTION = re.compile(r"^.*?execution error at \([^)]*\): ", re.DOTALL)
_SOURCE_LINE = re.compile(r"\A(?:[ \t]*(?:#[^\n]*)?\n)*")


class HelmError(Exception):
    """Helm refused to render a release; the message is Helm's own, cut to what helps."""


Printed = list[str] | HelmError
"""What came of a release: its manifests, or why there are none."""


class Engine(Protocol):
    """Renders a chart the way ``helm template`` does."""

    name: str
    version: str

    def render(self, chart: Path, release: str, namespace: str, values: Mapping[str, Any]) -> list[str]:
        """The manifests of a release, one text an object, in no promised order.

        ``chart`` is a chart's folder; hooks are included, but not those of ``helm test``, NOTES.txt, empty documents.
        Raises HelmError.
        """
        ...

    def render_many(self, chart: Path, releases: Sequence[Release]) -> list[Printed]:
        """What :meth:`render` gives or raises for each of several releases of one chart, in their order."""
        ...


def one_by_one(engine: Engine, chart: Path, releases: Sequence[Release]) -> list[Printed]:
    """:meth:`Engine.render_many` by :meth:`Engine.render`."""
    printed: list[Printed] = []
    for each in releases:
        try:
            printed.append(engine.render(chart, each.name, each.namespace, each.values))
        except HelmError as error:
            printed.append(error)
    return printed


def split_documents(text: str) -> list[str]:
    """The YAML documents of a text Helm printed, without separators, ``# Source:`` lines and empty ones.

    A line ``---`` at the left margin is always a separator: inside a block scalar it would be indented.
    """
    documents = (_SOURCE_LINE.sub("", each).rstrip() for each in _SEPARATOR.split(text))
    return [f"{each}\n" for each in documents if each]


def readable(message: str) -> str:
    """Helm's message without the chain of template positions in front of a chart's own ``fail`` text."""
    message = message.removeprefix("Error: ").replace("Use --debug flag to render out invalid YAML", "")
    for mark in ("error calling fail: ", "error calling include: "):
        message = message.rsplit(mark, 1)[-1]
    return _EXECUTION.sub("", message).strip()
