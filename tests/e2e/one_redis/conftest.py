"""One Redis for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube
from tests.e2e.redis import ORDINALS, Redis
from tests.e2e.redis_fleet import deployed, redis_only


@pytest.fixture(scope="package")
def fleet(kube: Kube, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Redis and two tenants."""
    made = Fleet.written(tmp_path_factory.mktemp("redis") / "fleet", redis_only())
    with deployed(made, kube, request, parts=("redis",)):
        yield made


@pytest.fixture(scope="package")
def redis(fleet: Fleet, kube: Kube) -> Redis:
    """The set of three."""
    return Redis(kube)


@pytest.fixture(scope="package", autouse=True)
def roles_at_first(redis: Redis) -> list[str]:
    """The pods' roles as they were before any test had a go at them."""
    return [redis.role(ordinal) for ordinal in ORDINALS]
