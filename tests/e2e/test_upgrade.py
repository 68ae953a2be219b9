"""KubeRay 1.2.2 → 1.6.2 → 1.2.2 under a RayCluster: no pod is made anew, and where pods run no state is lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import need_images
from tests.e2e.fleet import SYSTEM, Fleet, wait_established, wait_ready
from tests.e2e.helm import TEAM, UMBRELLA, Helm, clear, platform_file
from tests.e2e.kube import Kube, KubectlError, until
from tests.e2e.lab.cluster import Lab

PLATFORM_FILE, TEAM_FILE = "values/platform.yaml", f"values/namespaces/{TEAM}.yaml"
OLD, NEW = "1.2.2", "1.6.2"
ENDED = '"msg":"Unconditional requeue after"'
"""The operator's last word of a look at a RayCluster that found nothing wrong."""
ACTOR = Path(__file__).with_name("actor.py").read_text()


def pinned(fleet: Fleet, version: str) -> str:
    """The platform's file with that KubeRay."""
    text = platform_file(fleet).read_text()
    (line,) = (each for each in text.splitlines() if "kuberay:" in each)
    before, _, after = line.partition("kuberay: ")
    return text.replace(line, f"{before}kuberay: {version},{after.partition(',')[2]}")


def without_line(text: str, word: str) -> str:
    """A text without the line that has a word."""
    return "".join(line for line in text.splitlines(keepends=True) if word not in line)


def count(kube: Kube, by: int) -> int:
    """Adds to a detached actor's number, and asks for it; the actor is made where there is none."""
    pods = kube.list("pods", TEAM, "ray.io/cluster=main,ray.io/node-type=head")
    assert len(pods) == 1
    said = kube.exec(pods[0]["metadata"]["name"], "python", "-c", ACTOR, str(by), namespace=TEAM, timeout=180)
    return int(said.splitlines()[-1])


def ray_pods(kube: Kube) -> dict[str, tuple[str, int]]:
    """Name → UID and restarts of every pod of the RayCluster."""
    return {
        each["metadata"]["name"]: (
            each["metadata"]["uid"],
            sum(state["restartCount"] for state in each["status"]["containerStatuses"]),
        )
        for each in kube.list("pods", TEAM, "ray.io/cluster=main")
    }


def operator(kube: Kube) -> dict[str, Any]:
    """The only pod of the operator that is not on its way out."""
    pods = kube.list("pods", SYSTEM, "app.kubernetes.io/name=kuberay-operator")
    (pod,) = (each for each in pods if "deletionTimestamp" not in each["metadata"])
    return pod


def wait_led(kube: Kube, version: str) -> None:
    """Waits until the operator of that version leads, and has looked at the RayCluster."""
    pod = until("one operator is left", lambda: operator(kube), 60)
    assert pod["spec"]["containers"][0]["image"].endswith(f":v{version}")

    def leads() -> bool:
        lease = kube.get("lease", "ray-operator-leader", SYSTEM)
        return bool(lease) and lease["spec"]["holderIdentity"].startswith(pod["metadata"]["name"])  # type: ignore[index]

    until(f"KubeRay {version} leads", leads, 60)

    def looked() -> bool:
        log = kube.logs(pod["metadata"]["name"], namespace=SYSTEM)
        return "Reconciling RayCluster" in log or "reconcileHeadService" in log or "Reconcile" in log

    until(f"KubeRay {version} has reconciled the RayCluster", looked, 60)
    time.sleep(10)  # long enough for a pod that it wants to replace to be gone


def ready(kube: Kube, fleet: Fleet) -> None:
    """Waits until every object of the fleet is."""
    for found in fleet.objects():
        wait_ready(kube, found)


def check(kube: Kube, version: str, pods: dict[str, tuple[str, int]], number: int) -> None:
    """That the operator is of that version, and that nothing happened to the RayCluster."""
    wait_led(kube, version)
    cluster = kube.get("raycluster", "main", TEAM)
    assert cluster
    assert cluster["status"]["state"] == "ready"
    assert ("upgradeStrategy" in cluster["spec"]) == (version == NEW)
    assert ray_pods(kube) == pods
    assert count(kube, 1) == number


@contextmanager
def operating(lab: Lab, program: Path) -> Iterator[Callable[[], str]]:
    """The operator as a process, for a cluster without pods; what it has said so far."""
    flags = ["-enable-leader-election=false", f"-kubeconfig={lab.kubeconfig}"]
    process = lab.spawn(program.name, [program, *flags], {"POD_NAMESPACE": SYSTEM})
    before = len(process.log.read_text())  # an earlier start has written to the same file
    try:
        yield lambda: process.log.read_text()[before:]
    finally:
        process.stop(grace=0)


@pytest.fixture
def cleared_api(api: Kube) -> Iterator[None]:
    clear(api)
    yield
    free = ("--type=merge", '--patch={"metadata":{"finalizers":null}}', f"--namespace={TEAM}")
    api.kubectl("patch", "raycluster", "main", *free, check=False)
    clear(api)


