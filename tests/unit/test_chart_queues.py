"""The queues chart: Queue objects, their order, who may use them, priority classes."""

from __future__ import annotations

import pytest

from generator.schema import Versions
from tests.charts.rendering import SYSTEM, Object, kinds, objects, one

TREE = """
company: {deserved: {gpu: 16}, capability: {gpu: 24, cpu: 1000000}, guarantee: {gpu: 4, "rdma/hca": 1, storage: 10Gi}}
research: {parent: company, namespaces: [team-a], reclaimable: false, priority: 3, weight: 7, dequeueStrategy: fifo}
vision: {parent: research, namespaces: [team-b]}
speech: {parent: research, namespaces: [team-a]}
shared: {namespaces: ["*"]}
"""


def render(values: str = "", volcano: str = "1.14.1") -> list[Object]:
    return objects("queues", values, versions=Versions(volcano=volcano))


def queues(values: str, volcano: str = "1.14.1") -> dict[str, Object]:
    return {each["metadata"]["name"]: each for each in render(values, volcano) if each["kind"] == "Queue"}


def grants(values: str) -> dict[str, str]:
    data: dict[str, str] = one(render(values), "ConfigMap", "oneblock-queue-grants", SYSTEM)["data"]
    return data


def test_what_a_queue_says() -> None:
    found = queues(TREE)
    assert found["company"]["spec"] == {
        "parent": "root",
        "weight": 1,
        "reclaimable": True,
        "dequeueStrategy": "traverse",
        "deserved": {"nvidia.com/gpu": "16"},
        "capability": {"nvidia.com/gpu": "24", "cpu": "1000000"},
        "guarantee": {"resource": {"nvidia.com/gpu": "4", "rdma/hca": "1", "ephemeral-storage": "10Gi"}},
    }
    assert found["research"]["spec"] == {
        "parent": "company",
        "weight": 7,
        "priority": 3,
        "reclaimable": False,
        "dequeueStrategy": "fifo",
    }


def test_affinity_is_passed_on() -> None:
    affinity = {"nodeGroupAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": ["a100"]}}
    found = queues("q: {affinity: {nodeGroupAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [a100]}}}")
    assert found["q"]["spec"]["affinity"] == affinity


@pytest.mark.parametrize(
    ("volcano", "there"), [("1.12.2", False), ("1.13.2", False), ("1.14.0", True), ("1.15.1", True)]
)
def test_the_dequeue_strategy_only_where_the_crd_has_it(volcano: str, there: bool) -> None:
    assert ("dequeueStrategy" in queues("q: {}", volcano)["q"]["spec"]) is there


def test_parents_come_in_earlier_waves() -> None:
    waves = {
        name: int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for name, each in queues(TREE).items()
    }
    assert waves == {"company": 1, "shared": 1, "research": 2, "vision": 3, "speech": 3}


def test_a_cycle_does_not_hang_the_render() -> None:
    assert set(queues("a: {parent: b}\nb: {parent: a}")) == {"a", "b"}


def test_volcanos_own_queue_is_never_rendered() -> None:
    assert set(queues("default: {namespaces: [team-a]}\nq: {}")) == {"q"}


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ("", {"_open": "default", "_parents": "root", "_queues": ""}),
        ("q: {}", {"_open": "default", "_parents": "root", "_queues": "q"}),
        ("q: {namespaces: [a]}", {"_open": "default", "_parents": "root", "_queues": "q", "a": "default,q"}),
        (
            "default: {namespaces: [a]}",
            {"_open": "", "_parents": "root", "_queues": "default", "a": "default"},
        ),
        (
            'default: {namespaces: ["*"]}\nq: {namespaces: [b]}',
            {"_open": "default", "_parents": "root", "_queues": "default,q", "b": "default,q"},
        ),
        (
            TREE,
            {
                "_open": "default,shared",
                "_parents": "company,research,root",
                "_queues": "company,research,shared,speech,vision",
                "team-a": "default,shared,speech",
                "team-b": "default,shared,vision",
            },
        ),
    ],
)
def test_who_may_use_what(values: str, data: dict[str, str]) -> None:
    assert grants(values) == data


@pytest.mark.parametrize(
    ("values", "there"),
    [
        ("", ["ConfigMap", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]),
        ("global: {batchScheduler: none}", []),
        (
            "global: {batchScheduler: none}\nq: {}",
            ["ConfigMap", "Queue", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
        ),
        ("global: {admissionPolicies: {enabled: false}}\nq: {}", ["Queue"]),
        ('global: {versions: {kubernetes: "1.29"}}\nq: {}', ["Queue"]),
        ("enabled: true\nglobal: {batchScheduler: none}", []),
    ],
)
def test_what_there_is(values: str, there: list[str]) -> None:
    assert kinds(render(values)) == there


def resources(values: str) -> set[str]:
    policy = one(render(values), "ValidatingAdmissionPolicy", "oneblock-queue-grants")
    return {name for rule in policy["spec"]["matchConstraints"]["resourceRules"] for name in rule["resources"]}


def test_what_the_policy_looks_at() -> None:
    others = {"podgroups", "jobs", "pods"}
    assert resources("q: {}") == others | {"rayclusters", "rayjobs", "rayservices"}
    assert resources("q: {}\nglobal: {batchScheduler: none}") == others, "KubeRay then reads no queue label"


def test_the_policy_reads_the_grants() -> None:
    found = render("q: {}\nglobal: {admissionPolicies: {action: Audit}}")
    binding = one(found, "ValidatingAdmissionPolicyBinding", "oneblock-queue-grants")["spec"]
    assert binding["policyName"] == "oneblock-queue-grants"
    assert binding["validationActions"] == ["Audit"]
    assert (binding["paramRef"]["name"], binding["paramRef"]["namespace"]) == ("oneblock-queue-grants", SYSTEM)
    policy = one(found, "ValidatingAdmissionPolicy")["spec"]
    assert policy["paramKind"] == {"apiVersion": "v1", "kind": "ConfigMap"}
    assert [
        rule["operations"] for rule in policy["matchConstraints"]["resourceRules"] if rule["resources"] == ["podgroups"]
    ] == [["CREATE", "UPDATE"]]


def test_expressions_are_one_line() -> None:
    policy = one(render("q: {}"), "ValidatingAdmissionPolicy")["spec"]
    texts = [each["expression"] for part in ("variables", "validations", "matchConditions") for each in policy[part]]
    texts += [each["messageExpression"] for each in policy["validations"]]
    assert [text for text in texts if "\n" in text] == []


def test_priority_classes() -> None:
    classes = 'urgent: {value: 1000000000, description: "Now: at once"}, low: {value: -5, preemptionPolicy: Never}'
    found = render(f"global: {{priorityClasses: {{{classes}}}}}")
    urgent, low = one(found, "PriorityClass", "urgent"), one(found, "PriorityClass", "low")
    assert (urgent["value"], urgent["preemptionPolicy"], urgent["description"]) == (
        1000000000,
        "PreemptLowerPriority",
        "Now: at once",
    )
    assert (low["value"], low["preemptionPolicy"]) == (-5, "Never")
    assert "description" not in low
    assert urgent["globalDefault"] is False
