"""The autoscaler stays when its head restarts beside it, and goes with it where pods do not restart containers.

Either way it has to know the workers that it started before, and to end them: they may be the expensive ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.e2e import ray
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.test_autoscaler_and_apply import CLUSTER, HOLD, RELEASE, STILL

pytestmark = pytest.mark.full
TEAM = "team-a"
IS_V2 = """
from ray.autoscaler.v2.utils import is_autoscaler_v2
print(is_autoscaler_v2(fetch_from_server=True))
"""


@pytest.mark.parametrize("version", ["", "v1", "v2"])
def test_the_autoscaler_goes_on_after_a_head_restart(
    kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path, version: str
) -> None:
    autoscaling = ray.AUTOSCALING | ({"version": version} if version else {})
    cluster = CLUSTER | {"gcsFaultTolerance": {"enabled": True}, "autoscaling": autoscaling}
    files = {f"values/namespaces/{TEAM}.yaml": yaml.safe_dump({"rayClusters": {"main": cluster}})}
    deploy(Fleet.sample(tmp_path / "fleet", files))
    assert ray.python(kube, TEAM, "main", IS_V2) == str(version != "v1")

    worker = ray.python(kube, TEAM, "main", HOLD, timeout=300)
    head = ray.head(kube, TEAM, "main")
    begun = time.monotonic()
    kube.exec(head, "pkill", "-9", "gcs_server", namespace=TEAM, container="ray-head")
    time.sleep(2)  # in which the old GCS would still answer for the new one
    until("the actor is found again", lambda: ray.python(kube, TEAM, "main", STILL) == worker, 180)
    how = "the container again" if ray.head(kube, TEAM, "main") == head else "another pod"
    print(f"the head is back after {time.monotonic() - begun:.0f} s ({how})")

    ray.python(kube, TEAM, "main", RELEASE)
    begun = time.monotonic()
    until("the idle worker is gone", lambda: not ray.pods(kube, TEAM, "main"), 180)
    print(f"1 → 0: {time.monotonic() - begun:.0f} s after the work was gone")
    begun = time.monotonic()
    assert ray.python(kube, TEAM, "main", HOLD, timeout=300) != worker
    print(f"0 → 1: {time.monotonic() - begun:.0f} s")
