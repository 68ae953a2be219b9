"""The page on what goes wrong, and the messages that tests have to see: both are docs/troubleshooting.yaml.

python -m tests.e2e.troubleshooting     writes docs/troubleshooting.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "troubleshooting.md"
TABLE: dict[str, Any] = yaml.safe_load((DOCS / "troubleshooting.yaml").read_text())
MESSAGES: dict[str, str] = {name: told["says"] for fault in TABLE["faults"] for name, told in fault["messages"].items()}


def pattern(message: str) -> re.Pattern[str]:
    """What a message looks like: ``<word>`` in it stands for anything on one line, white space for any."""
    parts = (r"\s+".join(map(re.escape, re.split(r"\s+", part))) for part in re.split(r"<[a-z]+>", message))
    return re.compile(".+?".join(parts))


def seen(name: str, said: Iterable[str]) -> str:
    """The first of some texts with the message of that name in it; ``AssertionError`` with all of them otherwise."""
    texts = list(said)
    wanted = pattern(MESSAGES[name])
    for text in texts:
        if wanted.search(text):
            return text
    raise AssertionError("\n".join([f"{name} is not there: {MESSAGES[name]}", "what is:", *texts]))


def page() -> str:
    """The page."""
    return "\n".join([f"# {TABLE['title']}\n", TABLE["about"], *map(section, TABLE["faults"])])


def section(fault: dict[str, Any]) -> str:
    """What the page says of one fault."""
    lines = [f"## {fault['symptom']}", ""]
    for told in fault["messages"].values():
        lines += [f"{told['where']}:", "", "```", told["says"].rstrip("\n"), "```", ""]
    return "\n".join([*lines, f"**What it means.** {fault['means']}", "", f"**What to do.** {fault['do']}", ""])


if __name__ == "__main__":
    PAGE.write_text(page())
