"""Family 5: Volcano's queue rules at their bounds, version by version, and what a gang needs."""

from __future__ import annotations

import pytest

from tests.rules.texts import check, codes, only

BASE = """
global:
  versions: {{kubernetes: "1.32", kuberay: 1.6.2, ray: 2.60.0, volcano: {volcano}}}
  namespaces: {{team: {{owners: [team-leads]}}}}
queues:
"""


def fleet(*queues: str, volcano: str = "1.14.1") -> str:
    return BASE.format(volcano=volcano) + "".join(f"  {each}\n" for each in queues)


def research(text: str, volcano: str = "1.14.1") -> list[str]:
    return codes(check(fleet(f"research: {{namespaces: [team], {text}}}", volcano=volcano)))


@pytest.mark.parametrize(
    ("text", "volcano", "expected"),
    [
        ("guarantee: {gpu: 4}", "1.12.4", []),
        ("guarantee: {gpu: 4}", "1.13.3", []),
        ("guarantee: {gpu: 4}", "1.14.1", ["OB503"]),
        ("guarantee: {gpu: 4}", "1.14.2", ["OB503"]),
        ("guarantee: {gpu: 4}", "1.15.1", ["OB503"]),
        ("guarantee: {gpu: 4}, deserved: {cpu: 1}", "1.12.4", []),
        ("guarantee: {gpu: 4}, deserved: {cpu: 1}", "1.13.3", ["OB503"]),
        ("guarantee: {gpu: 0}, deserved: {cpu: 1}", "1.13.3", []),
        ("guarantee: {gpu: 0}, deserved: {cpu: 1}", "1.14.1", ["OB503"]),
        ("guarantee: {gpu: 0}, deserved: {cpu: 1}", "1.14.2", ["OB503"]),
        ("guarantee: {memory: 0}, deserved: {cpu: 1}", "1.14.1", []),
        ("guarantee: {memory: 0}, deserved: {cpu: 1}", "1.14.2", ["OB503"]),
        ("deserved: {gpu: 4}, capability: {cpu: 1}", "1.12.4", []),
        ("deserved: {gpu: 4}, capability: {cpu: 1}", "1.13.0", ["OB506"]),
        ("deserved: {gpu: 0}, capability: {cpu: 1}", "1.13.0", []),
        ("deserved: {gpu: 0}, capability: {cpu: 1}", "1.14.1", ["OB506"]),
        ("deserved: {memory: 0}, capability: {cpu: 1}", "1.14.1", []),
        ("deserved: {gpu: 4}", "1.13.0", []),
        ("guarantee: {gpu: 4}, capability: {cpu: 1}", "1.13.3", ["OB506"]),
        ("guarantee: {gpu: 4}, capability: {cpu: 1}", "1.14.1", ["OB503", "OB506"]),
        ("deserved: {gpu: 4}, capability: {cpu: 1}", "1.14.2", []),
    ],
)
def test_what_may_be_left_out_depends_on_the_version(text: str, volcano: str, expected: list[str]) -> None:
    assert research(text, volcano) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deserved: {memory: 64Gi}, capability: {memory: 65536Mi}", []),
        ("deserved: {memory: 65537Mi}, capability: {memory: 64Gi}", ["OB504"]),
        ("deserved: {gpu: 2}, capability: {nvidia.com/gpu: 2}", []),
        ("deserved: {gpu: 3}, capability: {nvidia.com/gpu: 2}", ["OB504"]),
        ("guarantee: {cpu: 1500m}, deserved: {cpu: 1.5}", []),
        ("guarantee: {cpu: 1501m}, deserved: {cpu: 1.5}", ["OB502"]),
        ("guarantee: {cpu: 3}, deserved: {cpu: 2}, capability: {cpu: 2}", ["OB502"]),
        ("capability: {rdma/hca: 0.5}", ["OB501"]),
        ("capability: {hugepages-2Mi: 1Gi, cpu: 0.5}", []),
        ("capability: {example.kubernetes.io/share: 0.5}", []),
    ],
)
def test_amounts_are_compared_as_numbers(text: str, expected: list[str]) -> None:
    assert research(text) == expected


def test_a_circle_is_told_once_with_its_way_and_places() -> None:
    found = only("OB522", check(fleet("c: {parent: b}", "a: {parent: c}", "b: {parent: a}")))
    assert [each.message for each in found] == ["queues go round in a circle: a → c → b → a"]
    assert [each.span.line for each in found[0].related] == [5, 7]


