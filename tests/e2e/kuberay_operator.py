"""KubeRay's operator beside a control plane without a node, and what it makes of the objects it is given.

No kubelet runs the pods. They are marked as running instead, on one address where a stand-in for Ray's dashboard
answers: so the operator goes all the way to submitting a job or an application.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.kube import Kube, Objects
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.network import ADDRESS
from tests.e2e.programs import program

OPERATOR = "kuberay-1.6.2"
DASHBOARD = Path(__file__).parent / "ray_dashboard.py"
RAY = "/apis/ray.io/v1"
PLURALS = {kind: f"{kind.lower()}s" for kind in ("RayCluster", "RayJob", "RayService", "RayCronJob")}
LISTS = {
    **{kind: (RAY, plural) for kind, plural in PLURALS.items()},
    "Pod": ("/api/v1", "pods"),
    "Job": ("/apis/batch/v1", "jobs"),
    "Event": ("/api/v1", "events"),
}
STAND_INS = (
    ("scheduling.volcano.sh", "v1beta1", "PodGroup"),
    ("gateway.networking.k8s.io", "v1", "Gateway"),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute"),
)
EVERY_MINUTE = "* * * * *"
LAST = "last"
"""The RayCronJob that is made after all others: once the operator has refused it, it has seen all others."""
ASKED_FOR = "ray.io/cronjob-scheduled-timestamp"
"""On a RayJob: the time for which its RayCronJob's schedule asked for it."""
NEVER = "0001-01-01T00:00:00Z"
"""The next time of a schedule that has none, long past whenever the operator looks."""
OFTEN = timedelta(minutes=1)
"""No case asks for runs that follow each other sooner."""
Object = dict[str, Any]


class Verdict(NamedTuple):
    """What became of an object: ``api`` the API server does not take it, ``refused`` the operator says that it is
    invalid, ``fails`` the operator takes it and cannot make what it needs, ``nothing`` the operator takes it and does
    not do what was asked, ``runs``."""

    word: str
    why: str = ""


def start(lab: Lab, setting: str, namespace: str, flags: Iterable[str], port: int) -> None:
    """Starts an operator for one namespace; ``port`` and the one after it must be free."""
    lab.spawn(
        f"kuberay-{setting}",
        [
            program(OPERATOR),
            *("--enable-leader-election=false", f"--watch-namespace={namespace}", *flags),
            *(f"--metrics-addr=127.0.0.1:{port}", f"--health-probe-bind-address=127.0.0.1:{port + 1}"),
            *("--reconcile-concurrency=20", "--qps=500", "--burst=1000"),
        ],
    )


def start_dashboard(lab: Lab) -> None:
    """Starts the dashboard of every head."""
    lab.spawn("ray-dashboard", [sys.executable, DASHBOARD, ADDRESS])


