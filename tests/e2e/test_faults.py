"""What is seen when something OneBlock's charts need is missing, broken or full, and that all is well once it is back.

The messages are those of docs/troubleshooting.yaml, which is also what the page for people is made of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.faults import SMALL, TEAM, Ray
from tests.e2e.fleet import SYSTEM, Fleet, wait_ready
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.ray import head
from tests.e2e.troubleshooting import seen

pytestmark = pytest.mark.full
# Ray says what is wrong with Redis once a head has waited for it; nobody wants to wait five minutes here.
IMPATIENT = f'{SMALL}, env: {{ONEBLOCK_REDIS_PATIENCE_SECONDS: "10"}}'
CLUSTERS = f"""
rayClusters:
  plain: {{head: {{{SMALL}}}}}
  late: {{head: {{{SMALL}}}}}
  kept: {{gcsFaultTolerance: {{enabled: true}}, head: {{{IMPATIENT}}}}}
  new: {{gcsFaultTolerance: {{enabled: true}}, head: {{{IMPATIENT}}}}}
  logged: {{logs: {{size: 1Gi}}, head: {{{SMALL}}}}}
  mistyped: {{image: "docker.io/rayproject/ray:2.60.O", head: {{{SMALL}}}}}
  unloaded:
    head:
      {SMALL}
      image: docker.io/rayproject/ray:0
      template: {{spec: {{containers: [{{name: ray-head, imagePullPolicy: Never}}]}}}}
"""
NO_IMAGES = ("docker.io/rayproject/ray:2.60.O", "docker.io/rayproject/ray:0")
REDIS = ". /etc/oneblock/redis/lib.sh && cli 127.0.0.1 6379 "


@pytest.fixture(scope="module")
def ray(kube: Kube, deploy_for_all: Callable[..., Fleet], tmp_path_factory: pytest.TempPathFactory) -> Ray:
    """A platform without Redis so far, and clusters that a test may bring."""
    root = tmp_path_factory.mktemp("faults") / "fleet"
    fleet = Fleet.sample(root, {"values/namespaces/team-a.yaml": CLUSTERS})
    deploy_for_all(fleet, parts=("operator",), absent=NO_IMAGES)
    return Ray(kube, fleet)


@pytest.fixture(scope="module")
def redis(ray: Ray) -> None:
    """The platform's Redis."""
    ray.kube.apply(ray.fleet.rendered / "redis")
    for found in ray.fleet.objects("redis"):
        wait_ready(ray.kube, found)


@pytest.fixture
def scale(kube: Kube) -> Iterator[Callable[[str, int], None]]:
    """``scale(name, replicas)``: of a Deployment or StatefulSet of the platform; as it was after the test."""
    before: dict[str, int] = {}

    def to(name: str, replicas: int) -> None:
        kind, own_name = name.split("/")
        found = kube.get(kind, own_name, SYSTEM)
        assert found
        before.setdefault(name, found["spec"]["replicas"])
        kube.kubectl("scale", f"--namespace={SYSTEM}", name, f"--replicas={replicas}")
        count = "readyReplicas" if replicas else "replicas"

        def scaled() -> bool:
            now = kube.get(kind, own_name, SYSTEM) or {"status": {}}
            return bool(now["status"].get(count, 0) == replicas)

        until(f"{name} has {replicas}", scaled, 300)

    yield to
    for name, replicas in before.items():
        to(name, replicas)


