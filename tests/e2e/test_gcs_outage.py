"""What works while GCS is down and after it is back, with fault tolerance and without: ``docs/gcs-outage.md``.

``ONEBLOCK_WRITE_DOCS=1`` writes the page; otherwise what is seen has to be what it says.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet
from tests.e2e.gcs_outage import Outage, observe, table
from tests.e2e.kube import Kube
from tests.e2e.ray_cluster import RayUnderTest
from tests.e2e.redis_fleet import deployed, ray_fleet

pytestmark = pytest.mark.full
PAGE = Path(__file__).parents[2] / "docs" / "gcs-outage.md"


def seen(kube: Kube, request: pytest.FixtureRequest, root: Path, *, tolerant: bool) -> Outage:
    fleet = Fleet.written(root, ray_fleet(f"{{enabled: {str(tolerant).lower()}}}", job=False))
    with deployed(fleet, kube, request):
        ray = RayUnderTest(kube, "team-a", "main")
        ray.start_probe()
        return observe(ray, kept=tolerant)


def test_the_page_says_what_is_seen(kube: Kube, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    on = seen(kube, request, tmp_path / "on", tolerant=True)
    print(on)
    off = seen(kube, request, tmp_path / "off", tolerant=False)
    print(off)
    made = table(on, off)
    before, begin, rest = PAGE.read_text().partition("<!-- made by tests/e2e/test_gcs_outage.py -->\n")
    said, end, after = rest.partition("<!-- end -->\n")
    if os.environ.get("ONEBLOCK_WRITE_DOCS"):
        PAGE.write_text("".join((before, begin, made, end, after)))
        said = made
    assert said == made
