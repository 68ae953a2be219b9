"""Sends commands to a Redis or a Sentinel: JSON in, JSON out.

Standard input: {"host", "port", "user", "password", "commands": [[word, …], …]}. Standard output: for every command its
reply, a refusal as {"error": words}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from resp import Connection


def main() -> None:
    """One connection, one command after the other."""
    asked: dict[str, Any] = json.load(sys.stdin)
    connection = Connection(asked["host"], asked["port"], asked["user"], asked["password"], timeout=10)
    replies: list[Any] = []
    for words in asked["commands"]:
        try:
            replies.append(connection.ask(*words))
        except ValueError as refused:
            replies.append({"error": str(refused)})
    print(json.dumps(replies))


main()
