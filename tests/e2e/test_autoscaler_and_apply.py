"""Who owns the number of workers: Git is applied again and again, and the autoscaler's count stays.

The autoscaler has started one worker, which works. Then come an unrelated change, a group that sorts before the
worker's, and that group's removal.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.test_crds_are_upstreams import upstream
from tests.e2e import ray
from tests.e2e.fleet import Fleet, wait_established, wait_ready
from tests.e2e.kube import Kube, KubectlError, until
from tests.e2e.programs import MissingError, program

ROOT = Path(__file__).parents[2]
GROUP = {"minReplicas": 0, "maxReplicas": 2, **ray.SMALL}
CLUSTER: dict[str, Any] = {"autoscaling": ray.AUTOSCALING, "head": ray.SMALL, "workerGroups": {"cpu": GROUP}}
HOLD = """
@ray.remote(num_cpus=1)
class Busy:
    def where(self):
        import socket
        return socket.gethostname()
busy = Busy.options(name="busy", lifetime="detached", namespace="test").remote()
print(ray.get(busy.where.remote()))
"""
STILL = "print(ray.get(ray.get_actor('busy', namespace='test').where.remote()))"
RELEASE = "ray.kill(ray.get_actor('busy', namespace='test'))"
SETTLED = 15  # seconds in which operator and autoscaler act on what they see, several times


def groups(kube: Kube) -> list[tuple[str, int]]:
    """Name and count of every worker group."""
    found = kube.get("raycluster", "main", "explore")
    assert found is not None
    return [(group["groupName"], group.get("replicas", 0)) for group in found["spec"]["workerGroupSpecs"]]


def changes() -> Iterator[tuple[str, dict[str, Any]]]:
    """What is committed, one after the other."""
    touched = {**CLUSTER, "annotations": {"example.com/touched": "yes"}}
    yield "an unrelated change", touched
    yield "a group before it", {**touched, "workerGroups": {"before": GROUP, "cpu": GROUP}}
    yield "that group removed", touched


def busy_worker(kube: Kube) -> str:
    """Gives the cluster work for one worker, and waits for that."""
    assert groups(kube) == [("cpu", 0)]
    begun = time.monotonic()
    worker = ray.python(kube, "explore", "main", HOLD, timeout=300)
    print(f"0 → 1: {time.monotonic() - begun:.0f} s from an actor without a place to its answer")
    assert ray.pods(kube, "explore", "main") == [worker]
    assert groups(kube) == [("cpu", 1)]
    return worker


def check_untouched(kube: Kube, worker: str, what: str) -> None:
    """Right away and when everybody has had time to act: the same count, the same pod, the same actor in it."""
    assert dict(groups(kube))["cpu"] == 1, what
    time.sleep(SETTLED)
    assert dict(groups(kube))["cpu"] == 1, what
    assert ray.pods(kube, "explore", "main", of_group="cpu") == [worker], what
    assert ray.python(kube, "explore", "main", STILL) == worker


def wait_idle(kube: Kube) -> None:
    """Takes the work away, and the worker has to go."""
    ray.python(kube, "explore", "main", RELEASE)
    begun = time.monotonic()
    until("the idle worker is gone", lambda: not ray.pods(kube, "explore", "main") and groups(kube)[-1][1] == 0, 180)
    print(f"1 → 0: {time.monotonic() - begun:.0f} s after the work was gone")


def test_server_side_apply_keeps_the_autoscalers_count(
    kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path
) -> None:
    fleet = deploy(ray.exploring(tmp_path / "fleet", rayClusters={"main": CLUSTER}))
    worker = busy_worker(kube)
    for what, cluster in changes():
        ray.change(fleet, kube, rayClusters={"main": cluster})
        assert [name for name, _ in groups(kube)] == sorted(cluster["workerGroups"])
        check_untouched(kube, worker, what)
    wait_idle(kube)


@pytest.mark.full
def test_helm_keeps_the_autoscalers_count(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    try:
        helm = program("helm")
    except MissingError as missing:
        pytest.skip(str(missing))
    fleet = ray.exploring(tmp_path / "fleet", rayClusters={"main": CLUSTER})
    deploy(fleet, parts=("operator",))

    def upgrade(cluster: dict[str, Any]) -> None:
        fleet.write({str(ray.EXPLORE): yaml.safe_dump({"rayClusters": {"main": cluster}})})
        files = (f"--values={fleet.root / 'values/platform.yaml'}", f"--values={fleet.root / ray.EXPLORE}")
        chart = ROOT / "charts/oneblock/charts/ray"
        where = (f"--kubeconfig={kube.kubeconfig}", "--namespace=explore", *files)
        command: list[str | Path] = [helm, "upgrade", "--install", "ray-explore", chart, *where]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr

    upgrade(CLUSTER)
    for found in fleet.objects("ray"):
        wait_ready(kube, found)
    worker = busy_worker(kube)
    for what, cluster in changes():
        upgrade(cluster)
        assert [name for name, _ in groups(kube)] == sorted(cluster["workerGroups"])
        check_untouched(kube, worker, what)
    wait_idle(kube)


@pytest.fixture
def upstreams(kube: Kube) -> Iterator[None]:
    """KubeRay's own CRDs instead of ours, which come back with the next fleet."""
    crds = upstream("1.6.2")
    assert not kube.list("crd", selector="app.kubernetes.io/part-of=oneblock") or not kube.list("rayclusters")
    names = [f"crd/{name}" for name in crds]
    kube.kubectl("delete", *names, "--ignore-not-found", timeout=120)
    for name, crd in crds.items():
        kube.apply({key: value for key, value in crd.items() if key != "status"})
        wait_established(kube, name)
    yield
    kube.kubectl("delete", *names, "--ignore-not-found", timeout=120)


@pytest.mark.full
@pytest.mark.usefixtures("upstreams")
def test_under_upstreams_crds_an_apply_resets_the_count(
    kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path
) -> None:
    fleet = ray.exploring(tmp_path / "fleet", rayClusters={"main": CLUSTER})
    platform = (fleet.root / "values/platform.yaml").read_text()
    fleet.write({"values/platform.yaml": f"{platform}crds: {{enabled: false}}\n"})
    said = fleet.oneblock("validate", "--format=concise")
    assert "OB809" in said
    assert "main" in said
    deploy(fleet)
    worker = busy_worker(kube)
    _, cluster = next(changes())
    # Taking the groups from the autoscaler is what Argo CD and Flux do without asking; kubectl wants to be told.
    with pytest.raises(KubectlError, match=r"conflict.*workerGroupSpecs"):
        ray.change(fleet, kube, rayClusters={"main": cluster})
    rendered = f"--filename={fleet.rendered / 'ray'}"
    kube.kubectl("apply", "--server-side", "--force-conflicts", "--recursive", rendered)
    print(f"after the apply: {groups(kube)}, worker {worker}, pods {ray.pods(kube, 'explore', 'main')}")
    assert groups(kube) == [("cpu", 0)]
    time.sleep(SETTLED)
    print(f"{SETTLED} s later: {groups(kube)}, pods {ray.pods(kube, 'explore', 'main')}")
    assert ray.pods(kube, "explore", "main") == [worker]  # only the autoscaler's word takes a worker away
    assert ray.python(kube, "explore", "main", STILL) == worker
