"""How the tests on clusters talk to a ``kubectl proxy``: over connections that are kept, and made again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from tests.e2e.proxy import Proxy


class Answers(BaseHTTPRequestHandler):
    """Says what it was asked; ``/last`` is the last on its connection, though nobody is told so."""

    protocol_version = "HTTP/1.1"
    connections = 0
    busy = 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = json.dumps({"path": self.path, "body": body, "type": self.headers["Content-Type"]}).encode()
        self.send_response(429 if self.busy else 200)
        if self.path == "/later":
            self.send_header("Retry-After", "0")
            type(self).busy = max(0, self.busy - 1)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
        self.close_connection = self.path == "/last"

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Server:
    def __init__(self, path: Path) -> None:
        Answers.connections = Answers.busy = 0
        self._server = ThreadingUnixStreamServer(str(path), Answers)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path / "socket")
    yield proxy
    proxy.close()


@pytest.fixture
def server(proxy: Proxy) -> Iterator[Server]:
    server = Server(proxy.socket)
    yield server
    proxy.close()  # the server waits for the end of its connections
    server.stop()


def test_a_connection_is_kept(proxy: Proxy, server: Server) -> None:
    for path in ("/one", "/two"):
        said = {"path": path, "body": '{"a": 1}', "type": "application/json"}
        assert proxy.request("POST", path, {"a": 1}) == (200, said)
    assert Answers.connections == 1


def test_one_that_the_other_side_closed_is_made_again(proxy: Proxy, server: Server) -> None:
    for path in ("/last", "/next"):
        assert proxy.request("POST", path)[1]["path"] == path
    assert Answers.connections == 2


def test_who_comes_too_early_may_come_again(proxy: Proxy, request: pytest.FixtureRequest) -> None:
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            proxy.request("POST", "/early")
    request.getfixturevalue("server")
    assert proxy.request("POST", "/again")[0] == 200


@pytest.mark.parametrize(("path", "status"), [("/later", 200), ("/never", 429)])
def test_who_is_told_to_come_later_does(proxy: Proxy, server: Server, path: str, status: int) -> None:
    Answers.busy = 2
    assert proxy.request("POST", path)[0] == status
