"""Queues by every path there is: who is not granted one cannot take it, and is told so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.e2e.kube import KubectlError, until
from tests.e2e.tenancy import OPERATOR, Tenants, cluster, cluster_spec, ray, template

RAY = "/apis/ray.io/v1/namespaces/team-a"
CORE = "/api/v1/namespaces/team-a"
VOLCANO = "/apis/scheduling.volcano.sh/v1beta1/namespaces/team-a"
BATCH = "/apis/batch.volcano.sh/v1alpha1/namespaces/team-a"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
LABEL, ANNOTATION = "volcano.sh/queue-name", "scheduling.volcano.sh/queue-name"
OURS = "held"  # the name of an object of each kind that is in the granted queue

# What a workload of team-a may not name, and what it is told.
TOLD = {
    "serving": 'OB312: queue "serving" is not granted to namespace "team-a", which may use: research',
    "company": 'OB530: queue "company" has queues below it',
    "root": 'OB530: queue "root" has queues below it',
    "default": 'OB312: queue "default" is not granted to namespace "team-a", which may use: research',
    "elsewhere": 'OB312: queue "elsewhere" is not granted to namespace "team-a", which may use: research',
    "nowhere": 'OB312: queue "nowhere" is not granted to namespace "team-a", which may use: research',
}


def job(queue: str | None, name: str = "try") -> dict[str, Any]:
    return ray("RayJob", {"entrypoint": "true", "rayClusterSpec": cluster_spec()}, queue, name)


def service(queue: str | None, name: str = "try") -> dict[str, Any]:
    return ray("RayService", {"serveConfigV2": "applications: []", "rayClusterConfig": cluster_spec()}, queue, name)


def cron(queue: str | None, name: str = "try") -> dict[str, Any]:
    made = {"entrypoint": "true", "rayClusterSpec": cluster_spec()}
    return ray("RayCronJob", {"schedule": "0 3 * * *", "jobTemplate": made}, queue, name)


def pod_group(queue: str | None, name: str = "try") -> dict[str, Any]:
    spec = {"minMember": 1} if queue is None else {"minMember": 1, "queue": queue}
    return {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "PodGroup", "metadata": {"name": name}, "spec": spec}


def volcano_job(queue: str, name: str = "try") -> dict[str, Any]:
    task = {"name": "one", "replicas": 1, "template": template("one", restartPolicy="Never")}
    spec = {"queue": queue, "minAvailable": 1, "schedulerName": "volcano", "tasks": [task]}
    return {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def pod(queue: str, name: str = "try", **annotations: str) -> dict[str, Any]:
    metadata = {"name": name, "annotations": {ANNOTATION: queue, **annotations}}
    return {**template("one", schedulerName="volcano"), "apiVersion": "v1", "kind": "Pod", "metadata": metadata}


@pytest.fixture(scope="module")
def held(tenants: Tenants) -> Iterator[Tenants]:
    """The tenants, with one object of each kind in the granted queue, and a queue that is none of OneBlock's."""
    queue = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": "elsewhere"}}
    made = [kind("research", OURS) for kind in (cluster, job, service, pod_group, volcano_job)]
    tenants.kube.apply({**queue, "spec": {"weight": 1}})
    tenants.kube.apply(*made, pod("research", OURS), namespace="team-a")
    yield tenants
    kinds = "rayclusters,rayjobs,rayservices,podgroups,jobs.batch.volcano.sh,pods"
    tenants.kube.kubectl("delete", kinds, OURS, "--namespace=team-a", "--ignore-not-found", "--wait=false")


def label(queue: str | None) -> dict[str, Any]:
    return {"metadata": {"labels": {LABEL: queue}}}


def spec(queue: str | None) -> dict[str, Any]:
    return {"spec": {"queue": queue}}


def annotation(queue: str | None) -> dict[str, Any]:
    return {"metadata": {"annotations": {ANNOTATION: queue}}}


Request = tuple[str, str, str, Mapping[str, Any]]


