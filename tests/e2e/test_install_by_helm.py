"""``helm install``, ``upgrade``, ``rollback``, ``test``, ``uninstall`` with both Helms, and what outlives a release."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import need_images
from tests.e2e.fleet import SYSTEM, Fleet, wait_established, wait_ready
from tests.e2e.helm import CRDS, TEAM, UMBRELLA, Helm, HelmError, clear
from tests.e2e.kube import Kube, in_namespace, until
from tests.e2e.lab.cluster import Lab
from tests.fleet_cases import NAMES, fleet
from tests.helm_objects import installs, of_a_dry_run, without_tests

FOREIGN = ("ray.io", "volcano.sh", "monitoring.coreos.com")
OUTLIVING = {*CRDS, SYSTEM, TEAM, "oneblock-redis-auth", "oneblock-redis"}
CLI = ". /etc/oneblock/redis/lib.sh && cli 127.0.0.1 6379"
# Helm removes the ConfigMap of this code together with the RayCluster, whose pod that tidies up Redis would mount it.
CODE = """\
    code:
      files: {hello.py: "print('hello')"}
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("charts")


def kept(kube: Kube) -> dict[str, str]:
    """The UIDs of what has to outlive a release: CRDs, namespaces, the volumes and passwords of Redis."""
    found = {}
    for each in kube.list("crd,namespace,pvc,secret"):
        name, namespace = each["metadata"]["name"], each["metadata"].get("namespace", "")
        if name in OUTLIVING or (each["kind"] == "PersistentVolumeClaim" and namespace == SYSTEM):
            found[f"{each['kind']}/{namespace}/{name}"] = each["metadata"]["uid"]
    return found


def redis(kube: Kube, command: str) -> list[str]:
    """What each Redis pod answers to a command."""
    script = f"{CLI} {command}"
    pods = [f"oneblock-redis-{ordinal}" for ordinal in range(3)]
    return [kube.exec(pod, "/bin/sh", "-c", script, namespace=SYSTEM, container="redis").strip() for pod in pods]


@pytest.fixture
def cleared(lab: Lab, kube: Kube) -> Iterator[None]:
    """A cluster of our own, since CRDs are removed."""
    clear(kube)
    yield
    clear(kube)


@pytest.fixture
def cleared_api(api: Kube) -> Iterator[None]:
    clear(api)
    yield
    clear(api)


def changed_concurrency(kube: Kube) -> bool:
    deployment = kube.get("deployment", "kuberay-operator", SYSTEM)
    assert deployment
    return "--reconcile-concurrency=2" in deployment["spec"]["template"]["spec"]["containers"][0]["args"]


def max_replicas(kube: Kube) -> int:
    cluster = kube.get("raycluster", "main", TEAM)
    assert cluster
    return int(cluster["spec"]["workerGroupSpecs"][0]["maxReplicas"])


def upgrade_and_roll_back(helm: Helm, kube: Kube, sample: Fleet, *more: str) -> None:
    """A changed value of each release, and back."""
    assert not changed_concurrency(kube)
    helm.umbrella("upgrade", sample, "--set=operator.reconcileConcurrency=2", *more)
    assert changed_concurrency(kube)
    helm.rollback(UMBRELLA, SYSTEM, 1, *more)
    assert not changed_concurrency(kube)
    helm.namespace("upgrade", sample, TEAM, "--set=rayClusters.main.workerGroups.cpu.maxReplicas=5", *more)
    assert max_replicas(kube) == 5
    helm.rollback(f"ray-{TEAM}", TEAM, 1, *more)
    assert max_replicas(kube) == 3
    for release, namespace in ((UMBRELLA, SYSTEM), (f"ray-{TEAM}", TEAM)):
        assert [each["status"] for each in helm.history(release, namespace)] == ["superseded", "superseded", "deployed"]


