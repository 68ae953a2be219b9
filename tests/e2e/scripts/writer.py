"""Writes numbers one after the other.

As Ray's GCS writes, a reply is an acknowledgement, and nothing waits for replicas; with WAIT in the environment only
what a replica has as well counts as acknowledged (Redis' WAIT, which a tenant may not use), the rest as unknown.

Environment: SENTINEL (host:port), REDIS_USER, PASSWORD, KEY. It ends when the file ``/tmp/stop`` is there, with one
line of JSON: the acknowledged numbers, those whose fate is unknown (sent, no reply), the errors by kind, and the
longest time between two acknowledgements. ``/tmp/progress`` holds the acknowledged count.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

from resp import Connection, master


def main() -> None:
    """The loop."""
    sentinel, user, password, key = (os.environ[name] for name in ("SENTINEL", "REDIS_USER", "PASSWORD", "KEY"))
    connection: Connection | None = None
    acknowledged: list[int] = []
    unknown: list[int] = []
    errors: Counter[str] = Counter()
    number = 0
    last = time.monotonic()
    longest = 0.0
    while not Path("/tmp/stop").exists():  # noqa: S108
        sent = False
        try:
            connection = connection or master(sentinel, user, password)
            number += 1
            sent = True
            connection.ask("HSET", key, str(number), str(number))
            if "WAIT" in os.environ and not connection.ask("WAIT", "1", "1000"):
                raise TimeoutError("no replica has it")
            acknowledged.append(number)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        except ValueError as refused:  # said no: nothing was written
            errors[str(refused).split()[0]] += 1
            connection = None
        except OSError as lost:
            errors[type(lost).__name__] += 1
            connection = None
            if sent:
                unknown.append(number)
        Path("/tmp/progress").write_text(str(len(acknowledged)))  # noqa: S108
        time.sleep(0.005 if connection else 0.1)
    said = {"acknowledged": acknowledged, "unknown": unknown, "errors": errors, "longest": round(longest, 1)}
    print(json.dumps(said), flush=True)


main()
