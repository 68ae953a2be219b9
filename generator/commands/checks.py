"""Every finding of one values file: its YAML, its schema, the rules."""

from __future__ import annotations

from pathlib import Path

from generator import rules, schema
from generator.commands.job import Job
from generator.diagnostics import Diagnostic, has_errors
from generator.source import Document, load


def check_platform(document: Document, job: Job) -> list[Diagnostic]:
    """Every finding of the platform file by itself."""
    platform = job.tools.platform
    found = schema.check(document, "platform", platform.versions)
    return found if has_errors(found) else found + rules.check_platform(platform)


def check_namespace(document: Document, job: Job) -> list[Diagnostic]:
    """Every finding of a namespace file under the platform."""
    tools = job.tools
    found = schema.check(document, "namespace", tools.platform.versions)
    return found if has_errors(found) else found + rules.check_namespace(tools.namespace(document))


def check_file(job: Job, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """Reads and checks a namespace file; the document only if it is sound."""
    document, found = load(job.root, file)
    if document is None:
        return None, found
    found = found + check_namespace(document, job)
    return (None if has_errors(found) else document), found


def shape_of(root: Path, file: str) -> list[Diagnostic]:
    """What can be said of a namespace file without its platform: its YAML and its shape at the default versions."""
    document, found = load(root, file)
    return found if document is None else found + schema.check(document, "namespace", schema.DEFAULT)
