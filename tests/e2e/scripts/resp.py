"""Redis' protocol, as much of it as the tests need, with nothing but the standard library: it runs in any pod."""

from __future__ import annotations

import socket
from typing import Any


class Connection:
    """One connection to a Redis or a Sentinel, logged in."""

    def __init__(self, host: str, port: int, user: str, password: str, timeout: float = 2.0) -> None:
        self.socket = socket.create_connection((host, port), timeout)
        self.reader = self.socket.makefile("rb")
        self.ask("AUTH", user, password)

    def ask(self, *words: str) -> Any:
        """The answer to a command; an error from the server is a ValueError, one of the connection an OSError."""
        parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        self.socket.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
        return self._answer()

    def _answer(self) -> Any:
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection has ended")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise ValueError(text)
        if kind == b"*":
            return [self._answer() for _ in range(int(text))]
        if kind == b"$":
            size = int(text)
            return None if size < 0 else self.reader.read(size + 2)[:-2].decode(errors="replace")
        return int(text) if kind == b":" else text

    def close(self) -> None:
        """Ends it."""
        self.reader.close()
        self.socket.close()


def master(sentinel: str, user: str, password: str) -> Connection:
    """A connection to the master that a Sentinel names, asked the way Ray asks."""
    host, _, port = sentinel.rpartition(":")
    asked = Connection(host, int(port), user, password)
    try:
        named = asked.ask("SENTINEL", "MASTERS")[0]
    finally:
        asked.close()
    known = dict(zip(named[::2], named[1::2], strict=True))
    return Connection(known["ip"], int(known["port"]), user, password)