def test_the_operators_want_the_same_pods(
    api_lab: Lab, api: Kube, cleared_api: None, programs: Callable[[str], Path], tmp_path: Path
) -> None:
    """Where no pod runs: what each version makes of a RayCluster that the other one's pods belong to."""
    fleet = Fleet.sample(tmp_path / "fleet")
    seen: list[set[str]] = []
    for version in (OLD, NEW, OLD):
        fleet.write({PLATFORM_FILE: pinned(fleet, version)})
        for part in ("crds", "namespaces"):
            api.apply(fleet.rendered / part)
        wait_established(api, "rayclusters.ray.io")
        with operating(api_lab, programs(f"kuberay-{version}")) as said:
            started = '"logger":"controllers.RayCluster","msg":"Starting workers"'
            until(f"KubeRay {version} works", partial(says, said, started), 120)
            earlier = said().count(ENDED)
            api.apply(fleet.rendered / "ray")
            # Not the status: KubeRay does not write one where nothing but observedGeneration would change.
            until(f"KubeRay {version} has seen to the RayCluster", partial(says, said, ENDED, earlier), 120)
            until("both pods are there", lambda: len(pods_of(api)) == 2, 60)
            time.sleep(5)  # for what it might do next
            seen.append(pods_of(api))
        print(f"KubeRay {version}: {sorted(seen[-1])}")
    assert seen[0] == seen[1] == seen[2]


def says(said: Callable[[], str], words: str, already: int = 0) -> bool:
    """Whether something is said more often than before."""
    return said().count(words) > already


def pods_of(kube: Kube) -> set[str]:
    """The UIDs of the RayCluster's pods."""
    return {pod["metadata"]["uid"] for pod in kube.list("pods", TEAM, "ray.io/cluster=main")}


@pytest.mark.full
def test_by_kubectl(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    fleet = Fleet.sample(tmp_path / "fleet")
    fleet.write({PLATFORM_FILE: pinned(fleet, OLD)})
    deploy(fleet)
    assert count(kube, 40) == 40
    pods = ray_pods(kube)
    for number, version in ((41, NEW), (42, OLD)):
        platform_file(fleet).write_text(pinned(fleet, version))
        said = fleet.oneblock("diff")
        print(said)
        assert f"{other(version)} → …or:v{version}" in said
        assert "its pods are replaced" in said
        assert "running pods keep the old template until they are replaced" in said
        begun = time.monotonic()
        fleet.oneblock("render")
        until("kubectl applies everything", partial(applied, kube, fleet), 60)
        fleet.deploy(kube)
        print(f"KubeRay {version}: {time.monotonic() - begun:.0f} s")
        check(kube, version, pods, number)
        # Each version is told in its own way where the state is.
        cluster = kube.get("raycluster", "main", TEAM)
        assert cluster
        assert ("gcsFaultToleranceOptions" in cluster["spec"]) == (version == NEW)
        assert ("ray.io/ft-enabled" in cluster["metadata"]["annotations"]) == (version == OLD)


def applied(kube: Kube, fleet: Fleet) -> bool:
    """Whether everything is applied; for a moment the API server still goes by the rules of the KubeRay before."""
    try:
        fleet.apply(kube)
    except KubectlError as error:
        if "denied request" not in str(error):
            raise
        print(f"not yet: {error}")
        return False
    return True


def other(version: str) -> str:
    """The version it was before."""
    return f"…or:v{OLD if version == NEW else NEW}"


@pytest.fixture
def cleared(lab: Lab, kube: Kube) -> Iterator[None]:
    """A cluster of our own, since CRDs are removed."""
    clear(kube)
    yield
    clear(kube)


@pytest.mark.full
def test_by_helm(
    kube: Kube,
    programs: Callable[[str], Path],
    request: pytest.FixtureRequest,
    cleared: None,
    tmp_path: Path,
) -> None:
    """This one keeps its state in the head alone: what restarts it loses everything."""
    helm = Helm(programs("helm"), kube, tmp_path)
    fleet = Fleet.sample(tmp_path / "fleet")
    platform, team = pinned(fleet, OLD), (fleet.root / TEAM_FILE).read_text()
    platform = f"{platform.partition('redis:')[0]}redis: {{enabled: false}}\n"
    shutil.rmtree(fleet.rendered)  # a render would not remove so much of it by itself
    fleet.write({PLATFORM_FILE: platform, TEAM_FILE: without_line(team, "gcsFaultTolerance")})
    need_images(fleet, request)
    helm.umbrella("install", fleet, "--create-namespace", "--wait", "--wait-for-jobs", "--timeout=10m")
    helm.namespace("install", fleet, TEAM)
    ready(kube, fleet)
    assert count(kube, 40) == 40
    pods = ray_pods(kube)

    fleet.write({PLATFORM_FILE: pinned(fleet, NEW)})
    helm.umbrella("upgrade", fleet, "--wait", "--timeout=10m")
    helm.namespace("upgrade", fleet, TEAM)
    ready(kube, fleet)
    check(kube, NEW, pods, 41)

    helm.rollback(UMBRELLA, SYSTEM, 1, "--wait", "--timeout=10m")
    helm.rollback(f"ray-{TEAM}", TEAM, 1)
    fleet.write({PLATFORM_FILE: pinned(fleet, OLD)})
    ready(kube, fleet)
    check(kube, OLD, pods, 42)
    helm.uninstall(f"ray-{TEAM}", TEAM)
    helm.uninstall(UMBRELLA, SYSTEM)
