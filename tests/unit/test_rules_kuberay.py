"""The readers family 4 brings along: schedules, durations, Ray versions, names, gates."""

from __future__ import annotations

from typing import Any

import pytest

from generator.fleet import Platform, open_namespace
from generator.rules import all_rules, check_namespace
from generator.rules.family4_common import (
    GATES,
    dns1035,
    dns1123,
    dns_subdomain,
    gate_open,
    label_key_problem,
    label_value_problem,
    ray_number,
    ray_problem,
)
from generator.rules.family4_cronjob import schedule_problem, zone_problem
from generator.rules.family4_job import yaml_map_problem
from generator.rules.family4_names import longest_name
from generator.rules.family4_service import timeout_problem
from generator.source import Document


def platform(kuberay: str = "1.6.2", **data: Any) -> Platform:
    return Platform(Document("platform.yaml", "", {"global": {"versions": {"kuberay": kuberay}}, **data}))


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "*/5 8-18/2 1,15 jan-MAR,12 sun-sat",
        "? ? ? ? ?",
        "0 0 29 2 *",
        "0 0 30 2 fri",  # either day counts when both are given
        "0 0 31 4,5 *",
        "5/10 0 * * 0,,6",
        "  0   3 * * *  ",
        "@daily",
        "@every 1h30m",
        "@every 1.5h",
        "TZ=Europe/Berlin 0 3 * * *",
        "CRON_TZ=UTC 0 3 * * *",
    ],
)
def test_schedules_the_operator_keeps(schedule: str) -> None:
    assert schedule_problem(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("", "0 fields"),
        ("* * * *", "4 fields"),
        ("0 0 3 * * *", "6 fields"),
        ("60 * * * *", "within 0 and 59"),
        ("* 24 * * *", "within 0 and 23"),
        ("* * 0 * *", "within 1 and 31"),
        ("* * * 13 *", "within 1 and 12"),
        ("* * * * 7", "within 0 and 6"),
        ("5-1 * * * *", "within"),
        ("1-2-3 * * * *", "no range"),
        ("*/5/2 * * * *", "no range"),
        ("*/0 * * * *", "step 0"),
        ("*/x * * * *", "no step"),
        ("a * * * *", "no minute"),
        ("jan * * * *", "no minute"),
        ("-1 * * * *", "no minute"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 2,4,6 *", "never comes"),
        (", * * * *", "never comes"),
        ("@noon", "knows no"),
        ("@every", "knows no"),
        ("@every -1h", "knows no"),
        ("@daily now", "knows no"),
    ],
)
def test_schedules_the_operator_does_not_keep(schedule: str, problem: str) -> None:
    assert problem in schedule_problem(schedule)


@pytest.mark.parametrize("text", ["5m", "1h30m", "300", "1.5h", "+10s", ".5s", "1ms", "0h1s"])
def test_timeouts_the_operator_reads(text: str) -> None:
    assert timeout_problem(text) == ""


@pytest.mark.parametrize("text", ["0", "0s", "-5m", "-1", "5 m", "five", "5min", "1d", "1.5"])
def test_timeouts_the_operator_refuses(text: str) -> None:
    assert timeout_problem(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2.52.0", (2, 52, 0)),
        ("v2.52", (2, 52)),
        (" 2.9.3.dev0", (2, 9, 3)),
        ("2.52.0-gpu", (2, 52, 0)),
        ("2", None),
        ("02.1", None),
        ("nightly", None),
        ("", None),
        (2.52, None),
    ],
)
def test_ray_versions_are_read_as_the_operator_does(text: Any, number: tuple[int, ...] | None) -> None:
    assert ray_number(text) == number


def test_a_ray_version_says_why_it_is_too_old() -> None:
    assert ray_problem("2.52.0", (2, 52)) == ""
    assert ray_problem("3.0", (2, 52)) == ""
    assert ray_problem("2.51.9", (2, 52)) == "rayVersion is 2.51.9"
    assert ray_problem("", (2, 52)) == "rayVersion is not set"
    assert ray_problem("nightly", (2, 52)) == 'rayVersion "nightly" is no version'


