"""Which master a Sentinel watches after its start."""

from __future__ import annotations

import pytest

from tests.charts.redis.pod import Pod, host, named


def watched(pod: Pod) -> list[str]:
    lines = (pod.root / "data/sentinel/sentinel.conf").read_text().splitlines()
    return [line.split()[3] for line in lines if line.startswith("sentinel monitor ")]


def test_a_kept_configuration_is_kept(pod: Pod) -> None:
    conf = pod.root / "data/sentinel/sentinel.conf"
    conf.write_text(
        f"sentinel monitor sys-oneblock-redis {host(2)} 6379 9\nsentinel config-epoch sys-oneblock-redis 7\n"
        "sentinel leader-epoch sys-oneblock-redis 6\nsentinel current-epoch 8\n"
        "sentinel known-replica sys-oneblock-redis 10.1.2.3 6379\nsentinel auth-pass sys-oneblock-redis old\n"
    )
    named(pod, 1)
    assert pod.run("start-sentinel.sh").code == 0
    text = conf.read_text()
    assert watched(pod) == [host(2)]
    assert "sentinel config-epoch sys-oneblock-redis 7\nsentinel leader-epoch sys-oneblock-redis 6\n" in text
    assert "sentinel current-epoch 8\n" in text
    assert "10.1.2.3" not in text
    assert "auth-pass sys-oneblock-redis sentinelSecret\n" in text
    assert f"monitor sys-oneblock-redis {host(2)} 6379 2\n" in text


def test_who_else_there_is_stands_in_it_from_the_start(pod: Pod) -> None:
    (pod.root / "data/sentinel/sentinel.conf").write_text(f"sentinel monitor sys-oneblock-redis {host(1)} 6379 2\n")
    pod.run("start-sentinel.sh")
    lines = (pod.root / "data/sentinel/sentinel.conf").read_text().splitlines()
    replicas = [line.split()[3] for line in lines if line.startswith("sentinel known-replica")]
    sentinels = {line.split()[3]: line.split()[5] for line in lines if line.startswith("sentinel known-sentinel")}
    assert replicas == [host(0), host(2)]
    assert list(sentinels) == [host(1), host(2)]
    own = next(line.split()[2] for line in lines if line.startswith("sentinel myid"))
    assert len({own, *sentinels.values()}) == 3
    assert all(len(each) == 40 for each in (own, *sentinels.values()))


@pytest.mark.parametrize(
    "kept", ["", "sentinel monitor other a 6379 2\n", "sentinel monitor sys-oneblock-redis a 6379 2\n"]
)
def test_an_unusable_one_is_replaced_by_the_majoritys_answer(pod: Pod, kept: str) -> None:
    if kept:
        (pod.root / "data/sentinel/sentinel.conf").write_text(kept)
    named(pod, 1, sentinels=(1, 2))
    assert pod.run("start-sentinel.sh").code == 0
    assert watched(pod) == [host(1)]


@pytest.mark.parametrize(
    ("ordinal", "answers", "master"),
    [
        (0, {0: None, 1: None, 2: None}, 0),
        (1, {0: 0, 1: None, 2: None}, 0),
        (2, {0: 0, 1: 0, 2: None}, 0),
        (1, {0: None, 1: None, 2: None}, None),  # pod 0 goes first
        (0, {0: None, 1: None}, None),  # one has not answered: it may know a master
        (0, {0: None, 1: 1, 2: None}, None),  # two volumes lost: never out-vote the third
        (0, {0: None, 1: 0, 2: None}, None),
        (1, {0: 2, 1: None, 2: None}, None),
    ],
)
def test_a_first_install_needs_proof(
    pod: Pod, ordinal: int, answers: dict[int, int | None], master: int | None
) -> None:
    pod.ordinal = ordinal
    for each, answer in answers.items():
        pod.sentinel(each, answer, 0)
    found = pod.functions(
        'a=$(ask_sentinels); echo "$a" | newest || { fresh && echo "$a" | first_install && announce 0; } || echo none'
    )
    assert found.strip() == (host(master) if master is not None else "none")


@pytest.mark.parametrize(
    ("ordinal", "volume", "fresh"),
    [
        (0, {}, True),
        (0, {"files": True}, True),  # a restored backup
        (1, {"files": True}, False),
        (0, {"synced": True}, False),
        (1, {}, True),
    ],
)
def test_what_counts_as_an_empty_volume(pod: Pod, ordinal: int, volume: dict[str, bool], fresh: bool) -> None:
    pod.ordinal = ordinal
    pod.volume(**volume)
    assert pod.functions("if fresh; then echo yes; else echo no; fi").strip() == ("yes" if fresh else "no")


def test_the_override_out_votes_what_is_remembered(pod: Pod) -> None:
    conf = pod.root / "data/sentinel/sentinel.conf"
    conf.write_text(f"sentinel monitor sys-oneblock-redis {host(0)} 6379 2\nsentinel current-epoch 8\n")
    (pod.root / "config/force-master-ordinal").write_text("2")
    assert pod.run("start-sentinel.sh").code == 0
    assert watched(pod) == [host(2)]
    assert "sentinel config-epoch sys-oneblock-redis 9\nsentinel current-epoch 9\n" in conf.read_text()
