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
from pathlib import Path
from typing import Any


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

    def send_request(self, method: str, path: str, data: bytes | None, headers: Sequence[tuple[str, str]]) -> None:
        """Like ``request``, but a header may stand there more than once."""
        self.putrequest(method, path)
        for name, value in (*headers, ("Content-Length", str(len(data or b"")))):
            self.putheader(name, value)
        self.endheaders(data)


class Proxy:
    """One ``kubectl proxy``, started at the first request; one connection a thread."""

    def __init__(self, kubectl: Sequence[str]) -> None:
        self._kubectl = list(kubectl)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self._local = threading.local()
        self._connections: list[SocketConnection] = []

    def request(
        self, method: str, path: str, body: Any, headers: Sequence[tuple[str, str]], timeout: float = 60
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer; an answer that is no JSON stands under ``message``."""
        data = None if body is None else json.dumps(body).encode()
        for last in (False, True):
            connection = self._connection(timeout)
            try:
                connection.send_request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()  # a kept connection that the other side had closed: once more, on a new one
                if last:
                    raise
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"message": text.decode(errors="replace")}

    def _connection(self, timeout: float) -> SocketConnection:
        self._start()
        found: SocketConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = SocketConnection(self._folder / "socket", timeout)
            self._connections.append(found)
        return found

    def _start(self) -> None:
        with self._lock:
            if self._process is not None:
                return
            self._folder = Path(tempfile.mkdtemp(prefix="oneblock-proxy-"))
            socket_path = self._folder / "socket"
            self._process = subprocess.Popen(
                [*self._kubectl, "proxy", f"--unix-socket={socket_path}", "--reject-paths=^$"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            end = time.monotonic() + 30
            while not answers(socket_path):
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("kubectl proxy does not start")
                time.sleep(0.02)

    def close(self) -> None:
        """Ends the proxy; safe to call again."""
        for connection in self._connections:
            connection.close()
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
            self._process = None
            self._local = threading.local()
            self._connections.clear()
            shutil.rmtree(self._folder, ignore_errors=True)


def answers(path: Path) -> bool:
    """Whether somebody listens on that socket: it is there a moment before."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0