@pytest.mark.parametrize("program", ["helm", "helm3"])
def test_a_release_from_its_install_to_the_next(
    program: str, api: Kube, cleared_api: None, programs: Callable[[str], Path], tmp_path: Path
) -> None:
    """Without pods: what Helm and the API server make of it."""
    helm = Helm(programs(program), api, tmp_path)
    sample = Fleet.sample(tmp_path / "fleet")
    begun = time.monotonic()
    helm.umbrella("install", sample, "--create-namespace")
    for crd in CRDS:
        wait_established(api, crd)
    helm.namespace("install", sample, TEAM)
    assert api.get("raycluster", "main", TEAM)
    upgrade_and_roll_back(helm, api, sample)

    # The passwords are made by a pod, and the claims by the set's controller: here a Secret stands in for the pod's.
    api.kubectl("create", "secret", "generic", "oneblock-redis-auth", f"--namespace={SYSTEM}", "--from-literal=a=b")
    until("the set has its claims", lambda: len(api.list("pvc", SYSTEM)) == 3, 60)
    before = kept(api)
    assert len(before) == len(CRDS) + 3 + 1 + 2
    helm.uninstall(f"ray-{TEAM}", TEAM)
    helm.uninstall(UMBRELLA, SYSTEM)
    assert api.get("raycluster", "main", TEAM) is None
    assert api.get("statefulset", "oneblock-redis", SYSTEM) is None
    assert kept(api) == before

    helm.umbrella("install", sample)
    helm.namespace("install", sample, TEAM)
    assert kept(api) == before
    assert api.get("raycluster", "main", TEAM)
    helm.uninstall(f"ray-{TEAM}", TEAM)
    helm.uninstall(UMBRELLA, SYSTEM)
    print(f"{program}: install, upgrade, rollback, uninstall and again: {time.monotonic() - begun:.0f} s")


def open_crd(group: str, version: str, kind: str, scope: str) -> dict[str, Any]:
    """A CRD that lets anything through."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": kind, "plural": f"{kind.lower()}s", "singular": kind.lower(), "listKind": f"{kind}List"}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{group}"},
        "spec": {"group": group, "names": names, "scope": scope, "versions": [served]},
    }


@pytest.fixture
def every_kind(api: Kube, cleared_api: None, scratch: Path) -> Iterator[None]:
    """Helm 3 asks the cluster of each object whether it knows its kind: here it knows those of every fleet."""
    keys = {key for name in NAMES for _, ours, _ in installs(fleet(name, scratch)) for key in ours}
    foreign = {
        (*api_version.split("/"), kind, "Namespaced" if namespace else "Cluster")
        for api_version, kind, namespace, _ in keys
        if api_version.partition("/")[0].endswith(FOREIGN)
    }
    crds = [open_crd(*each) for each in sorted(foreign)]
    api.apply(*crds)
    names = [crd["metadata"]["name"] for crd in crds]
    for name in names:
        wait_established(api, name)
    yield
    api.kubectl("delete", "crd", *names, "--ignore-not-found", "--wait=false")


def test_an_installation_tried_by_helm_3(
    api: Kube, every_kind: None, programs: Callable[[str], Path], scratch: Path, tmp_path: Path
) -> None:
    """It asks the cluster even for a dry run; Helm 4's is in tests/contract."""
    helm = Helm(programs("helm3"), api, tmp_path)
    for name in NAMES:
        for arguments, ours, tests in installs(fleet(name, scratch)):
            said = helm.run("install", *arguments, "--take-ownership", "--dry-run=client", "--output=json").stdout
            assert without_tests(of_a_dry_run(said), tests) == ours, name


def test_helm_takes_over_what_kubectl_applied(
    api: Kube, cleared_api: None, programs: Callable[[str], Path], tmp_path: Path
) -> None:
    """The same objects, so only their owner changes; Helm wants to be told."""
    helm = Helm(programs("helm"), api, tmp_path)
    sample = Fleet.sample(tmp_path / "fleet")
    for part in ("crds", "namespaces", ""):
        api.apply(sample.rendered / part)
    cluster = api.get("raycluster", "main", TEAM)
    with pytest.raises(HelmError, match="invalid ownership metadata"):
        helm.umbrella("install", sample)
    helm.umbrella("install", sample, "--take-ownership", "--force-conflicts")
    helm.namespace("install", sample, TEAM, "--take-ownership", "--force-conflicts")
    after = api.get("raycluster", "main", TEAM)
    assert cluster
    assert after
    assert (after["metadata"]["uid"], after["spec"]) == (cluster["metadata"]["uid"], cluster["spec"])
    helm.uninstall(f"ray-{TEAM}", TEAM)
    helm.uninstall(UMBRELLA, SYSTEM)


