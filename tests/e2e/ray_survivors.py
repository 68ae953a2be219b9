"""What of a RayCluster has to be there after a fault, and is the same as before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.e2e.kube import Kube, until
from tests.e2e.ray_cluster import RayUnderTest

JOB = "beat"
# A driver that needs Ray at every step and shows that it gets on.
ENTRYPOINT = (
    'python -c "import ray, time, pathlib; ray.init(log_to_driver=False); f = ray.remote(num_cpus=0.1)(lambda x: x); '
    "[(pathlib.Path('/tmp/job-beat').write_text(str(ray.get(f.remote(i)))), time.sleep(1)) for i in range(100000)]\""
)


@dataclass(frozen=True)
class Before:
    """How things stood before a fault."""

    actor: dict[str, int]
    job: str


def started(kube: Kube, namespace: str) -> RayUnderTest:
    """The RayCluster of ``redis_fleet.ray_fleet``, once the probe and the job are at work."""
    ray = RayUnderTest(kube, namespace, "main")
    ray.start_probe()
    until("the job has begun", lambda: job_beat(ray) > 0, 180)
    return ray


def remember(ray: RayUnderTest) -> Before:
    """Looks at everything; all of it works."""
    return Before(ray.must("actor"), _job(ray)["jobId"])


def check(ray: RayUnderTest, before: Before) -> None:
    """The actor with its state, the placement group, the running task, the service, the job: all of them went on."""
    actor = ray.must("lookup")
    assert actor["pid"] == before.actor["pid"], "the actor is another one"
    assert actor["count"] > before.actor["count"]
    assert ray.must("actor")["pid"] == before.actor["pid"]
    for name in ("running_task", "kept_group", "task", "new_group", "serve"):
        ray.must(name)
    until("the job gets on", lambda: _advances(ray), 60)
    until("the RayJob is running, and the same", lambda: _is_running(_job(ray), before.job), 120)


def _is_running(job: dict[str, Any], identity: str) -> bool:
    return (job["jobId"], job.get("jobStatus"), job["jobDeploymentStatus"]) == (identity, "RUNNING", "Running")


def _job(ray: RayUnderTest) -> dict[str, Any]:
    found = ray.kube.get("rayjob", JOB, ray.namespace)
    assert found is not None
    status: dict[str, Any] = found["status"]
    return status


def job_beat(ray: RayUnderTest) -> int:
    """The job's last step; it writes on the worker, where it runs."""
    return int(ray.kube.exec(ray.worker, "cat", "/tmp/job-beat", namespace=ray.namespace))  # noqa: S108


def _advances(ray: RayUnderTest) -> bool:
    before = job_beat(ray)
    until("the job's next step", lambda: job_beat(ray) > before, 15)
    return True
