"""Every finding of one values file: its YAML, its schema, the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from generator import rules, schema
from generator.commands.fleet_files import Opened
from generator.commands.job import Job
from generator.commands.tools import tools_of
from generator.diagnostics import Diagnostic, Level, has_errors
from generator.source import Document, load

UNKNOWN_FIELDS = frozenset({"OB204", "OB206"})
"""Findings about keys too many: what the rules look at is there all the same."""

UNCHECKED = "the rules were not checked for this file: they need its fields to have the right form first"
UNCHECKED_NAMESPACES = "the rules were not checked for its namespaces: they need a platform file without errors first"


def check_platform(document: Document, job: Job) -> list[Diagnostic]:
    """Every finding of the platform file by itself."""
    platform = tools_of(job).platform
    found = schema.check(document, "platform", platform.versions)
    return found + rules.check_platform(platform) if _is_usable(found) else noted(found, UNCHECKED)


def check_namespace(document: Document, job: Job) -> list[Diagnostic]:
    """Every finding of a namespace file under the platform."""
    tools = tools_of(job)
    found = schema.check(document, "namespace", tools.platform.versions)
    return found + rules.check_namespace(tools.namespace(document)) if _is_usable(found) else noted(found, UNCHECKED)


def check_file(job: Job, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """Reads and checks a namespace file; the document only if it is sound."""
    document, found = load(job.root, file)
    if document is None:
        return None, found
    found = found + check_namespace(document, job)
    return (None if has_errors(found) else document), found


def check_files(job: Job, files: Iterable[str]) -> list[list[Diagnostic]]:
    """Every finding of each of some namespace files."""
    return [check_file(job, file)[1] for file in files]


def shape_of(opened: Opened, file: str) -> list[Diagnostic]:
    """What can be said of a namespace file whose platform file is unsound: its YAML, and its shape.

    Where the platform file cannot be read at all nobody knows which release's fields count.
    """
    document, found = load(opened.cluster.root, file)
    if document is None:
        return found
    shape = schema.check(document, "namespace", opened.versions or schema.DEFAULT)
    return found + [each for each in shape if opened.versions is not None or each.code != "OB206"]


def _is_usable(found: Iterable[Diagnostic]) -> bool:
    """Whether rules may look at a file with these findings of its schema."""
    return not has_errors(each for each in found if each.code not in UNKNOWN_FIELDS)


def noted(found: Iterable[Diagnostic], note: str) -> list[Diagnostic]:
    """The findings; the last error says what was left out because of it."""
    every = list(found)
    last = max(at for at, each in enumerate(every) if each.level is Level.ERROR)
    every[last] = replace(every[last], notes=(*every[last].notes, note))
    return every