def paths(queue: str) -> dict[str, Request]:
    """Every way to name a queue: what is asked of the API server, and whether an owner has the right to ask that."""
    grouped = {"scheduling.k8s.io/group-name": f"ray-{OURS}-pg"}
    return {
        "RayCluster create": ("owner", "POST", f"{RAY}/rayclusters", cluster(queue)),
        "RayCluster patch": ("owner", MERGE, f"{RAY}/rayclusters/{OURS}", label(queue)),
        "RayCluster apply": ("owner", APPLY, f"{RAY}/rayclusters/{OURS}", cluster(queue, OURS)),
        "RayCluster apply anew": ("owner", APPLY, f"{RAY}/rayclusters/try", cluster(queue)),
        "RayJob create": ("owner", "POST", f"{RAY}/rayjobs", job(queue)),
        "RayJob create by a user": ("user", "POST", f"{RAY}/rayjobs", job(queue)),
        "RayJob patch": ("owner", MERGE, f"{RAY}/rayjobs/{OURS}", label(queue)),
        "RayJob apply": ("deployer", APPLY, f"{RAY}/rayjobs/{OURS}", job(queue, OURS)),
        "RayService create": ("owner", "POST", f"{RAY}/rayservices", service(queue)),
        "RayService patch": ("owner", MERGE, f"{RAY}/rayservices/{OURS}", label(queue)),
        "RayService apply": ("deployer", APPLY, f"{RAY}/rayservices/{OURS}", service(queue, OURS)),
        "PodGroup create": ("admin", "POST", f"{VOLCANO}/podgroups", pod_group(queue)),
        "PodGroup patch": ("admin", MERGE, f"{VOLCANO}/podgroups/{OURS}", spec(queue)),
        "PodGroup apply": ("admin", APPLY, f"{VOLCANO}/podgroups/{OURS}", pod_group(queue, OURS)),
        "Volcano Job create": ("admin", "POST", f"{BATCH}/jobs", volcano_job(queue)),
        "Volcano Job patch": ("admin", MERGE, f"{BATCH}/jobs/{OURS}", spec(queue)),
        "pod create": ("admin", "POST", f"{CORE}/pods", pod(queue)),
        "pod create in a PodGroup": ("admin", "POST", f"{CORE}/pods", pod(queue, "try", **grouped)),
        "pod patch": ("admin", MERGE, f"{CORE}/pods/{OURS}", annotation(queue)),
    }


def ask(tenants: Tenants, request: Request) -> tuple[int, str]:
    person, method, path, body = request
    if method == APPLY:
        path += "?fieldManager=try&force=true"
    kind = method if "/" in method else "application/json"
    verb = "PATCH" if "/" in method else method
    status, answer = tenants.person(person).request(verb, path, body, content_type=kind)
    return status, str(answer.get("message", ""))


@pytest.mark.parametrize("queue", TOLD)
def test_what_is_not_granted_cannot_be_taken(held: Tenants, queue: str) -> None:
    got = {what: ask(held, request) for what, request in paths(queue).items()}
    wrong = {what: answer for what, answer in got.items() if answer[0] != 403 or TOLD[queue] not in answer[1]}
    print(f"{queue}: {len(got) - len(wrong)} of {len(got)} paths refused with the reason")
    assert not wrong


def test_what_is_granted_can_be_taken(held: Tenants) -> None:
    for what, (person, method, path, body) in paths("research").items():
        dry = path + ("&" if "?" in path else "?") + "dryRun=All"
        if method == APPLY:
            dry += "&fieldManager=try&force=true"
        kind, verb = (method, "PATCH") if "/" in method else ("application/json", method)
        status, answer = held.person(person).request(verb, dry, body, content_type=kind)
        assert status < 300, f"{what}: {answer}"


def test_saying_nothing_is_asking_for_the_default_queue(held: Tenants) -> None:
    """Which team-a is not granted here; a RayCronJob's label does not reach its jobs, so they would be in it too."""
    silent: dict[str, Request] = {
        "RayCluster": ("owner", "POST", f"{RAY}/rayclusters", cluster(None)),
        "RayCluster without its label": ("owner", MERGE, f"{RAY}/rayclusters/{OURS}", label(None)),
        "RayJob": ("user", "POST", f"{RAY}/rayjobs", job(None)),
        "RayService": ("owner", "POST", f"{RAY}/rayservices", service(None)),
        "RayCronJob": ("user", "POST", f"{RAY}/raycronjobs", cron(None)),
        "RayCronJob with a label": ("user", "POST", f"{RAY}/raycronjobs", cron("research")),
        "RayCronJob with another's": ("owner", "POST", f"{RAY}/raycronjobs", cron("serving")),
        "PodGroup": ("admin", "POST", f"{VOLCANO}/podgroups", pod_group(None)),
        "PodGroup that forgets": ("admin", MERGE, f"{VOLCANO}/podgroups/{OURS}", spec(None)),
    }
    wrong = {what: ask(held, request) for what, request in silent.items()}
    wrong = {what: answer for what, answer in wrong.items() if answer[0] != 403 or TOLD["default"] not in answer[1]}
    assert not wrong


@pytest.mark.parametrize("person", ["owner", "user", "deployer"])
def test_what_nobody_in_a_team_may_write_at_all(held: Tenants, person: str) -> None:
    for what, (asker, method, path, body) in paths("research").items():
        if asker == "admin":
            status, message = ask(held, (person, method, path, body))
            assert status == 403, what
            assert "cannot" in message