def test_a_queue_below_a_circle_is_in_none() -> None:
    found = check(fleet("a: {parent: b}", "b: {parent: a}", "leaf: {namespaces: [team], parent: a}"))
    assert codes(found) == ["OB522"]


@pytest.mark.parametrize(
    ("levels", "volcano", "expected"),
    [(5, "1.14.2", []), (6, "1.14.2", ["OB523"]), (7, "1.15.1", ["OB523", "OB523"]), (8, "1.14.1", [])],
)
def test_later_volcanos_allow_five_levels(levels: int, volcano: str, expected: list[str]) -> None:
    queues = ["l1: {}", *(f"l{each}: {{parent: l{each - 1}}}" for each in range(2, levels))]
    queues.append(f"l{levels}: {{namespaces: [team], parent: l{levels - 1}}}")
    assert codes(check(fleet(*queues, volcano=volcano))) == expected


def test_the_nearest_ceiling_above_counts() -> None:
    found = check(
        fleet(
            "top: {capability: {gpu: 4}}",
            "middle: {parent: top, capability: {gpu: 8}}",
            "leaf: {namespaces: [team], parent: middle, capability: {gpu: 8}}",
            volcano="1.15.1",
        )
    )
    assert [(each.code, each.span.line) for each in found] == [("OB524", 6)]


def test_sums_are_those_of_children_only() -> None:
    found = check(
        fleet(
            "top: {deserved: {gpu: 8}}",
            "left: {parent: top, deserved: {gpu: 8}}",
            "a: {namespaces: [team], parent: left, deserved: {gpu: 4}}",
            "b: {namespaces: [team], parent: left, deserved: {gpu: 5}}",
        )
    )
    assert [each.message for each in found] == ['the queues below "left" deserve 9 nvidia.com/gpu together; it has 8']
    assert [each.text for each in found[0].related] == ['of "a"', 'of "b"']


@pytest.mark.parametrize(
    ("parent", "volcano", "expected"),
    [
        ("{}", "1.14.2", ["OB525", "OB526"]),
        ("{}", "1.13.3", ["OB525", "OB526"]),
        ("{}", "1.14.1", []),
        ("{capability: {gpu: 1}}", "1.14.1", []),
        ("{capability: {gpu: 1}}", "1.14.2", ["OB525", "OB526"]),
        ("{capability: {gpu: 0}}", "1.14.1", ["OB525", "OB526"]),
        ("{capability: {cpu: 8}}", "1.14.1", ["OB525", "OB526"]),
        ("{deserved: {gpu: 1}}", "1.14.1", []),
        ("{deserved: {gpu: 1}}", "1.14.2", ["OB525"]),
    ],
)
def test_what_a_parent_has_that_does_not_say(parent: str, volcano: str, expected: list[str]) -> None:
    child = "a: {namespaces: [team], parent: top, deserved: {gpu: 1}, guarantee: {gpu: 1}}"
    found = check(fleet(f"top: {parent}", child, volcano=volcano))
    assert codes(found) == expected
    assert {each.span.line for each in found} <= {5}


@pytest.mark.parametrize(("volcano", "expected"), [("1.14.1", ["OB526"]), ("1.15.1", ["OB526"]), ("1.13.3", [])])
def test_even_nothing_of_a_device_must_be_in_the_parent(volcano: str, expected: list[str]) -> None:
    queues = ("top: {deserved: {cpu: 1}}", "a: {namespaces: [team], parent: top, deserved: {gpu: 0, memory: 0}}")
    assert codes(check(fleet(*queues, volcano=volcano))) == expected


def test_thousandths_are_counted_up_before_they_are_added() -> None:
    queues = ("top: {deserved: {cpu: 1m}}", *(f"{name}: {{parent: top, deserved: {{cpu: 500u}}}}" for name in "ab"))
    assert codes(only("OB526", check(fleet(*queues)))) == ["OB526"]
    assert research("deserved: {cpu: 900u}, capability: {cpu: 100u}", "1.14.1") == []
    assert research("deserved: {cpu: 900u}, capability: {cpu: 100u}", "1.14.2") == ["OB504"]


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        ("{}", "{cpu: 4}", ["OB528"]),
        ("{capability: {memory: 1Gi}}", "{cpu: 4}", ["OB528"]),
        ("{capability: {cpu: 4}}", "{cpu: 4, gpu: 0}", ["OB528"]),
        ("{capability: {cpu: 4}}", "{cpu: 4, memory: 0}", ["OB507"]),
        ("{capability: {cpu: 4}}", "{cpu: 5}", ["OB524"]),
        ("{capability: {gpu: 0}}", "{gpu: 1}", ["OB524"]),
    ],
)
def test_a_ceiling_is_held_against_the_parents(parent: str, child: str, expected: list[str]) -> None:
    queues = (f"top: {parent}", f"a: {{namespaces: [team], parent: top, capability: {child}}}")
    assert codes(check(fleet(*queues, volcano="1.14.1"))) == expected
    later = [code for code in expected if code != "OB528" and "gpu" not in child]
    assert codes(check(fleet(*queues, volcano="1.14.2"))) == later