def test_an_image_that_is_not_there(ray: Ray, kube: Kube) -> None:
    ray.apply("mistyped")
    ray.apply("unloaded")
    ray.event("image-not-found")
    ray.event("image-backs-off")
    ray.event("image-not-loaded")
    ray.delete("unloaded")
    before = head(kube, TEAM, "mistyped")
    right = ray.objects("mistyped")[-1]
    right["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["image"] = "docker.io/rayproject/ray:2.60.0"
    kube.apply(right)
    time.sleep(10)  # nothing is to happen
    assert head(kube, TEAM, "mistyped") == before
    kube.delete("pod", before, TEAM)
    begun = time.monotonic()

    def runs() -> bool:
        (found,) = ray.pods("mistyped")
        return "running" in found["status"]["containerStatuses"][0]["state"]

    until("a head with the right image runs", runs, 120)
    print(f"a head with the right image runs {time.monotonic() - begun:.0f} s after the old one was deleted")
    ray.delete("mistyped")


def test_no_operator(ray: Ray, kube: Kube, scale: Callable[[str, int], None]) -> None:
    ray.apply("plain")
    ray.works("plain")
    scale("deployment/kuberay-operator", 0)
    ray.works("plain")  # what runs goes on
    ray.apply("late")
    wait = ("wait", "--for=condition=HeadPodReady", "raycluster/late", f"--namespace={TEAM}", "--timeout=10s")
    seen("operator-down", [kube.kubectl(*wait, check=False).stderr])
    late = kube.get("raycluster", "late", TEAM)
    assert late
    assert "status" not in late
    assert not [event for event in kube.events(TEAM, "late") if event["involvedObject"]["kind"] == "RayCluster"]
    kube.delete("pod", head(kube, TEAM, "plain"), TEAM)
    time.sleep(10)
    assert not ray.pods("plain")  # and what dies stays dead
    scale("deployment/kuberay-operator", 1)
    ray.works("late")
    ray.works("plain")
    ray.delete("plain")
    ray.delete("late")


def test_redis_out_of_reach(ray: Ray, redis: None, kube: Kube, scale: Callable[[str, int], None]) -> None:
    ray.apply("kept")
    ray.works("kept")
    name = head(kube, TEAM, "kept")
    begun = time.monotonic()
    scale("statefulset/oneblock-redis", 0)
    until("the head is not ready", lambda: condition(kube, "kept") == "False", 300)
    print(f"the head is not ready {time.monotonic() - begun:.0f} s after Redis began to end")
    until("the head says why", lambda: seen("redis-out-of-reach", ray.logs("kept")), 400)
    found = kube.get("raycluster", "kept", TEAM)
    assert found
    assert found["status"]["state"] == "ready"  # as the page says: not to be relied on
    ray.apply("new")
    until("a new head says the same", lambda: seen("redis-out-of-reach", ray.logs("new")), 400)
    ray.event("head-restarts", seconds=300)
    scale("statefulset/oneblock-redis", 3)
    ray.works("kept")
    assert head(kube, TEAM, "kept") == name  # restarted in place
    ray.works("new")
    ray.delete("kept")
    ray.delete("new")


def condition(kube: Kube, name: str) -> str:
    """Whether the head of a cluster is ready, as its condition has it."""
    found = kube.get("raycluster", name, TEAM) or {}
    known = {each["type"]: each["status"] for each in found.get("status", {}).get("conditions", ())}
    return str(known.get("HeadPodReady", ""))


class Volumes:
    """Volumes of a lab, made small."""

    def __init__(self, lab: Lab, kube: Kube) -> None:
        self.lab = lab
        self.kube = kube
        self.paths: list[Path] = []

    def limit(self, claim: str, namespace: str, size: str) -> None:
        """Puts a file system of that size, with the same content, under a claim's volume; no pod may use it yet."""
        bound = until(f"{claim} is bound", lambda: (self.kube.get("pvc", claim, namespace) or {})["spec"]["volumeName"])
        volume = self.kube.get("pv", bound)
        assert volume
        path = Path(volume["spec"]["local"]["path"])
        aside = path.with_suffix(".small")
        made = f"mkdir {aside} && mount -t tmpfs -o size={size} tmpfs {aside} && cp -a {path}/. {aside}"
        done = self.lab.run("sh", "-c", f"{made} && mount --bind {aside} {path}")
        assert done.returncode == 0, done.stderr
        self.paths.append(path)

    def enlarge(self) -> None:
        """Gives all of them room."""
        for path in self.paths:
            done = self.lab.run("mount", "-o", "remount,size=1g", path.with_suffix(".small"))
            assert done.returncode == 0, done.stderr

    def forget(self) -> None:
        """Uncovers the volumes themselves, so that they can be removed."""
        for path in self.paths:
            self.lab.run("umount", "--lazy", path, path.with_suffix(".small"))


@pytest.fixture
def volumes(lab: Lab, kube: Kube) -> Iterator[Volumes]:
    """Makes volumes small for a test."""
    made = Volumes(lab, kube)
    yield made
    made.forget()


def test_a_full_volume_for_logs(ray: Ray, kube: Kube, volumes: Volumes) -> None:
    *others, cluster = ray.objects("logged")
    kube.apply(*others)
    volumes.limit("logged-logs", TEAM, "4k")
    kube.apply(cluster)
    until("the head says something", lambda: seen("log-volume-full", ray.logs("logged")), 400)
    used = ("exec", head(kube, TEAM, "logged"), f"--namespace={TEAM}", "--container=ray-head", "--", "df", "/tmp/ray")  # noqa: S108
    until("the volume is seen to be full", lambda: seen("log-volume-used", [kube.kubectl(*used).stdout]), 300)
    volumes.enlarge()
    ray.works("logged")
    ray.delete("logged")


def test_a_full_volume_for_redis(
    ray: Ray, redis: None, kube: Kube, volumes: Volumes, scale: Callable[[str, int], None]
) -> None:
    pods = [f"oneblock-redis-{ordinal}" for ordinal in range(3)]

    def shell(name: str, command: str) -> str:
        return kube.exec(name, "/bin/sh", "-c", f"({command}) 2>&1", namespace=SYSTEM, container="redis", check=False)

    def master() -> str:
        (found,) = (name for name in pods if shell(name, f"{REDIS} ROLE").startswith("master"))
        return found

    scale("statefulset/oneblock-redis", 0)
    for name in pods:
        volumes.limit(f"data-{name}", SYSTEM, "16m")
    scale("statefulset/oneblock-redis", 3)
    full = until("there is a master", master, 120)
    begun = time.monotonic()
    shell(full, "dd if=/dev/zero of=/data/filler bs=64k; dd if=/dev/zero bs=1 >>/data/filler")
    write = f"i=0; while [ $((i += 1)) -lt 20 ]; do {REDIS} SET RAYfull $(printf %03000d 0); sleep 0.3; done"
    until("a write is refused", lambda: seen("redis-volume-full", [shell(full, write)]), 60)
    until("another pod is master", lambda: master() != full, 180)
    print(f"another pod is master {time.monotonic() - begun:.0f} s after the volume is full")
    wanted = "redis-volume-replica"
    until("the full one says why", lambda: seen(wanted, [kube.logs(full, namespace=SYSTEM, container="redis")]), 120)
    until("the rest goes on", lambda: "OK" in shell(master(), f"{REDIS} SET RAYfull x"), 60)
    shell(full, "rm /data/filler")
    begun = time.monotonic()
    scale("statefulset/oneblock-redis", 3)
    link = f"{REDIS} INFO replication"
    until("the full one is in step again", lambda: "master_link_status:up" in shell(full, link), 180)
    print(f"the full one is in step again {time.monotonic() - begun:.0f} s after there was room")
    shell(master(), f"{REDIS} DEL RAYfull")
