"""docs/troubleshooting.md is what its table says, and each message in it has a test on a real cluster."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.troubleshooting import MESSAGES, PAGE, page, pattern, seen

FAULTS = sorted((Path(__file__).parents[1] / "e2e").glob("test_faults*.py"))


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.e2e.troubleshooting"


def test_every_message_is_looked_for_on_a_real_cluster() -> None:
    used = {name for path in FAULTS for name in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', path.read_text())}
    assert set(MESSAGES) <= used


def test_what_stands_in_angle_brackets_may_be_anything() -> None:
    assert pattern("pod <name> is (not) there").search("Error: pod a-b is (not)  there.")
    assert not pattern("pod <name> is there").search("pod a is\nhere")


def test_what_is_not_seen_is_said() -> None:
    name, message = next(iter(MESSAGES.items()))
    with pytest.raises(AssertionError, match=f"{name} is not there"):
        seen(name, ["something else"])
    text = re.sub("<[a-z]+>", "x", message)
    assert seen(name, ["something else", f"so: {text}"]) == f"so: {text}"
