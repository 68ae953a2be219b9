"""Family 3: the sums behind quotas, what a finding across two files shows, and that chart and table agree."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from generator.diagnostics import Level
from generator.fleet import Workload, open_namespace
from generator.fleet.footprint import Footprint
from generator.resources import BLUEPRINTS
from generator.rules import all_rules, policies
from generator.schema import Versions
from tests.rules.texts import check, codes, document, only, platform

TEAM = "global: {namespaces: {team: {owners: [team-leads]}}}\n"
GI = 1024**3


def workload(text: str, platform_text: str = TEAM) -> Workload:
    namespace = open_namespace("team", document("namespaces/team.yaml", text), platform(platform_text))
    (found,) = namespace.workloads
    return found


def footprint(text: str, platform_text: str = TEAM) -> Footprint:
    return workload(text, platform_text).footprint


def test_a_cluster_takes_head_autoscaler_and_minimum() -> None:
    found = footprint(
        """
        rayClusters:
          main:
            autoscaling: {enabled: true, cpu: 250m, memory: 1Gi}
            head: {cpu: 4, memory: 16Gi}
            workerGroups:
              slices: {minReplicas: 2, maxReplicas: 9, numOfHosts: 2, cpu: 8, memory: 32Gi, gpu: 4}
              idle: {minReplicas: 0, maxReplicas: 9, cpu: 8, memory: 32Gi}
        """
    )
    assert found.total("cpu") == Fraction(17, 4) + 32
    assert found.total("memory") == 145 * GI
    assert found.total("nvidia.com/gpu") == 16
    assert found.pods == 5
    assert found.resources() == ["cpu", "memory", "nvidia.com/gpu"]
    assert found.sums("cpu") == "head 4, autoscaler 0.25, slices 4 × 8"


def test_without_autoscaling_replicas_count_within_their_bounds() -> None:
    text = "rayClusters: {main: {workerGroups: {cpu: {replicas: 5, minReplicas: 1, maxReplicas: 3, cpu: 2}}}}"
    assert footprint(text).total("cpu") == 1 + 3 * 2
    text = "rayClusters: {main: {workerGroups: {cpu: {replicas: 1, minReplicas: 4, maxReplicas: 6, cpu: 2}}}}"
    assert footprint(text).total("cpu") == 1 + 4 * 2


@pytest.mark.parametrize(
    "text",
    [
        "rayClusters: {main: {suspend: true, head: {cpu: 4}}}",
        "rayJobs: {main: {entrypoint: x, suspend: true, rayCluster: {head: {cpu: 4}}}}",
    ],
)
def test_what_is_suspended_takes_nothing(text: str) -> None:
    assert footprint(text).pods == 0
    assert footprint(text).resources() == []


def test_a_suspended_group_takes_nothing() -> None:
    text = "rayClusters: {main: {workerGroups: {cpu: {replicas: 5, suspend: true, cpu: 2}}}}"
    assert footprint(text).total("cpu") == 1


def test_a_job_takes_its_submitter_along() -> None:
    text = "rayJobs: {main: {entrypoint: x, rayCluster: {head: {cpu: 4}}%s}}"
    assert footprint(text % "").total("cpu") == Fraction(9, 2)
    assert footprint(text % "").pods == 2
    assert footprint(text % ", submissionMode: HTTPMode").total("cpu") == 4


def test_containers_beside_ray_and_before_it_count_as_kubernetes_counts() -> None:
    text = """
        rayClusters:
          main:
            head:
              cpu: 1
              memory: 4Gi
              template:
                spec:
                  containers: [{name: side, image: x, resources: {limits: {cpu: 500m}}}]
                  initContainers:
                    - {name: fetch, image: x, resources: {requests: {cpu: 3}}}
                    - {name: proxy, image: x, restartPolicy: Always, resources: {requests: {memory: 1Gi}}}
    """
    found = footprint(text)
    assert found.total("cpu") == 3  # the init container alone is more than 1 + 0.5
    assert found.total("memory") == 5 * GI
    assert found.total("cpu", "limits") == Fraction(3, 2)


def test_a_tiny_worker_still_runs_the_operators_init_container() -> None:
    text = "rayClusters: {main: {workerGroups: {cpu: {replicas: 1, cpu: 50m, memory: 64Mi}}}}"
    assert footprint(text).total("cpu") == 1 + Fraction(1, 5)
    assert footprint(text).total("memory") == Fraction(4 * GI + 256 * 1024**2)


def test_gpus_are_called_what_the_node_shape_calls_them() -> None:
    shapes = "global: {nodes: {mi300: {count: 1, cpu: 8, memory: 1Gi, gpu: 8, gpuResource: amd.com/gpu}}}"
    text = "rayClusters: {main: {workerGroups: {gpu: {replicas: 2, gpu: 8, nodes: mi300}}}}"
    assert footprint(text, shapes).total("amd.com/gpu") == 16
    assert footprint(text, shapes).total("nvidia.com/gpu") == 0


def test_a_finding_shows_both_files_and_the_sums() -> None:
    (found,) = check(
        """
        global:
          namespaces:
            team: {owners: [team-leads], quota: {cpu: 8}}
        """,
        team="""
        rayClusters:
          main:
            head: {cpu: 4}
            workerGroups: {cpu: {replicas: 3, cpu: 2}}
        """,
    )
    assert (found.code, found.span.file, found.span.line) == ("OB330", "namespaces/team.yaml", 2)
    assert found.message == 'RayCluster "main" needs at least 10 cpu; the quota is 8 cpu'
    assert found.notes == ("cpu: head 4, cpu 3 × 2",)
    assert [(each.span.file, each.span.line) for each in found.related] == [("platform.yaml", 3)]


@pytest.mark.parametrize(
    ("quota", "fires"),
    [
        ("cpu: 10", False),
        ("cpu: 9999m", True),
        ("requests.cpu: 9", True),
        ("limits.cpu: 9", True),
        ("limits.cpu: 10", False),
        ("memory: 16Gi", False),
        ("memory: 16383Mi", True),
        ("pods: 4", False),
        ("pods: 3", True),
        ("gpu: 0", False),
        ("count/rayclusters.ray.io: 1", False),
    ],
)
def test_each_line_of_a_quota_counts_what_it_says(quota: str, fires: bool) -> None:
    found = check(
        f"global: {{namespaces: {{team: {{owners: [a], quota: {{{quota}}}}}}}}}",
        team="""
        rayClusters:
          main:
            head: {cpu: 4, memory: 4Gi}
            workerGroups: {cpu: {replicas: 3, cpu: 2, memory: 4Gi}}
        """,
    )
    assert bool(only("OB330", found)) is fires


def test_one_too_large_is_not_told_twice() -> None:
    found = check(
        "global: {namespaces: {team: {owners: [a], quota: {cpu: 4}}}}",
        team="rayClusters: {small: {head: {cpu: 1}}, large: {head: {cpu: 5}}}",
    )
    assert codes(found) == ["OB330"]


def test_a_namespace_that_is_not_declared_has_no_quota_to_exceed() -> None:
    found = check("global: {namespaces: {}}", team="rayClusters: {main: {head: {cpu: 1000}}}")
    assert codes(found) == ["OB301"]


def test_limits_give_a_default_to_containers_that_say_nothing() -> None:
    text = 'rayClusters: {main: {head: {template: {spec: {containers: [{name: side, image: "x:1"}]}}}}}'
    team = "global: {namespaces: {team: {owners: [a], quota: {cpu: 8, memory: 8Gi}%s}}}"
    (missing,) = check(team % "", team=text)
    assert missing.message == 'container "side" has no requests of cpu and requests of memory, which the quota counts'
    assert check(team % ", limits: {cpu: 4, memory: 8Gi}", team=text) == []
    (memory,) = check(team % ", limits: {cpu: 4}", team=text)
    assert memory.message == 'container "side" has no requests of memory, which the quota counts'


@pytest.mark.parametrize(
    ("word", "label"),
    [("smal", "did you mean small?"), ("unlike-any", "")],
)
def test_near_names_are_offered(word: str, label: str) -> None:
    (found,) = check(
        "global: {namespaces: {team: {owners: [a]}}, profiles: {small: {}}}",
        team=f"rayClusters: {{main: {{profile: {word}}}}}",
    )
    assert (found.code, found.label) == ("OB318", label)
    assert found.notes == ("profiles: default, small",)


def test_shapes_in_a_jobs_own_cluster_are_looked_up_too() -> None:
    found = check(
        TEAM,
        team="""
        rayJobs:
          nightly: {entrypoint: x, rayCluster: {head: {nodes: big}}}
        rayServices:
          serve: {rayCluster: {workerGroups: {gpu: {replicas: 1, nodes: big}}}}
        """,
    )
    assert [(each.code, each.span.line) for each in found] == [("OB319", 2), ("OB319", 4)]


def test_priority_classes_are_only_looked_up_where_some_are_declared() -> None:
    text = "rayClusters: {main: {priorityClassName: anything}}"
    assert check(TEAM, team=text) == []
    (found,) = check("global: {namespaces: {team: {owners: [a]}}, priorityClasses: {low: {value: 1}}}", team=text)
    assert (found.code, found.level) == ("OB326", Level.WARNING)


QUEUES = """
global: {namespaces: {team: {owners: [a]}, other: {owners: [b]}}}
queues:
  research: {namespaces: [team]}
  urgent: {namespaces: [other]}
