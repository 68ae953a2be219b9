"""A tree is written whole or not at all, by one run at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.output import Folder, OutputError, Stage, compare, stage
from generator.output.exchange import exchange
from generator.output.interrupts import uninterrupted
from generator.output.lock import Lock

Tree = dict[str, bytes]


def tree(root: Path) -> Tree:
    return {each.relative_to(root).as_posix(): each.read_bytes() for each in root.rglob("*") if each.is_file()}


def put(root: Path, folders: dict[str, Tree]) -> None:
    one = Stage(root)
    compared = [compare(root, path, files) for path, files in folders.items()]
    for each in compared:
        one.put(each)
    one.commit(compared)


def ours(root: Path) -> Tree:
    return {name: content for name, content in tree(root).items() if not name.endswith("oneblock.sum")}


def beside(root: Path) -> list[str]:
    return sorted(each.name for each in root.parent.iterdir() if each.name != root.name)


def test_a_first_tree(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "tree"
    put(root, {"crds": {"a.yaml": b"a"}, "ray/team": {"b.yaml": b"b", "else/c.yaml": b"c"}})
    assert ours(root) == {"crds/a.yaml": b"a", "ray/team/b.yaml": b"b", "ray/team/else/c.yaml": b"c"}
    assert beside(root) == []
    assert root.stat().st_mode & 0o777 == 0o777 & ~umask()


def umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def test_only_what_changes_is_touched(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a"}, "ray/one": {"b.yaml": b"b", "c.yaml": b"c"}, "ray/two": {"d.yaml": b"d"}})
    before = {each: each.stat().st_ino for each in root.rglob("*")}
    put(root, {"ray/one": {"b.yaml": b"new", "c.yaml": b"c"}})
    changed = {each.relative_to(root).as_posix() for each, number in before.items() if each.stat().st_ino != number}
    assert changed == {"ray/one", "ray/one/b.yaml", "ray/one/c.yaml", "ray/one/oneblock.sum"}
    assert ours(root)["ray/one/b.yaml"] == b"new"


def test_somebody_elses_files_and_modes_stay(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a"}, "ray/one": {"b.yaml": b"b"}})
    (root / "README").write_text("mine")
    (root / "ray" / "one" / "notes").write_text("mine too")
    (root / "ray" / "link").symlink_to("one")
    root.chmod(0o750)
    put(root, {"crds": {"a.yaml": b"new"}, "ray/one": {"c.yaml": b"c"}})
    assert ours(root) == {
        "README": b"mine",
        "crds/a.yaml": b"new",
        "ray/one/c.yaml": b"c",
        "ray/one/notes": b"mine too",
    }
    assert (root / "ray" / "link").readlink() == Path("one")
    assert root.stat().st_mode & 0o777 == 0o750


def test_emptied_folders_go(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a"}, "ray/one": {"b.yaml": b"b"}, "ray/two": {"c.yaml": b"c"}})
    put(root, {"ray/two": {}})
    assert sorted(each.name for each in (root / "ray").iterdir()) == ["one"]
    (root / "ray" / "one" / "notes").write_text("mine")
    put(root, {"ray/one": {}})
    assert tree(root / "ray") == {"one/notes": b"mine"}


def test_a_root_that_is_a_link_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real"
    real.mkdir(parents=True)
    (tmp_path / "tree").symlink_to(real)
    put(tmp_path / "tree", {"crds": {"a.yaml": b"a"}})
    put(tmp_path / "tree", {"crds": {"a.yaml": b"b"}})
    assert (tmp_path / "tree").is_symlink()
    assert ours(real) == {"crds/a.yaml": b"b"}
    assert beside(real) == []


def test_nothing_is_written_before_the_end(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a"}})
    one = Stage(root)
    one.put(compare(root, "crds", {"a.yaml": b"new"}))
    assert ours(root) == {"crds/a.yaml": b"a"}
    one.close()
    assert ours(root) == {"crds/a.yaml": b"a"}
    assert beside(root) == []


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    left = tmp_path / ".tree.oneblock-stage"
    (left / "0" / "crds").mkdir(parents=True)
    (left / "0" / "crds" / "a.yaml").write_text("half")
    put(root, {"crds": {"a.yaml": b"a"}})
    assert ours(root) == {"crds/a.yaml": b"a"}
    assert beside(root) == []


def refuse(number: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_without_a_swap_of_the_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "tree"
    monkeypatch.setattr(stage, "exchange", lambda *_: False)
    put(root, {"crds": {"a.yaml": b"a"}, "ray/one": {"b.yaml": b"b"}})
    put(root, {"ray/one": {"b.yaml": b"new"}})
    assert ours(root) == {"crds/a.yaml": b"a", "ray/one/b.yaml": b"new"}
    assert beside(root) == []


def test_half_a_swap_is_put_right(tmp_path: Path) -> None:
    root, aside = tmp_path / "tree", tmp_path / ".tree.oneblock-old"
    put(root, {"crds": {"a.yaml": b"a"}})
    root.rename(aside)
    Stage(root).close()
    assert ours(root) == {"crds/a.yaml": b"a"}
    aside.mkdir()
    Stage(root).close()
    assert beside(root) == []


def fixed_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system whose folders cannot be renamed once they hold something, as in a container's image layers."""

    def swap(first: Path, second: Path) -> bool:
        if any(first.iterdir()):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return exchange(first, second)

    monkeypatch.setattr(stage, "exchange", swap)


