"""The scheduler configuration for Volcano. Its scheduler only logs a mistake in it and goes on with another one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.resources import BLUEPRINTS
from tests.gitops_fleets import of

ACTIONS = {"enqueue", "allocate", "backfill", "preempt", "reclaim", "gangpreempt", "gangreclaim", "shuffle"}
PLUGINS = {
    "binpack",
    "capacity",
    "conformance",
    "deviceshare",
    "drf",
    "extender",
    "gang",
    "network-topology-aware",
    "nodegroup",
    "nodeorder",
    "numaaware",
    "pdb",
    "predicates",
    "priority",
    "proportion",
    "rescheduling",
    "resource-strategy-fit",
    "resourcequota",
    "sla",
    "task-topology",
    "tdm",
    "usage",
}
SWITCHES = {
    "enableBestNode",
    "enableHierarchy",
    "enableJobEnqueued",
    "enableJobOrder",
    "enableJobPipelined",
    "enableJobReady",
    "enableJobStarving",
    "enableNodeOrder",
    "enablePredicate",
    "enablePreemptable",
    "enablePreemptive",
    "enableQueueOrder",
    "enableReclaimable",
    "enableReservedNodes",
    "enableTargetJob",
    "enableTaskOrder",
    "enabledAllocatable",
    "enabledHyperNodeGradient",
    "enabledHyperNodeOrder",
    "enabledOverused",
    "enabledSubJobOrder",
    "enabledSubJobPipelined",
    "enabledSubJobReady",
    "enabledVictim",
}
"""Volcano's ``pkg/scheduler/conf/scheduler_conf.go``; it reads a key it does not know as if it were not there."""


@pytest.fixture
def text() -> str:
    return (BLUEPRINTS / "gitops" / "volcano-scheduler.conf").read_text(encoding="utf-8")


@pytest.fixture
def tiers(text: str) -> list[list[dict[str, Any]]]:
    return [tier["plugins"] for tier in yaml.safe_load(text)["tiers"]]


def test_actions_are_known_and_in_an_order_that_works(text: str) -> None:
    conf = yaml.safe_load(text)
    assert conf.keys() == {"actions", "tiers"}
    actions = [action.strip() for action in conf["actions"].split(",")]
    assert set(actions) <= ACTIONS
    assert "reclaim" in actions, "deserved means nothing without it"
    assert "enqueue" not in actions, "it hides the demand of gangs from reclaim"
    assert actions.index("allocate") < actions.index("reclaim")


def test_plugins_and_their_keys_are_known(tiers: list[list[dict[str, Any]]]) -> None:
    names = [plugin["name"] for tier in tiers for plugin in tier]
    assert set(names) <= PLUGINS
    assert len(names) == len(set(names))
    for plugin in (plugin for tier in tiers for plugin in tier):
        assert plugin.keys() <= {"name", "arguments"} | SWITCHES
        assert all(isinstance(plugin[key], bool) for key in plugin.keys() & SWITCHES)


def test_queues_are_shared_out_by_one_plugin_that_knows_trees(tiers: list[list[dict[str, Any]]]) -> None:
    sharing = [plugin for tier in tiers for plugin in tier if plugin["name"] in ("capacity", "proportion")]
    assert sharing == [{"name": "capacity", "enableHierarchy": True}]


@pytest.mark.parametrize("name", ["gang", "conformance"])
def test_nobody_settles_above_capacity_whom_to_reclaim(name: str, tiers: list[list[dict[str, Any]]]) -> None:
    where = {plugin["name"]: index for index, tier in enumerate(tiers) for plugin in tier}
    assert where[name] >= where["capacity"], "the first tier with an answer decides alone"


@pytest.mark.parametrize("engine", ["argocd", "flux"])
def test_both_engines_hand_over_the_checked_text(engine: str, text: str) -> None:
    on: dict[str, Any] = {"global": {"batchScheduler": "volcano"}, "gitops": {"volcano": {"enabled": True}}}
    found = of(engine, **on)
    name = {"argocd": "gitops/application-oneblock-volcano.yaml", "flux": "gitops/helmrelease-oneblock-volcano.yaml"}[
        engine
    ]
    spec = found[name]["spec"]
    values = spec["source"]["helm"]["valuesObject"] if engine == "argocd" else spec["values"]
    assert values == {"custom": {"scheduler_config_override": text}}
    version = spec["source"]["targetRevision"] if engine == "argocd" else spec["chart"]["spec"]["version"]
    assert version == "1.14.1"


@pytest.mark.parametrize("engine", ["argocd", "flux"])
def test_no_volcano_unless_asked_for(engine: str) -> None:
    for changes in (
        {"gitops": {"volcano": {"enabled": False}}},
        {"global": {"batchScheduler": "none"}, "gitops": {"volcano": {"enabled": True}}},
    ):
        assert not [path for path in of(engine, **changes) if "volcano" in path]
