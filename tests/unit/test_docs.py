"""What OneBlock's pages tell people to type is what OneBlock takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from generator.cli.app import COMMANDS, oneblock
from tests.docs import PAGES, Block, blocks, commands, script

CALLS = [
    pytest.param(arguments, id=f"{block}-{' '.join(arguments)}")
    for page in PAGES
    for block in blocks(page)
    if block.language in ("sh", "console")
    for arguments in commands(block, "oneblock")
]


@pytest.mark.parametrize("arguments", CALLS)
def test_every_command_of_the_pages_parses(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "-C" in arguments:
        (tmp_path / arguments[arguments.index("-C") + 1]).mkdir(parents=True)
    called: list[str] = []

    def reached(name: str) -> Callable[..., None]:
        return lambda **_: called.append(name)

    for name in COMMANDS:
        command = oneblock.get_command(click.Context(oneblock), name)
        monkeypatch.setattr(command, "callback", reached(name))
    oneblock.main(arguments, standalone_mode=False)
    assert called == [next(word for word in arguments if word in COMMANDS)]


def test_the_pages_have_commands() -> None:
    assert len(CALLS) > 5
    with pytest.raises(click.UsageError):
        oneblock.main(["init", "x", "--sampel", "y"], standalone_mode=False)


def test_which_blocks_run() -> None:
    def block(language: str, text: str) -> Block:
        return Block("page.md", 3, "", language, text)

    made = script([block("sh", "one\n"), block("console", "$ two\n"), block("text", "three\n"), block("sh", "four\n")])
    assert [line for line in made.splitlines() if line in ("one", "$ two", "three", "four")] == ["one", "four"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("oneblock a b\n", [["a", "b"]]),
        ("x && .venv/bin/oneblock -C 'a b' c >log | oneblock d\n", [["-C", "a b", "c"], ["d"]]),
        ("oneblock a # and oneblock b\noneblock c \\\n  d\n", [["a"], ["c", "d"]]),
        ("echo oneblock a\nkubectl get oneblock\n", []),
    ],
)
def test_calls_are_found(text: str, found: list[list[str]]) -> None:
    assert list(commands(Block("page.md", 1, "", "sh", text), "oneblock")) == found


def test_console_blocks_have_prompts() -> None:
    block = Block("page.md", 1, "", "console", "$ oneblock a\noneblock b\n")
    assert list(commands(block, "oneblock")) == [["a"]]
