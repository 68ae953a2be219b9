"""``list``, ``why``, ``rules``, ``explain``: read-only views of a fleet and of the book of codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from generator import resources
from generator.commands.book import pages
from generator.commands.reasons import RAY
from tests.cli.running import Runner, edit, small_fleet

PLATFORM = """\
global:
  versions: {ray: 2.53.0}
  nodes:
    a100: {count: 4, cpu: 96, memory: 1Ti, gpu: 8, labels: {pool: a100}}
  namespaces:
    team-a: {owners: [leads, {kind: User, name: eve}], users: [team-a], quota: {gpu: 32}}
    speech: {}
  profiles:
    small: {head: {cpu: 1, memory: 4Gi}, workerGroups: {cpu: {minReplicas: 0, maxReplicas: 4, cpu: 2, memory: 8Gi}}}
operator: {replicas: 3}
queues:
  research: {namespaces: [team-a, speech], deserved: {gpu: 16}, capability: {gpu: 24}}
"""

TEAM = """\
rayClusters:
  main:
    queue: research
    gcsFaultTolerance: {enabled: true}
    autoscaling: {enabled: true}
    head: {cpu: 4, memory: 16Gi}
    workerGroups:
      a100: {minReplicas: 2, maxReplicas: 4, cpu: 88, memory: 900Gi, gpu: 8, nodes: a100}
      cpu: {minReplicas: 0, maxReplicas: 10, cpu: 8, memory: 32Gi}
  scratch: {profile: small, autoscaling: {enabled: true}}
rayJobs:
  nightly: {entrypoint: python train.py, rayCluster: {profile: small}}
"""

SPEECH = """\
rayClusters:
  asr:
    queue: research
    head: {cpu: 4, memory: 16Gi}
    workerGroups: {loader: {replicas: 3, cpu: 8, memory: 32Gi}}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    root = small_fleet(tmp_path / "fleet")
    (root / "values" / "platform.yaml").write_text(PLATFORM)
    (root / "values" / "namespaces" / "team-a.yaml").write_text(TEAM)
    (root / "values" / "namespaces" / "speech.yaml").write_text(SPEECH)
    return root


def test_the_fleet_at_a_glance(fleet: Path, run: Runner) -> None:
    lines = [re.split(r"  +", line) for line in run.ok("-C", fleet, "list").out.splitlines()]
    assert lines == [
        ["NAMESPACE", "KIND", "NAME", "QUEUE", "RAY", "WORKERS", "CPU", "MEMORY", "GPU", "GCS FT"],
        ["speech", "RayCluster", "asr", "research", "2.53.0", "3", "28", "112Gi", "0", "off"],
        ["team-a", "RayCluster", "main", "research", "2.53.0", "2–14", "180–436", "1.77–3.84Ti", "16–32", "redis"],
        ["team-a", "RayCluster", "scratch", "default", "2.53.0", "0–4", "1–9", "4–36Gi", "0", "off"],
        ["team-a", "RayJob", "nightly", "default", "2.53.0", "0", "1", "4Gi", "0", "off"],
    ]


def test_a_job_on_another_cluster(fleet: Path, run: Runner) -> None:
    platform = fleet / "values" / "platform.yaml"
    platform.write_text(PLATFORM.partition("queues:")[0].replace("global:", "global:\n  batchScheduler: none"))
    team = fleet / "values" / "namespaces" / "team-a.yaml"
    edit(team, "rayCluster: {profile: small}", "cluster: main")
    last = run.ok("-C", fleet, "list").out.splitlines()[-1]
    assert re.split(r"  +", last)[:6] == ["team-a", "RayJob", "nightly", "–", "–", "on main"]


def test_lists_for_programs(fleet: Path, run: Runner) -> None:
    rows = json.loads(run.ok("-C", fleet, "list", "-o", "json").out)
    assert [row["name"] for row in rows] == ["asr", "main", "scratch", "nightly"]
    assert yaml.safe_load(run.ok("-C", fleet, "list", "-o", "yaml").out) == rows
    (queue,) = json.loads(run.ok("-C", fleet, "list", "queues", "-o", "json").out)
    assert (queue["name"], queue["namespaces"], queue["capability"]) == ("research", ["team-a", "speech"], {"gpu": 24})
    spaces = json.loads(run.ok("-C", fleet, "list", "namespaces", "-o", "json").out)
    assert spaces[0]["owners"] == ["leads", "User:eve"]
    assert [row["queues"] for row in spaces] == [["research", "default"]] * 2
    assert "NAMESPACES" in run.ok("-C", fleet, "list", "queues").out


def test_several_clusters_have_a_column(fleet: Path, run: Runner) -> None:
    (fleet / "values").rename(fleet / "prod")
    (fleet / "values").mkdir()
    (fleet / "prod").rename(fleet / "values" / "prod")
    for what in ("workloads", "queues", "namespaces"):
        assert run.ok("-C", fleet, "list", what).out.startswith("CLUSTER")


