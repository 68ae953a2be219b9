"""A fleet on a cluster by ``helm install``: one release of the umbrella, one of the chart ``ray`` in each namespace."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generator.charts.store import chart_folder
from generator.fleet import Platform
from generator.source import read
from tests.e2e.fleet import SYSTEM, Fleet
from tests.e2e.kube import Kube

UMBRELLA = "oneblock"
TEAM = "team-a"
CRDS = [f"{kind}.ray.io" for kind in ("rayclusters", "rayjobs", "rayservices", "raycronjobs")]


class HelmError(subprocess.CalledProcessError):
    """A Helm that failed, with what it said."""

    def __str__(self) -> str:
        return f"helm {' '.join(map(str, self.cmd))}: exit code {self.returncode}\n{self.stdout}{self.stderr}"


class Helm:
    """One Helm program on one cluster, and the charts of a fleet's versions."""

    def __init__(self, program: Path, kube: Kube, home: Path) -> None:
        self._command = kube.command(program)
        # Nothing of the user's: no repository, plugin or cache of theirs decides a test.
        self._env = os.environ | {f"HELM_{each}_HOME": str(home / each.lower()) for each in ("CACHE", "CONFIG", "DATA")}
        self._home = home

    def run(self, *args: str | Path, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Runs it; ``HelmError`` with its words when it fails, unless told not to check."""
        command = [*self._command, *map(str, args)]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode:
            raise HelmError(done.returncode, args, done.stdout, done.stderr)
        return done

    def umbrella(self, verb: str, fleet: Fleet, *more: str) -> str:
        """``helm install`` or ``helm upgrade`` of the platform."""
        return self._release(verb, UMBRELLA, self._charts(fleet).parent, SYSTEM, [platform_file(fleet)], more)

    def namespace(self, verb: str, fleet: Fleet, name: str, *more: str) -> str:
        """The same of a team's clusters."""
        files = [platform_file(fleet), fleet.root / f"values/namespaces/{name}.yaml"]
        return self._release(verb, f"ray-{name}", self._charts(fleet) / "ray", name, files, more)

    def _release(
        self, verb: str, name: str, chart: Path, namespace: str, files: Sequence[Path], more: Sequence[str]
    ) -> str:
        values = [f"--values={file}" for file in files]
        return self.run(verb, name, chart, f"--namespace={namespace}", *values, *more).stdout

    def _charts(self, fleet: Fleet) -> Path:
        """Charts for the versions that the fleet pins, as ``oneblock generate --charts`` writes them."""
        document, findings = read("platform.yaml", platform_file(fleet).read_bytes())
        assert document is not None, findings
        return chart_folder(Platform(document).versions, self._home / "charts")

    def test(self, release: str, namespace: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """``helm test``, with the logs of its pods."""
        return self.run("test", release, f"--namespace={namespace}", "--logs", "--timeout=5m", check=check)

    def rollback(self, release: str, namespace: str, revision: int, *more: str) -> None:
        """Back to a revision."""
        self.run("rollback", release, str(revision), f"--namespace={namespace}", *more)

    def uninstall(self, release: str, namespace: str) -> str:
        """Uninstalls, and waits until it is gone."""
        return self.run("uninstall", release, f"--namespace={namespace}", "--wait", "--timeout=5m").stdout

    def history(self, release: str, namespace: str) -> list[dict[str, Any]]:
        """The revisions of a release."""
        found: list[dict[str, Any]] = json.loads(
            self.run("history", release, f"--namespace={namespace}", "--output=json").stdout
        )
        return found


def platform_file(fleet: Fleet) -> Path:
    """The admin's values."""
    return fleet.root / "values/platform.yaml"


def clear(kube: Kube) -> None:
    """Removes what outlives a release of the sample fleet, and what kubectl applied for another test."""
    policies = "validatingadmissionpolicies,validatingadmissionpolicybindings"
    kube.kubectl("delete", policies, "--selector=app.kubernetes.io/part-of=oneblock")
    # A namespace's controller that meets a claim which is still held looks again only after eight seconds more.
    kube.kubectl("delete", "persistentvolumeclaims", "--all", f"--namespace={SYSTEM}", "--timeout=60s", timeout=90)
    kube.kubectl("delete", "namespace", TEAM, SYSTEM, "--ignore-not-found", "--timeout=170s", timeout=200)
    kube.kubectl("delete", "crd", *CRDS, "--ignore-not-found", "--timeout=60s", timeout=90)