def test_the_top_is_bounded_by_nothing_in_the_file() -> None:
    assert check(fleet("a: {namespaces: [team], deserved: {gpu: 1000}, guarantee: {gpu: 1000}}")) == []


CLUSTER = """
rayClusters:
  main:
    queue: research
    head: {cpu: 1, memory: 4Gi}
    workerGroups: {gpu: {replicas: %d, cpu: 1, memory: 4Gi, gpu: 4}}
"""


@pytest.mark.parametrize(("replicas", "expected"), [(2, []), (3, ["OB532"])])
def test_a_gang_fits_to_the_last_device(replicas: int, expected: list[str]) -> None:
    queues = fleet("research: {namespaces: [team], capability: {gpu: 8}}")
    assert codes(check(queues, team=CLUSTER % replicas)) == expected


def test_a_gang_meets_the_ceilings_above_its_queue() -> None:
    queues = fleet(
        "company: {capability: {gpu: 4, cpu: 100}}",
        "research: {namespaces: [team], parent: company, capability: {cpu: 100}}",
    )
    (found,) = check(queues, team=CLUSTER % 2)
    assert found.message.endswith('queue "company" never gives more than 4')
    assert found.notes == ("nvidia.com/gpu: gpu 2 × 4",)


def test_no_devices_is_a_ceiling_and_no_cpu_is_none() -> None:
    queues = fleet("research: {namespaces: [team], capability: {gpu: 0, cpu: 0}}")
    assert codes(check(queues, team=CLUSTER % 1)) == ["OB532", "OB507"]


def test_a_suspended_cluster_waits_for_nothing() -> None:
    queues = fleet("research: {namespaces: [team], capability: {gpu: 1}}")
    text = CLUSTER.replace("queue: research", "queue: research\n    suspend: true") % 9
    assert check(queues, team=text) == []


SERVICE = "rayServices: {serve: {queue: research, %s rayCluster: {head: {cpu: 3}}}}"


@pytest.mark.parametrize(
    ("capability", "strategy", "expected"),
    [(6, "", []), (5, "", ["OB533"]), (5, "upgradeStrategy: None,", []), (2, "", ["OB532"])],
)
def test_an_upgrade_needs_room_for_two(capability: int, strategy: str, expected: list[str]) -> None:
    queues = fleet(f"research: {{namespaces: [team], capability: {{cpu: {capability}}}}}")
    assert codes(check(queues, team=SERVICE % strategy)) == expected


def test_a_workload_in_a_parent_is_told_of_every_child() -> None:
    below = "{namespaces: [team], parent: company}"
    queues = fleet("company: {}", f"a: {below}", f"b: {below}")
    (found,) = check(queues, team="rayClusters: {main: {queue: company}}")
    assert found.code == "OB530"
    assert found.notes == ("team may use: a, b, default",)
    assert [each.span.line for each in found.related] == [6, 7]


def test_topology_labels_need_volcano_that_has_them() -> None:
    text = "rayClusters: {main: {labels: {volcano.sh/network-topology-mode: hard}}}"
    assert codes(check(fleet("research: {namespaces: [team]}", volcano="1.11.2"), team=text)) == ["OB537"]
    assert check(fleet("research: {namespaces: [team]}", volcano="1.12.0"), team=text) == []


@pytest.mark.parametrize(("tier", "fires"), [("0", False), ("12", False), ("-1", True), ("1.5", True), ("a", True)])
def test_a_tier_is_a_whole_number(tier: str, fires: bool) -> None:
    labels = f'volcano.sh/network-topology-mode: hard, volcano.sh/network-topology-highest-tier-allowed: "{tier}"'
    found = check(fleet("research: {namespaces: [team]}"), team=f"rayClusters: {{main: {{labels: {{{labels}}}}}}}")
    assert bool(only("OB535", found)) is fires