def test_an_owner_cannot_write_the_namespaces_queue(held: Tenants) -> None:
    """Volcano takes the annotation for PodGroups that name no queue."""
    for person in ("owner", "user", "deployer", "other"):
        status, message = ask(held, (person, MERGE, "/api/v1/namespaces/team-a", annotation("serving")))
        assert status == 403
        assert 'cannot patch resource "namespaces"' in message


def workload(kind: str, api: str, **more: Any) -> dict[str, Any]:
    """A controller whose pods name a queue of the other team."""
    made = template("one", schedulerName="volcano")
    made["metadata"] = {"labels": {"app": "try"}, "annotations": {ANNOTATION: "serving"}}
    if kind == "Job":
        made["spec"]["restartPolicy"] = "Never"
    else:
        more |= {"selector": {"matchLabels": {"app": "try"}}}
    name = {"name": "try", "namespace": "team-a"}
    return {"apiVersion": api, "kind": kind, "metadata": name, "spec": {"template": made, **more}}


def test_pods_of_other_controllers_are_refused(held: Tenants) -> None:
    """Even what an admin runs there: the ReplicaSet, the StatefulSet and the Job get no pod and say why."""
    kinds = {
        "Deployment": workload("Deployment", "apps/v1", replicas=1),
        "StatefulSet": workload("StatefulSet", "apps/v1", replicas=1, serviceName="try"),
        "Job": workload("Job", "batch/v1"),
    }
    held.kube.apply(*kinds.values())

    def told() -> set[str]:
        return {
            event["involvedObject"]["kind"]
            for event in held.kube.events("team-a")
            if event["reason"] == "FailedCreate" and TOLD["serving"] in event["message"]
        }

    try:
        until("each has said why", lambda: told() >= {"ReplicaSet", "StatefulSet", "Job"}, 30)
        held.kube.kubectl("scale", "deployment/try", "--replicas=3", "--namespace=team-a")
        assert not held.kube.list("pods", "team-a", "app=try")
    finally:
        for kind in kinds:
            held.kube.delete(kind, "try", "team-a", wait=False)


def test_the_operator_is_held_to_it_too(held: Tenants) -> None:
    """What it makes of a Ray object is looked at again, so a label that went round the first check gets no further."""
    operator = held.kube.as_user(OPERATOR)
    asked = {
        f"{RAY}/rayclusters": cluster("serving"),
        f"{RAY}/rayjobs": job("serving"),
        f"{VOLCANO}/podgroups": pod_group("serving"),
        f"{CORE}/pods": pod("serving"),
    }
    for path, body in asked.items():
        status, answer = operator.request("POST", path, body)
        assert status == 403, path
        assert TOLD["serving"] in answer["message"]


def test_kubectl_says_the_reason(held: Tenants) -> None:
    with pytest.raises(KubectlError, match='OB312: queue "serving" is not granted to namespace "team-a"'):
        held.person("owner").apply(yaml.safe_dump(cluster("serving")), namespace="team-a")


def test_what_was_there_before_its_grant_went_can_be_finished(held: Tenants) -> None:
    """An update that leaves the queue alone passes, whatever became of the grant: finalizers, status, suspension."""
    bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/oneblock-queue-grants"
    status, binding = held.kube.request("GET", bindings)
    assert status == 200
    held.kube.kubectl("delete", "validatingadmissionpolicybinding", "oneblock-queue-grants")
    owner, path = held.person("owner"), f"{RAY}/rayclusters"
    made, new = cluster("serving", "old"), cluster("serving", "new")
    until("it is let through", lambda: owner.request("POST", path, made)[0] == 201, 30, every=0.2)
    api = {"apiVersion": binding["apiVersion"], "kind": binding["kind"], "metadata": {"name": "oneblock-queue-grants"}}
    held.kube.apply({**api, "spec": binding["spec"]}, manager="kubectl")
    until("it is refused again", lambda: owner.request("POST", f"{path}?dryRun=All", new)[0] == 403, 30, every=0.2)
    for change, expected in (({"spec": {"suspend": True}}, 200), (label("company"), 403), (label("research"), 200)):
        status, answer = owner.request("PATCH", f"{path}/old", change, content_type=MERGE)
        assert status == expected, answer
    held.kube.delete("raycluster", "old", "team-a", wait=False)


def test_a_namespace_of_its_own_may_use_what_oneblock_does_not_know(held: Tenants) -> None:
    """Not for Ray, and no queue that OneBlock lists: those are granted by name."""
    other = VOLCANO.replace("team-a", "default") + "/podgroups?dryRun=All"
    assert held.kube.request("POST", other, pod_group("elsewhere"))[0] == 201
    status, answer = held.kube.request("POST", other, pod_group("serving"))
    assert status == 403
    assert 'queue "serving" is not granted to namespace "default"' in answer["message"]
