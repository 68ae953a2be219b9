"""What the schemas find in a text, for tests: values files, and bodies to put into them."""

from __future__ import annotations

from typing import Any

from generator.diagnostics import Diagnostic
from generator.schema import Versions, check
from generator.source import read


def found(kind: Any, text: str, **versions: str) -> list[Diagnostic]:
    """All findings of a values file of that kind."""
    document, _ = read("f.yaml", text.encode())
    assert document is not None
    return check(document, kind, Versions(**versions))


def one(kind: Any, text: str, **versions: str) -> Diagnostic:
    """The only one."""
    findings = found(kind, text, **versions)
    assert len(findings) == 1, [each.message for each in findings]
    return findings[0]


def cluster(body: str) -> str:
    """A namespace file with one RayCluster."""
    return f"rayClusters: {{main: {{{body}}}}}"


def group(body: str) -> str:
    """A namespace file with one worker group."""
    return cluster(f"workerGroups: {{cpu: {{{body}}}}}")
