"""A few Secrets behind HTTP on loopback: as much of the API server as the bootstrap Job talks to."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Key = tuple[str, str]


def encoded(data: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}


@dataclass(slots=True)
class Cluster:
    """What is in it, and what it was asked."""

    namespaces: set[str]
    secrets: dict[Key, dict[str, str]] = field(default_factory=dict)
    requests: list[tuple[str, str, str, Any]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    late: dict[Key, dict[str, str]] = field(default_factory=dict)
    url: str = ""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        parts = path.strip("/").split("/")
        namespace, name = parts[3], parts[5] if len(parts) > 5 else body["metadata"]["name"]
        key = (namespace, name)
        if self.failures:
            return self.failures.pop(0), {"message": "not now"}
        if namespace not in self.namespaces:
            return 404, {"message": f'namespaces "{namespace}" not found'}
        if method == "POST":
            if key in self.late:
                self.secrets[key] = self.late.pop(key)
            if key in self.secrets:
                return 409, {"message": "already exists"}
            self.secrets[key] = {each: base64.b64decode(value).decode() for each, value in body["data"].items()}
            return 201, body
        if key not in self.secrets:
            return 404, {"message": f'secrets "{name}" not found'}
        if method == "PATCH":
            self.secrets[key] |= {each: base64.b64decode(value).decode() for each, value in body["data"].items()}
        return 200, {"data": encoded(self.secrets[key])}


@contextmanager
def serving(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster at ``cluster.url``."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            cluster.requests.append((self.command, self.path, self.headers["Authorization"], body))
            status, answer = cluster.answer(self.command, self.path, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 (http.server's names)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
