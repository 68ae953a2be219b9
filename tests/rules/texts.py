"""Fleets written in a test, and what the rules say of them."""

from __future__ import annotations

from textwrap import dedent

from generator.diagnostics import Diagnostic, in_order
from generator.fleet import Platform, open_namespace
from generator.rules import check_namespace, check_platform
from generator.source import Document, read

VERSIONS = '{kubernetes: "1.36", kuberay: 1.6.2, ray: 2.60.0, volcano: 1.14.1}'


def document(file: str, text: str) -> Document:
    found, findings = read(file, dedent(text).lstrip("\n").encode())
    assert found is not None, findings
    return found


def platform(text: str) -> Platform:
    return Platform(document("platform.yaml", text))


def check(platform_text: str, **namespaces: str) -> list[Diagnostic]:
    """Every finding of a fleet; namespace files by name."""
    opened = platform(platform_text)
    found = check_platform(opened)
    for name, text in namespaces.items():
        found += check_namespace(open_namespace(name, document(f"namespaces/{name}.yaml", text), opened))
    return in_order(found)


def only(code: str, found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings of one rule."""
    return [each for each in found if each.code == code]


def codes(found: list[Diagnostic]) -> list[str]:
    return [each.code for each in found]
