"""Every way a run can end, as an exit code and at most one line; never a traceback."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import click

from generator import __version__
from generator.cli.context import FINDINGS, INTERNAL, Interrupted

INTERRUPTED = 130
PIPE_CLOSED = 141


def open_streams() -> None:
    """Where a stream was closed before the program began (``2>&-``): nothing, and not the next file that is opened."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one, as those before it are open
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w", encoding="utf-8"))


def shielded(command: click.Command, arguments: list[str] | None = None) -> int:
    """Runs the command line; the exit code."""
    try:
        code = command.main(arguments, standalone_mode=False, prog_name="oneblock")
    except Interrupted as error:
        click.echo(f"interrupted; written before that: {', '.join(map(str, error.written))}", err=True)
        code = INTERRUPTED
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was written", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        return _closed(PIPE_CLOSED)
    except Exception as error:
        code = _failed(error)
        if code is None:
            return _no_room(error) if isinstance(error, OSError) and _is_full(error) else _crashed(error)
    return _flushed(code if isinstance(code, int) else 0)


def _failed(error: Exception) -> int | None:
    """The exit code for a place that cannot be read or written, or a program that is missing: those have said it."""
    from generator.output import OutputError

    if not isinstance(error, OutputError):
        return None
    click.echo(f"error: {error}", err=True)
    return FINDINGS


def _flushed(code: int) -> int:
    """What is still on its way to standard output may fail as well: a reader that left, a full disk."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _closed(PIPE_CLOSED)
    except OSError as error:
        return _no_room(error)
    return code


def _is_full(error: OSError) -> bool:
    """Whether it was a stream that took no more, and not a file that has a name."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def _no_room(error: OSError) -> int:
    click.echo(f"error: standard output cannot be written: {(error.strerror or '').lower()}", err=True)
    return _closed(FINDINGS)


def _closed(code: int) -> int:
    """Nothing more can be said on standard output, and Python must not try to on its way out."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = None
    return code


def _crashed(error: Exception) -> int:
    log = _log(error)
    where = f"; the details are in {log}" if log else ""
    click.echo(f"oneblock: internal error: {type(error).__name__}: {error}{where}", err=True)
    return INTERNAL


def _log(error: Exception) -> Path | None:
    import platform  # here: runs that end well, all but few, do not wait for these to load
    import tempfile
    import traceback

    text = (
        f"oneblock {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"arguments: {sys.argv[1:]}\n\n{''.join(traceback.format_exception(error))}"
    )
    try:
        handle, name = tempfile.mkstemp(prefix="oneblock-crash-", suffix=".log", text=True)
        os.close(handle)
        Path(name).write_text(text, encoding="utf-8")
    except OSError:
        return None
    return Path(name)
