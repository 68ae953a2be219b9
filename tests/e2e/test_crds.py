"""The CRDs on a real API server: how they get in, what they refuse, and what that saves the operator from."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.charts import generate, write
from generator.schema import Versions
from tests import rendered
from tests.binaries import need
from tests.charts.rendering import chart, engine, objects
from tests.e2e.fleet import wait_established
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.network import network_command
from tests.fleets import ROOTS, load

NAMESPACE = "crds"
OPEN = "x-kubernetes-preserve-unknown-fields"
LIMIT = 262_144
"""Bytes that all annotations of an object may have."""

Spec = dict[str, Any]


def cluster(container: Spec | None = None, *, pod: Spec | None = None, head: Spec | None = None, **spec: Any) -> Spec:
    """A suspended RayCluster's spec with fields added at one of its levels."""
    pod_spec = {"containers": [{"name": "ray-head", "image": "ray", **(container or {})}], **(pod or {})}
    return {
        "suspend": True,
        "headGroupSpec": {"rayStartParams": {}, "template": {"spec": pod_spec}, **(head or {})},
    } | spec


def service(condition_time: str) -> Spec:
    """A RayCluster's spec with a time that a person would hardly write."""
    condition = {"type": "A", "status": "True", "reason": "A", "message": "", "lastTransitionTime": condition_time}
    return cluster(head={"headService": {"status": {"conditions": [condition]}}})


POISON: dict[str, Spec] = {
    "a word as a port": cluster({"ports": [{"containerPort": "http"}]}),
    "a port beyond 32 bits": cluster({"ports": [{"containerPort": 99999999999}]}),
    "ports as a map": cluster({"ports": {"http": 80}}),
    "a number as a variable's value": cluster({"env": [{"name": "A", "value": 1}]}),
    "a bool as a variable's value": cluster({"env": [{"name": "A", "value": True}]}),
    "variables as a map": cluster({"env": {"A": "1"}}),
    "resources as a list": cluster({"resources": []}),
    "a word as a quantity": cluster({"resources": {"limits": {"cpu": "lots"}}}),
    "a command as text": cluster({"command": "sleep 1"}),
    "numbers as arguments": cluster({"args": [1]}),
    "a number as an image": cluster({"image": 7}),
    "a word as a duration": cluster({"livenessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": "10s"}}),
    "containers as a map": cluster(pod={"containers": {"ray-head": {}}}),
    "a bool in a node selector": cluster(pod={"nodeSelector": {"gpu": True}}),
    "a word as a user": cluster(pod={"securityContext": {"runAsUser": "root"}}),
    "volumes as a map": cluster(pod={"volumes": {"a": {"emptyDir": {}}}}),
    "a word as a bool": cluster(pod={"hostNetwork": "true"}),
    "a number as a label": cluster(head={"template": {"metadata": {"labels": {"a": 1}}, "spec": {"containers": []}}}),
    "a word as a Service's port": cluster(head={"headService": {"spec": {"ports": [{"port": "http"}]}}}),
    # Upstream's own CRDs let these in.
    "a probe's port beyond 32 bits": cluster({"livenessProbe": {"tcpSocket": {"port": 99999999999}}}),
    "a fraction as an exponent": cluster({"resources": {"limits": {"cpu": "1e1.5"}}}),
    "an exponent beyond 64 bits": cluster({"resources": {"limits": {"cpu": "1e99999999999999999999"}}}),
    "a time in small letters": service("2026-01-01t00:00:00z"),
    "a time with a wild offset": service("2026-01-01T00:00:00+99:99"),
}
"""RayClusters that the operator cannot read."""


@cache
def default(versions: Versions = Versions.DEFAULT) -> list[Spec]:
    """The CRDs as the chart brings them."""
    return objects("crds", versions=versions)


class Crds:
    """The CRDs of the cluster. Installing those that are there already costs nothing."""

    def __init__(self, api: Kube) -> None:
        self._api = api
        self._there: tuple[list[Spec], bool] | None = None

    def install(self, crds: list[Spec], *, server_side: bool = True) -> None:
        """Applies them and waits until their schemas hold."""
        if self._there == (crds, server_side):
            return
        self._there = (crds, server_side)
        self._api.apply(*crds, server_side=server_side, manager="test" if server_side else "")
        for crd in crds:
            wait_established(self._api, crd["metadata"]["name"])
            self._wait_published(crd)

    def _wait_published(self, crd: Spec) -> None:
        """The API server takes over a changed schema a moment after it has stored it."""
        kind, version = crd["spec"]["names"]["kind"], crd["spec"]["versions"][0]

        def published() -> bool:
            served = self._api.request("GET", "/openapi/v3/apis/ray.io/v1")[1]["components"]["schemas"]
            return outline(served[f"io.ray.v1.{kind}"]) == outline(version["schema"]["openAPIV3Schema"])

        until(f"the schema of {kind} is published", published, 60)

    def remove(self) -> None:
        """Deletes them, and with them every Ray object."""
        self._there = None
        for crd in default():
            self._api.delete("crd", crd["metadata"]["name"])


