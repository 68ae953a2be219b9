"""Ray clusters in Volcano's queues on fake nodes: what OneBlock renders, and what the scheduler makes of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from generator.commands.fleet_files import Cluster, find_clusters
from generator.commands.render import render
from generator.commands.trees import Options
from generator.commands.validate import validate
from tests.e2e import fake_nodes, volcano
from tests.e2e.kube import Kube, Objects, until
from tests.e2e.lab.cluster import Lab

Values = Mapping[str, Any]
CPUS, GPUS = 12, 8
SHAPES: dict[str, dict[str, Any]] = {
    "cpu": {"count": 1, "cpu": CPUS, "memory": "64Gi", "labels": {"pool": "cpu"}},
    "gpu": {
        "count": 1,
        "cpu": 16,
        "memory": "128Gi",
        "gpu": GPUS,
        "labels": {"pool": "gpu"},
        "taints": ["nvidia.com/gpu=present:NoSchedule"],
    },
}
"""The nodes, as OneBlock's values have them."""


@dataclass
class Gangs:
    """A cluster with Volcano, KubeRay and fake nodes, and the fleet that is rendered for it."""

    lab: Lab
    kube: Kube
    root: Path

    @classmethod
    def start(cls, lab: Lab, kube: Kube, root: Path) -> Gangs:
        """Everything on a control plane that has nothing yet."""
        gangs = cls(lab, kube, root)
        volcano.install(kube)
        tree = gangs.render({}, {})
        kube.apply(tree / "crds")
        for shape in SHAPES.values():
            amounts = {"cpu": str(shape["cpu"]), "memory": shape["memory"]}
            amounts |= {"nvidia.com/gpu": str(shape["gpu"])} if "gpu" in shape else {}
            fake_nodes.add(kube, f"node-{shape['labels']['pool']}", amounts, shape["labels"], shape.get("taints", ()))
        fake_nodes.start(lab)
        volcano.start_scheduler(lab, kube)
        volcano.start_controllers(lab)
        volcano.start_webhooks(lab, kube)
        addresses = ("--metrics-addr=127.0.0.1:8080", "--health-probe-bind-address=127.0.0.1:8082")
        flags = ("--batch-scheduler=volcano", "--enable-leader-election=false", "--log-stdout-encoder=console")
        lab.spawn("kuberay", ["kuberay-1.6.2", *flags, *addresses])
        return gangs

    def _write(self, queues: Values, teams: Mapping[str, Values]) -> Cluster:
        shutil.rmtree(self.root / "values", ignore_errors=True)
        (self.root / "values" / "namespaces").mkdir(parents=True)
        versions = {"kubernetes": "1.36", "kuberay": "1.6.2", "volcano": volcano.VERSION}
        namespaces = {name: {"owners": [f"{name}-leads"]} for name in teams}
        platform = {"global": {"versions": versions, "nodes": SHAPES, "namespaces": namespaces}, "queues": queues}
        files = {"platform": platform, **{f"namespaces/{name}": values for name, values in teams.items()}}
        for name, values in files.items():
            (self.root / "values" / f"{name}.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
        (cluster,), findings = find_clusters(self.root, None)
        assert not findings
        return cluster

    def codes(self, queues: Values, teams: Mapping[str, Values]) -> list[str]:
        """What ``oneblock validate`` finds in a fleet."""
        return [each.code for each in validate([self._write(queues, teams)], processes=1).findings]

    def render(self, queues: Values, teams: Mapping[str, Values]) -> Path:
        """The tree that ``oneblock render`` writes for these queues and namespace files."""
        options = Options(output=self.root / "rendered", processes=1, allow_shrink=True)
        made = render(self._write(queues, teams), options)
        assert not made.failed, (made.findings, made.refusal)
        return self.root / "rendered"

    def deploy(self, queues: Values, teams: Mapping[str, Values]) -> Path:
        """Renders and applies, in the order in which a GitOps engine does."""
        tree = self.render(queues, teams)
        self.kube.apply(tree / "namespaces")
        for path in in_waves(tree):
            until(f"{path.name} is let in", partial(self.kube.apply, path), 10, 0.1)  # its parent may be news
        until("the queues are open", lambda: all(self.state(name) == "Open" for name in queues), 20, 0.1)
        self.kube.apply(*sorted((tree / "queues").glob("validating*.yaml")))
        teams_with_objects = [tree / "ray" / name for name in teams if (tree / "ray" / name).is_dir()]
        if teams_with_objects:
            # The policy that lets them in may take a moment to be known.
            until("the teams' objects are let in", lambda: self.kube.apply(*teams_with_objects), 20, 0.2)
        return tree

    def state(self, queue: str) -> str:
        """Whether the queue is Open, Closing or Closed."""
        found = self.kube.get("queue", queue)
        return str((found or {}).get("status", {}).get("state", ""))

    def pods(self, team: str, cluster: str = "") -> Objects:
        """The pods of a team, or of one of its clusters."""
        return self.kube.list("pods", team, f"ray.io/cluster={cluster}" if cluster else "")

    def placed(self, team: str, cluster: str = "") -> int:
        """How many of them have a node."""
        return sum("nodeName" in pod["spec"] for pod in self.pods(team, cluster))

    def waits_whole(self, team: str, cluster: str, pods: int, seconds: float = 5) -> None:
        """Asserts that all its pods are there, the scheduler has looked at them, and for a while none gets a node."""
        until(f"{cluster} has {pods} pods", lambda: len(self.pods(team, cluster)) == pods, 60)
        until(f"the scheduler says why {cluster} waits", lambda: self.why(team, cluster), 30)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.placed(team, cluster) == 0
            time.sleep(0.2)

    def runs_whole(self, team: str, cluster: str, pods: int, seconds: float = 60) -> float:
        """Asserts that all its pods come to run; how long that took."""
        started = time.monotonic()

        def running() -> bool:
            return [pod["status"].get("phase") for pod in self.pods(team, cluster)] == ["Running"] * pods

        until(f"{pods} pods of {cluster} run", running, seconds, 0.2)
        return time.monotonic() - started

    def why(self, team: str, cluster: str) -> str:
        """What the scheduler has written on the cluster's PodGroup."""
        group = self.kube.get("podgroup", f"ray-{cluster}-pg", team) or {}
        conditions = group.get("status", {}).get("conditions", [])
        return next((str(each["message"]) for each in conditions if each["type"] == "Unschedulable"), "")

    def command(self, action: str, queue: str) -> None:
        """Opens or closes a queue as ``vcctl queue operate`` does."""
        found = self.kube.get("queue", queue)
        assert found is not None
        target = {"apiVersion": found["apiVersion"], "kind": "Queue", "name": queue, "uid": found["metadata"]["uid"]}
        metadata = {"generateName": f"{queue}-", "namespace": "default", "ownerReferences": [target]}
        body = {"apiVersion": "bus.volcano.sh/v1alpha1", "kind": "Command", "metadata": metadata}
        path = "/apis/bus.volcano.sh/v1alpha1/namespaces/default/commands"
        status, answer = self.kube.request("POST", path, {**body, "action": action, "target": target})
        assert status == 201, answer

    def clear(self, team: str) -> None:
        """Takes away what the team runs, until its pods are gone."""
        for kind in ("rayjobs", "rayclusters", "podgroups"):
            self.kube.kubectl("delete", kind, "--all", f"--namespace={team}", "--ignore-not-found")
        until(f"{team} has no pods", lambda: not self.pods(team), 60)
        until(f"{team} has no PodGroups", lambda: not self.kube.list("podgroups", team), 60)


def in_waves(tree: Path) -> list[Path]:
    """The rendered queues in the order of their sync waves."""

    def wave(path: Path) -> int:
        found = yaml.safe_load(path.read_text())
        return int(found["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])

    return sorted((tree / "queues").glob("queue-*.yaml"), key=wave)


def cluster(queue: str, workers: int, *, gpu: int = 0, **more: Any) -> dict[str, Any]:
    """A RayCluster of a head and so many workers of one CPU each, with ``gpu`` GPUs on the GPU node."""
    group: dict[str, Any] = {"replicas": workers, "cpu": 1, "memory": "1Gi", "nodes": "gpu" if gpu else "cpu"}
    group |= {"gpu": gpu} if gpu else {}
    head = {"cpu": 1, "memory": "2Gi", "nodes": "cpu"}
    return {"queue": queue, "head": head, "workerGroups": {"workers": group}, **more}
