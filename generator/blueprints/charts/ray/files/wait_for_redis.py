"""Waits in the head's container until Ray's GCS can start: until the master of its Redis takes writes.

Ray asks Sentinel once. If the master it is told is dead, or has no replica yet, `ray start` ends, and kubelet waits
longer before each new start: 10 s, 20 s, 40 s ... Here the next question comes half a second later.

Whatever is beyond this script (TLS, several addresses, a Redis Cluster) is left to Ray at once, and so is everything
after PATIENCE seconds: Ray says best what is wrong. Standard library only; any Python 3 will do.

Environment: RAY_REDIS_ADDRESS, REDIS_USERNAME, REDIS_PASSWORD as KubeRay sets them.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import Any

PATIENCE = float(os.environ.get("ONEBLOCK_REDIS_PATIENCE_SECONDS", "300"))
PAUSE = 0.5
TIMEOUT = 2.0
PORT = "6379"  # Ray's own default where an address has none


class Refused(Exception):  # noqa: N818 (it is an answer)
    """Redis' answer was an error."""


class Connection:
    """A logged-in connection to a Redis or a Sentinel."""

    def __init__(self, host: str, port: str, username: str, password: str) -> None:
        self.socket = socket.create_connection((host, int(port)), TIMEOUT)
        self.reader = self.socket.makefile("rb")
        if password:
            self.ask("AUTH", *([username] if username else []), password)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self.socket.close()

    def ask(self, *words: str) -> Any:
        """The answer to a command."""
        parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        self.socket.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
        return self.answer()

    def answer(self) -> Any:
        """One value of Redis' protocol."""
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection has ended")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise Refused(text)
        if kind == b"*":
            return [self.answer() for _ in range(int(text))]
        if kind == b"$":
            size = int(text)
            return self.reader.read(size + 2)[:-2].decode(errors="replace") if size >= 0 else None
        return text


def master(host: str, port: str, username: str, password: str) -> tuple[str, str]:
    """The address of the master: what the Sentinel there names, or the address itself when it is no Sentinel."""
    with Connection(host, port, username, password) as first:
        if not first.ask("INFO", "SENTINEL"):
            return host, port
        [named] = first.ask("SENTINEL", "MASTERS")
    known = dict(zip(named[::2], named[1::2]))  # noqa: B905 (Python 3.9 has no strict)
    return known["ip"], known["port"]


def takes_writes(host: str, port: str, username: str, password: str) -> None:
    """Does the write with which Ray tries a Redis."""
    with Connection(*master(host, port, username, password), username, password) as found:
        try:
            found.ask("DEL", "DUMMY")
        except Refused as refused:
            if not str(refused).startswith("MOVED"):  # a Redis Cluster: Ray follows it
                raise


def wait(address: str, username: str, password: str) -> None:
    """Tries until it works; says what it waits for, each reason once in a row."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    host, port = (host.strip("[]"), port) if host else (port, PORT)
    begun = time.monotonic()
    said = ""
    while time.monotonic() - begun < PATIENCE:
        try:
            takes_writes(host, port, username, password)
        except (OSError, Refused, ValueError) as error:
            if str(error) != said:
                said = str(error)
                tell(f"waiting for Redis at {address}: {said}")
        else:
            if said:
                tell(f"Redis takes writes after {time.monotonic() - begun:.1f} s")
            return
        time.sleep(PAUSE)
    tell(f"Redis does not take writes after {PATIENCE:.0f} s; Ray will say why")


def tell(text: str) -> None:
    """A line of the container's log."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Reads the environment."""
    address = os.environ.get("RAY_REDIS_ADDRESS", "")
    if address and "," not in address and not address.startswith("rediss:"):
        wait(address, os.environ.get("REDIS_USERNAME", ""), os.environ.get("REDIS_PASSWORD", ""))


if __name__ == "__main__":
    main()
