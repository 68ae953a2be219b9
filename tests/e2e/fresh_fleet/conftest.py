"""One fleet for all tests of this folder, which run in the order of their files: from its first task to its removal."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube
from tests.e2e.monitoring import Object, taken_out
from tests.e2e.redis_fleet import deployed

ON = {"annotations": False, "podMonitors": True, "serviceMonitors": True, "rules": True, "dashboards": True}


@pytest.fixture(scope="package")
def written(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """The fleet of ``oneblock init`` with all monitoring on."""
    made = Fleet.sample(tmp_path_factory.mktemp("fresh") / "fleet")
    platform = yaml.safe_load((made.root / "values/platform.yaml").read_text())
    platform["global"]["monitoring"] = ON
    platform["redis"]["metrics"] = {"enabled": True}
    made.write({"values/platform.yaml": yaml.safe_dump(platform)})
    return made


@pytest.fixture(scope="package")
def monitors(written: Fleet) -> list[Object]:
    """Its monitors and alert rules, which are not applied: only a Prometheus operator's cluster knows their kinds."""
    return taken_out(written)


@pytest.fixture(scope="package")
def fleet(kube: Kube, written: Fleet, monitors: list[Object], request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """The fleet, deployed the way the README says."""
    begun = time.monotonic()
    with deployed(written, kube, request):
        print(f"RayCluster ready: {time.monotonic() - begun:.0f} s after the first object")
        yield written
