"""OneBlock, its admission policies and its CRDs against KubeRay's real operator: who takes what.

Set ``$ONEBLOCK_UPSTREAM_CRDS`` to a folder with ``kuberay/<version>/<plural>.ray.io.json`` to hold the CRDs against
upstream's too.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.rules import all_rules, policies
from tests.binaries import need
from tests.e2e.kuberay_operator import OPERATOR
from tests.e2e.kuberay_specs import VERSIONS, Case
from tests.e2e.kuberay_world import Answers, World
from tests.e2e.lab.cluster import Lab

STRICTER = {
    "example OB406 main": "the chart lays the second group of a name over the first: one of them is gone unsaid",
    "an autoscaler without groups": "the head starts with an autoscaler that has nothing to scale, for ever",
    "example OB420 main": "the head starts with an autoscaler that has nothing to scale, for ever",
    "a group with an underscore that nobody needs yet": "its first worker is refused by the API server, for ever",
    "a mode that is none, suspended": "nobody submits it when it is resumed",
    "two environments, the first of which counts": "the operator reads the first document and drops the rest unsaid",
}
"""What OneBlock refuses and the operator runs, by the case's title, with what then never works."""

UNSEEN = {
    "a range backwards": "a pattern cannot compare two numbers",
    "a day that never comes": "a pattern has no calendar",
    "example OB497 never": "a pattern has no calendar",
    "an interval backwards in time": "the operator's parser takes it, and takes it for every second",
}
"""What a rule with a policy refuses and its policy cannot see."""

COLUMNS = ("runs", "nothing", "fails", "refused", "api")


@pytest.fixture(scope="module")
def world(bare_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    need(OPERATOR)
    named = os.environ.get("ONEBLOCK_UPSTREAM_CRDS")
    upstream = Path(named) / "kuberay" / VERSIONS.kuberay if named else None
    made = World(bare_lab, tmp_path_factory.mktemp("agreement"), upstream if upstream and upstream.is_dir() else None)
    try:
        made.ask()
        yield made
    finally:
        made.close()


def matrix(title: str, columns: tuple[str, ...], rows: Iterator[tuple[str, str]]) -> None:
    """Prints how often each word of a row meets each word of a column."""
    counts = Counter(rows)
    print(f"\n{title:24}" + "".join(f"{column:>10}" for column in columns))
    for row in sorted({row for row, _ in counts}):
        print(f"{row:24}" + "".join(f"{counts[row, column]:10}" for column in columns))


def told(found: dict[Case, Answers]) -> list[str]:
    """Cases with what everybody says of them, for the reader of a failed test."""
    return [
        f"{case} [{case.setting}]: OneBlock {answers.codes or 'takes it'}, "
        f"policy {answers.denied or answers.policy or 'takes it'}, "
        f"operator {answers.verdict.word}: {answers.verdict.why[:200]}"
        for case, answers in found.items()
    ]


def never(asked: dict[Case, Answers]) -> list[Answers]:
    """What OneBlock refuses and the operator takes in vain."""
    return [each for each in asked.values() if each.codes and each.verdict.word in ("nothing", "fails")]


def test_there_are_enough_cases_and_every_rule_has_one(world: World) -> None:
    broken = {case.expected for case in world.cases if case.expected}
    here = {rule.code for rule in all_rules() if rule.family == 4 and rule.applies(VERSIONS) and rule.level == "error"}
    kinds = Counter(case.kind for case in world.cases)
    print(f"{len(world.cases)} cases: {dict(kinds)}; {len(here)} rules of family 4 under KubeRay {VERSIONS.kuberay}")
    assert len(world.cases) >= 300
    assert not here - broken, "these rules have no case"


def test_oneblock_says_what_is_expected(world: World) -> None:
    strange = {}
    for case, answers in world.answers.items():
        by_schema = any(code.startswith("OB2") for code in answers.codes)  # which looks first
        expected = case.expected in answers.codes or by_schema if case.expected else not answers.codes
        if not expected:
            strange[case] = answers
    assert told(strange) == []


def test_oneblock_agrees_with_the_operator(world: World) -> None:
    asked = {case: world.answers[case] for case in world.objects}
    rows = (("refuses" if each.codes else "takes", each.verdict.word) for each in asked.values())
    matrix("OneBlock × operator", COLUMNS, rows)
    print("taken by the operator, and never works:")
    for (code, word), why in sorted(
        {(each.codes[0], each.verdict.word): each.verdict.why for each in never(asked)}.items()
    ):
        print(f"  {code} {word}: {why[:150]}")
    lax = {case: each for case, each in asked.items() if not each.codes and each.verdict.word != "runs"}
    strict = {case: each for case, each in asked.items() if each.codes and each.verdict.word == "runs"}
    assert told(lax) == []
    assert told({case: each for case, each in strict.items() if case.title not in STRICTER}) == []
    assert STRICTER.keys() == {case.title for case in strict}, "a named difference that does not occur is none"


def test_the_policies_agree_with_the_operator(world: World) -> None:
    asked = {case: world.answers[case] for case in world.objects if not world.answers[case].api}
    matrix(
        "policy × operator",
        COLUMNS,
        (("refuses" if each.policy else "takes", each.verdict.word) for each in asked.values()),
    )
    assert told({case: each for case, each in asked.items() if each.policy and not each.denied}) == []
    assert told({case: each for case, each in asked.items() if each.denied and each.verdict.word == "runs"}) == []
    seen = {(rule.code, rule.kind) for rule in policies(VERSIONS)}
    lax = {
        case: each
        for case, each in asked.items()
        if (case.expected, case.kind) in seen and each.verdict.word != "runs" and each.denied != case.expected
    }
    assert told({case: each for case, each in lax.items() if case.title not in UNSEEN}) == []
    assert {case.title for case in lax} == UNSEEN.keys(), "a named difference that does not occur is none"


def test_our_crds_agree_with_upstreams(world: World) -> None:
    if world.upstream is None:
        pytest.skip(f"needs KubeRay {VERSIONS.kuberay}'s own CRDs in kuberay/ below $ONEBLOCK_UPSTREAM_CRDS")
    asked = {case: each for case, each in world.answers.items() if each.upstream is not None}
    rows = (("refuses" if each.api else "takes", "refuses" if each.upstream else "takes") for each in asked.values())
    matrix("ours × upstream's", ("takes", "refuses"), rows)
    different = [
        f"{case}: ours {each.api or 'takes it'}; upstream's {each.upstream or 'takes it'}"
        for case, each in asked.items()
        if bool(each.api) != bool(each.upstream)
    ]
    assert different == []


def test_what_cannot_be_rendered_is_refused(world: World) -> None:
    lost = {case: world.answers[case] for case in world.cases if case not in world.objects}
    assert told({case: each for case, each in lost.items() if not each.codes}) == []
