"""Talks to the API server over kept connections, through ``kubectl proxy``, which knows every way to log in."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

Headers = Sequence[tuple[str, str]]
STALE = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)
RETRIES = 10
JSON: Headers = (("Content-Type", "application/json"),)


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        """Connects to the socket instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))

    def send_request(self, method: str, path: str, data: bytes | None, headers: Headers) -> None:
        """Like ``request``, but a header may stand there more than once."""
        self.putrequest(method, path)
        for name, value in (*headers, ("Content-Length", str(len(data or b"")))):
            self.putheader(name, value)
        self.endheaders(data)


class Proxy:
    """The ``kubectl proxy`` behind a socket; one connection a thread."""

    def __init__(self, socket_path: Path) -> None:
        self.socket = socket_path
        self._local = threading.local()
        self._connections: list[SocketConnection] = []

    def request(
        self, method: str, path: str, body: Any = None, headers: Headers = JSON, timeout: float = 60
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer; an answer that is no JSON stands under ``message``.

        Asks again where the server says when, as every client of Kubernetes does: it may be making a kind ready.
        """
        data = None if body is None else json.dumps(body).encode()
        for _ in range(RETRIES):
            answer, text = self._answer(method, path, data, headers, timeout)
            later = answer.headers.get("Retry-After", "")
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS or not later.isdigit():
                break
            time.sleep(int(later))
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"message": text.decode(errors="replace")}

    def _answer(
        self, method: str, path: str, data: bytes | None, headers: Headers, timeout: float, *, again: bool = True
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connection(timeout)
        try:
            connection.send_request(method, path, data, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        except (http.client.HTTPException, OSError) as error:
            connection.close()  # the next request opens it again
            if not again or not isinstance(error, STALE):
                raise
        # A kept connection that the other side had closed.
        return self._answer(method, path, data, headers, timeout, again=False)

    def _connection(self, timeout: float) -> SocketConnection:
        found: SocketConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = SocketConnection(self.socket, timeout)
            self._connections.append(found)
        return found

    def close(self) -> None:
        """Closes the connections; the next request makes a new one."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()


class OwnProxy(Proxy):
    """A ``kubectl proxy`` of one's own, started at the first request."""

    def __init__(self, kubectl: Sequence[str]) -> None:
        super().__init__(Path())
        self._kubectl = list(kubectl)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def _connection(self, timeout: float) -> SocketConnection:
        with self._lock:
            if self._process is None:
                self._start()
        return super()._connection(timeout)

    def _start(self) -> None:
        self.socket = Path(tempfile.mkdtemp(prefix="oneblock-proxy-")) / "socket"
        quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        self._process = subprocess.Popen([*self._kubectl, *words(self.socket)], start_new_session=True, **quiet)
        end = time.monotonic() + 30
        while not answers(self.socket):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("kubectl proxy does not start")
            time.sleep(0.02)

    def close(self) -> None:
        """Ends the proxy; safe to call again."""
        super().close()
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
            self._process = None
            shutil.rmtree(self.socket.parent, ignore_errors=True)


def words(path: Path) -> tuple[str, ...]:
    """What follows ``kubectl`` for a proxy on that socket that lets everything through."""
    return ("proxy", f"--unix-socket={path}", "--reject-paths=^$")


def answers(path: Path) -> bool:
    """Whether somebody listens on that socket: it is there a moment before."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0
