"""Work in one process or several: the same results in the same order, and no process left behind."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from generator.commands import pipeline
from generator.commands.chunks import CHUNK, WorkerLostError
from generator.commands.pipeline import ENOUGH, run
from generator.commands.pool import Pool

PARTS = list(range(ENOUGH + 5))


def double(parts: Sequence[int]) -> list[tuple[int, int]]:
    assert len(parts) <= CHUNK
    return [(2 * part, os.getpid()) for part in parts]


def fails(parts: Sequence[int]) -> Sequence[int]:
    if 20 in parts:
        raise ValueError("part 20")
    return parts


def dies(parts: Sequence[int]) -> Sequence[int]:
    os.kill(os.getpid(), 9)
    return parts


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[-1][0] != "Z" if Path("/proc").is_dir() else True


def test_few_parts_stay_in_this_process() -> None:
    told: list[tuple[int, int]] = []
    found = list(run(double, [1, 2], report=lambda done, all_: told.append((done, all_))))
    assert found == [(2, os.getpid()), (4, os.getpid())]
    assert told == [(1, 2), (2, 2)]


def test_many_parts_are_spread_and_come_in_order() -> None:
    found = list(run(double, PARTS, processes=2))
    assert [each for each, _ in found] == [2 * each for each in PARTS]
    pids = {pid for _, pid in found}
    assert os.getpid() not in pids
    assert not any(alive(pid) for pid in pids)
    assert [each for each, _ in run(double, PARTS, processes=1)] == [each for each, _ in found]


def test_an_error_of_the_work_is_raised_here() -> None:
    with pytest.raises(ValueError, match="part 20"):
        list(run(fails, PARTS, processes=2))


def test_a_killed_process_is_told_of() -> None:
    with pytest.raises(WorkerLostError, match="try again with --jobs 1"):
        list(run(dies, PARTS, processes=2))


def test_leaving_early_ends_the_processes() -> None:
    results = run(double, PARTS, processes=2)
    _, pid = next(results)
    results.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process' signals")
def test_all_processes_are_there_at_once_and_none_hears_ctrl_c() -> None:
    pool = Pool(3)
    try:
        children = multiprocessing.active_children()
        assert len(children) == 3
        for each in children:  # at once: before Python in them could say that it wants no signal
            status = Path(f"/proc/{each.pid}/status").read_text()
            blocked = int(re.findall(r"^SigBlk:\s+(\w+)$", status, re.MULTILINE)[0], 16)
            assert blocked & 1 << (signal.SIGINT - 1)
    finally:
        pool.stop()


def test_a_stopped_pool_leaves_no_thread() -> None:
    """Python's exit would wake it through a pipe that the thread may just be closing, and print a traceback."""
    before = set(threading.enumerate())
    pool = Pool(2)
    assert set(threading.enumerate()) > before
    pool.stop()
    assert set(threading.enumerate()) == before


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pipeline.cores() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert pipeline.cores() == (os.cpu_count() or 1)
