"""Gangs of Ray pods in Volcano's queues, under the scheduler configuration that OneBlock emits; on fake nodes."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.binaries import need
from tests.e2e import volcano
from tests.e2e.gangs import GPUS, Gangs, cluster, in_waves
from tests.e2e.kube import Kube, KubectlError, until
from tests.e2e.lab.cluster import Lab

Say = Callable[[str], None]
Step = Callable[[Gangs, str], None]


@pytest.fixture(scope="module")
def gangs(
    scratch: Callable[[], AbstractContextManager[tuple[Lab, Kube]]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gangs]:
    """One cluster for all these tests; each has queues and a namespace of its own and leaves the nodes empty."""
    volcano.crds()
    for program in ("vc-controller-manager", "vc-webhook-manager", "kwok", "kuberay-1.6.2"):
        need(program)
    with scratch() as (lab, kube):
        yield Gangs.start(lab, kube, tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def team(gangs: Gangs) -> Iterator[str]:
    """A namespace, which is emptied afterwards."""
    name = f"team-{secrets.token_hex(3)}"
    yield name
    if gangs.kube.get("namespace", name):
        gangs.clear(name)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="")

    return say


def test_a_gang_starts_whole_or_not_at_all(gangs: Gangs, team: str, say: Say) -> None:
    """Six pods, room for five: OneBlock says so, the scheduler starts none; room for six, and all run."""
    main = {team: {"rayClusters": {"main": cluster("research", 5)}}}
    small = {"research": {"namespaces": [team], "capability": {"cpu": 5}}}
    large = {"research": {"namespaces": [team], "capability": {"cpu": 6}}}
    assert gangs.codes(small, main) == ["OB532"]

    gangs.deploy(small, {team: {}})
    gangs.kube.apply(gangs.render(large, main) / "ray")
    gangs.waits_whole(team, "main", 6)
    say(f"waits: {gangs.why(team, 'main')}")

    gangs.deploy(large, main)
    say(f"6 pods run {gangs.runs_whole(team, 'main', 6):.1f} s after the queue has room")
    assert gangs.placed(team) == 6


def test_queues_borrow_and_take_back(gangs: Gangs, team: str, say: Say) -> None:
    """What a queue deserves and does not use, another one may have, until it is wanted back: whole gangs stay."""
    queues = {name: {"namespaces": [team], "deserved": {"cpu": 6}} for name in ("lender", "borrower")}
    group = {"minReplicas": 2, "maxReplicas": 9, "cpu": 1, "memory": "1Gi", "nodes": "cpu"}
    elastic = {**cluster("borrower", 0, autoscaling={"enabled": True}), "workerGroups": {"workers": group}}
    gangs.deploy(queues, {team: {"rayClusters": {"elastic": elastic}}})
    gangs.runs_whole(team, "elastic", 3)
    _scale_up(gangs, team, "elastic", 9)
    say(f"borrowing, 10 pods and 10.5 CPUs of a deserved 6: {gangs.runs_whole(team, 'elastic', 10):.1f} s")
    before = {pod["metadata"]["name"] for pod in gangs.pods(team, "elastic")}

    gangs.deploy(queues, {team: {"rayClusters": {"elastic": elastic, "own": cluster("lender", 4)}}})
    seconds = gangs.runs_whole(team, "own", 5)
    until("the borrower wants its pods back", lambda: len(gangs.pods(team, "elastic")) == 10, 30)
    until("it has what the lender leaves", lambda: gangs.placed(team, "elastic") == 6, 30)
    assert gangs.placed(team, "own") == 5
    kept = [pod for pod in gangs.pods(team, "elastic") if pod["metadata"]["name"] in before]
    say(f"a gang of 5 took its CPUs back in {seconds:.1f} s from {10 - len(kept)} pods")
    # The scheduler may take one pod too many for a moment, but none of the gang, and never the head.
    assert 5 <= len(kept) <= 6
    assert [pod["metadata"]["labels"]["ray.io/node-type"] for pod in kept].count("head") == 1


def _scale_up(gangs: Gangs, team: str, name: str, replicas: int) -> None:
    """What Ray's autoscaler writes when tasks wait."""
    patch = f'[{{"op": "add", "path": "/spec/workerGroupSpecs/0/replicas", "value": {replicas}}}]'
    gangs.kube.kubectl("patch", "raycluster", name, f"--namespace={team}", "--type=json", f"--patch={patch}")


