"""Every way a run can end, as an exit code and at most one line; never a traceback."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path

import click

from generator import __version__
from generator.cli.context import INTERNAL, USAGE

INTERRUPTED = 130
PIPE_CLOSED = 141


def shielded(command: click.Command) -> int:
    """Runs the command line; the exit code."""
    try:
        code = command.main(standalone_mode=False, prog_name="oneblock")
        sys.stdout.flush()
    except click.exceptions.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return USAGE
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        return _pipe_closed()
    except Exception as error:
        return _crashed(error)
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    click.echo("interrupted; nothing was written", err=True)
    return INTERRUPTED


def _pipe_closed() -> int:
    # The reader is gone: nothing to say, and Python must not try to flush on its way out.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _crashed(error: Exception) -> int:
    log = _log(error)
    where = f"; the details are in {log}" if log else ""
    click.echo(f"oneblock: internal error: {type(error).__name__}: {error}{where}", err=True)
    return INTERNAL


def _log(error: Exception) -> Path | None:
    text = (
        f"oneblock {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"arguments: {sys.argv[1:]}\n\n{''.join(traceback.format_exception(error))}"
    )
    try:
        handle, name = tempfile.mkstemp(prefix="oneblock-crash-", suffix=".log", text=True)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        click.echo(text, err=True)
        return None
    return Path(name)
