"""One page of the rule book, as ``oneblock explain`` prints it."""

from __future__ import annotations

import re
import textwrap

from generator.commands.book import Page
from generator.report.style import PLAIN, Role, Style

_QUOTED = re.compile(r"``([^`]+)``")
"""Code in a text, as docstrings quote it."""


def page_text(page: Page, style: Style = PLAIN) -> str:
    """Title, why, an example where there is one, where the rule comes from and who else enforces it."""
    parts = [style.paint(Role.STRONG, f"{page.code}: {page.title}"), *_paragraphs(page.explanation, style.width)]
    if page.example:
        parts.append(textwrap.indent(page.example.rstrip(), "    "))
    facts = [f"family: {page.family} · level: {page.level}"]
    if page.source:
        facts.append(f"source: {page.source}")
    if page.policies:
        facts.append(f"in the cluster: ValidatingAdmissionPolicy on {', '.join(page.policies)}")
    return _QUOTED.sub(r"`\1`", "\n\n".join([*parts, "\n".join(facts)])) + "\n"


def _paragraphs(text: str, width: int) -> list[str]:
    return [textwrap.fill(" ".join(part.split()), min(width, 100)) for part in text.split("\n\n")]
