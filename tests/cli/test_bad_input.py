"""Every kind of bad input: what is said, the exit code, and that nothing was written or lost."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import PROGRAM, Runner, edit, environment, process, small_fleet, tree
from tests.unprivileged import unprivileged

NAMESPACE = Path("values", "namespaces", "team-a.yaml")
PLATFORM = Path("values", "platform.yaml")
Spoil = Callable[[Path], object]


def replace(file: Path, text: bytes) -> Spoil:
    return lambda root: (root / file).write_bytes(text)


def loop(file: Path) -> Spoil:
    def make(root: Path) -> None:
        (root / file).unlink()
        (root / file).symlink_to(file.name)

    return make


def folder(file: Path) -> Spoil:
    def make(root: Path) -> None:
        (root / file).unlink()
        (root / file).mkdir()

    return make


BAD: dict[str, tuple[Spoil, str, Path]] = {
    "broken YAML": (replace(NAMESPACE, b"rayClusters: [\n"), "OB101", NAMESPACE),
    "binary": (replace(NAMESPACE, b"a\0b"), "OB125", NAMESPACE),
    "not UTF-8": (replace(NAMESPACE, b"a: \xff\n"), "OB126", NAMESPACE),
    "wrong type": (replace(NAMESPACE, b"rayClusters: 3\n"), "OB201", NAMESPACE),
    "unknown key": (replace(NAMESPACE, b"rayCluster: {}\n"), "OB204", NAMESPACE),
    "broken platform": (replace(PLATFORM, b"global: {\n"), "OB101", PLATFORM),
    "unknown key in the platform": (replace(PLATFORM, b"glob: {}\n"), "OB204", PLATFORM),
    "no platform file": (lambda root: (root / PLATFORM).unlink(), "OB129", PLATFORM),
    "a folder for a file": (folder(NAMESPACE), "OB122", NAMESPACE),
    "a folder for the platform": (folder(PLATFORM), "OB122", PLATFORM),
    "a loop of links": (loop(NAMESPACE), "OB124", NAMESPACE),
    "a loop for the platform": (loop(PLATFORM), "OB124", PLATFORM),
    "no values": (lambda root: (root / "values").rename(root / "other"), "OB129", Path("values")),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("command", ["validate", "render", "check", "diff"])
def test_bad_values(what: str, command: str, fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    before = tree(fleet / "rendered")
    make, code, file = BAD[what]
    make(fleet)
    ended = run("-C", fleet, command)
    assert ended.code == 1
    assert f"error[{code}]" in ended.err
    assert f"┌─ {file.as_posix()}" in ended.err
    assert ended.out == ""
    assert tree(fleet / "rendered") == before
    assert not list(fleet.glob(".rendered*"))


def test_all_findings_of_all_files_in_one_run(fleet: Path, run: Runner) -> None:
    replace(NAMESPACE, b"rayClusters: 3\n")(fleet)
    (fleet / "values" / "namespaces" / "team-b.yaml").write_text("oops: 1\n")
    edit(fleet / PLATFORM, "queues:", "queue:")
    for command in ("validate", "render"):
        ended = run("-C", fleet, command)
        assert ended.code == 1
        assert [name in ended.err for name in ("platform.yaml:", "team-a.yaml:", "team-b.yaml:")] == [True] * 3


def test_unreadable_files(run: Runner) -> None:
    with unprivileged() as scratch:
        fleet = small_fleet(scratch / "fleet")
        run.ok("-C", fleet, "render")
        (fleet / NAMESPACE).chmod(0)
        ended = run("-C", fleet, "validate")
        assert (ended.code, "error[OB123]" in ended.err) == (1, True)
        (fleet / NAMESPACE).chmod(0o644)
        (fleet / PLATFORM.parent).chmod(0)
        ended = run("-C", fleet, "render")
        assert (ended.code, "error[OB123]" in ended.err) == (1, True)
        (fleet / PLATFORM.parent).chmod(0o755)


@pytest.fixture
def output(fleet: Path) -> Path:
    return fleet / "tree"


def foreign(path: Path) -> None:
    path.mkdir()
    (path / "x").write_text("mine")


OUTPUTS: dict[str, tuple[Spoil, str]] = {
    "a file": (lambda path: path.write_text("mine"), "is a file; the rendered tree needs a folder"),
    "a foreign folder": (
        foreign,
        "nothing of OneBlock's",
    ),
    "a dangling link": (lambda path: path.symlink_to("nowhere"), "is a link to nothing"),
    "a loop of links": (lambda path: path.symlink_to(path.name), "too many levels of symbolic links"),
}


@pytest.mark.parametrize("what", OUTPUTS)
def test_outputs_that_are_no_trees(what: str, fleet: Path, output: Path, run: Runner) -> None:
    make, message = OUTPUTS[what]
    make(output)
    before = tree(fleet)
    for command in ("render", "check"):
        ended = run("-C", fleet, command, "--output", output)
        assert ended.code == 1
        assert message in ended.err
        assert tree(fleet) == before


def test_an_output_that_is_a_link_to_a_folder(fleet: Path, output: Path, run: Runner) -> None:
    (fleet / "real").mkdir()
    output.symlink_to("real")
    run.ok("-C", fleet, "render", "--output", output)
    edit(fleet / NAMESPACE, "cpu: 2,", "cpu: 3,")
    run.ok("-C", fleet, "render", "--output", output)
    assert output.is_symlink()
    run.ok("-C", fleet, "check", "--output", fleet / "real")


def test_unwritable_outputs(run: Runner, fleet: Path) -> None:
    run.ok("-C", fleet, "render")  # all modules are loaded: another user may not read them
    with unprivileged() as scratch:
        small_fleet(scratch / "fleet")
        (scratch / "fleet").chmod(0o555)
        ended = run("-C", scratch / "fleet", "render")
        assert ended.code == 1
        assert "fleet cannot be written: permission denied" in ended.err
        (scratch / "fleet").chmod(0o755)
        assert not (scratch / "fleet" / "rendered").exists()


def test_a_full_disk(fleet: Path, run: Runner) -> None:
    """A limit on the size of files is the full disk that everybody may have."""
    run.ok("-C", fleet, "render")
    before = tree(fleet / "rendered")
    edit(fleet / NAMESPACE, "cpu: 2,", "cpu: 3,")

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))

    command = [*PROGRAM, "-C", str(fleet), "render"]
    done = subprocess.run(
        command,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )
    assert done.returncode == 1
    assert "rendered cannot be written: file too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(fleet / "rendered") == before
    assert not list(fleet.glob(".rendered*"))


def test_a_hand_edit_is_named_and_kept(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    edited = fleet / "rendered" / "ray" / "team-a" / "raycluster-main.yaml"
    edited.write_text("mine: 1\n")
    ended = run("-C", fleet, "check")
    assert (ended.code, "~ ray/team-a/raycluster-main.yaml" in ended.out) == (1, True)
    ended = run("-C", fleet, "render")
    assert ended.code == 1
    assert "ray/team-a/raycluster-main.yaml" in ended.err
    assert "1 file in" in ended.err
    assert "--force" in ended.err
    assert edited.read_text() == "mine: 1\n"
    run.ok("-C", fleet, "render", "--force")
    assert "kind: RayCluster" in edited.read_text()
    run.ok("-C", fleet, "check")


def test_foreign_files_survive(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    notes = [fleet / "rendered" / "NOTES", fleet / "rendered" / "ray" / "team-a" / "notes.txt"]
    for each in notes:
        each.write_text("mine")
    edit(fleet / NAMESPACE, "cpu: 2,", "cpu: 3,")
    edit(fleet / PLATFORM, "cpu: 40", "cpu: 50")
    run.ok("-C", fleet, "render")
    assert [each.read_text() for each in notes] == ["mine", "mine"]


def test_a_file_deleted_by_hand_is_written_again(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    before = tree(fleet / "rendered")
    (fleet / "rendered" / "ray" / "team-a" / "raycluster-main.yaml").unlink()
    assert run("-C", fleet, "check").code == 1
    ended = run.ok("-C", fleet, "render")
    assert "0 changed, 1 new, 0 removed" in ended.out
    assert tree(fleet / "rendered") == before


def test_what_a_removed_namespace_leaves_is_pruned(tmp_path: Path, run: Runner) -> None:
    fleet = small_fleet(tmp_path / "fleet", ("team-a", "team-b"))
    run.ok("-C", fleet, "render")
    mine = fleet / "rendered" / "ray" / "team-a" / "mine"
    mine.write_text("mine")
    (fleet / "values" / "namespaces" / "team-b.yaml").unlink()
    ended = run("-C", fleet, "check")
    assert (ended.code, "- ray/team-b/raycluster-main.yaml" in ended.out) == (1, True)
    run.ok("-C", fleet, "render")
    assert not (fleet / "rendered" / "ray" / "team-b").exists()
    assert mine.exists()
    run.ok("-C", fleet, "check")


def test_a_tree_does_not_shrink_unasked(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    before = tree(fleet / "rendered")
    with (fleet / PLATFORM).open("a") as file:
        file.write("redis: {enabled: false}\noperator: {enabled: false}\n")
    ended = run("-C", fleet, "render")
    assert ended.code == 1
    assert re.search(r"this would remove \d+ of \d+ objects .* say --allow-shrink", ended.err)
    assert tree(fleet / "rendered") == before
    run.ok("-C", fleet, "render", "--allow-shrink")
    assert not (fleet / "rendered" / "redis").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["render", "--bogus"],
        ["render", "--engine", "tiller"],
        ["render", "--jobs", "0"],
        ["-C", "nowhere", "list"],
        ["-C", "pyproject.toml", "list"],
        ["validate", "nowhere.yaml"],
        ["explain", "OB000"],
        ["schema"],
        ["completion", "csh"],
        ["init"],
        ["why", "x"],
        [],
    ],
    ids=" ".join,
)
def test_usage_errors(arguments: list[str], run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.err
    assert ended.out == ""


def test_an_internal_error_names_its_log(fleet: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr("generator.commands.fleet_files.find_clusters", broken)
    ended = run("-C", fleet, "list")
    assert ended.code == 3
    assert ended.err.count("\n") == 1
    found = re.search(r"internal error: RuntimeError: out of cheese; the details are in (\S+)", ended.err)
    assert found is not None
    log = Path(found[1])
    assert "Traceback" in log.read_text()
    log.unlink()
    monkeypatch.setattr("tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(OSError("full")))
    assert run("-C", fleet, "list").err == "oneblock: internal error: RuntimeError: out of cheese\n"


def test_a_closed_pipe(fleet: Path) -> None:
    text = f'"$@" -C {fleet} rules | head -n 1; echo "${{PIPESTATUS[0]}}"'
    command = ["bash", "-c", text, "x", *PROGRAM]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines()[0].startswith("CODE")
    assert done.stdout.splitlines()[-1] in ("0", "141")  # all of it may have been written before head left


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_standard_output_that_takes_nothing() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([*PROGRAM, "rules"], env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"error: standard output cannot be written: no space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_were_closed_before(fleet: Path, closed: str) -> None:
    edit(fleet / NAMESPACE, "cpu: 2,", "cpu: 3,")
    for arguments in (["rules"], ["-C", fleet, "render"]):
        command = ["bash", "-c", f'"$@" {closed}', "x", *PROGRAM, *arguments]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert process("-C", fleet, "check").code == 0


def test_colour(fleet: Path) -> None:
    replace(NAMESPACE, b"rayClusters: 3\n")(fleet)
    arguments = ("-C", fleet, "validate")
    assert "\x1b[" not in process(*arguments).err
    assert "\x1b[" in process("--color", "always", *arguments).err
    assert "\x1b[" in process(*arguments, FORCE_COLOR="1").err
    assert "\x1b[" not in process("--color", "never", *arguments, FORCE_COLOR="1").err
    assert "\x1b[" not in on_a_terminal(arguments, NO_COLOR="1")
    assert "\x1b[" in on_a_terminal(arguments)


def on_a_terminal(arguments: tuple[str | Path, ...], **more: str) -> str:
    master, slave = os.openpty()
    with subprocess.Popen(
        [*PROGRAM, *map(str, arguments)], env=environment(TERM="xterm", **more), stdout=slave, stderr=slave
    ) as done:
        os.close(slave)
        said = b""
        try:
            while part := os.read(master, 4096):
                said += part
        except OSError:  # the other side is closed
            pass
        done.wait()
    os.close(master)
    return said.decode()


def test_terminals_without_unicode(fleet: Path) -> None:
    ended = process("-C", fleet, "list", PYTHONIOENCODING="ascii")
    assert ended.code == 0
    assert ended.out.isascii()
