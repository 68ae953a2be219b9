"""What the tests ask of Ray: its pods, Python on its head, its ports and its command line from outside."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.binaries import need
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.images import RAY
from tests.e2e.lab.node import group
from tests.e2e.programs import program

# Little is requested, so that a small machine takes it, and more is allowed, so that it starts soon.
SMALL = {"resources": {"requests": {"cpu": "150m", "memory": "768Mi"}, "limits": {"cpu": 1, "memory": "2Gi"}}}
AUTOSCALER = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": 1, "memory": "256Mi"}}
AUTOSCALING = {"enabled": True, "idleTimeoutSeconds": 10, "resources": AUTOSCALER}
EXPLORE = Path("values/namespaces/explore.yaml")
START = "import ray, json\nray.init(address='auto', log_to_driver=False)\n"


def sample(name: str, root: Path, files: Mapping[str, str] | None = None) -> Fleet:
    """The fleet of ``oneblock init --sample``, with some files replaced or added, rendered."""
    fleet = Fleet(root)
    fleet.oneblock("init", str(root), "--sample", name, at_root=False)
    fleet.write(files or {})
    return fleet


def exploring(root: Path, **workloads: Any) -> Fleet:
    """A fleet without Redis whose namespace ``explore`` has these workloads (``rayClusters=…``)."""
    return sample("first-cluster", root, {str(EXPLORE): yaml.safe_dump(workloads)})


def change(fleet: Fleet, kube: Kube, **workloads: Any) -> None:
    """Writes other workloads to the namespace ``explore``, renders and applies, as a sync would."""
    fleet.write({str(EXPLORE): yaml.safe_dump(workloads)})
    kube.apply(fleet.rendered / "ray")


def pods(kube: Kube, namespace: str, cluster: str, kind: str = "worker", of_group: str = "") -> list[str]:
    """The names of a RayCluster's pods that are not on their way out: ``head`` or ``worker``, of all groups or one."""
    labels = {"ray.io/cluster": cluster, "ray.io/node-type": kind} | ({"ray.io/group": of_group} if of_group else {})
    found = kube.list("pods", namespace, ",".join(f"{key}={value}" for key, value in labels.items()))
    return sorted(pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"])


def head(kube: Kube, namespace: str, cluster: str) -> str:
    """The name of a RayCluster's head pod."""
    (name,) = pods(kube, namespace, cluster, "head")
    return name


def python(kube: Kube, namespace: str, cluster: str, code: str, timeout: float = 180) -> str:
    """The last line that Python printed on the head, where ``ray`` and ``json`` are imported and Ray is connected."""
    pod = head(kube, namespace, cluster)
    said = kube.exec(
        pod, "python", "-c", START + code, namespace=namespace, container="ray-head", timeout=timeout
    ).splitlines()
    return said[-1] if said else ""


@contextlib.contextmanager
def forwarded(kube: Kube, namespace: str, target: str, port: int) -> Iterator[str]:
    """A port of a Service or pod as ``http://localhost:…``, through ``kubectl port-forward``."""
    command = [str(program("kubectl")), f"--kubeconfig={kube.kubeconfig}", f"--namespace={namespace}"]
    command += ["port-forward", target, f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+)", said)
            assert found is not None, said
            yield f"http://localhost:{found[1]}"
        finally:
            process.terminate()


def get(url: str) -> str:
    """What a URL answers, once it answers."""

    def ask() -> str:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (ours)
            return str(answer.read().decode())

    return until(f"{url} answers", ask, 60)


def outside(folder: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with the program ``ray``, run out here: the one on PATH, or that of the image beside the pods."""
    if os.environ.get("KUBECONFIG"):
        return need("ray").parent
    lab: Lab = request.getfixturevalue("lab")
    image = f"docker.io/rayproject/ray:{RAY}"
    if why := lab.missing_images.get(image):
        pytest.skip(f"no image {image}: {why}")
    words = ("ctr", "-n", "k8s.io", "run", "--rm", "--net-host", "--cgroup", f"/{group(lab.name)}/outside", image)
    script = folder / "bin" / "ray"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {shlex.join(lab.command(*words))} "outside-$$" ray "$@"\n')
    script.chmod(0o755)
    return script.parent