def ready(kube: Kube, sample: Fleet) -> None:
    """Waits until every object of the fleet is."""
    for found in sample.objects():
        wait_ready(kube, found)


@pytest.mark.full
def test_the_platform_by_helm_4(
    kube: Kube,
    programs: Callable[[str], Path],
    request: pytest.FixtureRequest,
    cleared: None,
    tmp_path: Path,
) -> None:
    helm = Helm(programs("helm"), kube, tmp_path)
    sample = Fleet.sample(tmp_path / "fleet")
    team = f"values/namespaces/{TEAM}.yaml"
    sample.write({team: (sample.root / team).read_text() + CODE})
    need_images(sample, request)
    begun = time.monotonic()
    helm.umbrella("install", sample, "--create-namespace", "--wait", "--wait-for-jobs", "--timeout=10m")
    helm.namespace("install", sample, TEAM)
    ready(kube, sample)
    print(f"installed by Helm and ready: {time.monotonic() - begun:.0f} s")
    assert kube.get("configmap", "main-code", TEAM)

    begun = time.monotonic()
    said = helm.test(UMBRELLA, SYSTEM).stdout
    assert "the operator leads" in said
    assert "is the master and takes writes" in said
    assert "a task ran" in helm.test(f"ray-{TEAM}", TEAM).stdout
    print(f"three tests: {time.monotonic() - begun:.0f} s")
    # They leave nothing.
    assert not kube.list("pods", selector="app.kubernetes.io/component=test")

    pods = pods_of(kube)
    upgrade_and_roll_back(helm, kube, sample)
    assert pods_of(kube) == pods

    before = kept(kube)
    assert len(before) == len(CRDS) + 3 + 2 + 2
    assert "OK" in redis(kube, "SET oneblock:kept yes")
    begun = time.monotonic()
    helm.uninstall(f"ray-{TEAM}", TEAM)
    until("the RayCluster's state is out of Redis", lambda: kube.get("raycluster", "main", TEAM) is None, 120)
    helm.uninstall(UMBRELLA, SYSTEM)
    until("no pod is left", lambda: not kube.list("pods", SYSTEM), 120)
    assert kept(kube) == before
    print(f"uninstalled: {time.monotonic() - begun:.0f} s")

    begun = time.monotonic()
    helm.umbrella("install", sample, "--wait", "--wait-for-jobs", "--timeout=10m")
    assert kept(kube) == before
    assert redis(kube, "GET oneblock:kept") == ["yes"] * 3
    print(f"installed again, with its data: {time.monotonic() - begun:.0f} s")
    helm.uninstall(UMBRELLA, SYSTEM)


def pods_of(kube: Kube) -> set[str]:
    """The UIDs of the team's pods and of Redis'."""
    found = kube.list("pods", TEAM) + kube.list("pods", SYSTEM, "app.kubernetes.io/name=redis")
    return {each["metadata"]["uid"] for each in found}


@pytest.mark.full
@pytest.mark.parametrize(
    ("broken", "scaled", "said"),
    [
        ("operator", "deployment/kuberay-operator", "metrics: nothing"),
        ("redis", "statefulset/oneblock-redis", "does not answer"),
    ],
)
def test_a_test_of_what_does_not_work_fails(
    broken: str,
    scaled: str,
    said: str,
    kube: Kube,
    programs: Callable[[str], Path],
    request: pytest.FixtureRequest,
    cleared: None,
    tmp_path: Path,
) -> None:
    helm = Helm(programs("helm"), kube, tmp_path)
    sample = Fleet.sample(tmp_path / "fleet")
    need_images(sample, request)
    helm.umbrella("install", sample, "--create-namespace", "--wait", "--wait-for-jobs", "--timeout=10m")
    kube.kubectl("scale", scaled, "--replicas=0", *in_namespace(SYSTEM))
    failed = helm.test(UMBRELLA, SYSTEM, check=False)
    assert failed.returncode != 0
    assert said in failed.stdout, failed.stdout + failed.stderr
    helm.uninstall(UMBRELLA, SYSTEM)