def outline(schema: Spec) -> tuple[list[str], bool]:
    """What tells the schemas of this module apart: the fields of their spec, and whether anything is open."""
    return sorted(schema["properties"]["spec"]["properties"]), OPEN in json.dumps(schema)


@pytest.fixture(scope="module")
def crds(api: Kube) -> Iterator[Crds]:
    """The cluster's CRDs, and a namespace for objects; the default CRDs stay behind."""
    found = Crds(api)
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    yield found
    found.install(default())
    api.delete("namespace", NAMESPACE, wait=False)


@pytest.fixture(scope="module")
def slim_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart whose CRDs have open pod templates."""
    folder = tmp_path_factory.mktemp("charts")
    write(generate(Versions.DEFAULT, crds="slim"), folder)
    return folder / "charts" / "crds"


@pytest.fixture(scope="module")
def slim(slim_chart: Path) -> list[Spec]:
    """Those CRDs."""
    return [yaml.safe_load(text) for text in engine().render(slim_chart, "crds", NAMESPACE, {})]


def create(api: Kube, name: str, spec: Spec, query: str = "") -> tuple[int, dict[str, Any]]:
    body = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": name}, "spec": spec}
    return api.request("POST", f"/apis/ray.io/v1/namespaces/{NAMESPACE}/rayclusters{query}", body)


def test_they_apply_plainly_and_over_the_slim_ones(api: Kube, crds: Crds, slim: list[Spec]) -> None:
    crds.install(slim, server_side=False)
    assert create(api, "old", cluster())[0] == 201
    for server_side in (False, True):
        crds.install(default(), server_side=server_side)
        for crd in default():
            found = api.get("crd", crd["metadata"]["name"])
            assert found is not None
            assert [version["name"] for version in found["spec"]["versions"]] == ["v1"]
            taken = sum(len(key) + len(value) for key, value in found["metadata"]["annotations"].items())
            print(f"{crd['metadata']['name']}: {taken} of {LIMIT} bytes of annotations")
    assert [found["metadata"]["name"] for found in api.list("rayclusters", NAMESPACE)] == ["old"]
    api.delete("raycluster", "old", NAMESPACE)


@pytest.mark.parametrize("name", ["helm", "helm3"])
def test_helm_installs_and_upgrades_them(api: Kube, api_lab: Lab, crds: Crds, slim_chart: Path, name: str) -> None:
    program = need(name)
    crds.remove()

    def helm(command: str, *more: str | Path) -> None:
        run = [*network_command(api_lab.network), program, command, "ray-crds", *more, "--namespace", NAMESPACE]
        subprocess.run(run, env=api_lab.environment(), check=True, timeout=120, capture_output=True)

    helm("install", slim_chart)
    helm("upgrade", chart("crds"))
    helm("upgrade", chart("crds"))
    found = api.get("crd", "rayclusters.ray.io")
    assert found is not None
    assert OPEN not in json.dumps(found)
    secret = api.get("secret", "sh.helm.release.v1.ray-crds.v3", NAMESPACE)
    assert secret is not None
    size = len(base64.b64decode(secret["data"]["release"]))
    print(f"{name}: a release of {size} bytes; a Secret may have {2**20}")
    helm("uninstall")
    assert api.get("crd", "rayclusters.ray.io") is not None, "they stay"
    crds.remove()


def test_what_the_operator_cannot_read_does_not_get_in(api: Kube, crds: Crds) -> None:
    crds.install(default())
    assert create(api, "good", cluster(), "?dryRun=All")[0] == 201
    answers = {name: create(api, "bad", spec, "?dryRun=All") for name, spec in POISON.items()}
    assert {name: answer["message"] for name, (status, answer) in answers.items() if status != 422} == {}
    job = {"entrypoint": "x", "entrypointNumCpus": 1e300, "rayClusterSpec": cluster()}
    body = {"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": {"name": "bad"}, "spec": job}
    assert api.request("POST", f"/apis/ray.io/v1/namespaces/{NAMESPACE}/rayjobs", body)[0] == 422


def test_quantities_that_keep_the_operator_busy_do_not_get_in(api: Kube, crds: Crds) -> None:
    crds.install(default())
    for quantity in ("1e999999999", "1e-999999999", "9" * 65):
        status, answer = create(api, "bad", cluster({"resources": {"limits": {"cpu": quantity}}}), "?dryRun=All")
        assert (status, "limits.cpu" in answer["message"]) == (422, True), quantity


def test_any_one_of_them_stops_the_operator_under_slim_crds(
    api: Kube, crds: Crds, slim: list[Spec], operator: Callable[[str], str]
) -> None:
    """The proof that the list above is about something."""
    crds.install(slim)
    harmless = []
    for number, (name, spec) in enumerate(POISON.items()):
        status, answer = create(api, "poison", spec)
        assert status == 201, (name, answer["message"])
        said = operator(f"operator-{number}")
        api.delete("raycluster", "poison", NAMESPACE)
        if "failed to list *v1.RayCluster" not in said:
            harmless.append((name, said[-500:]))
    assert harmless == []
    assert create(api, "good", cluster())[0] == 201
    assert "failed to list" not in operator("operator-good")
    api.delete("raycluster", "good", NAMESPACE, wait=False)
    free = ("--type=merge", '--patch={"metadata":{"finalizers":null}}', f"--namespace={NAMESPACE}")
    api.kubectl("patch", "raycluster", "good", *free, check=False)


@pytest.fixture
def operator(api_lab: Lab) -> Callable[[str], str]:
    """Runs the operator until it has read the RayClusters or failed to; what it logged."""
    program = need(f"kuberay-{Versions.DEFAULT.kuberay}")

    def run(name: str) -> str:
        flags = [
            "-enable-leader-election=false",
            f"-leader-election-namespace={NAMESPACE}",
            f"-kubeconfig={api_lab.kubeconfig}",
        ]
        process = api_lab.spawn(name, [program, *flags], {"POD_NAMESPACE": NAMESPACE})
        try:
            ready = '"logger":"controllers.RayCluster","msg":"Starting workers"'
            until(
                f"{name} lists RayClusters",
                lambda: any(sign in process.log.read_text() for sign in (ready, "failed to list *v1.RayCluster")),
            )
            return process.log.read_text()
        finally:
            process.stop(grace=0)

    return run


@pytest.mark.parametrize("fleet", ROOTS)
def test_every_sample_fleet_is_taken(api: Kube, crds: Crds, fleet: str) -> None:
    """With strict validation: nothing of a rendered object may be unknown to the fleet's CRDs."""
    crds.install(default(load(fleet).platform.versions))
    ray = [file for file in rendered.files(fleet) if is_ray(file)]
    namespaces = {yaml.safe_load(file.read_text())["metadata"]["namespace"] for file in ray}
    for name in namespaces:
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    files = [f"--filename={file}" for file in ray]
    for how in (("apply", "--server-side"), ("create",)):
        said = api.kubectl(*how, "--dry-run=server", "--validate=strict", *files, timeout=120).stdout
        assert len(said.splitlines()) == len(ray) > 0


