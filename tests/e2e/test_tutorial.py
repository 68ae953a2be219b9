"""The tutorial's steps, each on its own: a cluster, a job from outside, the dashboard, away again; a batch job."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import ray
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.rayjobs import log, succeeded

SUM = """
import ray
@ray.remote
def square(number):
    return number * number
print("the sum is", sum(ray.get([square.remote(number) for number in range(100)])))
"""
VERSIONS = ["1.6.2", pytest.param("1.2.2", marks=pytest.mark.full)]


@pytest.mark.parametrize("kuberay", VERSIONS)
def test_a_cluster_takes_jobs_from_outside_and_leaves_nothing(
    kuberay: str, kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    program = ray.outside(tmp_path, request) / "ray"
    fleet = ray.sample("first-cluster", tmp_path / "fleet")
    platform = (fleet.root / "values/platform.yaml").read_text()
    fleet.write({"values/platform.yaml": platform.replace("kuberay: 1.6.2", f"kuberay: {kuberay}")})
    deploy(fleet)
    operator = kube.get("deployment", "kuberay-operator", "oneblock-system")
    assert operator is not None
    assert operator["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f":v{kuberay}")

    with ray.forwarded(kube, "explore", "service/main-head-svc", 8265) as address:
        assert json.loads(ray.get(f"{address}/api/version"))["ray_version"] == "2.60.0"
        assert "<title>Ray Dashboard</title>" in ray.get(address)
        begun = time.monotonic()
        command: list[str | Path] = [program, "job", "submit", "--address", address, "--", "python", "-c", SUM]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "the sum is 328350" in done.stdout
        print(f"job from outside, with a worker started for it: {time.monotonic() - begun:.0f} s")
        (job,) = json.loads(ray.get(f"{address}/api/jobs/"))
        assert job["status"] == "SUCCEEDED"

    fleet.remove(kube)
    assert kube.get("namespace", "explore") is None
    assert not kube.list("rayclusters")
    assert until("no pod is left", lambda: not kube.list("pods", selector="ray.io/cluster"), 60)


@pytest.mark.full
def test_a_batch_inference_job(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    deploy(ray.sample("batch-inference", tmp_path / "fleet"))
    succeeded(kube, "batch", "classify")
    assert "100000 points classified, π is about 3.1" in log(kube, "batch", "classify")
