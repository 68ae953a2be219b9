"""``diff``: fields in the words of the values, with file and line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import Runner, edit, small_fleet

TEAM = Path("values", "namespaces", "team-a.yaml")
PLATFORM = Path("values", "platform.yaml")


HEAD_NOTES = (
    "= running pods keep the old template until they are replaced",
    "= when the head is replaced, running work is lost: GCS fault tolerance is off",
)


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A fleet in a subfolder of a repository, committed."""
    root = small_fleet(tmp_path / "repo" / "ray", ("team-a", "team-b"))
    git(tmp_path / "repo", "init", "-q", "-b", "main")
    git(tmp_path / "repo", "add", ".")
    git(tmp_path / "repo", "commit", "-qm", "first")
    return root


def told(run: Runner, root: Path, *arguments: str) -> list[str]:
    return [" ".join(line.split()) for line in run.ok("-C", root, "diff", *arguments).out.splitlines()]


def test_nothing_changed(repo: Path, run: Runner) -> None:
    assert told(run, repo, "main") == ["no object changes"]
    run.ok("-C", repo, "render")
    assert told(run, repo) == ["no object changes"]


def test_fields_in_the_words_of_the_values(repo: Path, run: Runner) -> None:
    edit(repo / TEAM, "head: {cpu: 2, memory: 8Gi}", "head: {cpu: 2, memory: 16Gi, env: {MODE: fast}}")
    edit(repo / TEAM, "replicas: 1,", "replicas: 3,")
    assert told(run, repo, "main") == [
        "team-a RayCluster main",
        "~ head.memory 8Gi → 16Gi values/namespaces/team-a.yaml:4",
        "+ head.env.MODE fast values/namespaces/team-a.yaml:4",
        "~ workerGroups.cpu.replicas 1 → 3 values/namespaces/team-a.yaml:6",
        *HEAD_NOTES,
        "3 fields in 1 object, no object removed",
    ]


def test_against_the_written_tree(repo: Path, run: Runner) -> None:
    run.ok("-C", repo, "render")
    edit(repo / TEAM, "memory: 8Gi", "memory: 16Gi")
    edit(repo / PLATFORM, "capability: {cpu: 40}", "capability: {cpu: 50}")
    assert told(run, repo) == [
        "queues Queue research",
        "~ capability.cpu 40 → 50 values/platform.yaml:7",
        "team-a RayCluster main",
        "~ head.memory 8Gi → 16Gi values/namespaces/team-a.yaml:4",
        *HEAD_NOTES,
        "2 fields in 2 objects, no object removed",
    ]


PLATFORM_CHANGES = {
    "a queue's capability": (
        "capability: {cpu: 40}",
        "capability: {cpu: 50}",
        "~ capability.cpu 40 → 50 values/platform.yaml:7",
    ),
    "a queue's weight": (
        "capability: {cpu: 40}",
        "capability: {cpu: 40}, weight: 3",
        "~ weight 1 → 3 values/platform.yaml:7",
    ),
    "a quota": ("cpu: 100,", "cpu: 200,", "~ quota.cpu 100 → 200 values/platform.yaml:4"),
    "a user": ("users: [team-a]", "users: [team-x]", "values/platform.yaml:4"),
    "the operator's replicas": (
        "queues:",
        "operator: {replicas: 3}\nqueues:",
        "~ replicas 2 → 3 values/platform.yaml:6",
    ),
    "Redis' storage": ("queues:", "redis: {storage: 20Gi}\nqueues:", "~ storage 10Gi → 20Gi values/platform.yaml:6"),
    "a grant": ("namespaces: [team-a]", "namespaces: [team-a, team-b]", "values/platform.yaml:6"),
    "a priority class": (
        "queues:",
        "  priorityClasses: {p: {value: 5}}\nqueues:",
        "+ new object values/platform.yaml:6",
    ),
}


@pytest.mark.parametrize("what", PLATFORM_CHANGES)
def test_platform_changes_have_a_place(what: str, repo: Path, run: Runner) -> None:
    old, new, expected = PLATFORM_CHANGES[what]
    edit(repo / PLATFORM, old, new)
    found = told(run, repo, "HEAD")
    assert any(line.endswith(expected) for line in found), found


def test_objects_that_come_and_go(repo: Path, run: Runner) -> None:
    edit(repo / TEAM, "  main:\n", "  other:\n")
    assert told(run, repo, "main") == [
        "team-a RayCluster main",
        "- removed",
        "= its pods end, and with them running work",
        "team-a RayCluster other",
        "+ new object values/namespaces/team-a.yaml:2",
        "1 object added, 1 object removed",
    ]


def test_fail_on(repo: Path, run: Runner) -> None:
    run.ok("-C", repo, "diff", "main", "--fail-on", "changed")
    edit(repo / TEAM, "memory: 8Gi", "memory: 16Gi")
    run.ok("-C", repo, "diff", "main")
    run.ok("-C", repo, "diff", "main", "--fail-on", "removed")
    assert run("-C", repo, "diff", "main", "--fail-on", "changed").code == 1
    (repo / "values" / "namespaces" / "team-b.yaml").unlink()
    assert run("-C", repo, "diff", "main", "--fail-on", "removed").code == 1