def test_lists_of_a_fleet_with_errors(fleet: Path, run: Runner) -> None:
    (fleet / "values" / "namespaces" / "speech.yaml").write_text("a: [\n")
    ended = run("-C", fleet, "list", "-o", "json")
    assert (ended.code, json.loads(ended.out)[0]["name"]) == (1, "main")
    assert "speech.yaml" in ended.err
    (fleet / "values" / "platform.yaml").write_text("glob: 1\n")
    ended = run("-C", fleet, "list")
    assert (ended.code, ended.out, "error[OB204]" in ended.err) == (1, "", True)
    (fleet / "values" / "platform.yaml").unlink()
    assert run("-C", fleet, "list").code == 1


HEAD = "spec.headGroupSpec"
WHY = {
    "a value": (
        f"{HEAD}.template.spec.containers[0].resources.requests.memory",
        "16Gi",
        "head.memory: 16Gi",
        "team-a.yaml:6",
    ),
    "a value and a rule": (
        f"{HEAD}.template.spec.containers[0].resources.limits.memory",
        "16Gi",
        "limits follow requests",
        "_container.tpl",
    ),
    "a rule": (f"{HEAD}.rayStartParams.num-cpus", "0", "a head with worker groups takes no work", "_groups.tpl"),
    "the platform": ("spec.rayVersion", "2.53.0", "global.versions.ray: 2.53.0", "platform.yaml:2"),
    "a quoted step": ('metadata.labels["volcano.sh/queue-name"]', "research", "queue: research", "team-a.yaml:3"),
    "a default": (f"{HEAD}.serviceType", "ClusterIP", "default of the chart", "templates/raycluster.yaml"),
}


@pytest.mark.parametrize("what", WHY)
def test_why(what: str, fleet: Path, run: Runner) -> None:
    field, value, cause, where = WHY[what]
    first, *causes = run.ok("-C", fleet, "why", "team-a/RayCluster/main", field).out.splitlines()
    assert first == value
    assert any(cause in line and line.endswith(where) for line in causes), causes


