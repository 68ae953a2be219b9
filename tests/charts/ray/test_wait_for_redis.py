"""The head's wait for a Redis that takes writes, against small servers that speak Redis' protocol."""

from __future__ import annotations

import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "generator/blueprints/charts/ray/files/wait_for_redis.py"
NO_SENTINEL = "$0\r\n\r\n"


class Server(socketserver.ThreadingTCPServer):
    """Answers each command with the next of its replies; the last one stays."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, replies: dict[str, list[str]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = replies
        self.heard: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        while head := self.rfile.readline():
            words = []
            for _ in range(int(head[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2].decode())
            line = " ".join(words)
            self.server.heard.append(line)
            known = self.server.replies.get(line, ["-ERR unexpected\r\n"])
            self.wfile.write((known.pop(0) if len(known) > 1 else known[0]).encode())


@contextmanager
def serving(replies: dict[str, list[str]]) -> Iterator[Server]:
    with Server({"AUTH team secret": ["+OK\r\n"], **replies}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def waits(address: str, patience: float = 30) -> list[str]:
    """What the script says; it always ends well."""
    env = {"RAY_REDIS_ADDRESS": address, "REDIS_USERNAME": "team", "REDIS_PASSWORD": "secret"}
    env["ONEBLOCK_REDIS_PATIENCE_SECONDS"] = str(patience)
    command: list[str | Path] = [sys.executable, "-B", SCRIPT]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=True)
    return done.stderr.splitlines()


def sentinel(master: Server) -> dict[str, list[str]]:
    port = str(master.port)
    fields = ["name", "g", "ip", "127.0.0.1", "port", port]
    named = "".join(f"${len(field)}\r\n{field}\r\n" for field in fields)
    told = f"*1\r\n*{len(fields)}\r\n{named}"
    return {"INFO SENTINEL": ["$10\r\n# Sentinel\r\n"], "SENTINEL MASTERS": [told]}


def test_through_sentinel_to_a_master_that_takes_writes() -> None:
    with serving({"DEL DUMMY": [":0\r\n"]}) as master, serving(sentinel(master)) as asked:
        assert waits(f"127.0.0.1:{asked.port}") == []
    assert asked.heard == ["AUTH team secret", "INFO SENTINEL", "SENTINEL MASTERS"]
    assert master.heard == ["AUTH team secret", "DEL DUMMY"]


def test_a_redis_without_sentinel() -> None:
    with serving({"INFO SENTINEL": [NO_SENTINEL], "DEL DUMMY": [":0\r\n"]}) as redis:
        assert waits(f"redis://127.0.0.1:{redis.port}") == []


def test_it_asks_sentinel_again_until_the_new_master_has_a_replica() -> None:
    with ExitStack() as stack:
        old = stack.enter_context(serving({}))
        old.shutdown()
        old.server_close()
        new = stack.enter_context(serving({"DEL DUMMY": ["-NOREPLICAS not enough\r\n", ":0\r\n"]}))
        first, then = sentinel(old), sentinel(new)
        then["SENTINEL MASTERS"] = first["SENTINEL MASTERS"] + then["SENTINEL MASTERS"]
        asked = stack.enter_context(serving(then))
        said = waits(f"127.0.0.1:{asked.port}")
    assert "refused" in said[0]
    assert said[1].endswith("NOREPLICAS not enough")
    assert said[2].startswith("Redis takes writes after ")
    assert len(said) == 3


def test_a_cluster_is_rays_business() -> None:
    replies = {"INFO SENTINEL": [NO_SENTINEL], "DEL DUMMY": ["-MOVED 1 127.0.0.1:1\r\n"]}
    with serving(replies) as redis:
        assert waits(f"127.0.0.1:{redis.port}") == []


@pytest.mark.parametrize("address", ["", "rediss://127.0.0.1:1", "127.0.0.1:1,127.0.0.1:2"])
def test_what_it_does_not_know_is_left_to_ray_at_once(address: str) -> None:
    assert waits(address) == []


def test_in_the_end_ray_has_the_word() -> None:
    said = waits("127.0.0.1:1", patience=1)
    assert said[0].startswith("waiting for Redis at 127.0.0.1:1: ")
    assert said[-1] == "Redis does not take writes after 1 s; Ray will say why"