def test_secrets_are_masked(repo: Path, run: Runner) -> None:
    edit(repo / TEAM, "memory: 8Gi}", "memory: 8Gi, env: {API_TOKEN: hunter2hunter2}}")
    for form in ("text", "json"):
        ended = run.ok("-C", repo, "diff", "main", "-o", form)
        assert "API_TOKEN" in ended.out
        assert "hunter2" not in ended.out


def test_short_secrets_in_the_environment_are_masked(repo: Path, run: Runner) -> None:
    """By the variable's name: such values do not look like secrets. One stays, so its entry is compared in depth."""
    edit(repo / TEAM, "memory: 8Gi}", 'memory: 8Gi, env: {HF_TOKEN: x, DB_PASSWORD: "correct horse", MODE: a}}')
    edit(repo / TEAM, "cpu: 4, memory: 16Gi}", "cpu: 4, memory: 16Gi, env: {DB_PASSWORD: correct horse}}")
    git(repo, "commit", "-qam", "secrets")
    run.ok("-C", repo, "render")
    text = (repo / TEAM).read_text()
    text = text.replace("correct horse", "battery staple").replace("HF_TOKEN: x", "HF_TOKEN: z")
    (repo / TEAM).write_text(text.replace("MODE: a", "MODE: b"))
    for revision in (["HEAD"], []):
        found = told(run, repo, *revision)
        at = "values/namespaces/team-a.yaml"
        assert f"~ head.env.DB_PASSWORD ••• → ••• {at}:4" in found
        assert f"~ head.env.HF_TOKEN ••• → ••• {at}:4" in found
        assert f"~ head.env.MODE a → b {at}:4" in found
        assert f"~ workerGroups.cpu.env.DB_PASSWORD ••• → ••• {at}:6" in found
        for form in ("text", "json"):
            shown = run.ok("-C", repo, "diff", *revision, "-o", form).out
            assert not any(each in shown for each in ("horse", "battery", '"x"', '"z"'))


def test_a_generation_is_not_told_as_a_switch(repo: Path, run: Runner) -> None:
    edit(repo / TEAM, "    head:", "    gcsFaultTolerance:\n      enabled: true\n      # none\n    head:")
    git(repo, "commit", "-qam", "state")
    edit(repo / TEAM, "# none", "generation: 2")
    found = told(run, repo, "HEAD")
    path = "spec.gcsFaultToleranceOptions.externalStorageNamespace"
    assert f"~ {path} team-a.main.1 → team-a.main.2 values/namespaces/team-a.yaml:6" in found
    assert "= the cluster starts without its old state" in found
    git(repo, "commit", "-qam", "two")
    edit(repo / TEAM, "generation: 2", "# none")
    found = told(run, repo, "HEAD")
    assert f"~ {path} team-a.main.2 → team-a.main.1 values/namespaces/team-a.yaml:5" in found


RAY_VERSIONS = "  versions: {ray: 2.53.0}\n"


def test_the_version_of_ray_is_told_at_its_own_line(repo: Path, run: Runner) -> None:
    edit(repo / PLATFORM, "  namespaces:\n", f"{RAY_VERSIONS}  namespaces:\n")
    edit(repo / TEAM, "    queue:", "    profile: p\n    queue:")
    edit(repo / PLATFORM, "queues:", "  profiles: {p: {workerGroups: {extra: {cpu: 1}}}}\nqueues:")
    git(repo, "commit", "-qam", "version")
    edit(repo / PLATFORM, "ray: 2.53.0", "ray: 2.54.0")
    found = [line for line in told(run, repo, "HEAD", "-o", "text") if "2.53.0 →" in line or "image" in line]
    images = [f"spec.{group}.template.spec.containers[ray-{role}].image" for group, role in GROUPS]
    image = "docker.io/rayproject/ray"
    ours = {line.split()[1]: line for line in found}
    expected = "~ global.versions.ray 2.53.0 → 2.54.0 values/platform.yaml:3"
    assert ours["global.versions.ray"] == expected
    assert all(ours[path].endswith("…ay:2.53.0 → …ay:2.54.0 values/platform.yaml:3") for path in images)
    changes = json.loads(run.ok("-C", repo, "diff", "HEAD", "-o", "json").out)
    first = next(each for change in changes for each in change["fields"] if each["path"] == images[0])
    place = {"file": "values/platform.yaml", "line": 3}
    assert first == {"path": images[0], "old": f"{image}:2.53.0", "new": f"{image}:2.54.0", **place}


GROUPS = (("headGroupSpec", "head"), ("workerGroupSpecs[cpu]", "worker"), ("workerGroupSpecs[extra]", "worker"))


def test_the_part_of_the_image_that_changed_is_told(repo: Path, run: Runner) -> None:
    edit(
        repo / PLATFORM, "  namespaces:\n", f"{RAY_VERSIONS}  ray:\n    image:\n      repository: a/b\n  namespaces:\n"
    )
    git(repo, "commit", "-qam", "image")
    edit(repo / PLATFORM, "a/b", "a/c")
    found = [line for line in told(run, repo, "HEAD") if "image" in line]
    assert found
    assert all(line.endswith("values/platform.yaml:6") for line in found)


