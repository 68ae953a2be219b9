"""RayServices: they answer HTTP through their Service, also while they change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import ray
from tests.e2e.fleet import Fleet
from tests.e2e.kube import Kube, until
from tests.e2e.lab.images import RAY
from tests.e2e.rayjobs import clusters

NAMESPACE, SERVICE = "serving", "sentiment-serve-svc"
FILE = Path("values/namespaces/serving.yaml")
CLIENT = f"""
import time, urllib.request
while True:  # one line a request: what was answered, or that nothing was
    try:
        print(urllib.request.urlopen("http://{SERVICE}:8000/", timeout=10).read().decode(), flush=True)
    except OSError as error:
        print("FAILED", time.strftime("%H:%M:%S"), error, flush=True)
    time.sleep(0.2)
"""


def wait_ready(kube: Kube) -> None:
    begun = time.monotonic()

    def ready() -> bool:
        found = kube.get("rayservice", "sentiment", NAMESPACE) or {}
        conditions = found.get("status", {}).get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    until("the RayService is ready", ready, 420, every=1)
    print(f"RayService ready after {time.monotonic() - begun:.0f} s")


@pytest.mark.full
def test_the_sample_answers_http(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    deploy(ray.sample("serve-app", tmp_path / "fleet"))
    wait_ready(kube)
    with ray.forwarded(kube, NAMESPACE, f"service/{SERVICE}", 8000) as address:
        for text, sentiment in (("what+a+lovely+day", "glad"), ("sad+and+awful", "sad"), ("", "neutral")):
            assert json.loads(ray.get(f"{address}/?text={text}"))["sentiment"] == sentiment


@pytest.mark.full
def test_an_upgrade_is_not_noticed(kube: Kube, deploy: Callable[..., Fleet], tmp_path: Path) -> None:
    fleet = deploy(ray.sample("serve-app", tmp_path / "fleet"))
    wait_ready(kube)
    (old,) = clusters(kube, NAMESPACE)
    client = {"name": "client", "image": f"docker.io/rayproject/ray:{RAY}", "command": ["python", "-c", CLIENT]}
    pod = {"containers": [client], "terminationGracePeriodSeconds": 0}
    kube.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client", "namespace": NAMESPACE}, "spec": pod})

    def answers() -> list[str]:
        return kube.logs("client", namespace=NAMESPACE).splitlines()[:-1]

    def newest() -> str:
        return str(json.loads(answers()[-1])["sentiment"])

    until("the client is answered", lambda: newest() == "neutral", 60)
    code = (fleet.root / FILE).read_text()
    fleet.write({str(FILE): code.replace('else "neutral"', 'else "indifferent"')})
    kube.apply(fleet.rendered / "ray")
    begun = time.monotonic()
    until("the new version answers", lambda: newest() == "indifferent", 420)
    print(f"new version answers {time.monotonic() - begun:.0f} s after it was applied")
    until("the old cluster is gone", lambda: old not in clusters(kube, NAMESPACE), 240)
    asked = len(answers())
    until("it goes on answering", lambda: len(answers()) > asked + 20, 60)
    said = answers()
    failed = [line for line in said if line.startswith("FAILED")]
    print(f"{len(said)} requests, {len(failed)} of them failed")
    assert not failed
    assert {json.loads(line)["sentiment"] for line in said} == {"neutral", "indifferent"}
