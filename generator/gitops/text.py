"""Blueprints into the text of Kubernetes objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jinja2 import Environment

from generator.resources import BLUEPRINTS
from generator.templating import blueprints

_KIND = re.compile(r"^kind: (\S+)$", re.MULTILINE)
_NAME = re.compile(r'^  name: "?([^"\n]+)"?$', re.MULTILINE)


@cache
def _environment() -> Environment:
    return blueprints(BLUEPRINTS / "gitops")


def fill(blueprint: str, context: dict[str, Any]) -> str:
    """The text of ``blueprint`` (a path below ``blueprints/gitops``)."""
    return _environment().get_template(blueprint).render(context)


def objects(text: str) -> Iterator[tuple[str, str]]:
    """(file name, text) of each object in ``text``."""
    for document in re.split(r"^---\n", text, flags=re.MULTILINE):
        if not document.strip():
            continue
        kind, name = _KIND.search(document), _NAME.search(document)
        assert kind is not None  # noqa: S101 (our own blueprints)
        assert name is not None  # noqa: S101
        yield f"{kind[1].lower()}-{name[1]}.yaml", document
