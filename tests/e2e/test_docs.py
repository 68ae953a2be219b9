"""The pages' own commands, run from top to bottom: docs/*.md, and the README's section on a cluster.

Which blocks run is said in ``tests/docs.py``. Each page is one shell in an empty folder, with ``oneblock`` and ``ray``
on PATH.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs import PAGES, Block, blocks, script
from tests.e2e import ray
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube
from tests.e2e.programs import search_path
from tests.e2e.redis_fleet import deployed, redis_only

DOCS = [page for page in PAGES if page.startswith("docs/")]
pytestmark = pytest.mark.full


def run(kube: Kube, folder: Path, chosen: Iterable[Block], tools: Path) -> None:
    """Runs blocks in one shell, and fails with the place of the block that fails."""
    path = f"{tools}:{Path(sys.executable).parent}:{search_path()}"
    environment = {**os.environ, "PATH": path, "KUBECONFIG": str(kube.kubeconfig)}
    begun = time.monotonic()
    log = folder / "shell.log"
    with log.open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-c", script(chosen)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = shell.wait(timeout=1800)
        finally:
            subprocess.run(["kill", "--", f"-{shell.pid}"], check=False, capture_output=True)  # forwarded ports and all
    print(f"{time.monotonic() - begun:.0f} s")
    assert code == 0, log.read_text()[-6000:]


@contextmanager
def presumed(page: str, folder: Path, kube: Kube, request: pytest.FixtureRequest) -> Iterator[None]:
    """The fleet that a page speaks of without making it, deployed; its folder is where the page's commands run."""
    if page == "docs/high-availability.md":
        fleet, parts = Fleet.written(folder, redis_only()), ("redis",)
    elif page == "docs/troubleshooting.md":
        fleet, parts = Fleet.sample(folder), ("",)
    else:
        folder.mkdir()
        yield
        return
    with deployed(fleet, kube, request, parts=parts):
        yield


@pytest.mark.parametrize("page", DOCS)
def test_every_command_of_a_page_works(page: str, kube: Kube, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    tools = ray.outside(tmp_path, request)
    folder = tmp_path / "here"
    with presumed(page, folder, kube, request):
        try:
            run(kube, folder, blocks(page), tools)
        except BaseException:  # the page's own clean-up was not reached
            for made in folder.glob("*/rendered"):
                Fleet(made.parent).remove(kube)
            raise
    assert not kube.list("pods", selector="ray.io/cluster")


def test_the_readmes_cluster(kube: Kube, tmp_path: Path) -> None:
    fleet = Fleet.sample(tmp_path / "ray-fleet")
    chosen = [block for block in blocks("README.md") if block.heading == "On a cluster"]
    assert chosen
    try:
        run(kube, tmp_path, chosen, tmp_path)
    finally:
        fleet.remove(kube)