def test_gpu_gangs_take_turns(gangs: Gangs, team: str, say: Say) -> None:
    """Two gangs that want all eight GPUs: not even the head of the second starts, although there are CPUs for it."""
    queues = {"gpus": {"namespaces": [team], "deserved": {"gpu": GPUS}}}
    first, second = (cluster("gpus", 2, gpu=GPUS // 2) for _ in range(2))
    gangs.deploy(queues, {team: {"rayClusters": {"first": first}}})
    gangs.runs_whole(team, "first", 3)
    gangs.deploy(queues, {team: {"rayClusters": {"first": first, "second": second}}})
    gangs.waits_whole(team, "second", 3)
    gangs.kube.delete("raycluster", "first", team)
    say(f"the second gang runs {gangs.runs_whole(team, 'second', 3):.1f} s after the first has gone")
    nodes = {pod["spec"]["nodeName"] for pod in gangs.pods(team, "second")}
    assert nodes == {"node-cpu", "node-gpu"}


def test_a_rayjob_and_its_cluster_are_one_gang(gangs: Gangs, team: str, say: Say) -> None:
    """One PodGroup, the RayJob's; its cluster's pods are in it, and so is the pod that submits."""
    queues = {"jobs": {"namespaces": [team], "capability": {"cpu": 8}}}
    inner = cluster("jobs", 2)
    job = {"entrypoint": "python -c 'print(1)'", "queue": inner.pop("queue"), "rayCluster": inner}
    gangs.deploy(queues, {team: {"rayJobs": {"nightly": job}}})
    until("the submitter runs", lambda: len(_running(gangs, team)) == 4, 60)
    (group,) = gangs.kube.list("podgroups", team)
    assert group["metadata"]["name"] == "ray-nightly-pg"
    assert [owner["kind"] for owner in group["metadata"]["ownerReferences"]] == ["RayJob"]
    assert (group["spec"]["minMember"], group["spec"]["queue"]) == (3, "jobs")
    pods = gangs.pods(team)
    assert {pod["metadata"]["annotations"]["scheduling.k8s.io/group-name"] for pod in pods} == {"ray-nightly-pg"}
    say(f"pods of {group['metadata']['name']}: {', '.join(sorted(pod['metadata']['name'] for pod in pods))}")


def _running(gangs: Gangs, team: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in gangs.pods(team) if pod["status"].get("phase") == "Running"]


def test_a_closed_queue_lets_nobody_in(gangs: Gangs, team: str, say: Say) -> None:
    """Closing keeps what runs and refuses what comes; nobody can change the queue until its last gang has gone."""
    queues = {"doors": {"namespaces": [team], "capability": {"cpu": 8}}}
    early, late = cluster("doors", 1), cluster("doors", 1)
    tree = gangs.deploy(queues, {team: {"rayClusters": {"early": early}}})
    gangs.runs_whole(team, "early", 2)
    gangs.command("CloseQueue", "doors")
    until("it is closing", lambda: gangs.state("doors") == "Closing", 20, 0.1)
    with pytest.raises(KubectlError, match="queue state must be in"):
        gangs.kube.apply(tree / "queues" / "queue-doors.yaml")
    tree = gangs.render(queues, {team: {"rayClusters": {"early": early, "late": late}}})
    gangs.kube.apply(tree / "ray")
    said = until("the operator is refused", lambda: _refused(gangs, "late"), 30)
    say(said[:160])
    assert gangs.pods(team, "late") == []
    assert gangs.placed(team, "early") == 2

    gangs.kube.delete("raycluster", "early", team)
    until("it is closed", lambda: gangs.state("doors") == "Closed", 30, 0.1)
    gangs.kube.apply(tree / "queues" / "queue-doors.yaml")  # closed, and not closing: it can be changed
    gangs.command("OpenQueue", "doors")
    until("it is open", lambda: gangs.state("doors") == "Open", 20, 0.1)
    say(f"the late gang runs {gangs.runs_whole(team, 'late', 2, 120):.1f} s after the queue has opened")


def _refused(gangs: Gangs, name: str) -> str:
    """What KubeRay's log says of a PodGroup that was not let in."""
    lines = (gangs.lab.folder / "log" / "kuberay.log").read_text().splitlines()
    found = [line for line in lines if f"ray-{name}-pg" in line and "denied the request" in line]
    return found[-1][found[-1].index("denied the request") :] if found else ""


def _tree(team: str) -> dict[str, dict[str, Any]]:
    """A company of six CPUs, whose two departments may each use all of them."""
    six = {"cpu": 6}
    leaf = {"parent": "company", "namespaces": [team], "capability": six, "deserved": {"cpu": 3}}
    return {"company": {"deserved": six, "capability": six}, "left": leaf, "right": leaf}


def test_a_parents_ceiling_holds_for_all_below_it(gangs: Gangs, team: str, say: Say) -> None:
    queues = _tree(team)
    four = {name: cluster(name, 3) for name in ("left", "right")}
    gangs.deploy(queues, {team: {"rayClusters": {"left": four["left"]}}})
    gangs.runs_whole(team, "left", 4)
    gangs.deploy(queues, {team: {"rayClusters": four}})
    gangs.waits_whole(team, "right", 4)
    gangs.kube.delete("raycluster", "left", team)
    say(f"the other department's gang runs {gangs.runs_whole(team, 'right', 4):.1f} s after the first has gone")


def test_a_workload_in_a_queue_with_children_is_denied(gangs: Gangs, team: str) -> None:
    """OneBlock says it offline, and the policy it renders says it to whoever goes round OneBlock."""
    queues = _tree(team)
    assert "OB530" in gangs.codes(queues, {team: {"rayClusters": {"main": cluster("company", 1)}}})
    gangs.deploy(queues, {team: {}})
    why = 'OB530: queue "company" has queues below it, and one workload in it stops scheduling for the whole cluster'

    def denied(manifest: dict[str, Any]) -> bool:
        return why in _said(gangs, manifest)

    for manifest in (_in_company(gangs, team), _pod_group(team, "company")):
        until(f"a {manifest['kind']} is denied", partial(denied, manifest), 20)


def _said(gangs: Gangs, manifest: dict[str, Any]) -> str:
    """What the cluster would say to somebody who creates that."""
    done = gangs.kube.kubectl("create", "--dry-run=server", "--filename=-", input=json.dumps(manifest), check=False)
    return done.stdout + done.stderr


def _in_company(gangs: Gangs, team: str) -> dict[str, Any]:
    """A RayCluster that OneBlock would not render: one of a leaf, moved to its parent."""
    tree = gangs.render(_tree(team), {team: {"rayClusters": {"stray": cluster("left", 1)}}})
    found: dict[str, Any] = yaml.safe_load((tree / "ray" / team / "raycluster-stray.yaml").read_text())
    assert found["metadata"]["labels"]["volcano.sh/queue-name"] == "left"
    found["metadata"]["labels"]["volcano.sh/queue-name"] = "company"
    return found


def _pod_group(team: str, queue: str) -> dict[str, Any]:
    metadata = {"name": "stray", "namespace": team}
    return {
        "apiVersion": "scheduling.volcano.sh/v1beta1",
        "kind": "PodGroup",
        "metadata": metadata,
        "spec": {"minMember": 1, "queue": queue},
    }


def _unguarded(gangs: Gangs) -> None:
    """Takes OneBlock's policy away; the next deployment brings it back."""
    gangs.kube.delete("validatingadmissionpolicybinding", "oneblock-queue-grants")


def _stray(gangs: Gangs, team: str) -> None:
    _unguarded(gangs)
    until("nobody denies it", lambda: gangs.kube.apply(_in_company(gangs, team)), 20)


def _below_default(gangs: Gangs, team: str) -> None:
    _unguarded(gangs)
    until("a workload is in default", lambda: gangs.kube.apply(_pod_group(team, "default")), 20)
    kind = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": "below-default"}}
    gangs.kube.apply({**kind, "spec": {"parent": "default"}})


BREAKS: dict[str, tuple[Step, Step]] = {
    "a workload in a queue with children": (_stray, lambda gangs, team: gangs.kube.delete("raycluster", "stray", team)),
    "a queue below default": (_below_default, lambda gangs, team: gangs.kube.delete("queue", "below-default")),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_oneblock_refuses_and_volcano_does_not_stops_the_whole_cluster(
    gangs: Gangs, team: str, say: Say, what: str
) -> None:
    """A gang in another queue, with all the room there is, waits until the tree is whole again."""
    stop, heal = BREAKS[what]
    queues = {**_tree(team), "elsewhere": {"namespaces": [team]}}
    gangs.deploy(queues, {team: {}})
    try:
        stop(gangs, team)
        gangs.kube.apply(gangs.render(queues, {team: {"rayClusters": {"innocent": cluster("elsewhere", 1)}}}) / "ray")
        until("the innocent gang has its pods", lambda: len(gangs.pods(team, "innocent")) == 2, 60)
        _nothing_starts(gangs, team)
    finally:
        heal(gangs, team)
    say(f"{what}: runs {gangs.runs_whole(team, 'innocent', 2):.1f} s after it has gone")


def _nothing_starts(gangs: Gangs, team: str, seconds: float = 6) -> None:
    """For thirty rounds of the scheduler."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert gangs.placed(team, "innocent") == 0
        time.sleep(0.2)


def test_a_circle_of_queues_ends_the_scheduler(gangs: Gangs, team: str, say: Say) -> None:
    """The webhook lets it in; the scheduler ends at the next gang, whatever its queue, and whenever it starts again."""
    queues = {"round": {}, "about": {"parent": "round", "namespaces": [team]}, "elsewhere": {"namespaces": [team]}}
    circle = {**queues, "round": {"parent": "about"}}
    assert "OB522" in gangs.codes(circle, {team: {}})
    gangs.deploy(queues, {team: {}})
    scheduler = gangs.lab.processes.named("vc-scheduler")
    assert scheduler is not None
    _move(gangs, "round", "about")
    try:
        gangs.kube.apply(gangs.render(queues, {team: {"rayClusters": {"innocent": cluster("elsewhere", 1)}}}) / "ray")
        assert scheduler.gone_within(60)
        assert volcano.start_scheduler(gangs.lab, gangs.kube).gone_within(60)
        assert "stack overflow" in scheduler.log.read_text()
        assert gangs.placed(team, "innocent") == 0
    finally:
        _move(gangs, "round", "root")
        volcano.start_scheduler(gangs.lab, gangs.kube)
    say(f"the scheduler starts, and the gang runs after {gangs.runs_whole(team, 'innocent', 2):.1f} s")


def _move(gangs: Gangs, queue: str, parent: str) -> str:
    patch = f'{{"spec": {{"parent": "{parent}"}}}}'
    return gangs.kube.kubectl("patch", "queue", queue, "--type=merge", f"--patch={patch}").stdout


def test_queues_are_let_in_by_waves_and_only_so(gangs: Gangs, team: str) -> None:
    """Parents before children; numbers up from the parent's, down from the children's; away from the children's."""
    names = ["top", "middle", "leaf"]

    def rendered(cpu: int) -> dict[str, Path]:
        parents: dict[str, dict[str, Any]] = {"middle": {"parent": "top"}}
        parents["leaf"] = {"parent": "middle", "namespaces": [team]}
        share = {"deserved": {"cpu": cpu}, "capability": {"cpu": cpu}}
        tree = gangs.render({name: {**parents.get(name, {}), **share} for name in names}, {team: {}})
        found = {path.stem.removeprefix("queue-"): path for path in in_waves(tree)}
        assert list(found) == names
        return found

    def refused(action: Callable[[], object], why: str) -> None:
        with pytest.raises(KubectlError, match=why):
            action()

    files = rendered(4)
    for name in ("leaf", "middle"):
        refused(partial(gangs.kube.apply, files[name]), "failed to get parent queue")
    for name in names:
        until(f"{name} is let in", partial(gangs.kube.apply, files[name]), 10, 0.1)

    files = rendered(8)
    refused(lambda: gangs.kube.apply(files["leaf"]), "exceeds parent queue")
    for name in names:
        until(f"{name} is raised", partial(gangs.kube.apply, files[name]), 10, 0.1)

    files = rendered(2)
    refused(lambda: gangs.kube.apply(files["top"]), "is less than child queue")
    for name in reversed(names):
        until(f"{name} is lowered", partial(gangs.kube.apply, files[name]), 10, 0.1)

    refused(lambda: gangs.kube.delete("queue", "top"), "because it has 1 child queues")
    for name in reversed(names):
        until(f"{name} goes", partial(gangs.kube.kubectl, "delete", "queue", name), 10, 0.1)