def test_a_value_that_is_taken_away_is_told_where_it_was(repo: Path, run: Runner) -> None:
    edit(repo / TEAM, "head: {cpu: 2, memory: 8Gi}", "head: {cpu: 2}")
    assert "~ head.memory 8Gi → 4Gi values/namespaces/team-a.yaml:4" in told(run, repo, "main")


def test_a_group_claims_only_what_it_says(repo: Path, run: Runner) -> None:
    """A node shape's label comes from the platform file, whatever group asks for the shape."""
    edit(
        repo / PLATFORM,
        "  namespaces:\n",
        "  nodes: {s: {count: 1, cpu: 8, memory: 64Gi, labels: {pool: a}}}\n  namespaces:\n",
    )
    edit(repo / TEAM, "cpu: {replicas: 1, cpu: 4, memory: 16Gi}", "cpu: {replicas: 1, cpu: 4, nodes: s}")
    git(repo, "commit", "-qam", "shape")
    edit(repo / PLATFORM, "pool: a", "pool: b")
    found = [line for line in told(run, repo, "HEAD") if "nodeSelector" in line]
    assert found == ["~ spec.workerGroupSpecs[cpu].template.spec.nodeSelector.pool a → b"]


def test_for_programs(repo: Path, run: Runner) -> None:
    edit(repo / TEAM, "memory: 8Gi", "memory: 16Gi")
    (change,) = json.loads(run.ok("-C", repo, "diff", "main", "-o", "json").out)
    assert (change["kind"], change["op"]) == ("RayCluster", "changed")
    assert change["fields"] == [
        {"path": "head.memory", "old": "8Gi", "new": "16Gi", "file": "values/namespaces/team-a.yaml", "line": 4}
    ]


def test_a_profile_decides(repo: Path, run: Runner) -> None:
    profile = "  profiles: {small: {head: {cpu: 1}}}\nqueues:"
    edit(repo / PLATFORM, "queues:", profile)
    edit(repo / TEAM, "    head: {cpu: 2, memory: 8Gi}\n", "    profile: small\n")
    git(repo, "commit", "-qam", "profile")
    edit(repo / PLATFORM, "{head: {cpu: 1}}", "{head: {cpu: 3}}")
    found = told(run, repo, "main")
    assert "~ global.profiles.small.head.cpu 1 → 3 values/platform.yaml:6" in found


def test_old_values_with_errors_are_told_of(repo: Path, run: Runner) -> None:
    good = (repo / TEAM).read_text()
    (repo / TEAM).write_text("rayClusters: 3\n")
    git(repo, "commit", "-qam", "broken")
    (repo / TEAM).write_text(good)
    ended = run.ok("-C", repo, "diff", "main")
    assert "note: values/namespaces/team-a.yaml has errors at main" in ended.err
    assert "+ new object" in ended.out
    (repo / PLATFORM).rename(repo / "keep")
    (repo / PLATFORM).write_text("oops: 1\n")
    git(repo, "commit", "-qam", "worse")
    (repo / "keep").rename(repo / PLATFORM)
    ended = run.ok("-C", repo, "diff", "main")
    assert "note: values/platform.yaml has errors at main: everything is new" in ended.err


def test_values_that_were_not_there(repo: Path, run: Runner) -> None:
    git(repo, "mv", "values", "other")
    git(repo, "commit", "-qm", "moved")
    git(repo, "mv", "other", "values")
    ended = run.ok("-C", repo, "diff", "main")
    assert (ended.err, "RayCluster main" in ended.out) == ("", True)


def test_links_in_a_revision(repo: Path, run: Runner, tmp_path: Path) -> None:
    (repo / "values" / "namespaces" / "team-b.yaml").unlink()
    (repo / "values" / "namespaces" / "team-b.yaml").symlink_to("team-c.txt")
    text = (repo / TEAM).read_text().replace("    queue: research\n", "")
    (repo / "values" / "namespaces" / "team-c.txt").write_text(text)
    (repo / "values" / "out.txt").symlink_to(tmp_path)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "links")
    assert told(run, repo, "main") == ["no object changes"]


def test_revisions_that_are_none(repo: Path, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for revision in ("nowhere", "--", "HEAD:values"):
        assert run("-C", repo, "diff", "--", revision).code == 2
    ended = run("-C", repo, "diff", "--", "--upload-pack=touch x")
    assert (ended.code, "no revision" in ended.err) == (2, True)
    alone = small_fleet(tmp_path / "alone")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    ended = run("-C", alone, "diff", "main")
    assert (ended.code, "not a git repository" in ended.err.lower()) == (2, True)
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = run("-C", repo, "diff", "main")
    assert (ended.code, "git cannot be started" in ended.err) == (2, True)


def test_a_tree_somebody_broke(repo: Path, run: Runner) -> None:
    run.ok("-C", repo, "render")
    (repo / "rendered" / "ray" / "team-a" / "raycluster-main.yaml").write_text("a: [\n")
    assert "team-a RayCluster main" in told(run, repo)
