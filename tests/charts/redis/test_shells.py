"""The scripts of a Redis pod are plain POSIX shell."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.binaries import need
from tests.charts.redis.pod import FILES, HASH, Pod, host, named

SHELLS = [name for name in ("dash", "busybox", "bash") if shutil.which(name)] or ["sh"]


def prefers_its_own(shell: Path, folder: Path) -> bool:
    """Some builds of busybox run their own `sleep` whatever PATH says; the pod's fakes are not called there."""
    fake = folder / "sleep"
    fake.write_text("#!/bin/sh\necho fake\n")
    fake.chmod(0o755)
    done = subprocess.run([shell, "-c", f"PATH={folder}; sleep 0"], capture_output=True, text=True, check=True)
    return done.stdout != "fake\n"


@pytest.mark.parametrize("script", sorted(path.name for path in FILES.glob("*.sh")))
def test_shellcheck(script: str) -> None:
    checked = subprocess.run([need("shellcheck"), "-x", "-s", "sh", script], cwd=FILES, capture_output=True, text=True)
    assert checked.stdout + checked.stderr == ""


@pytest.mark.parametrize("script", sorted(path.name for path in FILES.glob("*.sh")))
@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_it(script: str, shell: str) -> None:
    command = [shell, "sh"] if shell == "busybox" else [shell]
    assert subprocess.run([*command, "-n", script], cwd=FILES, check=False).returncode == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_the_same_in_every_shell(tmp_path: Path, shell: str) -> None:
    """Alpine's sh is busybox, Debian's is dash."""
    pod = Pod(tmp_path, ordinal=1)
    if shell == "busybox":
        (tmp_path / "bin/sh").symlink_to(str(shutil.which("busybox")))
        pod.shell = str(tmp_path / "bin/sh")
        if prefers_its_own(tmp_path / "bin/sh", tmp_path):
            pytest.skip("this busybox prefers its own programs to those on PATH")
    else:
        pod.shell = shell
    (tmp_path / "auth/tenant.team-a").write_text(HASH)
    named(pod, 0).redis(0, "master", after=2)
    result = pod.run("start-redis.sh")
    assert (result.code, result.seconds) == (0, 2)
    assert f"replicaof {host(0)} 6379\n" in pod.conf
    assert "team-a" in (tmp_path / "run/redis-users.acl").read_text()
