"""What a tenant's Redis user may do: its own GCS stores, command by command; of everybody else's, nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.fleet import SYSTEM, Fleet
from tests.e2e.kube import Kube
from tests.e2e.redis import NAME, ORDINALS, Redis
from tests.e2e.redis_client import Client, client, ray_image, secret

OWN, OTHER = "RAYteam-b.main.1@KV", "RAYteam-a.main.1@KV"
SECRETS_OF_A = "what team-a's GCS knows"
# Everything that Ray's GCS and KubeRay's clean-up send to a key.
ON_KEYS = (
    ("HSET", "field", "value"),
    ("HSETNX", "field", "value"),
    ("HGET", "field"),
    ("HMGET", "field", "other"),
    ("HEXISTS", "field"),
    ("HSCAN", "0"),
    ("HDEL", "field"),
    ("UNLINK",),
    ("INCRBY", "1"),
    ("DEL",),
)
WITHOUT_KEYS = (("PING",), ("INFO",), ("SCAN", "0", "MATCH", "RAYteam-b*"), ("DEL", "DUMMY"))
GRANTED = {words[0].lower() for words in (*ON_KEYS, *WITHOUT_KEYS)}
# Redis asks no rights for these: they end, reset or begin a login, and show nothing.
OPEN = {"auth", "hello", "quit", "reset"}


@pytest.fixture(scope="module")
def tenant(fleet: Fleet, kube: Kube) -> Iterator[Client]:
    with client(kube, "team-b", ray_image(fleet)) as found:
        yield found


@pytest.fixture
def master(kube: Kube, fleet: Fleet) -> Iterator[int]:
    redis = Redis(kube)
    master = redis.wait_healthy()
    redis.ask(master, "HSET", OTHER, "field", SECRETS_OF_A)
    yield master
    redis.ask(master, "DEL", OTHER, OWN)


def as_b(tenant: Client, ordinal: int, *commands: tuple[str, ...], port: int = 6379) -> list[Any]:
    known = secret(tenant.kube, "team-b", NAME)
    return tenant.ask(ordinal, known["username"], known["password"], *commands, port=port)


def error(reply: Any) -> str:
    return reply.get("error", "") if isinstance(reply, dict) else ""


def refused(reply: Any) -> bool:
    """By the tenant's rights, or because this server does not do that for anybody (DEBUG, MODULE)."""
    return any(words in error(reply) for words in ("NOPERM", " command not allowed. "))


def test_on_its_own_keys_every_command_of_ray_works(tenant: Client, master: int) -> None:
    commands = [(word, OWN, *more) for word, *more in ON_KEYS] + list(WITHOUT_KEYS)
    replies = as_b(tenant, master, *commands)
    assert [(words, reply) for words, reply in zip(commands, replies, strict=True) if error(reply)] == []


@pytest.mark.parametrize("where", ORDINALS)
def test_on_the_keys_of_another_no_command_works(tenant: Client, kube: Kube, master: int, where: int) -> None:
    commands = [(word, OTHER, *more) for word, *more in ON_KEYS]
    commands += [("DEL", OWN, OTHER), ("UNLINK", OWN, OTHER), ("HSET", "RAYteam-b-x.main.1@KV", "f", "v")]
    commands += [("HGET", "RAYteam-b@KV", "field"), ("HGET", "anything", "field")]
    replies = as_b(tenant, where, *commands)
    for words, reply in zip(commands, replies, strict=True):
        assert error(reply).startswith("NOPERM"), f"{' '.join(words)}: {reply}"
    assert Redis(kube).ask(master, "HGET", OTHER, "field") == SECRETS_OF_A


def test_of_all_other_commands_none_works(tenant: Client, kube: Kube, master: int) -> None:
    """Every command and subcommand that this server has, with as many words as it wants."""
    admin = secret(kube, SYSTEM, "oneblock-redis-auth")["admin-password"]
    [table] = tenant.ask(master, "_admin", admin, ("COMMAND",))
    commands = [words for row in table for words in _attempts(row) if words[0].lower() not in GRANTED | OPEN]
    replies = as_b(tenant, master, *commands)
    done = [" ".join(words) for words, reply in zip(commands, replies, strict=True) if not refused(reply)]
    print(f"{len(commands)} commands and subcommands were tried and refused")
    assert len(commands) > 200
    assert done == []


def _attempts(row: list[Any]) -> list[tuple[str, ...]]:
    """The command of a row of COMMAND's answer, and its subcommands, as somebody would try them on another's key."""
    name, arity, subcommands = row[0], row[1], row[9]
    if subcommands:
        return [words for below in subcommands for words in _attempts(below)]
    words = name.split("|")
    return [(*words, *([OTHER] * (abs(arity) - len(words))))]


def test_names_of_other_stores_are_all_there_is_to_see(tenant: Client, master: int) -> None:
    """KubeRay's clean-up needs SCAN, and Redis cannot restrict it to keys: it shows names, which hold no more than
    namespace, cluster and table."""
    [(_, names)] = as_b(tenant, master, ("SCAN", "0", "COUNT", "1000"))
    assert OTHER in names
    [info] = as_b(tenant, master, ("INFO", "everything"))
    assert SECRETS_OF_A not in info


def test_sentinel_tells_the_master_and_takes_no_order(tenant: Client, kube: Kube, master: int) -> None:
    group = f"{SYSTEM}-{NAME}"
    [masters] = as_b(tenant, master, ("SENTINEL", "MASTERS"), port=26379)
    assert f"{NAME}-announce-{master}.{SYSTEM}.svc.cluster.local" in masters[0]
    admin = secret(kube, SYSTEM, "oneblock-redis-auth")["admin-password"]
    [table] = tenant.ask(master, "_admin", admin, ("COMMAND",), port=26379)
    allowed = {("ping",), ("info",), ("sentinel", "masters")}
    commands = [words for row in table for words in _attempts(row) if words[0] not in OPEN]
    commands = [words for words in commands if words[:1] not in allowed and words[:2] not in allowed]
    commands += [("SENTINEL", "FAILOVER", group), ("SENTINEL", "SET", group, "quorum", "1")]
    replies = as_b(tenant, master, *commands, port=26379)
    done = [" ".join(words) for words, reply in zip(commands, replies, strict=True) if not refused(reply)]
    assert done == []


def test_a_wrong_password_and_the_default_user_stay_outside(tenant: Client, master: int) -> None:
    for user, password in (("team-b", "wrong"), ("team-a", "wrong"), ("default", ""), ("nobody", "x")):
        for port in (6379, 26379):
            with pytest.raises(Exception, match=r"WRONGPASS|NOAUTH"):
                tenant.ask(master, user, password, ("PING",), port=port)
