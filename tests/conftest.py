"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A machine may be slow, or busy with something else; that is no answer to what a test asks.
settings.register_profile("oneblock", deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pytest_configure() -> None:
    """No property test is timed. Programs that tests start hear Ctrl-C, also where the tests are a shell's job in the
    background and do not."""
    settings.load_profile("oneblock")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
