"""Redis' data over time: cold starts in every order, back from a backup, passwords that change."""

from __future__ import annotations

import base64
import itertools
import json
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e import redis_faults as faults
from tests.e2e.fleet import SYSTEM, Fleet, wait_ready
from tests.e2e.kube import Kube, KubectlError, until
from tests.e2e.redis import NAME, ORDINALS, Redis, pod
from tests.e2e.redis_client import AUTH, client, ray_image, secret
from tests.e2e.redis_cold import OneByOne, one_by_one
from tests.e2e.redis_writer import writing

pytestmark = pytest.mark.full
GUIDE = Path(__file__).parents[3] / "docs" / "high-availability.md"
KEY = "RAYteam-a.data.1@KV"


@pytest.fixture(scope="class")
def set_of_pods(redis: Redis, kube: Kube) -> Iterator[OneByOne]:
    with one_by_one(kube) as held:
        yield held
    redis.wait_healthy()


def move_master(redis: Redis, wanted: int) -> None:
    """Fails over until that pod is master."""

    def moved() -> bool:
        master = redis.master()
        if master is not None and master != wanted:
            redis.ask(wanted, "SENTINEL", "FAILOVER", f"{SYSTEM}-{NAME}", port=26379)
        return master == wanted

    until(f"pod {wanted} is master", moved, 180, every=3)


def put(redis: Redis, master: int, value: str) -> None:
    """A write that counts."""
    until("the write is acknowledged", lambda: redis.ask(master, "SET", KEY, value) == "OK", 60)


class TestColdStart:
    """While these run, pods of the set start only when they are told to."""

    @pytest.mark.parametrize(
        "order", list(itertools.permutations(ORDINALS)), ids=lambda order: "".join(map(str, order))
    )
    def test_the_pod_with_the_oldest_data_is_never_master(
        self, redis: Redis, set_of_pods: OneByOne, order: tuple[int, int, int]
    ) -> None:
        """The first to start has missed a write; the last to start was master, so the others have to do without."""
        aged, newer, last = order
        redis.wait_healthy()
        set_of_pods.stop([aged])
        move_master(redis, last)
        put(redis, last, f"written without {aged}")
        assert redis.ask(newer, "GET", KEY) == f"written without {aged}"
        set_of_pods.stop([newer, last])

        set_of_pods.start(aged)
        watch(redis, aged, 15)
        set_of_pods.start(newer)
        found = watch(redis, aged, 60)
        print(f"order {order}: with {aged} (aged) and {newer} there, {'nobody' if found is None else found} was master")
        set_of_pods.start(last)
        master = redis.wait_healthy()
        assert [redis.ask(ordinal, "GET", KEY) for ordinal in (master, *ORDINALS)] == [f"written without {aged}"] * 4


