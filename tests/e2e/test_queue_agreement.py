"""OneBlock's queue rules and Volcano's webhooks say the same of every queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e import volcano
from tests.e2e.kube import Kube
from tests.e2e.lab.cluster import Lab
from tests.e2e.queue_table import Step, Table

BY_HAND = yaml.safe_load((Path(__file__).parent / "queue_cases.yaml").read_text())
EXAMPLES = 150

COUNTS = st.sampled_from([0, 1, 2, 3, 4, 8])
AMOUNTS = {
    "cpu": st.one_of(COUNTS, st.sampled_from(["500m", "1500m", 0.5, "2.", "1e1", "300u"])),
    "memory": st.one_of(
        COUNTS.map("{}Gi".format), st.sampled_from(["512Mi", "2048Mi", "1.5Gi", "2G", "1e9", "10m", 0])
    ),
    "gpu": COUNTS,
    "storage": COUNTS.map("{}Gi".format),
    "example.com/tpu": st.one_of(COUNTS, st.sampled_from(["1500m", "2000m"])),
}
RESOURCES = st.fixed_dictionaries({}, optional=AMOUNTS)
NAMES = ("a", "b", "c", "d")
QUEUE = st.fixed_dictionaries(
    {},
    optional={
        "parent": st.sampled_from([*NAMES, "root"]),
        "guarantee": RESOURCES,
        "deserved": RESOURCES,
        "capability": RESOURCES,
        "weight": st.integers(1, 65535),
        "priority": st.integers(0, 2**31 - 1),
    },
)
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), QUEUE), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def table(
    scratch: Callable[[], AbstractContextManager[tuple[Lab, Kube]]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Table]:
    """A cluster with Volcano's webhooks; no scheduler looks at what the cases leave behind."""
    volcano.crds()
    with scratch() as (lab, kube):
        volcano.install(kube)
        volcano.start_scheduler(lab, kube).stop()  # it makes root and default
        volcano.start_webhooks(lab, kube)
        yield Table(kube, tmp_path_factory.mktemp("fleet"))


def test_the_rules_and_the_webhooks_agree(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    for case, steps in BY_HAND.items():
        table.ask(case, [next(iter(step.items())) for step in steps])
    by_hand = len(table.answers)

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(STEPS)
    def agree(steps: list[Step]) -> None:
        for answer in table.ask("hypothesis", steps):
            assert answer.agreed or answer.reason, str(answer)

    try:
        agree()
    finally:
        with capsys.disabled():
            seconds = time.monotonic() - started
            print(f"\n{table.matrix()}\n{by_hand} of them by hand; {seconds:.0f} s")
    assert not table.disagreements, "\n".join(map(str, table.disagreements))
    assert by_hand >= 200
    _both_sides_are_there(table)


def _both_sides_are_there(table: Table) -> None:
    """A table in which everything is refused, or nothing, would agree too."""
    refused = sum(bool(each.cluster) for each in table.answers)
    assert refused > 100
    assert len(table.answers) - refused > 100
