"""A lab ends with the tests that started it, however they end, and labs do not meet."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import programs
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.processes import Process
from tests.e2e.pods import pod, run

START = """
import signal, time
from tests.e2e.lab.cluster import Lab
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
lab = Lab.new()
lab.start(node=False)
(lab.folder / "started").touch()
time.sleep(600)
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of labs that no other test looks at."""
    try:
        programs.require(node=False)
    except programs.MissingError as missing:
        pytest.skip(str(missing))
    monkeypatch.setenv("ONEBLOCK_E2E_STATE", str(tmp_path))
    return tmp_path


@pytest.fixture
def starter(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that starts a lab and would then wait for ever."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", START], cwd=root, env=os.environ, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def seen(state: Path, file: str) -> Callable[[], list[Process]]:
    """A probe: the processes of the lab in a folder, once a file of it is there."""

    def probe() -> list[Process]:
        found = list(state.glob(f"lab-*/{file}"))
        return Lab.all()[0].processes.recorded() if found else []

    return probe


@pytest.mark.parametrize("moment", ["pid/first", pytest.param("pid/kube-apiserver", marks=pytest.mark.full), "started"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_after(
    number: signal.Signals, moment: str, state: Path, starter: subprocess.Popen[bytes]
) -> None:
    known = until(f"the lab has got to {moment}", seen(state, moment), 60, every=0.02)
    starter.send_signal(number)
    starter.wait(timeout=30)
    until("its processes are gone", lambda: not any(process.alive for process in known), 10, every=0.05)
    left = Lab.all()
    if number == signal.SIGKILL:  # nobody was there to tidy up the folder
        assert [lab.running for lab in left] == [False]
        assert left[0].owner is None
        left[0].stop()
    assert not Lab.all()


def test_labs_do_not_meet(state: Path, api: Kube) -> None:
    other = Lab.new()
    other.start(node=False)
    try:
        name = f"here-{secrets.token_hex(3)}"
        kube = other.kube()
        kube.kubectl("create", "namespace", name)
        assert kube.get("namespace", name)
        assert api.get("namespace", name) is None
    finally:
        other.stop()
    other.stop()  # again, for nothing
    assert not other.folder.exists()
    assert api.get("namespace", "default")


def test_nodes_do_not_meet(state: Path, kube: Kube, namespace: str, lab: Lab) -> None:
    other = Lab.new()
    other.start()
    try:
        there = other.kube()
        there.kubectl("create", "namespace", namespace)
        run(there, pod("same", namespace))
        run(kube, pod("same", namespace))
        there.exec("same", "mkdir", "/there", namespace=namespace)
        assert "there" not in kube.exec("same", "ls", "/", namespace=namespace).split()
    finally:
        other.stop()
    assert kube.exec("same", "echo", "still here", namespace=namespace) == "still here\n"
    assert not list(Path("/sys/fs/cgroup").rglob(f"oneblock-{other.name}"))


def test_a_process_is_stopped_by_its_record(api_lab: Lab) -> None:
    process = api_lab.spawn("sleeper", ["sleep", "1000"], {"WHERE": "inside"})
    assert process.alive
    proc = Path(f"/proc/{process.pid}")
    until("it is what was asked for", lambda: (proc / "comm").read_text() == "sleep\n", 10, every=0.02)
    until("it knows where", lambda: b"WHERE=inside" in (proc / "environ").read_bytes().split(b"\0"), 10, every=0.02)
    assert (proc / "ns/net").readlink() == api_lab.network.readlink()
    assert api_lab.processes.named("sleeper") == process
    process.stop()
    assert not process.alive
    # Another process that got the same id one day is not ours to stop.
    stranger = Process("stranger", os.getpid(), 1, process.log)
    assert not stranger.alive
    stranger.stop()