class Namespace:
    """What is in one namespace, as last seen."""

    def __init__(self, kube: Kube, name: str) -> None:
        self.kube = kube
        self.name = name
        self.found: dict[str, Objects] = {}
        self._by_name: dict[tuple[str, str], Object] = {}
        self._children: dict[str, dict[str, Objects]] = {}
        self._events: dict[str, Objects] = {}

    def look(self) -> None:
        """Lists everything anew."""
        for kind, (api, plural) in LISTS.items():
            status, answer = self._get(f"{api}/namespaces/{self.name}/{plural}?resourceVersion=0")
            assert status == 200, answer
            self.found[kind] = [{"kind": kind, **each} for each in answer["items"]]
        self._children = defaultdict(lambda: defaultdict(list))
        self._events = defaultdict(list)
        self._by_name = {}
        for kind, objects in self.found.items():
            for each in objects:
                if kind == "Event":
                    self._events[each["involvedObject"].get("uid", "")].append(each)
                self._by_name[kind, each["metadata"]["name"]] = each
                for owner in each["metadata"].get("ownerReferences", ()):
                    self._children[owner["uid"]][kind].append(each)

    def _get(self, path: str) -> tuple[int, Object]:
        try:
            return self.kube.request("GET", path)
        except TimeoutError:  # once more: the API server may have more to do than this machine can
            return self.kube.request("GET", path)

    def pretend(self, workers: ThreadPoolExecutor) -> None:
        """Marks every pod as running."""
        ready = [{"type": "Ready", "status": "True"}]
        status = {"phase": "Running", "podIP": ADDRESS, "podIPs": [{"ip": ADDRESS}], "conditions": ready}

        def run(pod: Object) -> None:
            path = f"/api/v1/namespaces/{self.name}/pods/{pod['metadata']['name']}/status"
            self.kube.request("PATCH", path, {"status": status}, content_type="application/merge-patch+json")

        list(workers.map(run, [pod for pod in self.found["Pod"] if pod["status"].get("phase") == "Pending"]))

    def verdict(self, kind: str, name: str) -> Verdict:
        """What became of one object."""
        found = self._by_name.get((kind, name))
        if found is None:
            return Verdict("nothing", "it is not there")
        family = self._family(found)
        warnings = [event for each in family for event in self._of(each) if event["type"] == "Warning"]
        for word, reason in (("refused", "Invalid"), ("fails", "Failed")):
            for event in warnings:
                # The operator's cache is a moment behind what it made itself.
                if event["reason"].startswith(reason) and "already exists" not in event["message"]:
                    return Verdict(word, f"{event['reason']}: {event['message']}")
        for each in family:
            if each["kind"] == "RayJob" and each.get("status", {}).get("jobDeploymentStatus") == "ValidationFailed":
                return Verdict("refused", str(each["status"].get("message")))
        if hurried := _hurried(self._children[found["metadata"]["uid"]]["RayJob"]):
            return Verdict("fails", hurried)
        missing = self._missing(found)
        return Verdict("nothing", missing) if missing else Verdict("runs")

    def touch(self, kind: str, name: str) -> None:
        """Makes the operator look at an object once more."""
        path = f"{RAY}/namespaces/{self.name}/{PLURALS[kind]}/{name}"
        body = {"metadata": {"annotations": {"touched": "yes"}}}
        self.kube.request("PATCH", path, body, content_type="application/merge-patch+json")

    def forget(self, kind: str, name: str) -> None:
        """Deletes an object with all that was made of it: it would keep the operator busy."""
        path = f"{RAY}/namespaces/{self.name}/{PLURALS[kind]}/{name}"
        self.kube.request("DELETE", path, {"propagationPolicy": "Background"})

    def has_seen_all(self) -> bool:
        """Whether the operator has looked at the object that was made last."""
        last = self._by_name.get(("RayCronJob", LAST))
        return last is not None and bool(self._of(last))

    def _of(self, found: Object) -> Objects:
        return self._events.get(found["metadata"]["uid"], [])

    def _family(self, found: Object) -> Objects:
        children = self._children.get(found["metadata"]["uid"], {})
        return [found, *(each for kind in children.values() for child in kind for each in self._family(child))]

    def _missing(self, found: Object) -> str:
        """What an object should have led to and did not, empty if nothing."""
        children = self._children[found["metadata"]["uid"]]
        kind, spec, status = found["kind"], found["spec"], found.get("status", {})
        if kind == "RayCluster":
            return _missing_pods(spec, status, children["Pod"])
        if kind == "RayCronJob":
            return self._missing_run(spec, children["RayJob"])
        if kind == "RayJob":
            if "DeadlineSeconds" in status.get("message", "") and status.get("jobDeploymentStatus") == "Failed":
                return ""  # it had the time that it asked for, and its cluster is gone
            missing = _missing_submission(spec, status, children["Job"])
            if missing or spec.get("suspend") or spec.get("clusterSelector"):
                return missing
        if not children["RayCluster"]:
            return "no RayCluster"
        applied = kind != "RayService" or any(each["reason"] == "UpdatedServeApplications" for each in self._of(found))
        return self._missing(children["RayCluster"][0]) or ("" if applied else "no applications")

    def _missing_run(self, spec: Object, runs: Objects) -> str:
        if spec["schedule"] == EVERY_MINUTE and not spec.get("suspend"):
            return self._missing(runs[0]) if runs else "no RayJob"
        return "" if self.has_seen_all() else "nobody has looked at it yet"


def _hurried(runs: Objects) -> str:
    """What is wrong when a schedule that is never due is taken for one that always is.

    Two runs for the same real time are not: KubeRay 1.6 makes some twice, for it looks again before it has seen what it
    wrote into the status.
    """
    asked = {run["metadata"]["annotations"][ASKED_FOR] for run in runs}
    times = sorted(map(datetime.fromisoformat, asked))
    if NEVER in asked or any(later - sooner < OFTEN for sooner, later in pairwise(times)):
        return f"it makes one RayJob after the other: {len(runs)} by now"
    return ""


def _missing_pods(spec: Object, status: Object, pods: Objects) -> str:
    if spec.get("suspend"):
        return "" if status.get("state") == "suspended" else "it is not suspended"
    groups = [pod["metadata"]["labels"].get("ray.io/group") for pod in pods]
    if "headgroup" not in groups:
        return "no head pod"
    for group in spec.get("workerGroupSpecs", ()):
        wanted = max(group.get("replicas", 0), group["minReplicas"])
        wanted = min(wanted, group["maxReplicas"]) * group["numOfHosts"]
        have = groups.count(group["groupName"])
        if have < wanted and not group.get("suspend"):
            return f"group {group['groupName']} has {have} of {wanted} pods"
    return ""


def _missing_submission(spec: Object, status: Object, jobs: Objects) -> str:
    """A job is submitted by a Job, by the head's sidecar, by the operator itself, or by hand."""
    state, mode = status.get("jobDeploymentStatus", ""), spec["submissionMode"]
    if spec.get("suspend"):
        return "" if state == "Suspended" else f"it is {state or 'not looked at'}, not suspended"
    if mode == "InteractiveMode":
        return "" if state == "Waiting" else f"it is {state or 'not looked at'}, not waiting"
    if state != "Running":
        return f"it is {state or 'not looked at'}: {status.get('message', '')}"
    submitted = jobs or mode == "SidecarMode" or status.get("jobStatus")
    return "" if submitted else "nobody submits it"


def stand_in_crd(group: str, version: str, kind: str) -> Object:
    """A CRD that takes anything, for a kind of which the operator only needs that it is there."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": names,
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }
