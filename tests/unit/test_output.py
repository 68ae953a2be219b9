"""What is ours in a rendered tree, and what a run would do to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from generator.output import SUM_FILE, Change, OutputError, Stage, check_root, compare, folders, leftovers
from generator.output.sums import digest, read, write
from tests.unprivileged import unprivileged

FILES = {"a.yaml": b"a\n", "b.yaml": b"b\n", "other/c.yaml": b"c\n"}


def written(root: Path, path: str = "ray/team", files: dict[str, bytes] | None = None) -> Path:
    stage = Stage(root)
    folder = compare(root, path, FILES if files is None else files)
    stage.put(folder)
    stage.commit([folder])
    return root / path


def test_the_index_is_what_sha256sum_reads(tmp_path: Path) -> None:
    folder = written(tmp_path / "tree")
    done = subprocess.run(["sha256sum", "-c", "--quiet", SUM_FILE], cwd=folder, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert read((folder / SUM_FILE).read_bytes()) == {name: digest(content) for name, content in FILES.items()}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no digest",
        f"{'0' * 63}  a",
        f"{'0' * 64}  /etc/passwd",
        f"{'0' * 64}  ../x",
        f"{'0' * 64}  a/./b",
        "<<<<<<< HEAD",
    ],
)
def test_a_damaged_index_owns_less(line: str) -> None:
    good = write({"a.yaml": "1" * 64})
    assert read(good + line.encode() + b"\n\xff\n") == {"a.yaml": "1" * 64}


def test_nothing_there_yet(tmp_path: Path) -> None:
    found = compare(tmp_path, "ray/team", FILES)
    assert found.changes == tuple(Change("+", f"ray/team/{name}") for name in FILES)
    assert not found.edited


def test_nothing_differs(tmp_path: Path) -> None:
    written(tmp_path / "tree")
    assert not compare(tmp_path / "tree", "ray/team", FILES).dirty


def test_what_changes(tmp_path: Path) -> None:
    written(tmp_path)
    found = compare(tmp_path, "ray/team", {"a.yaml": b"other\n", "b.yaml": b"b\n", "d.yaml": b"d\n"})
    assert {(each.op, each.path) for each in found.changes} == {
        ("~", "ray/team/a.yaml"),
        ("-", "ray/team/other/c.yaml"),
        ("+", "ray/team/d.yaml"),
    }
    assert not found.edited


def test_hand_edits_are_named(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "a.yaml").write_bytes(b"edited\n")
    assert compare(tmp_path, "ray/team", FILES).edited == ("ray/team/a.yaml",)
    assert compare(tmp_path, "ray/team", {}).edited == ("ray/team/a.yaml",)


def test_a_file_deleted_by_hand_is_simply_new(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "a.yaml").unlink()
    found = compare(tmp_path, "ray/team", FILES)
    assert found.changes == (Change("+", "ray/team/a.yaml"),)
    assert not found.edited


@pytest.mark.parametrize("foreign", ["file", "dangling link"])
def test_somebody_elses_file_in_the_place_of_ours(foreign: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    if foreign == "file":
        (folder / "new.yaml").write_bytes(b"mine\n")
    else:
        (folder / "new.yaml").symlink_to("nowhere")
    assert compare(tmp_path, "ray/team", FILES | {"new.yaml": b"ours\n"}).edited == ("ray/team/new.yaml",)


def test_somebody_elses_file_elsewhere_is_no_business_of_ours(tmp_path: Path) -> None:
    (written(tmp_path) / "notes.txt").write_text("mine")
    assert not compare(tmp_path, "ray/team", FILES).dirty


@pytest.mark.parametrize("damage", ["gone", "wrong"])
def test_a_missing_or_wrong_index_is_a_difference(damage: str, tmp_path: Path) -> None:
    index = written(tmp_path) / SUM_FILE
    index.unlink() if damage == "gone" else index.write_bytes(write({"a.yaml": "1" * 64}))
    found = compare(tmp_path, "ray/team", FILES)
    assert [each.path for each in found.changes] == [f"ray/team/{SUM_FILE}"]
    assert not found.edited


def test_folders_and_leftovers(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, "crds")
    (tmp_path / "mine").mkdir()
    (tmp_path / ".git" / "x").mkdir(parents=True)
    (tmp_path / ".git" / "x" / SUM_FILE).touch()
    assert folders(tmp_path) == ["crds", "ray/team"]
    (left,) = leftovers(tmp_path, ["crds"])
    assert {(each.op, each.path) for each in left.changes} == {("-", f"ray/team/{name}") for name in FILES}
    assert folders(tmp_path / "nowhere") == []


def test_things_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "ray").write_text("a file")
    with pytest.raises(OutputError, match="ray is a file, but a folder"):
        compare(tmp_path, "ray/team", FILES)
    (tmp_path / "crds" / "a.yaml").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"a\.yaml is a folder, but a file"):
        compare(tmp_path, "crds", FILES)


def test_links_inside_the_tree_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ray").symlink_to("elsewhere")
    with pytest.raises(OutputError, match="ray is a link; only the tree's root may be one"):
        compare(tmp_path, "ray/team", FILES)


def test_roots_that_are_fine(tmp_path: Path) -> None:
    check_root(tmp_path / "not there yet")
    check_root(tmp_path)
    (tmp_path / ".git").mkdir()
    check_root(tmp_path)
    written(tmp_path)
    (tmp_path / "README").touch()
    check_root(tmp_path)


def test_roots_that_are_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for name, message in {
        "file": "is a file; the rendered tree needs a folder",
        "foreign": r"holds nothing of OneBlock's \(found thesis.tex\)",
        "dangling": "is a link to nothing",
        "loop": "cannot be read: too many levels of symbolic links",
    }.items():
        with pytest.raises(OutputError, match=message):
            check_root(tmp_path / name)


def test_unreadable_files_are_told_of() -> None:
    with unprivileged() as folder:
        inside = written(folder)
        (inside / "a.yaml").chmod(0)
        with pytest.raises(OutputError, match=r"a\.yaml cannot be read: permission denied"):
            compare(folder, "ray/team", FILES)
        inside.chmod(0)
        with pytest.raises(OutputError, match="team cannot be read: permission denied"):
            folders(folder)
        with pytest.raises(OutputError, match="team cannot be read: permission denied"):
            check_root(inside)
        inside.chmod(0o755)
