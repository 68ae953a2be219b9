"""The Job that makes the passwords: once, and never over what is there."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.charts.redis.api import Cluster, serving
from tests.charts.redis.pod import FILES

SCRIPT = FILES / "bootstrap.py"
AUTH = ("sys", "oneblock-redis-auth")
KEYS = {"admin-password", "sentinel-password", "replication-password", "exporter-password"}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with serving(Cluster({"sys", "team-a", "team-b"})) as running:
        yield running


def run(cluster: Cluster, folder: Path, *tenants: str, patience: float = 0.5) -> subprocess.CompletedProcess[str]:
    (folder / "token").write_text("abc\n")
    (folder / "tenants.json").write_text(json.dumps(tenants))
    return subprocess.run(
        [sys.executable, "-I", "-B", str(SCRIPT)],
        env={
            "API_URL": cluster.url,
            "CREDENTIALS_DIR": str(folder),
            "TENANTS_FILE": str(folder / "tenants.json"),
            "POD_NAMESPACE": AUTH[0],
            "AUTH_SECRET": AUTH[1],
            "TENANT_SECRET": "oneblock-redis",
            "PATIENCE_SECONDS": str(patience),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_everything_is_made_and_nothing_is_shown(cluster: Cluster, tmp_path: Path) -> None:
    done = run(cluster, tmp_path, "team-a", "team-b")
    assert (done.returncode, done.stderr) == (0, "")
    auth = cluster.secrets[AUTH]
    assert set(auth) == KEYS | {"tenant.team-a", "tenant.team-b"}
    made = [auth[key] for key in KEYS]
    for tenant in ("team-a", "team-b"):
        secret = cluster.secrets[tenant, "oneblock-redis"]
        assert set(secret) == {"username", "password"}
        assert secret["username"] == tenant
        assert auth[f"tenant.{tenant}"] == sha(secret["password"])
        made.append(secret["password"])
    assert all(re.fullmatch("[A-Za-z0-9]{40}", each) for each in made)
    assert len(set(made)) == len(made)
    assert not any(each in done.stdout for each in made)
    assert {each[2] for each in cluster.requests} == {"Bearer abc"}


def test_redis_secret_comes_last_and_whole(cluster: Cluster, tmp_path: Path) -> None:
    """Redis starts as soon as it is there, and should find every tenant in it."""
    run(cluster, tmp_path, "team-a", "team-b")
    posts = [(path, body) for method, path, _, body in cluster.requests if method == "POST"]
    assert [path.split("/")[4] for path, _ in posts] == ["team-a", "team-b", "sys"]
    assert "tenant.team-b" in posts[-1][1]["data"]
    assert not any(method == "PATCH" for method, *_ in cluster.requests)


def test_a_second_run_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    run(cluster, tmp_path, "team-a")
    before = json.dumps(sorted((str(key), value) for key, value in cluster.secrets.items()))
    cluster.requests.clear()
    assert run(cluster, tmp_path, "team-a").returncode == 0
    assert json.dumps(sorted((str(key), value) for key, value in cluster.secrets.items())) == before
    assert {method for method, *_ in cluster.requests} == {"GET"}


def test_a_tenant_that_is_added_later(cluster: Cluster, tmp_path: Path) -> None:
    run(cluster, tmp_path, "team-a")
    before = dict(cluster.secrets[AUTH])
    done = run(cluster, tmp_path, "team-a", "team-b")
    assert done.returncode == 0
    assert "tenant.team-b added" in done.stdout
    after = cluster.secrets[AUTH]
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) == {"tenant.team-b"}


def test_a_tenant_that_is_taken_out_keeps_its_key(cluster: Cluster, tmp_path: Path) -> None:
    run(cluster, tmp_path, "team-a", "team-b")
    run(cluster, tmp_path, "team-a")
    assert "tenant.team-b" in cluster.secrets[AUTH]


def test_a_tenant_whose_secret_was_replaced(cluster: Cluster, tmp_path: Path) -> None:
    run(cluster, tmp_path, "team-a")
    cluster.secrets["team-a", "oneblock-redis"] = {"password": "mine"}
    done = run(cluster, tmp_path, "team-a")
    assert "tenant.team-a renewed" in done.stdout
    assert cluster.secrets[AUTH]["tenant.team-a"] == sha("mine")
    assert cluster.secrets["team-a", "oneblock-redis"] == {"password": "mine"}


def test_somebody_was_faster(cluster: Cluster, tmp_path: Path) -> None:
    """Between the look and the creation another Job made it: 409, and what is there counts."""
    cluster.late[AUTH] = dict.fromkeys(KEYS, "theirs")
    cluster.late["team-a", "oneblock-redis"] = {"password": "theirs too"}
    done = run(cluster, tmp_path, "team-a")
    assert (done.returncode, done.stderr) == (0, "")
    assert cluster.secrets[AUTH] == dict.fromkeys(KEYS, "theirs") | {"tenant.team-a": sha("theirs too")}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_an_incomplete_secret_is_an_error_not_overwritten(cluster: Cluster, tmp_path: Path, key: str) -> None:
    there = {each: "x" for each in KEYS if each != key}
    cluster.secrets[AUTH] = dict(there)
    done = run(cluster, tmp_path, "team-a")
    assert done.returncode == 1
    assert f"Secret sys/oneblock-redis-auth exists but has no {key}" in done.stderr
    assert cluster.secrets[AUTH] == there


def test_one_tenants_trouble_is_not_the_others(cluster: Cluster, tmp_path: Path) -> None:
    cluster.secrets["team-a", "oneblock-redis"] = {"password": ""}
    done = run(cluster, tmp_path, "team-a", "nowhere", "team-b")
    assert done.returncode == 1
    assert "Secret team-a/oneblock-redis exists but has no password" in done.stderr
    assert 'namespaces "nowhere" not found' in done.stderr
    assert "tenant.team-b" in cluster.secrets[AUTH]
    assert cluster.secrets["team-a", "oneblock-redis"] == {"password": ""}


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_what_may_pass_is_tried_again(cluster: Cluster, tmp_path: Path, status: int) -> None:
    cluster.failures = [status]
    assert run(cluster, tmp_path, "team-a", patience=10).returncode == 0


@pytest.mark.parametrize(("status", "asked"), [(403, "not now"), (401, "not now")])
def test_what_does_not_pass_is_said(cluster: Cluster, tmp_path: Path, status: int, asked: str) -> None:
    cluster.failures = [status] * 20
    done = run(cluster, tmp_path, "team-a")
    assert done.returncode == 1
    assert f"{status} {asked}" in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_answers(tmp_path: Path) -> None:
    done = run(Cluster(set(), url="http://127.0.0.1:9"), tmp_path, "team-a")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_it_needs_nothing_but_python_3_9() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 9))
    imported = {
        name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
