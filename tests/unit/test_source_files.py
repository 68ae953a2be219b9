"""Values files on disk: OB121 – OB130."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.diagnostics import Diagnostic, Level
from generator.source import CODES, MAX_BYTES, ClusterFiles, find_values, load

FILE = "values/platform.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "values" / "namespaces").mkdir(parents=True)
    (tmp_path / FILE).write_text("global: {}\n")
    (tmp_path / "values" / "namespaces" / "team-a.yaml").write_text("rayClusters: {}\n")
    return tmp_path


def only(found: tuple[object, list[Diagnostic]]) -> Diagnostic:
    assert len(found[1]) == 1, found
    assert found[1][0].code in CODES
    return found[1][0]


def test_a_file_is_read_and_named_relative_to_the_root(root: Path) -> None:
    for file in (FILE, Path(FILE), root / FILE):
        document, findings = load(root, file)
        assert document is not None
        assert (document.file, document.data, findings) == (FILE, {"global": {}}, [])


def test_a_file_outside_the_root_is_named_as_given(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "x.yaml"
    other.write_text("a: on\n")
    assert only(load(root, other)).span.file == other.as_posix()


def test_findings_of_the_text_carry_the_name(root: Path) -> None:
    (root / FILE).write_bytes(b"a: 1\xff")
    finding = only(load(root, FILE))
    assert (finding.code, finding.span.file) == ("OB126", FILE)


def test_a_missing_file_with_a_near_name(root: Path) -> None:
    finding = only(load(root, "values/platfrom.yaml"))
    assert (finding.code, finding.message) == ("OB121", "values/platfrom.yaml does not exist")
    assert finding.help == "did you mean platform.yaml?"
    assert only(load(root, "values/namespaces/zzz.yaml")).help == ""
    assert only(load(root, "nowhere/x.yaml")).code == "OB121"
    assert only(load(root, FILE + "/x.yaml")).code == "OB121"


def test_a_link_to_nothing(root: Path) -> None:
    (root / "values/link.yaml").symlink_to("gone.yaml")
    finding = only(load(root, "values/link.yaml"))
    assert finding.code == "OB121"
    assert "link" in finding.message
    (root / "values/gone.yaml").write_text("a: 1\n")
    assert load(root, "values/link.yaml")[1] == []


def test_a_folder_where_a_file_should_be(root: Path) -> None:
    (root / FILE).unlink()
    (root / FILE).mkdir()
    finding = only(load(root, FILE))
    assert (finding.code, finding.message) == ("OB122", "values/platform.yaml is a folder, not a file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_socket_is_not_waited_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "values/pipe.yaml")
    assert only(load(root, "values/pipe.yaml")).code == "OB122"
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("values/socket.yaml")
        assert only(load(root, "values/socket.yaml")).code == "OB122"
    assert only(load(root, "/dev/zero")).code == "OB122"


def test_a_loop_of_links(root: Path) -> None:
    (root / "values/a.yaml").symlink_to("b.yaml")
    (root / "values/b.yaml").symlink_to("a.yaml")
    finding = only(load(root, "values/a.yaml"))
    assert (finding.code, finding.message) == ("OB124", "values/a.yaml is a link that leads back to itself")


def test_a_file_that_is_too_large_is_not_read(root: Path) -> None:
    with (root / FILE).open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    assert only(load(root, FILE)).code == "OB127"


def test_a_name_that_no_file_can_have(root: Path) -> None:
    assert only(load(root, "x" * 5000)).code == "OB123"
    assert only(load(root, "x\0y")).code == "OB123"


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder, seen by a user who is not root."""
    if sys.platform == "win32":
        pytest.skip("permissions of this system are no file modes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if user == 0:
                os.seteuid(0)


def as_root(folder: Path) -> bool:
    """Whether files have to be made by root first: ``nobody`` owns nothing."""
    return folder.stat().st_uid != os.geteuid()


def test_a_file_and_a_folder_without_permission(nobody: Path) -> None:
    switched = as_root(nobody)
    if switched:
        os.seteuid(0)
    (nobody / "values/namespaces").mkdir(parents=True)
    (nobody / FILE).write_text("a: 1\n")
    (nobody / FILE).chmod(0)
    (nobody / "values/namespaces").chmod(0)
    if switched:
        os.seteuid(65534)
    assert only(load(nobody, FILE)).code == "OB123"
    assert only(find_values(nobody)).code == "OB123"
    if switched:
        os.seteuid(0)
    (nobody / FILE).chmod(0o644)
    (nobody / "values/namespaces").chmod(0o755)
    if switched:
        os.seteuid(65534)
    assert load(nobody, FILE)[1] == []
    assert find_values(nobody)[1] == []


def write(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("{}\n")


def test_one_cluster(root: Path) -> None:
    write(root, "values/namespaces/b.yaml", "values/namespaces/README.md", "values/README.md")
    files = ("values/namespaces/b.yaml", "values/namespaces/team-a.yaml")
    assert find_values(root) == ([ClusterFiles("values", FILE, files)], [])
    assert find_values(root, root / "values") == find_values(root)


def test_several_clusters(tmp_path: Path) -> None:
    write(
        tmp_path,
        "values/staging/platform.yaml",
        "values/prod/platform.yaml",
        "values/prod/namespaces/a.yaml",
        "values/docs/x.md",
    )
    assert find_values(tmp_path) == (
        [
            ClusterFiles("values/prod", "values/prod/platform.yaml", ("values/prod/namespaces/a.yaml",)),
            ClusterFiles("values/staging", "values/staging/platform.yaml", ()),
        ],
        [],
    )


def test_what_editors_leave_behind_is_passed_over(root: Path) -> None:
    write(
        root,
        *(
            f"values/namespaces/{name}"
            for name in (".x.yaml", "x.yaml~", "#x.yaml#", "x.yaml.bak", ".x.yaml.swp", "x.yaml.orig")
        ),
    )
    write(root, "values/.hidden/platform.yaml", "values/.platform.yml")
    assert find_values(root) == ([ClusterFiles("values", FILE, ("values/namespaces/team-a.yaml",))], [])


@pytest.mark.parametrize("name", ["b.yml", "b.YAML", "b.Yml"])
def test_another_ending_is_an_error_for_the_namespace_would_be_missing(root: Path, name: str) -> None:
    write(root, f"values/namespaces/{name}")
    clusters, findings = find_values(root)
    assert clusters[0].namespaces == ("values/namespaces/team-a.yaml",)
    assert [(each.code, each.level, each.help) for each in findings] == [("OB128", Level.ERROR, "rename it to b.yaml")]


def test_platform_yml_is_told_once(root: Path) -> None:
    (root / FILE).rename(root / "values/platform.yml")
    clusters, findings = find_values(root)
    assert clusters == [ClusterFiles("values", None, ("values/namespaces/team-a.yaml",))]
    assert [(each.code, each.level, each.help) for each in findings] == [
        ("OB128", Level.ERROR, "rename it to platform.yaml")
    ]


@pytest.mark.parametrize("stray", ["values/team-b.yaml", "values/namespaces/eu/team-b.yaml"])
def test_a_stray_yaml_file_is_a_warning(root: Path, stray: str) -> None:
    write(root, stray)
    finding = only(find_values(root))
    assert (finding.code, finding.level) == ("OB128", Level.WARNING)


def test_no_platform_file(root: Path) -> None:
    (root / FILE).rename(root / "values/platfrom.yaml")
    findings = find_values(root)[1]
    assert [each.code for each in findings] == ["OB128", "OB129"]
    assert findings[1].help == "rename platfrom.yaml to platform.yaml"
    (root / "values/platfrom.yaml").unlink()
    finding = only(find_values(root))
    assert (finding.code, finding.message, finding.span.file) == ("OB129", "values holds no platform.yaml", FILE)


def test_no_values_at_all(tmp_path: Path) -> None:
    assert only(find_values(tmp_path)).code == "OB129"
    (tmp_path / "values").mkdir()
    assert only(find_values(tmp_path)).code == "OB129"


def test_files_where_folders_should_be(root: Path) -> None:
    write(root, "fleet")
    assert only(find_values(root, "fleet")).code == "OB122"
    (root / "values/namespaces/team-a.yaml").unlink()
    (root / "values/namespaces").rmdir()
    write(root, "values/namespaces")
    assert only(find_values(root)).code == "OB122"


def test_a_cluster_inside_a_cluster(root: Path) -> None:
    write(root, "values/staging/platform.yaml")
    clusters, findings = find_values(root)
    assert [each.folder for each in clusters] == ["values"]
    assert [(each.code, each.span.file) for each in findings] == [("OB130", "values/staging/platform.yaml")]
    (root / "values/staging/platform.yaml").rename(root / "values/staging/notes.txt")
    assert find_values(root)[1] == []


def test_odd_entries_are_listed_and_told_when_read(root: Path) -> None:
    folder = root / "values/namespaces"
    (folder / "dir.yaml").mkdir()
    (folder / "loop.yaml").symlink_to("loop.yaml")
    clusters, findings = find_values(root)
    assert findings == []
    assert [only(load(root, file)).code for file in clusters[0].namespaces[:2]] == ["OB122", "OB124"]
