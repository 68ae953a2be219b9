"""The code blocks of OneBlock's pages: which there are, and how those that are meant to be run are run.

A block runs if its fence says ``sh``. ``console`` (with a prompt, for what is to be read or typed elsewhere), ``text``
and all other languages do not run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"(`{3,})([\w-]*)\s*$")
_ENDS = set("();<>|&\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: where its text begins, under which heading, in which language."""

    page: str
    line: int
    heading: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order. A fence that is never closed is an error."""
    heading, fence, language, start, lines = "", "", "", 0, list[str]()
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1):
        opened = _FENCE.match(line)
        if fence and line.rstrip() == fence:
            yield Block(page, start, heading, language, "\n".join(lines) + "\n")
            fence = ""
        elif fence:
            lines.append(line)
        elif opened:
            fence, language, start, lines = opened[1], opened[2], number + 1, []
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
    assert not fence, f"{page}:{start}: this block has no end"


def script(chosen: Iterable[Block]) -> str:
    """One bash script of those blocks that run; it says where it is, and ends at the first command that fails."""
    parts = [f"printf '\\n# %s\\n' {block}\n{block.text}" for block in chosen if block.language == "sh"]
    return "\n".join(["set -euo pipefail", *parts])


def commands(block: Block, program: str) -> Iterator[list[str]]:
    """The arguments of every call of a program in a shell's block, whatever folder it is called in."""
    text = block.text
    if block.language == "console":
        text = "\n".join(line[2:] for line in text.splitlines() if line.startswith("$ "))
    words: list[str] = []
    for word in [*_words(text), "\n"]:
        if not set(word) <= _ENDS:
            words.append(word)
            continue
        if words and Path(words[0]).name == program:
            yield words[1:]
        words = []


def _words(text: str) -> Iterator[str]:
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t"
    lexer.commenters = ""  # it would take the end of the line for part of a comment
    comment = False
    for word in lexer:
        comment = (comment or word == "#") and "\n" not in word
        if not comment:
            yield word
