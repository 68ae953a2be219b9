"""The cache says only what still holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.diagnostics import Diagnostic, Label, Level, Span
from generator.output import OutputError, memory
from generator.output.memory import Entry, Memory
from tests.unit.test_stage import put

WARNING = Diagnostic(
    "OB999",
    "too much",
    Span("f.yaml", 2, 3, 2, 9),
    label="here",
    level=Level.WARNING,
    notes=("a", "b"),
    help="less",
    related=(Label(Span("g.yaml", 4, 1, 4, 2), "there"),),
    path="a.b",
)


def saved(root: Path) -> Memory:
    kept = memory.load(root, "x")
    kept.tree, kept.platform = "rendered", '{"global": {}}'
    kept.entries["f.yaml"] = Entry("digest", {"ray/team": "state"}, 3, (WARNING,), "12 34 5")
    kept.save()
    return kept


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    assert memory.load(tmp_path, "x") == Memory(tmp_path / ".oneblock_cache" / "x.json")
    kept = saved(tmp_path)
    assert memory.load(tmp_path, "x") == kept
    assert memory.load(tmp_path, "other").entries == {}
    assert (tmp_path / ".oneblock_cache" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"format": 2}',
        b'{"format": 3, "tree": "", "platform": "", "entries": {"a": [1]}}',
        b"\xff",
    ],
)
def test_a_damaged_cache_is_none(damage: bytes, tmp_path: Path) -> None:
    kept = saved(tmp_path)
    kept.file.write_bytes(damage)
    assert memory.load(tmp_path, "x").entries == {}


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / ".oneblock_cache").touch()
    saved(tmp_path)
    assert memory.load(tmp_path, "x").entries == {}


def test_an_entry_holds_while_nothing_changes() -> None:
    entry = Entry("digest", {"a": "1", "b": "2"}, 3)
    assert entry.holds("digest", {"a": "1", "b": "2", "c": "3"})
    assert not entry.holds("other", {"a": "1", "b": "2"})
    assert not entry.holds("digest", {"a": "1", "b": "3"})
    assert not entry.holds("digest", {"a": "1"})


def test_every_change_on_disk_shows(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    put(root, {"crds": {"a.yaml": b"a"}, "ray/team": {"b.yaml": b"b", "else/c.yaml": b"c"}})
    before = memory.states(root)
    assert sorted(before) == ["crds", "ray/team"]
    assert memory.states(root) == before

    def differs(path: str) -> bool:
        after = memory.states(root)
        return after.get(path) != before[path] and all(after[each] == before[each] for each in before if each != path)

    file = root / "ray" / "team" / "else" / "c.yaml"
    file.write_bytes(b"longer")
    assert differs("ray/team")
    file.write_bytes(b"c")
    os.utime(file, ns=(1, 1))
    assert differs("ray/team")
    file.unlink()
    assert differs("ray/team")
    before = memory.states(root)
    (root / "crds" / "foreign").touch()
    assert differs("crds")


def test_trees_that_are_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    assert memory.states(tmp_path / "nowhere") == {}
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file cannot be read: not a directory"):
        memory.states(tmp_path / "file")