OTHERS = {
    "RayCluster/scratch": ("team-a/RayCluster/scratch", "spec.workerGroupSpecs[0].maxReplicas", "platform.yaml:9"),
    "a queue": ("Queue/research", 'spec.capability["nvidia.com/gpu"]', "queues.research.capability.gpu: 24"),
    "a part of a queue": ("Queue/research", "spec.capability", "queues.research.capability  "),
    "a grant": ("team-a/ResourceQuota/oneblock", 'spec.hard["requests.nvidia.com/gpu"]', "quota.gpu: 32"),
    "the operator": ("oneblock-system/Deployment/kuberay-operator", "spec.replicas", "operator.replicas: 3"),
    "the default of a chart": (
        "oneblock-system/StatefulSet/oneblock-redis",
        "spec.replicas",
        "templates/statefulset.yaml",
    ),
    "a job": ("team-a/RayJob/nightly", "spec.entrypoint", "entrypoint: python train.py"),
    "a namespace": ("Namespace/team-a", "metadata.name", "global.namespaces.team-a"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_why_of_other_objects(what: str, fleet: Path, run: Runner) -> None:
    target, field, expected = OTHERS[what]
    assert expected in run.ok("-C", fleet, "why", target, field).out


def test_why_names_the_profile(fleet: Path, run: Runner) -> None:
    told = run.ok("-C", fleet, "why", "team-a/RayCluster/scratch", "spec.workerGroupSpecs[0].maxReplicas").out
    assert told.splitlines()[0] == "4"
    assert re.search(r"global\.profiles\.small\.workerGroups\.cpu\.maxReplicas: 4 +values/platform\.yaml:9", told)
    assert re.search(r"profile small +values/namespaces/team-a\.yaml:10", told)


def test_why_masks_secrets(fleet: Path, run: Runner) -> None:
    team = fleet / "values" / "namespaces" / "team-a.yaml"
    edit(team, "head: {cpu: 4, memory: 16Gi}", "head: {cpu: 4, memory: 16Gi, env: {DB_PASSWORD: correct horse}}")
    container = "spec.headGroupSpec.template.spec.containers[0]"
    for form in ("text", "json"):
        for field in (f"{container}.env[DB_PASSWORD].value", f"{container}.env[DB_PASSWORD]", container, "spec"):
            told = run.ok("-C", fleet, "why", "-o", form, "team-a/RayCluster/main", field).out
            assert ("horse" in told, "•••" in told or "\\u2022" in told) == (False, True), told
    told = run.ok("-C", fleet, "why", "team-a/RayCluster/main", f"{container}.env[DB_PASSWORD].value").out
    assert re.search(r"head\.env\.DB_PASSWORD: ••• +values/namespaces/team-a\.yaml:6", told)


def test_why_takes_names_of_entries(fleet: Path, run: Runner) -> None:
    told = run.ok("-C", fleet, "why", "team-a/RayCluster/main", "spec.workerGroupSpecs[cpu].maxReplicas").out
    assert told.splitlines()[0] == "10"
    ended = run("-C", fleet, "why", "team-a/RayCluster/main", "spec.workerGroupSpecs[none].maxReplicas")
    assert (ended.code, "has no none" in ended.err) == (1, True)


def test_why_names_the_profile_only_for_what_it_says(fleet: Path, run: Runner) -> None:
    told = run.ok("-C", fleet, "why", "team-a/RayCluster/scratch", "spec.rayVersion").out
    assert ("global.versions.ray: 2.53.0" in told, "profile" in told) == (True, False)


def test_why_for_programs(fleet: Path, run: Runner) -> None:
    answer = json.loads(run.ok("-C", fleet, "why", "-o", "json", "team-a/RayCluster/main", "spec.rayVersion").out)
    assert answer["value"] == "2.53.0"
    assert answer["causes"][0]["what"] == "global.versions.ray: 2.53.0"


@pytest.mark.parametrize(
    ("target", "field", "message"),
    [
        ("x", "spec", "'x' is not namespace/Kind/name"),
        ("a//b", "spec", "is not namespace/Kind/name"),
        ("team-a/RayCluster/nope", "spec", "there is no RayCluster nope in namespace team-a; oneblock list"),
        ("Queue/nope", "spec", "there is no Queue nope outside of namespaces"),
        ("nowhere/RayCluster/main", "spec", "in namespace nowhere"),
        ("team-a/RayCluster/main", "spec.headGroupSpecs", "spec has no headGroupSpecs; did you mean headGroupSpec?"),
        ("team-a/RayCluster/main", "spec.workerGroupSpecs[7]", "spec.workerGroupSpecs has no 7; there is: [0], [1]"),
        ("team-a/RayCluster/main", "bogus", "the object has no bogus; there is: apiVersion, kind, metadata, spec"),
        ("team-a/RayCluster/main", "kind.x", "kind has no x"),
    ],
)
def test_why_of_what_is_not_there(target: str, field: str, message: str, fleet: Path, run: Runner) -> None:
    ended = run("-C", fleet, "why", target, field)
    assert ended.code in (1, 2)
    assert message in ended.err


def test_why_of_files_with_errors(fleet: Path, run: Runner) -> None:
    (fleet / "values" / "namespaces" / "team-a.yaml").write_text("rayClusters: 3\n")
    ended = run("-C", fleet, "why", "team-a/RayCluster/main", "spec")
    assert (ended.code, "team-a.yaml has errors; run oneblock validate" in ended.err) == (1, True)
    (fleet / "values" / "platform.yaml").write_text("glob: 3\n")
    ended = run("-C", fleet, "why", "team-a/RayCluster/main", "spec")
    assert (ended.code, "platform.yaml has errors; run oneblock validate" in ended.err) == (1, True)
    (fleet / "values" / "platform.yaml").unlink()
    assert run("-C", fleet, "why", "team-a/RayCluster/main", "spec").code == 1


@pytest.mark.parametrize("reason", RAY, ids=lambda each: each.text)
def test_reasons_name_templates_that_exist(reason: object) -> None:
    name = Path(reason.template).name  # type: ignore[attr-defined]
    assert (resources.BLUEPRINTS / "charts" / "ray" / "templates" / name).is_file()


def test_reasons_fit_what_is_rendered(fleet: Path, run: Runner) -> None:
    run.ok("-C", fleet, "render")
    made = yaml.safe_load((fleet / "rendered/ray/team-a/raycluster-main.yaml").read_text())
    from generator.diagnostics import dotted
    from tests.leaves import walk

    fields = [dotted(path) for path, _ in walk(made)]
    silent = [each.text for each in RAY if not any(each.fields.search(field) for field in fields)]
    assert silent == []


def test_the_book(run: Runner) -> None:
    rows = json.loads(run.ok("rules", "-o", "json").out)
    assert [row["code"] for row in rows] == sorted(pages())
    assert len(rows) > 100
    assert run.ok("rules").out.startswith("CODE")


@pytest.mark.parametrize("code", sorted(pages()))
def test_every_code_is_explained(code: str, run: Runner) -> None:
    told = run.ok("explain", code.lower()).out
    page = pages()[code]
    assert told.startswith(f"{code}: {page.title}\n")
    assert f"family: {page.family}" in told
    assert len(page.explanation.split()) > 8


def test_codes_that_are_none(run: Runner) -> None:
    ended = run("explain", "OB3012")
    assert (ended.code, "did you mean OB3" in ended.err) == (2, True)
