"""Who may log in to Redis and to Sentinel, and what they may do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.charts.redis.pod import HASH, Pod, host


def test_users_of_redis(pod: Pod) -> None:
    (pod.root / "auth/tenant.team-a").write_text(HASH)
    users = {line.split()[1]: line for line in pod.functions("redis_users").splitlines()}
    assert list(users) == ["_admin", "_sentinel", "_replica", "_exporter", "default", "team-a"]
    assert users["default"] == "user default reset off"
    tenant = users["team-a"].split()[2:]
    assert tenant[:5] == ["reset", "on", f"#{HASH}", "~RAYteam-a.*", "~DUMMY"]
    allowed = ["ping", "info", "hset", "hsetnx", "hget", "hmget", "hdel", "hscan", "hexists", "incrby"]
    allowed += ["del", "unlink", "scan"]
    assert tenant[5:] == [f"+{each}" for each in allowed]
    assert not any(word.startswith(("&", "allchannels", "+@")) for word in tenant)
    assert "+psync" in users["_replica"]
    assert "config" not in users["_exporter"]


def test_users_of_sentinel(pod: Pod) -> None:
    (pod.root / "auth/tenant.team-a").write_text(HASH + "\n")
    users = {line.split()[1]: line for line in pod.functions("sentinel_users").splitlines()}
    assert users["team-a"] == f"user team-a reset on #{HASH} +ping +info +sentinel|masters"
    assert users["default"] == "user default reset off"


def test_a_namespace_called_default(pod: Pod) -> None:
    (pod.root / "auth/tenant.default").write_text(HASH)
    lines = [line for line in pod.functions("redis_users").splitlines() if line.split()[1] == "default"]
    assert len(lines) == 1
    assert "~RAYdefault.*" in lines[0]


@pytest.mark.parametrize("text", ["", "plain", HASH[:-1], HASH.upper(), HASH + "0"])
def test_what_is_no_hash_does_not_keep_redis_from_starting(pod: Pod, text: str) -> None:
    (pod.root / "auth/tenant.bad").write_text(text)
    (pod.root / "auth/tenant.good").write_text(HASH)
    users = [line.split()[1] for line in pod.functions("redis_users 2>/dev/null").splitlines()]
    assert "bad" not in users
    assert users[-1] == "good"


def test_no_exporter_password_no_exporter(pod: Pod) -> None:
    (pod.root / "auth/exporter-password").unlink()
    assert "_exporter" not in pod.functions("redis_users; sentinel_users")


def test_only_what_changed_is_changed(pod: Pod, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("user _admin reset on #1\nuser default reset off\nuser a reset on #2\nuser gone reset on #3\n")
    new.write_text("user _admin reset on #1\nuser default reset on #9\nuser a reset on #4\nuser b reset on #5\n")
    assert pod.functions(f"user_changes {old} {new}").splitlines() == [
        "ACL SETUSER default reset on #9",
        "ACL SETUSER a reset on #4",
        "ACL SETUSER b reset on #5",
        "ACL DELUSER gone",
    ]


def test_sentinel_brings_new_users_to_both(pod: Pod) -> None:
    """The Secret changes while the pod runs; nobody restarts."""
    (pod.root / "data/sentinel/sentinel.conf").write_text(f"sentinel monitor sys-oneblock-redis {host(0)} 6379 2\n")
    pod.volume(synced=True)
    (pod.root / "run/redis-users.acl").write_text(pod.functions("redis_users"))
    server = pod.root / "bin/redis-server"
    # Lives while the loop runs twice; the tenant comes once Sentinel has its users.
    server.write_text(
        f'#!/bin/sh\nprintf %s {HASH} >"$AUTH_DIR/tenant.team-b"\nwhile [ "$(cat "$WORLD/round")" -lt 2 ]; do :; done\n'
    )
    for port in ("users ACL",):
        pod.says("127", port, "OK\n")
    result = pod.run("start-sentinel.sh")
    assert result.code == 0
    changes = [call for call in result.calls if "SETUSER" in call]
    assert [call.split(" ", 1)[0] for call in changes] == ["127:26379", "127:6379"]
    assert all("SETUSER team-b" in call for call in changes)


@pytest.mark.parametrize("user", ["admin", "sentinel", "replication", "exporter"])
def test_a_user_of_redis_may_have_two_passwords_for_a_while(pod: Pod, user: str) -> None:
    """Every pod has to take the next one before the first pod uses it."""
    before = pod.functions("redis_users; sentinel_users").splitlines()
    name = "_replica" if user == "replication" else f"_{user}"
    (pod.root / f"auth/next-{user}-password").write_text("another\n")
    after = pod.functions("redis_users; sentinel_users").splitlines()
    new = hashlib.sha256(b"another").hexdigest()
    changed = [(old, line) for old, line in zip(before, after, strict=True) if old != line]
    assert changed
    for old, line in changed:
        assert line.split()[1] == name
        assert line.replace(f"#{new} ", "") == old
