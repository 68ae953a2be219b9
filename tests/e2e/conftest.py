"""Which cluster the tests run on, and what is kept when one of them fails.

``ONEBLOCK_E2E`` asks for them: ``quick`` for those that are not marked ``full``, ``full`` for all. With ``KUBECONFIG``
they use that cluster; without, they start their own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.binaries import need
from tests.e2e import evidence
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.images import IMAGES
from tests.e2e.lab.network import joined
from tests.e2e.programs import MissingError
from tests.e2e.tenancy import FLEET, OLDEST, AuditedLab, Tenants, install, render
from tests.e2e.volcano import crds as volcano_crds

HERE = Path(__file__).parent
PODS = {"lab", "kube", "deploy", "deploy_for_all"}
"""The fixtures of what needs pods to run; the rest goes by a control plane alone, and may be run beside it."""

AnyLab = TypeVar("AnyLab", bound=Lab)
_labs: list[Lab] = []
_kubes: list[Kube] = []


def _why_not(item: pytest.Item) -> str:
    """Why this test does not run here; empty when it does."""
    asked = os.environ.get("ONEBLOCK_E2E", "")
    if asked not in ("quick", "full"):
        return "needs a cluster: set ONEBLOCK_E2E=quick or full (and KUBECONFIG, to use a cluster that is there)"
    if "PYTEST_XDIST_WORKER" in os.environ:
        return "one cluster, one process: run python -m pytest tests/e2e -p no:xdist"
    if item.get_closest_marker("full") and asked != "full":
        return "takes long: set ONEBLOCK_E2E=full"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder, and skips it unless it is asked for."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.e2e)
            if PODS.intersection(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.node)
            if why := _why_not(item):
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps the evidence of a test that failed."""
    report = yield
    if report.failed and (_labs or _kubes):
        folder = evidence.keep(item.name, _kubes, _labs)
        report.sections.append(("logs of every component", str(folder)))
    return report


@contextmanager
def _connected(kube: Kube) -> Iterator[Kube]:
    _kubes.append(kube)
    try:
        yield kube
    finally:
        _kubes.remove(kube)
        kube.close()


@contextmanager
def _running(*, node: bool, kind: type[AnyLab]) -> Iterator[AnyLab]:
    lab = kind.new()
    try:
        lab.start(node=node)
    except MissingError as missing:
        pytest.skip(str(missing))
    _labs.append(lab)
    try:
        yield lab
    finally:
        _labs.remove(lab)
        lab.stop()


@pytest.fixture(scope="session")
def programs() -> Callable[[str], Path]:
    """Finds a program by its name, or skips the test saying which one is missing."""
    return need


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A cluster of our own with a node; this process is on its network."""
    if os.environ.get("KUBECONFIG"):
        pytest.skip("needs a cluster of its own, and KUBECONFIG names another")
    with _running(node=True, kind=Lab) as lab, joined(lab.network):
        yield lab


@pytest.fixture(scope="session")
def kube(request: pytest.FixtureRequest) -> Iterator[Kube]:
    """The cluster that pods run on: that of KUBECONFIG, else our own."""
    given = os.environ.get("KUBECONFIG")
    try:
        kube = Kube(Path(given)) if given else request.getfixturevalue("lab").kube()
    except MissingError as missing:
        pytest.skip(str(missing))
    with _connected(kube):
        yield kube


@pytest.fixture(scope="session")
def api_lab() -> Iterator[Lab]:
    """A control plane of our own without a node."""
    with _running(node=False, kind=Lab) as lab:
        yield lab


@pytest.fixture(scope="module")
def bare_lab() -> Iterator[Lab]:
    """A control plane without a node that one module has for itself."""
    with _running(node=False, kind=Lab) as lab:
        yield lab


@pytest.fixture(scope="session")
def api(api_lab: Lab) -> Iterator[Kube]:
    """A control plane without a node, for what needs no pod to run."""
    with _connected(api_lab.kube()) as kube:
        yield kube


@contextmanager
def _tenants(fleet: Path, folder: Path) -> Iterator[Tenants]:
    volcano = volcano_crds()
    tree = render(fleet, folder)
    with _running(node=False, kind=AuditedLab) as lab, _connected(lab.kube()) as kube:
        install(kube, tree, volcano)
        yield Tenants(lab, kube, tree)


@pytest.fixture(scope="session")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    """A control plane of its own with the platform of two teams on it."""
    with _tenants(FLEET, tmp_path_factory.mktemp("tenants")) as tenants:
        yield tenants


@pytest.fixture
def oldest(tmp_path: Path) -> Iterator[Tenants]:
    """Another one with the oldest KubeRay."""
    with _tenants(OLDEST, tmp_path) as tenants:
        yield tenants


@contextmanager
def _scratch() -> Iterator[tuple[Lab, Kube]]:
    with _running(node=False, kind=Lab) as lab, _connected(lab.kube()) as kube:
        yield lab, kube


@pytest.fixture(scope="session")
def scratch() -> Callable[[], AbstractContextManager[tuple[Lab, Kube]]]:
    """Makes control planes for tests that need one to themselves; each ends with its ``with``."""
    return _scratch


@pytest.fixture
def namespace(kube: Kube) -> Iterator[str]:
    """A fresh namespace on the cluster that pods run on."""
    name = f"test-{secrets.token_hex(3)}"
    kube.kubectl("create", "namespace", name)
    yield name
    kube.delete("namespace", name, wait=False)  # nobody uses the name again


@contextmanager
def _deploying(request: pytest.FixtureRequest) -> Iterator[Callable[..., Fleet]]:
    kube: Kube = request.getfixturevalue("kube")
    deployed: list[Fleet] = []

    def bring(fleet: Fleet, *, absent: Collection[str] = (), **how: Any) -> Fleet:
        need_images(fleet, request, absent)
        deployed.append(fleet)
        fleet.deploy(kube, **how)
        return fleet

    yield bring
    for fleet in reversed(deployed):
        fleet.remove(kube, at_once=not os.environ.get("KUBECONFIG"))


@pytest.fixture
def deploy(request: pytest.FixtureRequest) -> Iterator[Callable[..., Fleet]]:
    """``deploy(fleet, parts=…)``: brings a fleet to the cluster and waits until it is ready; removed after the test.

    The test is skipped where an image cannot be had, except for those that are meant to be ``absent``.
    """
    with _deploying(request) as bring:
        yield bring


@pytest.fixture(scope="module")
def deploy_for_all(request: pytest.FixtureRequest) -> Iterator[Callable[..., Fleet]]:
    """``deploy`` for fleets that all tests of a module share; removed after the last."""
    with _deploying(request) as bring:
        yield bring


def need_images(fleet: Fleet, request: pytest.FixtureRequest, absent: Collection[str] = ()) -> None:
    """Skips the test when the cluster is our own and lacks an image that the fleet names, saying which and why."""
    if os.environ.get("KUBECONFIG"):
        return
    lab: Lab = request.getfixturevalue("lab")
    made = {image.name: "" for image in IMAGES} | lab.missing_images
    for name in sorted(fleet.images().difference(absent)):
        if why := made.get(name, "the harness makes none of that name"):
            pytest.skip(f"no image {name}: {why}")
