"""What holds for every test."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Programs that tests start hear Ctrl-C, also where the tests are a shell's job in the background and do not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
