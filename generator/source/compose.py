"""YAML text to nodes with places, and nothing else: no types are guessed here.

libyaml does the work through PyYAML's C composer; where PyYAML was built without it, its Python composer gives the same
nodes, slower.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import yaml
from yaml.composer import Composer
from yaml.nodes import Node
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

MAX_DEPTH = 100
"""How deep collections may be nested. Kubernetes objects stay far below; a reader that recurses must stop somewhere."""

TEXT = "tag:yaml.org,2002:str"


class TooDeepError(Exception):
    """Collections nested deeper than :data:`MAX_DEPTH`; ``index`` is where the innermost allowed one starts."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class _Untyped:
    """The part of a loader that PyYAML's composers ask for types, answered with "none" and used to watch the depth."""

    depth = 0

    def resolve(self, _kind: type[Node], _value: str | None, implicit: Any) -> str | None:
        """None for a plain scalar or a collection without a tag; the text tag for what is quoted or tagged ``!``."""
        return None if implicit is True or implicit == (True, False) else TEXT

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        """Called before each node."""
        self.depth += 1
        if self.depth > MAX_DEPTH + 1 and parent is not None:
            raise TooDeepError(parent.start_mark.index)

    def ascend_resolver(self) -> None:
        """Called after each node."""
        self.depth -= 1


class PythonComposer(_Untyped, Reader, Scanner, Parser, Composer):
    """The composer for a PyYAML without libyaml."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    class _CComposer(_Untyped, CParser):
        pass

    COMPOSER: type[Any] = _CComposer
else:
    COMPOSER = PythonComposer


def compose(text: str, composer: type[Any] = COMPOSER) -> Node | None:
    """The root node of ``text``, None for a text without content.

    Scalars carry the tag None when they are plain, :data:`TEXT` when they are quoted, else the tag as written. An alias
    is the very node of its anchor. Raises ``yaml.YAMLError`` and :class:`TooDeepError`.
    """
    parser = composer(text)
    try:
        return cast("Node | None", parser.get_single_node())
    finally:
        parser.dispose()


@contextmanager
def many_objects(size: int) -> Iterator[None]:
    """Holds back the cycle collector while a large text becomes nodes and data.

    Nothing made here is garbage before the end, yet the collector would walk all of it again and again: a file of 10 MB
    takes several times as long with it.
    """
    held = size > 2**18 and gc.isenabled()
    if held:
        gc.disable()
    try:
        yield
    finally:
        if held:
            gc.enable()