"""


def test_an_ungranted_queue_is_shown_with_its_grant() -> None:
    (found,) = check(QUEUES, team="rayClusters: {main: {queue: urgent}}")
    assert found.code == "OB312"
    assert found.notes[0] == "team may use: default, research"
    assert (found.related[0].span.file, found.related[0].text) == ("platform.yaml", "granted here")


def test_the_queue_of_an_inline_cluster_is_the_jobs() -> None:
    text = "rayJobs: {nightly: {entrypoint: x, %srayCluster: {queue: urgent}}}"
    assert codes(check(QUEUES, team=text % "")) == ["OB312"]
    assert check(QUEUES, team=text % "queue: research, ") == []


def test_default_is_open_until_somebody_lists_it() -> None:
    text = "rayClusters: {main: {}}"
    assert check(QUEUES, team=text) == []
    (found,) = check(QUEUES + "  default: {namespaces: [other]}\n", team=text)
    assert (found.code, found.span.line) == ("OB312", 1)


def test_a_scheduled_job_runs_in_default_whatever_it_says() -> None:
    text = 'rayJobs: {nightly: {entrypoint: x, schedule: "0 3 * * *", queue: urgent, rayCluster: {}}}'
    assert codes(check(QUEUES, team=text)) == ["OB916", "OB409"]
    assert codes(check(QUEUES + "  default: {namespaces: [other]}\n", team=text)) == ["OB312", "OB916", "OB409"]


def test_queues_count_for_nothing_without_volcano() -> None:
    found = check(QUEUES + "\n", team="rayClusters: {main: {queue: nowhere}}")
    assert codes(found) == ["OB313"]
    without = QUEUES.replace("global: {", "global: {batchScheduler: none, ")
    assert codes(check(without, team="rayClusters: {main: {queue: nowhere}}")) == ["OB531", "OB527"]


def test_the_policys_expressions_use_what_the_queues_chart_defines() -> None:
    template = BLUEPRINTS / "charts" / "queues" / "templates" / "validatingadmissionpolicy.yaml"
    defined = set(re.findall(r"^ +- name: ([a-z]+)$", template.read_text(encoding="utf-8"), re.MULTILINE))
    table = policies(Versions.DEFAULT, policy="queue-grants")
    used = {name for each in table for name in re.findall(r"variables\.([a-z]+)", each.expression)}
    assert used == {"kept", "parent", "foreign", "queue", "granted"}
    assert used <= defined
    assert {each.kind for each in table} == {"RayCluster", "RayJob", "RayService", "RayCronJob"}
    assert {each.code for each in table} == {"OB312", "OB530"}


def test_an_operator_from_elsewhere_watches_what_it_likes() -> None:
    watched = "operator: {enabled: %s, watchNamespaces: [other]}\n"
    text = "rayClusters: {main: {}}"
    assert codes(check(TEAM + watched % "true", team=text)) == ["OB307", "OB308"]
    assert check(TEAM + watched % "false", team=text) == []


@pytest.mark.parametrize(
    ("quota", "pairs"),
    [
        ("gpu: 1, nvidia.com/gpu: 1", ["gpu"]),
        ("storage: 1Gi, requests.storage: 1Gi", ["storage"]),
        ("amd.com/gpu: 1, requests.amd.com/gpu: 1", ["amd.com/gpu"]),
        ("cpu: 1, limits.cpu: 1, gpu: 1, amd.com/gpu: 1", []),
    ],
)
def test_quota_lines_that_mean_the_same(quota: str, pairs: list[str]) -> None:
    found = only("OB342", check(f"global: {{namespaces: {{team: {{owners: [a], quota: {{{quota}}}}}}}}}"))
    assert [each.message.split('"')[1] for each in found] == pairs


def test_there_are_enough_rules_and_each_family_has_some() -> None:
    families = {each.family for each in all_rules()}
    assert families == {3, 4, 5, 7, 8, 9}
    assert len([each for each in all_rules() if each.family != 4]) >= 45