def test_folders_that_cannot_be_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a"}, "ray/one": {"b.yaml": b"b", "else/x.yaml": b"x"}, "ray/two": {"d.yaml": b"d"}})
    (root / "README").write_text("mine")
    (root / "link").symlink_to("README")
    fixed_folders(monkeypatch)
    put(root, {"ray/one": {"b.yaml": b"new", "c.yaml": b"c"}, "ray/two": {}, "crds": {"a.yaml": b"a"}})
    expected = {
        "crds/a.yaml": b"a",
        "ray/one/b.yaml": b"new",
        "ray/one/c.yaml": b"c",
        "README": b"mine",
        "link": b"mine",
    }
    assert ours(root) == expected
    assert not (root / "ray" / "two").exists()
    assert (root / "link").is_symlink()
    assert not compare(root, "ray/one", {"b.yaml": b"new", "c.yaml": b"c"}).dirty


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a"}, "ray/one": {"b.yaml": b"b"}})
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    put(root, {"crds": {"a.yaml": b"new"}, "ray/one": {"b.yaml": b"b", "c.yaml": b"c"}})
    assert ours(root) == {"crds/a.yaml": b"new", "ray/one/b.yaml": b"b", "ray/one/c.yaml": b"c"}


@pytest.mark.parametrize("when", ["put", "commit"])
def test_a_full_disk(when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a", "b.yaml": b"b"}})
    one = Stage(root)
    folder = compare(root, "crds", {"a.yaml": b"new", "b.yaml": b"b"})
    if when == "commit":
        one.put(folder)
    monkeypatch.setattr(stage, "_write", refuse(errno.ENOSPC))
    monkeypatch.setattr(stage, "exchange", refuse(errno.ENOSPC))
    with pytest.raises(OutputError, match="tree cannot be written: no space left on device"):
        one.put(folder) if when == "put" else one.commit([folder])
    one.close()
    assert ours(root) == {"crds/a.yaml": b"a", "crds/b.yaml": b"b"}
    assert beside(root) == []


def test_a_parent_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        Stage(tmp_path / "file" / "tree")
    (tmp_path / ".tree.oneblock-stage").touch()
    with pytest.raises(OutputError, match="cannot be written: not a directory"):
        Stage(tmp_path / "tree")


def test_another_process_may_put(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    one = Stage(root)
    folder = compare(root, "crds", {"a.yaml": b"a"})
    Stage(root, one.path).put(folder)
    one.commit([folder])
    assert ours(root) == {"crds/a.yaml": b"a"}


def test_one_run_at_a_time(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    first = Stage(root)
    waiting, entered = threading.Event(), threading.Event()
    seen: list[bool] = []

    def second() -> None:
        other = Stage(root, busy=waiting.set)
        entered.set()
        seen.append(other.waited)
        other.close()

    thread = threading.Thread(target=second)
    thread.start()
    assert waiting.wait(10)
    assert not entered.wait(0.1)
    assert not first.waited
    first.close()
    thread.join(10)
    assert seen == [True]
    assert beside(root) == []


def test_many_runs_take_turns(tmp_path: Path) -> None:
    path, inside, worst = tmp_path / "lock", [0], [0]

    def turn() -> None:
        for _ in range(20):
            lock = Lock(path)
            inside[0] += 1
            worst[0] = max(worst[0], inside[0])
            inside[0] -= 1
            lock.release()

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert worst == [1]
    assert not path.exists()


def test_disks_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", refuse(errno.ENOLCK))
    put(tmp_path / "tree", {"crds": {"a.yaml": b"a"}})
    assert ours(tmp_path / "tree") == {"crds/a.yaml": b"a"}
    monkeypatch.setattr("fcntl.flock", refuse(errno.EIO))
    with pytest.raises(OutputError, match="cannot be written"):
        Stage(tmp_path / "tree")


def test_an_interruption_waits_for_the_last_step() -> None:
    code = (
        "import os, signal\n"
        "from generator.output.interrupts import uninterrupted\n"
        "with uninterrupted():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "print('done', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "done\n"
    assert "KeyboardInterrupt" in done.stderr


def test_other_threads_hear_no_signals_anyway() -> None:
    ran: list[bool] = []

    def inside() -> None:
        with uninterrupted():
            ran.append(True)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert ran == [True]


def test_exchange(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this system or file system cannot swap two folders")
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["b"]
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "a", tmp_path / "nowhere")


def test_systems_without_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Libc:
        """A C library that knows neither call."""

    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: Libc())
    assert exchange(tmp_path, tmp_path) is False
    monkeypatch.setattr(sys, "platform", "darwin")
    assert exchange(tmp_path, tmp_path) is False
    monkeypatch.setattr(sys, "platform", "win32")
    assert exchange(tmp_path, tmp_path) is False


def test_a_folder_that_holds_nothing_new_is_not_dirty() -> None:
    assert not Folder("crds", {"a": b""}, (), ()).dirty
