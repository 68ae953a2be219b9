"""OneBlock and a real API server give the same verdict on pods: what one refuses, the other refuses.

Each case is a few fields of a pod template (``pods/*.yaml``, and more by Hypothesis). OneBlock checks the namespace
file it stands in; the real chart renders it, and every pod template of what comes out is handed to the API server as
a bare Pod."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.diagnostics import has_errors
from generator.fleet import Namespace, Platform, open_namespace
from generator.fleet.workload import CLUSTER_SPEC, as_list, as_map
from generator.plan import namespace_releases
from generator.rules import check_namespace
from generator.schema import check
from generator.source import Document, read
from tests.charts.rendering import chart, engine
from tests.e2e.kube import Kube
from tests.e2e.pod_fields import FIELDS, Case

LEVELS = ("baseline", "restricted")
PLACES = {"template", "worker", "submitter", "head"}


def cases(name: str) -> dict[str, Case]:
    """One file of the table."""
    text = (Path(__file__).parent / "pods" / f"{name}.yaml").read_bytes()
    found: dict[str, Case] = yaml.safe_load(text)
    return found


TABLE = {name: cases(name) for name in ("accepted", "refused", "strict")}
CASES = {f"{name}: {about}": case for name, found in TABLE.items() for about, case in found.items()}


def document(name: str, data: Any) -> Document:
    found, findings = read(name, json.dumps(data, indent=1).encode())
    assert found is not None, findings
    assert not findings, findings
    return found


def values(case: Case) -> dict[str, Any]:
    """The namespace file of a case."""
    case = {key: each for key, each in case.items() if key != "why"}
    if not PLACES & set(case):
        case = {"template": {"spec": case}}
    head = case.get("head", {"template": case["template"]} if "template" in case else {})
    cluster: dict[str, Any] = {"head": head}
    cluster |= {"logs": case["logs"]} if "logs" in case else {}
    if "worker" in case:
        cluster["workerGroups"] = {"cpu": {"template": case["worker"]}}
    made: dict[str, Any] = {"rayClusters": {"main": cluster}}
    if "submitter" in case:
        job = {"entrypoint": "python a.py", "cluster": "main", "spec": {"submitterPodTemplate": case["submitter"]}}
        made["rayJobs"] = {"job": job}
    return made


def namespace_of(case: Case, level: str) -> Namespace:
    grant = {"owners": ["leads"], "podSecurity": level}
    versions = {"kubernetes": "1.36", "kuberay": "1.6.2", "ray": "2.60.0", "volcano": "1.14.1"}
    platform = Platform(
        document(
            "platform.yaml",
            {"global": {"versions": versions, "batchScheduler": "none", "namespaces": {f"pods-{level}": grant}}},
        )
    )
    return open_namespace(f"pods-{level}", document("namespaces/pods.yaml", values(case)), platform)


def ours(namespace: Namespace) -> str:
    """What OneBlock finds wrong; empty if it takes the file."""
    found = check(namespace.document, "namespace", namespace.platform.versions)
    found = found if has_errors(found) else check_namespace(namespace)
    return "; ".join(f"{each.code} {each.message}" for each in found if has_errors([each]))


def pods(namespace: Namespace) -> Iterator[dict[str, Any]]:
    """The pod templates that the chart makes of a namespace file, as bare Pods."""
    (release,) = namespace_releases(namespace)
    texts = engine().render(chart("ray", namespace.platform.versions), release.name, release.namespace, release.values)
    for found in map(yaml.safe_load, texts):
        if found["kind"] in CLUSTER_SPEC:
            spec = found["spec"]
            cluster = as_map(spec if found["kind"] == "RayCluster" else spec.get("rayClusterSpec"))
            groups = [cluster.get("headGroupSpec"), *as_list(cluster.get("workerGroupSpecs"))]
            for template in [*(as_map(each).get("template") for each in groups), spec.get("submitterPodTemplate")]:
                if isinstance(template, dict):
                    yield {
                        "apiVersion": "v1",
                        "kind": "Pod",
                        "metadata": as_map(template.get("metadata")) | {"name": "pod"},
                        "spec": template["spec"],
                    }


def theirs(api: Kube, namespace: Namespace) -> str:
    """What the API server says against the pods; empty if it takes them."""
    path = f"/api/v1/namespaces/{namespace.name}/pods?dryRun=All&fieldValidation=Strict"
    for pod in pods(namespace):
        status, answer = api.request("POST", path, pod)
        if status >= 300:
            return str(answer.get("message", answer))
    return ""


@pytest.fixture(scope="module")
def server(api: Kube) -> Kube:
    """The API server with a namespace for each Pod Security level."""
    for level in LEVELS:
        labels = {"pod-security.kubernetes.io/enforce": level}
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"pods-{level}", "labels": labels}})
        account = {"name": "default", "namespace": f"pods-{level}"}
        api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    return api


def test_verdicts_are_the_same(server: Kube, capsys: pytest.CaptureFixture[str]) -> None:
    matrix: Counter[tuple[str, str, str]] = Counter()
    strict: list[str] = []
    wrong: list[str] = []
    for level in LEVELS:
        for about, case in CASES.items():
            namespace = namespace_of(case, level)
            we, they = ours(namespace), theirs(server, namespace)
            matrix[level, "refused" if we else "accepted", "refused" if they else "accepted"] += 1
            if bool(we) != bool(they) or (
                level == "baseline" and bool(they) == about.startswith(("accepted", "strict"))
            ):
                told = f"[{level}] {about}\n    OneBlock: {we or 'accepts'}\n    server:   {they or 'accepts'}"
                (strict if we and not they and "why" in case else wrong).append(told)
    with capsys.disabled():
        _print(matrix)
    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(wrong)
    assert len(strict) >= len(TABLE["strict"]), strict


def _print(matrix: Counter[tuple[str, str, str]]) -> None:
    print("\n                          API server accepts   API server refuses")
    for level in LEVELS:
        for we in ("accepted", "refused"):
            row = "".join(f"{matrix[level, we, they]:>21}" for they in ("accepted", "refused"))
            print(f"{level:>11} OneBlock {we:8} {row[7:]}")


@given(case=FIELDS, level=st.sampled_from(LEVELS))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_verdicts_on_made_up_fields_are_the_same(server: Kube, case: Case, level: str) -> None:
    namespace = namespace_of(case, level)
    we, they = ours(namespace), theirs(server, namespace)
    if we.startswith("OB359 "):
        return  # a few bytes of memory: deliberate
    assert bool(we) == bool(they), f"OneBlock: {we or 'accepts'}\nserver:   {they or 'accepts'}"
