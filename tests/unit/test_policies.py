"""The admission policies made of the table of rules: what is in them, for which kind, under which version."""

from __future__ import annotations

import re

import pytest

from generator.rules import MATCH_CONDITIONS, Cel, all_rules, policies
from generator.rules.cel import version_at_least
from generator.rules.family4_common import ray_problem
from generator.schema.versions import Versions

SUPPORTED = ("1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.2", "1.7.0")


def of(kuberay: str) -> Versions:
    return Versions(kuberay=kuberay)


@pytest.mark.parametrize("kuberay", SUPPORTED)
def test_every_expression_is_put_in_for_its_kind(kuberay: str) -> None:
    found = policies(of(kuberay))
    assert found
    for each in found:
        assert not re.search(r"\b(SPEC|JOB|G)\b", each.expression), each
        assert each.expression.count("(") == each.expression.count(")")
        assert each.kinds == (each.kind,)
        rule = next(rule for rule in all_rules() if rule.code == each.code)
        assert each.message == f"{each.code}: {rule.title}"
        assert rule.applies(of(kuberay))


def test_one_expression_serves_four_kinds() -> None:
    cel = Cel(("RayCluster", "RayJob", "RayService", "RayCronJob"), "SPEC.a && SPEC.?b.orValue(1) > 0")
    assert cel.for_kind("RayCluster") == "object.spec.a && object.spec.?b.orValue(1) > 0"
    assert cel.for_kind("RayService").startswith("object.spec.rayClusterConfig.a && ")
    assert cel.for_kind("RayJob").startswith("!has(object.spec.rayClusterSpec) || (object.spec.rayClusterSpec.a && ")
    assert cel.for_kind("RayCronJob").startswith("!has(object.spec.jobTemplate.rayClusterSpec) || (")


def test_a_job_s_fields_stand_in_the_template_of_a_cron_job() -> None:
    cel = Cel(("RayJob", "RayCronJob"), "JOB.suspend")
    assert cel.for_kind("RayJob") == "object.spec.suspend"
    assert cel.for_kind("RayCronJob") == "object.spec.jobTemplate.suspend"


def test_what_only_a_run_shows_lets_suspended_objects_pass() -> None:
    cel = Cel(("RayCluster", "RayJob", "RayCronJob"), "has(SPEC.a)", when_run=True)
    assert cel.for_kind("RayCluster") == "has(object.spec.a)"
    assert cel.for_kind("RayJob").startswith("object.spec.?suspend.orValue(false) || (")
    assert "object.spec.jobTemplate.?suspend.orValue(false) || (" in cel.for_kind("RayCronJob")


def test_versions_decide_what_is_in() -> None:
    def codes(kuberay: str) -> set[str]:
        return {each.code for each in policies(of(kuberay))}

    assert "OB453" in codes("1.7.0")
    assert "OB453" not in codes("1.6.2")
    assert not any(each.kind == "RayCronJob" for each in policies(of("1.5.2")))
    names = {
        kuberay: next(
            each.expression for each in policies(of(kuberay)) if (each.code, each.kind) == ("OB401", "RayCronJob")
        )
        for kuberay in ("1.6.2", "1.7.0")
    }
    assert "size(object.metadata.name) <= 41" in names["1.6.2"]
    assert names["1.7.0"] == "size(object.metadata.name) <= 36"
    assert codes("1.2.2") < codes("1.4.2") < codes("1.6.2") < codes("1.7.0")


def test_queue_grants_are_a_policy_of_their_own() -> None:
    grants = policies(Versions.DEFAULT, policy="queue-grants")
    assert {each.code[:3] for each in policies(Versions.DEFAULT)} == {"OB4"}
    assert "OB312" in {each.code for each in grants}


def test_what_only_the_operator_knows_is_no_policy() -> None:
    """Feature gates and the batch scheduler are not in the object: a policy would be stricter than the operator."""
    codes = {each.code for each in policies(of("1.7.0"))}
    assert codes.isdisjoint({"OB418", "OB437", "OB448", "OB452", "OB454", "OB478", "OB488", "OB494", "OB499"})
    # What the operator takes: odd, but running.
    assert codes.isdisjoint({"OB404", "OB406", "OB409", "OB416", "OB417", "OB420", "OB447", "OB469", "OB495"})


@pytest.mark.parametrize("least", [(2, 52), (2, 55), (2, 56), (2, 60), (2, 90)])
@pytest.mark.parametrize(
    "version",
    [
        "2.9.3",
        "2.51.9",
        "2.52",
        "2.52.0",
        "v2.55.1",
        "2.56.0-gpu",
        "2.60.0",
        "2.99.1",
        "2.100",
        "3.0",
        "10.1",
        "2",
        "x",
        "",
    ],
)
def test_the_version_pattern_says_what_the_offline_check_says(version: str, least: tuple[int, int]) -> None:
    matches = re.search(version_at_least(*least), version) is not None
    assert matches is (ray_problem(version, least) == "")


def test_old_objects_can_still_be_deleted() -> None:
    names = [name for name, _ in MATCH_CONDITIONS]
    assert names == ["not-being-deleted", "something-a-rule-reads-has-changed"]
