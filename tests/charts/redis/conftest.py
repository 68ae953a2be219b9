"""What the tests of the pod's scripts share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.charts.redis.pod import Pod


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """Pod 0 of a set of three, nothing on its volume, nobody answering."""
    return Pod(tmp_path)