def test_names() -> None:
    assert dns1035("a-1")
    assert not dns1035("1a")
    assert not dns1035("a-")
    assert not dns1035("a" * 64)
    assert dns1123("1a")
    assert not dns1123("A")
    assert dns_subdomain("a.b-c")
    assert not dns_subdomain("a.-b")


@pytest.mark.parametrize("value", ["", "a", "A.b_c-1", "x" * 63, 42])
def test_label_values(value: Any) -> None:
    assert label_value_problem(value) == ""


@pytest.mark.parametrize("value", ["x" * 64, "-a", "a-", "a b", "ä"])
def test_no_label_values(value: str) -> None:
    assert label_value_problem(value)


def test_label_keys() -> None:
    assert label_key_problem("example.com/a") == ""
    assert label_key_problem("a") == ""
    assert "prefix" in label_key_problem("Example/a")
    assert "no name" in label_key_problem("example.com/")
    assert label_key_problem("a b")


def test_yaml_maps() -> None:
    assert yaml_map_problem("") == ""
    assert yaml_map_problem("null") == ""
    assert yaml_map_problem("a: b") == ""
    assert yaml_map_problem("- a") == "is YAML, but no map"
    assert yaml_map_problem("a: [").startswith("is no YAML")


def test_time_zones() -> None:
    assert zone_problem("UTC") == ""
    assert zone_problem("") == "is empty"


@pytest.mark.parametrize(
    ("gate", "kuberay", "is_open"),
    [
        ("RayJobDeletionPolicy", "1.5.2", False),
        ("RayJobDeletionPolicy", "1.6.0", True),
        ("RayServiceIncrementalUpgrade", "1.6.2", False),
        ("RayServiceIncrementalUpgrade", "1.7.0", True),
        ("RayCronJob", "1.6.2", True),
        ("RayClusterMTLS", "1.7.0", False),
    ],
)
def test_gates_have_the_version_s_default(gate: str, kuberay: str, is_open: bool) -> None:
    assert gate_open(platform(kuberay), gate) is is_open


def test_a_written_gate_wins() -> None:
    for gate in GATES:
        assert gate_open(platform(operator={"featureGates": {gate: True}}), gate)
        assert not gate_open(platform(operator={"enabled": False, "featureGates": {gate: False}}), gate)


def test_somebody_else_s_operator_may_have_any_gate_open() -> None:
    assert gate_open(platform("1.7.0", operator={"enabled": False}), "RayClusterMTLS")


def test_name_lengths_follow_the_version() -> None:
    assert longest_name(platform(), "RayCluster") == 53
    assert longest_name(platform(), "RayService") == 47
    assert longest_name(platform("1.6.2"), "RayCronJob") == 41
    assert longest_name(platform("1.7.0"), "RayCronJob") == 36


def test_rules_are_silent_about_what_is_not_there() -> None:
    """Files that the schema refuses still reach no rule that breaks on them."""
    odd: list[Any] = [None, {}, {"head": None}, {"workerGroups": None}, {"spec": None}, {"head": {"env": None}}]
    odd += [{"workerGroups": {"cpu": None}}, {"spec": {"workerGroupSpecs": None}}, {"autoscaling": None}]
    data = {"rayClusters": {f"c{n}": each for n, each in enumerate(odd)}}
    data["rayJobs"] = {f"j{n}": {"rayCluster": each} for n, each in enumerate(odd)}
    data["rayServices"] = {f"s{n}": {"rayCluster": each} for n, each in enumerate(odd)}
    family4 = [each for each in all_rules() if each.family == 4]
    for kuberay in ("1.2.2", "1.6.2", "1.7.0"):
        namespace = open_namespace("team", Document("namespaces/team.yaml", "", data), platform(kuberay))
        for finding in check_namespace(namespace, family4):
            assert finding.code.startswith("OB4")
