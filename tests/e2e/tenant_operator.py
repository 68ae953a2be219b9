"""The real operator as a process with its own account, over a life of every kind of workload, and what it asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.fleet import SYSTEM
from tests.e2e.kube import Kube, until
from tests.e2e.lab.processes import Process
from tests.e2e.tenancy import AuditedLab, Tenants, cluster, cluster_spec, files, ray

TEAMS = ("team-a", "team-b")
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, order=True)
class Right:
    """A verb on a resource; in a group that is not the core one the resource carries it."""

    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


def named(group: str, resource: str) -> str:
    """As ``kubectl auth can-i`` names them: ``rayjobs/status.ray.io``, ``pods``."""
    return f"{resource}.{group}" if group else resource


def rights(rules: list[dict[str, Any]]) -> set[Right]:
    """What the rules of a role allow."""
    return {
        Right(named(group, resource), verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def used(lab: AuditedLab) -> set[Right]:
    """What the operator asked for."""
    found = set()
    for event in lab.audited():
        if about := event.get("objectRef"):
            resource = about["resource"] + (f"/{about['subresource']}" if about.get("subresource") else "")
            found.add(Right(named(about.get("apiGroup", ""), resource), event["verb"]))
    return found


def refused(lab: AuditedLab) -> list[str]:
    """What it asked for and may not; a pod that a policy of OneBlock's refuses is its owner's doing."""
    answers = [event["responseStatus"] for event in lab.audited() if event["responseStatus"]["code"] == 403]
    return sorted({answer["message"] for answer in answers if "OB309" not in answer["message"]})


def account(tenants: Tenants) -> Path:
    """A kubeconfig with a real token of the operator's account and nothing else."""
    token = tenants.kube.kubectl("create", "token", "kuberay-operator", f"--namespace={SYSTEM}").stdout.strip()
    config = yaml.safe_load(tenants.kube.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    path = tenants.lab.folder / "operator.conf"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path


def start(tenants: Tenants, number: int) -> Process:
    """One replica, with the arguments of the rendered Deployment and ports of its own."""
    deployment = tenants.rendered("operator/deployment-kuberay-operator.yaml")
    version = deployment["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":v")[2]
    arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    ports = (f"--metrics-addr=127.0.0.1:{18080 + number}", f"--health-probe-bind-address=127.0.0.1:{18090 + number}")
    argv = [f"kuberay-{version}", *arguments, *ports]
    # The first one fills its caches as both must where the API server is older than 1.34: with list, then watch.
    environment = {"KUBECONFIG": str(account(tenants)), "KUBE_FEATURE_WatchListClient": str(number != 1).lower()}
    return tenants.lab.spawn(f"operator-{number}", argv, environment)


@dataclass
class Node:
    """Says of every pod what a node would: that it runs, or has cleaned up Redis. Remembers each pod."""

    kube: Kube
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def working(self) -> Iterator[Node]:
        """Works in the background."""
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join(10)

    def _work(self) -> None:
        while not self._stop.wait(0.3):
            for team in TEAMS:
                status, answer = self.kube.request("GET", f"/api/v1/namespaces/{team}/pods")
                for pod in answer["items"] if status == 200 else ():
                    self.pods.setdefault(f"{team}/{pod['metadata']['name']}", pod)
                    if pod["status"]["phase"] == "Pending":
                        self._say(team, pod)

    def _say(self, team: str, pod: dict[str, Any]) -> None:
        done = "-redis-cleanup-" in pod["metadata"]["name"]
        state = {"terminated": {"exitCode": 0}} if done else {"running": {}}
        address = f"10.244.7.{len(self.pods) % 250 + 1}"
        status = {
            "phase": "Succeeded" if done else "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [{"type": name, "status": "True"} for name in ("Initialized", "ContainersReady", "Ready")],
            "containerStatuses": [
                {"name": each["name"], "image": "", "imageID": "", "ready": True, "restartCount": 0, "state": state}
                for each in pod["spec"]["containers"]
            ],
        }
        path = f"/api/v1/namespaces/{team}/pods/{pod['metadata']['name']}/status"
        self.kube.request("PATCH", path, {"status": status}, content_type=MERGE)


@dataclass(frozen=True)
class Life:
    """What came of it."""

    tenants: Tenants
    pods: dict[str, dict[str, Any]]
    roles: list[dict[str, Any]]
    used: set[Right]
    refused: list[str]
    logs: str
    warnings: list[str]


def live(tenants: Tenants) -> Life:
    """Two replicas of the operator over the whole life of the rendered workloads of both teams."""
    kube = tenants.kube
    with Node(kube).working() as node:
        first = start(tenants, 1)
        until("the operator leads", lambda: kube.get("lease", "ray-operator-leader", SYSTEM), 30)
        second = start(tenants, 2)
        for team in TEAMS:
            kube.apply(*files(tenants.tree / "ray" / team))
        kube.apply(_short_lived(), cluster("research", "denied", serviceAccountName="ray-deployer"), namespace="team-a")
        _grown_up(kube)
        roles = [role for role in kube.list("roles", "team-a") if role["metadata"].get("ownerReferences")]
        first.stop()
        _changed(kube)
        _ended(kube)
    logs = "".join(process.log.read_text() for process in (first, second))
    warnings = [
        f"{event['involvedObject']['kind']} {event['involvedObject']['name']}: {event['message']}"
        for team in TEAMS
        for event in kube.events(team)
        if event["type"] == "Warning"
    ]
    second.stop()
    return Life(tenants, node.pods, roles, used(tenants.lab), refused(tenants.lab), logs, warnings)


def live_alone(tenants: Tenants) -> Life:
    """One replica over a shorter life, for versions that know less."""
    kube = tenants.kube
    with Node(kube).working() as node:
        only = start(tenants, 1)
        kube.apply(*files(tenants.tree / "ray" / "team-a"))
        for name in ("main", "outside"):
            until(f"{name} is ready", partial(_is, kube, "raycluster", name, "team-a", "ready"), 60)
        until("the job is late", lambda: _state(kube, "rayjob", "train", "team-a") == "Failed", 60)
        roles = [role for role in kube.list("roles", "team-a") if role["metadata"].get("ownerReferences")]
        _ended(kube)
    logs = only.log.read_text()
    only.stop()
    return Life(tenants, node.pods, roles, used(tenants.lab), refused(tenants.lab), logs, [])


def _short_lived() -> dict[str, Any]:
    rule = {"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 0}}
    spec: dict[str, Any] = {"entrypoint": "true", "submissionMode": "HTTPMode", "rayClusterSpec": cluster_spec()}
    spec |= {"activeDeadlineSeconds": 10, "deletionStrategy": {"deletionRules": [rule]}}
    return ray("RayJob", spec, "research", "short-lived")


def _state(kube: Kube, kind: str, name: str, team: str) -> str:
    status = (kube.get(kind, name, team) or {}).get("status", {})
    return str(status.get("state") or status.get("jobDeploymentStatus"))


def _is(kube: Kube, kind: str, name: str, team: str, *states: str) -> bool:
    return _state(kube, kind, name, team) in states


def _grown_up(kube: Kube) -> None:
    """Waits for what each workload brings at its start."""
    for team, name in (("team-a", "main"), ("team-b", "outside")):
        until(f"{name} is ready", partial(_is, kube, "raycluster", name, team, "ready"), 60)
    for team in TEAMS:
        until(f"{team}'s submitter", partial(_is, kube, "rayjob", "train", team, "Running", "Failed"), 60)
    until("a job by hand waits", lambda: _state(kube, "rayjob", "by-hand", "team-b") == "Waiting", 60)
    until("a job over HTTP is at it", lambda: _state(kube, "rayjob", "over-http", "team-a") == "Running", 60)
    made = "ray.io/originated-from-cr-name=answer"
    (served,) = until("a service has a cluster", lambda: kube.list("rayclusters", "team-a", made), 60)
    service = f"ray.io/cluster={served['metadata']['name']},ray.io/node-type=head"
    (head,) = until("it has a head", lambda: kube.list("pods", "team-a", service), 60)
    # Whether the head serves is a label; one that somebody took away is put back.
    kube.kubectl("label", "pod", head["metadata"]["name"], "ray.io/serve-", "--namespace=team-a")
    until("the label is back", lambda: kube.list("pods", "team-a", f"{service},ray.io/serve"), 60)
    for kind in ("ingresses", "secrets"):
        until(f"{kind} of the cluster outside", partial(kube.list, kind, "team-b"), 30)
    until("a warning is counted up", partial(_said_again, kube), 60)


def _said_again(kube: Kube) -> bool:
    """Makes the operator look once more at a cluster it can make no pod for: what it says often is one event."""
    touch = f"--overwrite=true tried={time.monotonic_ns()}".split()
    kube.kubectl("annotate", "raycluster", "denied", *touch, "--namespace=team-a")
    return any((event.get("count") or 1) > 1 for event in kube.events("team-a", "denied"))


def _changed(kube: Kube) -> None:
    """Whatever makes the operator change or remove something; the second replica has to take over for it."""

    def patch(kind: str, name: str, team: str, spec: str) -> None:
        kube.kubectl("patch", kind, name, f"--namespace={team}", "--type=merge", f'--patch={{"spec":{spec}}}')

    kube.kubectl(
        "patch", "raycluster", "outside", "--namespace=team-b", "--type=json",
        '--patch=[{"op": "replace", "path": "/spec/workerGroupSpecs/0/replicas", "value": 1}]',
    )  # fmt: skip
    selector = "ray.io/cluster=outside,ray.io/node-type=worker"
    until("one worker is left", lambda: len(kube.list("pods", "team-b", selector)) == 1, 60)
    patch("raycluster", "outside", "team-b", '{"suspend":true}')
    patch("rayjob", "train", "team-b", '{"suspend":true}')
    until("a cluster is suspended", lambda: not kube.list("pods", "team-b", "ray.io/cluster=outside"), 60)
    until("a job is suspended", lambda: _state(kube, "rayjob", "train", "team-b") == "Suspended", 60)
    patch("rayjob", "train", "team-b", '{"suspend":false}')
    until("it goes on, in another cluster", lambda: _state(kube, "rayjob", "train", "team-b") == "Running", 60)
    until("a job that is late has failed", lambda: _state(kube, "rayjob", "train", "team-a") == "Failed", 60)
    until("one removed itself", lambda: kube.get("rayjob", "short-lived", "team-a") is None, 60)
    until("the clock made a job", lambda: _runs(kube), 90)


def _runs(kube: Kube) -> list[dict[str, Any]]:
    return [job for job in kube.list("rayjobs", "team-b") if job["metadata"]["name"].startswith("again-")]


def _ended(kube: Kube) -> None:
    """Deletes everything; a cluster with state in Redis goes when its cleanup has run."""
    if kube.get("crd", "raycronjobs.ray.io"):
        kube.kubectl("delete", "raycronjobs", "--all", "--namespace=team-b", "--wait=false")
    for team in TEAMS:
        kube.kubectl("delete", "rayservices,rayjobs,rayclusters", "--all", f"--namespace={team}", "--wait=false")

    def empty(team: str) -> bool:
        return not kube.list("rayservices,rayjobs,rayclusters", team)

    for team in TEAMS:
        until(f"{team} is empty", partial(empty, team), 120, every=1)
