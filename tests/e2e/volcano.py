"""Volcano as processes of a lab: webhooks, controllers, and the scheduler with the configuration that OneBlock emits.

Its CRDs are not OneBlock's and no program brings them: a folder has to have them.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from string import Template

import pytest
import yaml

from generator.fleet import Platform
from generator.gitops import platform_files
from generator.source import read
from tests.binaries import need
from tests.e2e.kube import Kube, until
from tests.e2e.lab import pki
from tests.e2e.lab.cluster import Lab
from tests.e2e.lab.network import ADDRESS
from tests.e2e.lab.processes import Process

VERSION = "1.14.1"
"""What the programs are; OneBlock is told so in every values file of these tests."""
WEBHOOKS = ("queues/mutate", "queues/validate", "podgroups/validate")
QUEUES = "/apis/scheduling.volcano.sh/v1beta1/queues"
_PORT = 8445
_TEMPLATE = Path(__file__).parent / "templates" / "volcano-webhooks.yaml"
_PLATFORM = """\
global: {versions: {volcano: %s}}
gitops: {engine: argocd, repoURL: "https://git.example.com/ray.git", volcano: {enabled: true}}
"""


def crds() -> Path:
    """The folder of Volcano's CRDs, or a skipped test."""
    beside = Path(os.environ.get("ONEBLOCK_E2E_BIN") or need("vc-scheduler").parent) / "volcano-crds"
    folder = Path(os.environ.get("ONEBLOCK_E2E_VOLCANO") or beside)
    if not list(folder.glob("*queues.scheduling.volcano.sh*")):
        pytest.skip(f"no CRDs of Volcano {VERSION} in {folder} (another folder: $ONEBLOCK_E2E_VOLCANO)")
    return folder


def scheduler_configuration() -> str:
    """The scheduler's configuration as OneBlock hands it to Volcano's chart."""
    document, findings = read("platform.yaml", (_PLATFORM % VERSION).encode())
    assert document is not None, findings
    files = platform_files(Platform(document), "rendered", [])
    application = yaml.safe_load(files["application-oneblock-volcano.yaml"])
    return str(application["spec"]["source"]["helm"]["valuesObject"]["custom"]["scheduler_config_override"])


def install(kube: Kube) -> None:
    """The CRDs, until the API server serves them."""
    kube.apply(crds())
    kube.kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all")


def start_webhooks(lab: Lab, kube: Kube) -> Process:
    """The webhook manager, and the configurations by which the API server asks it; returns once it answers."""
    folder, name = lab.folder / "pki", "volcano"
    pki.certificate(folder, name, "/CN=volcano-admission-service", f"subjectAltName=IP:{ADDRESS}")
    url = f"https://{ADDRESS}:{_PORT}"
    authority = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    kube.apply(Template(_TEMPLATE.read_text()).substitute(url=url, authority=authority))
    process = lab.spawn(
        "vc-webhook-manager",
        [
            *("vc-webhook-manager", f"--kubeconfig={lab.kubeconfig}", f"--webhook-url={url}", f"--port={_PORT}"),
            *(f"--listen-address={ADDRESS}", f"--ca-cert-file={folder / 'ca.crt'}"),
            *(f"--tls-cert-file={folder / name}.crt", f"--tls-private-key-file={folder / name}.key"),
            f"--enabled-admission={','.join(f'/{path}' for path in WEBHOOKS)}",
        ],
    )
    probe = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": "probe"}, "spec": {}}
    until("Volcano's webhooks answer", lambda: kube.request("POST", f"{QUEUES}?dryRun=All", probe)[0] == 201, 60, 0.1)
    return process


def start_controllers(lab: Lab) -> Process:
    """Queue states, phases of PodGroups, Commands. What needs CRDs that a test has no use for is left out."""
    controllers = "--controllers=*,-sharding-controller,-jobflow-controller,-jobtemplate-controller"
    arguments = (f"--kubeconfig={lab.kubeconfig}", "--leader-elect=false", "--enable-healthz=false", controllers)
    return lab.spawn("vc-controller-manager", ["vc-controller-manager", *arguments])


def start_scheduler(lab: Lab, kube: Kube) -> Process:
    """The scheduler with OneBlock's configuration; returns once its queues root and default are there."""
    folder = lab.folder / "volcano"
    folder.mkdir(exist_ok=True)
    (folder / "scheduler.conf").write_text(scheduler_configuration())
    process = lab.spawn(
        "vc-scheduler",
        [
            *("vc-scheduler", f"--kubeconfig={lab.kubeconfig}", "--leader-elect=false", "--cache-dumper=false"),
            # A fallback to some built-in configuration would test that one instead of ours.
            *(f"--scheduler-conf={folder / 'scheduler.conf'}", "--disable-default-scheduler-config"),
            *("--schedule-period=200ms", "--enable-healthz=false", "-v=3"),
        ],
    )
    until("Volcano's own queues", lambda: kube.get("queue", "root") and kube.get("queue", "default"), 60, 0.2)
    return process
