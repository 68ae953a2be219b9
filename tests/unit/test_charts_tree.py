"""Writing generated files and comparing them with a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.charts import blueprints, stale, write
from generator.charts.tree import present

FILES = {"a.yaml": b"a\n", "templates/b.yaml": b"b\n"}


def test_writing_makes_the_folder_equal(tmp_path: Path) -> None:
    assert write(FILES, tmp_path / "new") == ["missing a.yaml", "missing templates/b.yaml"]
    assert stale(FILES, tmp_path / "new") == []


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("a.yaml", b"other\n", ["changed a.yaml"]),
        ("a.yaml", b"a\r\n", ["changed a.yaml"]),
        ("templates/old/c.yaml", b"c\n", ["left over templates/old/c.yaml"]),
        ("0.yaml", b"", ["left over 0.yaml"]),
    ],
)
def test_stale_says_what_differs_and_write_repairs_it(
    tmp_path: Path, path: str, content: bytes, said: list[str]
) -> None:
    write(FILES, tmp_path)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(content)
    assert stale(FILES, tmp_path) == said
    assert write(FILES, tmp_path) == said
    assert stale(FILES, tmp_path) == []
    assert not (tmp_path / "templates/old").exists()


def test_stale_is_sorted_by_path(tmp_path: Path) -> None:
    write({"b": b"", "d": b""}, tmp_path)
    assert stale({"a": b"", "b": b"x", "c": b""}, tmp_path) == ["missing a", "changed b", "missing c", "left over d"]


def test_what_is_right_is_not_touched(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    before = (tmp_path / "a.yaml").stat().st_mtime_ns
    write(FILES | {"templates/b.yaml": b"new\n"}, tmp_path)
    assert (tmp_path / "a.yaml").stat().st_mtime_ns == before


def test_a_folder_that_is_not_there_is_all_missing(tmp_path: Path) -> None:
    assert stale(FILES, tmp_path / "none") == ["missing a.yaml", "missing templates/b.yaml"]


def test_what_python_compiles_at_installation_is_no_part_of_a_chart(tmp_path: Path) -> None:
    compiled = tmp_path / "files" / "__pycache__"
    compiled.mkdir(parents=True)
    (compiled / "bootstrap.cpython-311.pyc").write_bytes(b"\xa7\r\r\n")
    (tmp_path / "files" / "bootstrap.py").write_text("print()\n")
    assert present(tmp_path) == {"files/bootstrap.py"}


def test_compiled_scripts_among_the_blueprints_are_passed_over() -> None:
    folder = blueprints.CHARTS / "redis" / "files" / "__pycache__"
    made = not folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        (folder / "left.pyc").write_bytes(b"\xa7\r\r\n")
        assert not [path for path in blueprints.sources("redis", "files") if "__pycache__" in path]
    finally:
        (folder / "left.pyc").unlink()
        if made:
            folder.rmdir()
