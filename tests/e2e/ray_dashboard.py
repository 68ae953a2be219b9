"""Stands in for the dashboard of every head: takes jobs and Serve applications, and says that they run.

Run as a program on the address that all pods share. It is their name server too: every name leads to that address.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORT = 8265
submitted: set[str] = set()


class Dashboard(BaseHTTPRequestHandler):
    """The few calls that KubeRay's operator makes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A job by its id, or the Serve applications."""
        job = self.path.rstrip("/").rpartition("/")[2]
        if not self.path.startswith("/api/jobs/"):
            self._answer(200, {"applications": {}})
        elif job in submitted:
            self._answer(200, {"submission_id": job, "status": "RUNNING", "entrypoint": "", "type": "SUBMISSION"})
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        """A job to run, or to stop."""
        job = str(self._body().get("submission_id", ""))
        submitted.add(job)
        self._answer(200, {"job_id": job, "submission_id": job, "stopped": True})

    def do_PUT(self) -> None:
        """Serve applications."""
        self._body()
        self._answer(200, {})

    def _body(self) -> dict[str, Any]:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = json.loads(text) if text else None
        return found if isinstance(found, dict) else {}

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (as the base class calls it)
        """Says nothing."""


def serve_names(address: str) -> None:
    """Answers every question for an IPv4 address with this one, every other with nothing (RFC 1035)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        while True:
            query, asker = server.recvfrom(512)
            question = query[12 : query.index(0, 12) + 5]  # the name, the type and the class
            known = question[-4:-2] == b"\x00\x01"
            counts = b"\x00\x01" + (b"\x00\x01" if known else b"\x00\x00") + b"\x00\x00\x00\x00"
            record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04" + socket.inet_aton(address)
            server.sendto(query[:2] + b"\x84\x00" + counts + question + (record if known else b""), asker)


if __name__ == "__main__":
    threading.Thread(target=serve_names, args=(sys.argv[1],), daemon=True).start()
    ThreadingHTTPServer((sys.argv[1], PORT), Dashboard).serve_forever()
