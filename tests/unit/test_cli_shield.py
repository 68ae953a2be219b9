"""Every way a run can end."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import click
import pytest

from generator.cli import main
from generator.cli.context import Interrupted
from generator.cli.shield import shielded


def ends_with(error: BaseException | int) -> click.Command:
    @click.command()
    def command() -> int:
        if isinstance(error, int):
            return error
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (0, 0, ""),
        (click.exceptions.Exit(1), 1, ""),
        (click.UsageError("wrong"), 2, "wrong"),
        (click.ClickException("no"), 1, "Error: no"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was written"),
        (click.Abort(), 130, "interrupted; nothing was written"),
        (Interrupted([Path("rendered")]), 130, "interrupted; written before that: rendered"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "standard output cannot be written: no space left"),
        (OSError(errno.ENOSPC, "No space left on device", "a file"), 3, "internal error: OSError"),
        (ValueError("odd"), 3, "internal error: ValueError: odd"),
    ],
)
def test_endings(
    error: BaseException | int,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr("tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(OSError("no room")))
    assert shielded(ends_with(error), []) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


class Closed(io.StringIO):
    """A stream whose reader has left."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def flush(self) -> None:
        raise OSError(self.number, "Broken pipe" if self.number == errno.EPIPE else "Input/output error")


@pytest.mark.parametrize(("number", "code"), [(errno.EPIPE, 141), (errno.EIO, 1)])
def test_what_is_still_on_its_way(number: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Closed(number))
    assert shielded(ends_with(0), []) == code


def test_a_reader_that_left_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert shielded(ends_with(BrokenPipeError()), []) == 141


def test_the_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["oneblock", "--version"])
    monkeypatch.setattr(os, "_exit", sys.exit)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("oneblock, version ")
