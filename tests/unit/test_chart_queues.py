"""The queues chart: Queue objects, their order, who may use them, priority classes."""

from __future__ import annotations

import ast

import pytest

from generator.rules import policies
from generator.schema import Versions
from tests.charts.rendering import Object, kinds, objects, one

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


def variables(values: str) -> dict[str, str]:
    policy = one(render(values), "ValidatingAdmissionPolicy", "oneblock-queue-grants")
    return {each["name"]: each["expression"] for each in policy["spec"]["variables"]}


def grants(values: str) -> dict[str, list[str]]:
    """Namespace → the queues it may use; ``*`` is every other one. CEL's maps and lists of texts are Python's too."""
    said = variables(values)
    found: dict[str, list[str]] = {}
    for name, expression in said.items():
        if name.startswith("grants"):
            found |= ast.literal_eval(expression)
            assert f"request.namespace in variables.{name} ? variables.{name}[request.namespace] :" in said["granted"]
    return found | {"*": ast.literal_eval(said["granted"][said["granted"].rindex("[") :])}


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
    ("values", "who"),
    [
        ("", {"*": ["default"]}),
        ("q: {}", {"*": ["default"]}),
        ("q: {namespaces: [a]}", {"*": ["default"], "a": ["default", "q"]}),
        ("default: {namespaces: [a]}", {"*": [], "a": ["default"]}),
        ("default: {}", {"*": []}),
        ('default: {namespaces: ["*"]}\nq: {namespaces: [b]}', {"*": ["default"], "b": ["default", "q"]}),
        ('q: {namespaces: ["*", a]}', {"*": ["default", "q"], "a": ["default", "q"]}),
        (
            TREE,
            {
                "*": ["default", "shared"],
                "team-a": ["default", "shared", "speech"],
                "team-b": ["default", "shared", "vision"],
            },
        ),
    ],
)
def test_who_may_use_what(values: str, who: dict[str, list[str]]) -> None:
    assert grants(values) == who


def test_a_thousand_namespaces() -> None:
    names = [f"team-{number:04}" for number in range(1000)]
    values = "".join(f"q{number}: {{namespaces: [{', '.join(names)}]}}\n" for number in range(20))
    assert len(grants(values)) == 1001
    assert max(len(each) for each in variables(values).values()) < 100_000, "the API server's limit for an expression"


def test_queues_no_workload_may_name() -> None:
    assert variables(TREE)["parent"] == "variables.queue in ['company', 'research', 'root']"
    assert variables("")["parent"] == "variables.queue in ['root']"
    assert "['company', 'research', 'shared', 'speech', 'vision']" in variables(TREE)["foreign"]


@pytest.mark.parametrize(
    ("values", "there"),
    [
        ("", ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]),
        ("global: {batchScheduler: none}", []),
        (
            "global: {batchScheduler: none}\nq: {}",
            ["Queue", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
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
    assert resources("q: {}") == others | {"rayclusters", "rayjobs", "rayservices", "raycronjobs"}
    assert resources("q: {}\nglobal: {batchScheduler: none}") == others, "KubeRay then reads no queue label"


def test_the_binding() -> None:
    found = render("q: {}\nglobal: {admissionPolicies: {action: Audit}}")
    binding = one(found, "ValidatingAdmissionPolicyBinding", "oneblock-queue-grants")["spec"]
    assert binding == {"policyName": "oneblock-queue-grants", "validationActions": ["Audit"]}


def test_a_declared_namespace_has_what_it_is_granted_and_nothing_else() -> None:
    values = "global: {namespaces: {team-a: {}, team-z: {}}}\n" + TREE
    assert grants(values) == grants(TREE) | {"team-z": ["default", "shared"]}
    assert "request.namespace in variables.grants0 || false" in variables(values)["team"]


def test_pod_groups_are_looked_at_when_they_change() -> None:
    policy = one(render("q: {}"), "ValidatingAdmissionPolicy")["spec"]
    operations = {
        name: rule["operations"] for rule in policy["matchConstraints"]["resourceRules"] for name in rule["resources"]
    }
    assert operations["podgroups"] == operations["rayclusters"] == ["CREATE", "UPDATE"]
    assert operations["pods"] == ["CREATE", "UPDATE"], "an annotation may come later"


def test_the_policy_checks_what_the_rules_say() -> None:
    validations = one(render("q: {}"), "ValidatingAdmissionPolicy")["spec"]["validations"]
    found = {each["expression"]: each["messageExpression"] for each in validations}
    for rule in policies(Versions.DEFAULT, policy="queue-grants"):
        assert found[rule.expression] == f"'{rule.code}: ' + variables.told"
    assert "variables.kept || !variables.parent" in found, "a workload in a queue with others below it"
    assert len(found) == len(validations)


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
