"""RayJobs: every way to submit one, what is left of them afterwards, and another try."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import ray
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.rayjobs import clusters, ended, log, status, succeeded

HELLO = """
import ray
import greeting
ray.init()
print(ray.get(ray.remote(lambda: greeting.WORDS).remote()))
"""
CODE = {"files": {"hello.py": HELLO, "greeting.py": "WORDS = 'hello from a task'\n"}}
ENTRYPOINT = "python /home/ray/code/hello.py"
ALONE = {"head": {**ray.SMALL, "numCpus": 1}}
TTL = 5


def job(**how: Any) -> dict[str, Any]:
    return {"entrypoint": ENTRYPOINT, "rayCluster": ALONE, "code": CODE, "ttlSecondsAfterFinished": TTL} | how


@pytest.mark.full
def test_a_training_job_is_the_samples(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    deploy(ray.sample("training-job", tmp_path / "fleet"))
    succeeded(kube, "training", "regression")
    said = log(kube, "training", "regression")
    assert "weights: [ 2.  -3.   0.5]" in said
    assert "trained" in said
    assert "world_rank=1, local_rank=0, node_rank=1" in said  # on two workers, one process each


@pytest.mark.full
@pytest.mark.parametrize("mode", ["K8sJobMode", "HTTPMode", "SidecarMode", "InteractiveMode"])
def test_every_submission_mode(mode: str, kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    deploy(ray.exploring(tmp_path / "fleet", rayJobs={"hello": job(submissionMode=mode)}))
    if mode == "InteractiveMode":
        submit_by_hand(kube)
    else:
        until("the job runs", lambda: status(kube, "explore", "hello").get("jobId"), 300)
    (cluster,) = clusters(kube, "explore")
    seen = ended(kube, "explore", "hello")
    assert seen["jobStatus"] == "SUCCEEDED", (seen, log(kube, "explore", "hello"))
    if mode == "K8sJobMode":
        assert "hello from a task" in log(kube, "explore", "hello")
    assert cluster in clusters(kube, "explore")
    until(f"its cluster is gone, {TTL} s after the job's end", lambda: not clusters(kube, "explore"), 90)
    assert status(kube, "explore", "hello")["jobStatus"] == "SUCCEEDED"


def submit_by_hand(kube: Kube) -> None:
    """What InteractiveMode waits for: somebody submits, and tells the RayJob which job that was."""
    until("it waits", lambda: status(kube, "explore", "hello").get("jobDeploymentStatus") == "Waiting", 300)
    (cluster,) = clusters(kube, "explore")
    pod = ray.head(kube, "explore", cluster)
    submit = f"ray job submit --address http://localhost:8265 --submission-id by-hand --no-wait -- {ENTRYPOINT}"
    kube.exec(pod, "bash", "-c", submit, namespace="explore", container="ray-head", timeout=120)
    patch = json.dumps({"spec": {"jobId": "by-hand"}})
    kube.kubectl("patch", "rayjob", "hello", "--namespace=explore", "--type=merge", f"--patch={patch}")


@pytest.mark.full
def test_a_failed_job_is_tried_again_on_a_new_cluster(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    failing = job(entrypoint="python -c 'raise SystemExit(3)'", backoffLimit=1)
    deploy(ray.exploring(tmp_path / "fleet", rayJobs={"hopeless": failing}))
    seen = set[str]()

    def given_up() -> bool:
        now = status(kube, "explore", "hopeless")
        seen.add(now.get("rayClusterName", ""))
        return now.get("jobDeploymentStatus") == "Failed"

    until("the job is given up", given_up, 420)
    last = status(kube, "explore", "hopeless")
    assert last["failed"] == 2
    assert last.get("succeeded", 0) == 0
    assert "exit code 3" in last["message"]
    assert len(seen - {""}) == 2
    until("no cluster is left", lambda: not clusters(kube, "explore"), 90)


@pytest.mark.full
def test_a_job_on_a_cluster_that_is_there(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    values = {
        "rayClusters": {"main": {**ALONE, "code": CODE}},
        "rayJobs": {"hello": {"entrypoint": ENTRYPOINT, "cluster": "main"}},
    }
    deploy(ray.exploring(tmp_path / "fleet", **values))
    succeeded(kube, "explore", "hello")
    assert "hello from a task" in log(kube, "explore", "hello")
    assert clusters(kube, "explore") == ["main"]
