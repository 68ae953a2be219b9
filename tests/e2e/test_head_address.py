"""A head Service with an address of its own, as docs/high-availability.md offers it: what a killed head costs then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube
from tests.e2e.ray_survivors import check, remember, started
from tests.e2e.redis_fleet import deployed, ray_fleet

pytestmark = pytest.mark.full
TEAM = "team-a"
PLATFORM = "values/platform.yaml"
SERVICE = "main-head-svc"
ENV = '{ENABLE_RAY_HEAD_CLUSTER_IP_SERVICE: "true"}'


def address(kube: Kube) -> str:
    """The cluster IP of the head's Service; ``None``, as a word, for a headless one."""
    service = kube.get("service", SERVICE, TEAM)
    assert service is not None
    return str(service["spec"]["clusterIP"])


def test_a_new_head_keeps_the_address_of_the_last(kube: Kube, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    files = ray_fleet()
    files[PLATFORM] = files[PLATFORM].replace("operator:\n", f"operator:\n  env: {ENV}\n")
    fleet = Fleet.written(tmp_path / "fleet", files)
    with deployed(fleet, kube, request):
        ray = started(kube, TEAM)
        before, kept = remember(ray), address(kube)
        assert kept != "None"
        seconds = [ray.recovery(ray.kill_head) for _ in range(3)]
        print("head pods killed one after the other:", ", ".join(f"{each:.1f} s" for each in seconds))
        assert address(kube) == kept
        check(ray, before)