def watch(redis: Redis, aged: int, seconds: float) -> int | None:
    """For a while the aged pod must not become master; who has."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        roles = [state.role for state in redis.states()]
        assert roles[aged] != "master", f"pod {aged} has become master with old data"
        if "master" in roles:
            return roles.index("master")
        time.sleep(1)
    return None


def test_a_tenants_password_changes_under_a_writer(redis: Redis, kube: Kube, fleet: Fleet) -> None:
    old = secret(kube, "team-a", NAME)["password"]
    with writing(kube, redis, "team-a", ray_image(fleet)) as writer, client(kube, "team-b", ray_image(fleet)) as other:
        begun = time.monotonic()
        kube.delete("secret", NAME, "team-a")
        [job] = [found for found in fleet.objects("redis") if found["kind"] == "Job"]
        kube.delete("job", job["metadata"]["name"], SYSTEM)
        kube.apply(fleet.rendered / "redis")
        wait_ready(kube, job)
        new = secret(kube, "team-a", NAME)["password"]
        assert new != old

        def everywhere() -> bool:
            return all(other.ask(n, "team-a", new, ("PING",), port=p) for n in ORDINALS for p in (6379, 26379))

        until("every Redis and Sentinel takes the new password", everywhere, 240, every=2)
        print(f"the new password works everywhere: {time.monotonic() - begun:.0f} s after the old Secret was deleted")
        with pytest.raises(Exception, match="WRONGPASS"):
            other.ask(0, "team-a", old, ("PING",))
        writer.wait_writing()  # over the connection it had
        outcome = writer.finish()
    print(outcome)
    assert not outcome.lost
    assert not outcome.errors


def test_redis_own_passwords_change_pod_by_pod(redis: Redis, kube: Kube, fleet: Fleet) -> None:
    """Two are taken for a while: the next one everywhere before anybody uses it, the old one until nobody does."""
    keys = ("admin-password", "sentinel-password", "replication-password", "exporter-password")
    old = secret(kube, SYSTEM, AUTH)
    new = {key: secrets.token_hex(20) for key in keys}
    with writing(kube, redis, "team-a", ray_image(fleet)) as writer, client(kube, "team-b", ray_image(fleet)) as other:

        def taken(password: str) -> bool:
            return all(other.ask(n, "_admin", password, ("PING",), port=p) for n in ORDINALS for p in (6379, 26379))

        def refused(password: str) -> bool:
            try:
                return not taken(password)
            except KubectlError as error:
                return "WRONGPASS" in str(error)

        change(kube, {f"next-{key}": value for key, value in new.items()})
        until("the next password is taken everywhere", lambda: taken(new["admin-password"]), 240, every=2)
        change(kube, {**new, **{f"next-{key}": old[key] for key in keys}})
        until("every pod has the new files", lambda: mounted(kube) == {new["admin-password"]}, 240, every=2)
        faults.restart_all(kube)
        redis.wait_healthy()
        change(kube, {f"next-{key}": None for key in keys})
        until("the old password is refused", lambda: refused(old["admin-password"]), 240, every=2)
        assert taken(new["admin-password"])

        master = redis.wait_healthy()
        faults.kill(redis, master)
        redis.wait_master(other_than=master)
        redis.wait_healthy()
        writer.wait_writing()
        outcome = writer.finish()
    print(outcome)
    assert not outcome.lost


def change(kube: Kube, values: dict[str, str | None]) -> None:
    """Sets keys of Redis' own Secret; None takes one away."""
    data = {key: value if value is None else base64.b64encode(value.encode()).decode() for key, value in values.items()}
    patch = json.dumps({"data": data})
    kube.kubectl("patch", "secret", AUTH, f"--namespace={SYSTEM}", "--type=merge", f"--patch={patch}")


def mounted(kube: Kube) -> set[str]:
    """The administrator's password as the pods see it."""
    path = "/etc/oneblock/auth/admin-password"
    return {kube.exec(pod(n), "cat", path, namespace=SYSTEM, container="redis") for n in ORDINALS}


def test_a_backup_comes_back_into_an_empty_set(redis: Redis, kube: Kube) -> None:
    put(redis, redis.wait_healthy(), "before the backup")
    where = f"--namespace={SYSTEM}"
    kube.kubectl("create", "job", "backup-now", "--from=cronjob/oneblock-redis-backup", where)
    wait_ready(kube, {"kind": "Job", "metadata": {"name": "backup-now", "namespace": SYSTEM}})
    put(redis, redis.wait_healthy(), "after the backup")

    kube.kubectl("scale", "statefulset", NAME, "--replicas=0", where)
    for ordinal in ORDINALS:
        kube.kubectl("wait", "--for=delete", f"pod/{pod(ordinal)}", where, "--timeout=120s", timeout=130)
    kube.apply(restore_job())
    wait_ready(kube, restore_job())
    kube.kubectl("scale", "statefulset", NAME, "--replicas=3", where)
    begun = time.monotonic()
    master = redis.wait_healthy()
    print(f"restored and healthy: {time.monotonic() - begun:.0f} s after the pods were started")
    assert [redis.ask(ordinal, "GET", KEY) for ordinal in (master, *ORDINALS)] == ["before the backup"] * 4
    for name in ("backup-now", "oneblock-redis-restore"):
        kube.delete("job", name, SYSTEM)


def restore_job() -> dict[str, Any]:
    """The Job that the guide tells to apply."""
    [text] = re.findall(r"<<'EOF'\n(.*?)\nEOF\n", GUIDE.read_text(), re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(text)
    return found