def is_ray(file: Path) -> bool:
    return "\napiVersion: ray.io/" in f"\n{file.read_text(encoding='utf-8')}"


def test_an_apply_leaves_the_autoscalers_count_alone(api: Kube, crds: Crds) -> None:
    crds.install(default())
    template = {"spec": {"containers": [{"name": "ray-worker", "image": "ray"}]}}

    def manifest(*groups: str) -> Spec:
        workers = [
            {
                "groupName": name,
                "minReplicas": 0,
                "maxReplicas": 5,
                "numOfHosts": 1,
                "rayStartParams": {},
                "template": template,
            }
            for name in groups
        ]
        metadata = {"name": "scaled", "namespace": NAMESPACE}
        spec = cluster(enableInTreeAutoscaling=True, workerGroupSpecs=workers)
        return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": spec}

    def counts() -> dict[str, int | None]:
        found = api.get("raycluster", "scaled", NAMESPACE)
        assert found is not None
        return {group["groupName"]: group.get("replicas") for group in found["spec"]["workerGroupSpecs"]}

    api.apply(manifest("cpu"), manager="git")
    before = counts()["cpu"]
    scale = json.dumps([{"op": "add", "path": "/spec/workerGroupSpecs/0/replicas", "value": 3}])
    api.kubectl("patch", "raycluster", "scaled", f"--namespace={NAMESPACE}", "--type=json", f"--patch={scale}")
    api.apply(manifest("cpu"), manager="git")
    assert counts() == {"cpu": 3}
    api.apply(manifest("gpu", "cpu"), manager="git")
    assert counts() == {"cpu": 3, "gpu": before}
    api.apply(manifest("cpu"), manager="git")
    assert counts() == {"cpu": 3}
    api.delete("raycluster", "scaled", NAMESPACE)
