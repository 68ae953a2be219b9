"""Findings OB201 – OB207: what is said about which mistake, and where it points."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from generator.diagnostics import Diagnostic, in_order
from generator.schema import Versions, check
from generator.schema.codes import CODES
from generator.source import read
from tests.schema_findings import cluster, found, group, one

GOOD = """\
rayClusters:
  main:
    queue: research
    gcsFaultTolerance: {enabled: true}
    autoscaling: {enabled: true, idleTimeoutSeconds: 60}
    head:
      cpu: 4
      memory: 16Gi
      env: {HF_HOME: /data, TOKEN: {valueFrom: {secretKeyRef: {name: hub, key: token}}}}
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      template: {spec: {containers: [{name: ray-head, env: [{name: A, value: b}]}], terminationGracePeriodSeconds: 30}}
    workerGroups:
      cpu: {minReplicas: 0, maxReplicas: 10, cpu: 500m, memory: 32Gi}
      a100: {minReplicas: 2, maxReplicas: 4, cpu: 88, memory: 900Gi, gpu: 8, nodes: a100}
    spec:
      autoscalerOptions: {resources: {limits: {cpu: 1}}}
      headGroupSpec: {headService: {spec: {ports: [{port: 8000, name: serve}]}}}
      workerGroupSpecs: [{groupName: cpu, rayStartParams: {num-cpus: "1"}}]
  scratch: {profile: small}
rayJobs:
  nightly: {entrypoint: python train.py, cluster: main, schedule: "0 3 * * *"}
  chat: {submissionMode: InteractiveMode, cluster: main}
rayServices:
  app: {serveConfig: {applications: [{name: a, import_path: "a:b"}]}, rayCluster: {profile: small}}
"""
PLATFORM = """\
global:
  cluster: prod
  versions: {kubernetes: "1.36", kuberay: 1.6.2, ray: 2.60.0, volcano: 1.14.1}
  nodes:
    a100: {count: 4, cpu: 96, memory: 1Ti, gpu: 8, labels: {pool: a100}, taints: ["nvidia.com/gpu=present:NoSchedule"]}
  namespaces:
    team-a: {owners: [leads, {kind: User, name: a@b}], users: [team-a], quota: {cpu: 500, memory: 2Ti, count/pods: 9}}
  profiles:
    small: {head: {cpu: 1, memory: 4Gi}, workerGroups: {cpu: {minReplicas: 0, maxReplicas: 4, cpu: 2, memory: 8Gi}}}
operator: {replicas: 2, affinity: {nodeAffinity: {}}}
redis: {replicas: 3, storage: 10Gi}
queues:
  research: {namespaces: [team-a], deserved: {gpu: 16}, capability: {gpu: 24, rdma/hca: 2}}
gitops: {engine: argocd, repoURL: "https://git.example.com/ray.git", revision: main, path: rendered}
"""


def marked(text: str, finding: Diagnostic) -> str:
    """The text under the caret."""
    span = finding.span
    assert span.line == span.end_line
    return text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize("kuberay", ["1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.2", "1.7.0", "1.6", "1.9.0", "0.9.0"])
def test_a_good_platform_file_has_no_findings(kuberay: str) -> None:
    assert found("platform", PLATFORM, kuberay=kuberay) == []


@pytest.mark.parametrize("kuberay", ["1.6.2", "1.7.0"])
@pytest.mark.parametrize("kubernetes", ["1.29", "1.36.4", "1.99"])
def test_a_good_namespace_file_has_no_findings(kuberay: str, kubernetes: str) -> None:
    assert found("namespace", GOOD, kuberay=kuberay, kubernetes=kubernetes) == []


def test_an_empty_file_is_fine() -> None:
    assert found("namespace", "") == []
    assert found("platform", "# nothing yet\n") == []


CASES: list[tuple[str, Any, str, str, str, str, str]] = [
    # code, kind, text, marked, message, label, help
    ("OB204", "namespace", group("minReplica: 2"), "minReplica",
     'unknown field "minReplica" in a worker group', "did you mean minReplicas?", ""),
    ("OB204", "namespace", "rayService: {}", "rayService",
     'unknown field "rayService" in the namespace file', "did you mean rayServices?", ""),
    ("OB204", "platform", "queues: {a: {gaurantee: {}}}", "gaurantee",
     'unknown field "gaurantee" in a queue', "did you mean guarantee?", ""),
    ("OB204", "namespace", cluster("enableInTreeAutoscaling: true"), "enableInTreeAutoscaling",
     'unknown field "enableInTreeAutoscaling" in a RayCluster', "not a field of a RayCluster",
     "enableInTreeAutoscaling is KubeRay's own name: write it under spec"),
    ("OB204", "namespace", group("volumes: []"), "volumes",
     'unknown field "volumes" in a worker group', "not a field of a worker group",
     "volumes is a field of Kubernetes' PodSpec: write it under template.spec"),
    ("OB204", "namespace", cluster("maxReplicas: 2"), "maxReplicas",
     'unknown field "maxReplicas" in a RayCluster', "not a field of a RayCluster",
     "maxReplicas is a field of a worker group"),
    ("OB204", "namespace", cluster("spec: {rayVersio: x}"), "rayVersio",
     'unknown field "rayVersio" in the RayCluster spec', "did you mean rayVersion?", ""),
    ("OB201", "namespace", group('replicas: "08"'), '"08"',
     '"replicas" in a worker group must be a whole number, not a string', "a string", "write it without quotes: 8"),
    ("OB201", "namespace", group("replicas: 2.5"), "2.5",
     '"replicas" in a worker group must be a whole number, not 2.5', "a number", ""),
    ("OB201", "platform", "global: {versions: {kubernetes: 1.36}}", "1.36",
     '"kubernetes" in the versions must be a string, not 1.36', "a number", 'write it in quotes: "1.36"'),
    ("OB201", "namespace", cluster("head: {rayStartParams: {num-cpus: 0}}"), "0",
     '"num-cpus" in "rayStartParams" must be a string, not 0', "a number", 'write it in quotes: "0"'),
    ("OB201", "namespace", cluster("head: {env: {A: 1e3}}"), "1e3",
     'environment variable "A" in the head group must be a string or a map, not 1000', "a number",
     'write it in quotes: "1e3"'),
    ("OB201", "platform", "redis: {config: {appendonly: true}}", "true",
     '"appendonly" in "config" must be a string or a number, not true', "true", 'write it in quotes: "true"'),
    ("OB201", "namespace", cluster("suspend: 'yes'"), "'yes'",
     '"suspend" in a RayCluster must be true or false, not a string', "a string", "write it without quotes: true"),
    ("OB201", "namespace", cluster("head: "), "head",
     '"head" in a RayCluster has no value', "empty", "write {}, or leave the key out"),
    ("OB201", "namespace", "rayClusters: {main: }", "main",
     'RayCluster "main" in the namespace file has no value', "empty", "write {}, or leave the key out"),
    ("OB201", "namespace", cluster("workerGroups: [{name: cpu}]"), "[{name: cpu}]",
     '"workerGroups" in a RayCluster must be a map, not a list', "a list",
     "write a map with a name for each entry, not a list: no dashes"),
    ("OB201", "platform", "queues: {a: {namespaces: team-a}}", "team-a",
     '"namespaces" in a queue must be a list, not a string', "a string", "write it as a list: [team-a]"),
    ("OB201", "namespace", cluster("head: {cpu: true}"), "true",
     '"cpu" in the head group must be a CPU quantity, not true', "true", ""),
    ("OB202", "platform", "global: {batchScheduler: volcan}", "volcan",
     '"batchScheduler" in the global section cannot be "volcan"', "did you mean volcano?", ""),
    ("OB202", "platform", "global: {namespaces: {a: {podSecurity: false}}}", "false",
     '"podSecurity" in a namespace cannot be false', "not one of the allowed values", ""),
    ("OB203", "namespace", "rayJobs: {nightly: {cluster: main}}", "nightly",
     '"entrypoint" is missing in a RayJob', "needs entrypoint", "for example entrypoint: python train.py"),
    ("OB203", "namespace", cluster("spec: {workerGroupSpecs: [{minReplicas: 1}]}"), "{minReplicas: 1}",
     '"groupName" is missing in item 1 of "workerGroupSpecs"', "needs groupName", ""),
    ("OB205", "namespace", cluster("head: {memory: 16GB}"), "16GB",
     '"memory" in the head group must be a memory quantity, not "16GB"', "did you mean 16Gi?", ""),
    ("OB205", "namespace", cluster("head: {cpu: 2 cores}"), "2 cores",
     '"cpu" in the head group must be a CPU quantity, not "2 cores"', "not a CPU quantity", ""),
    ("OB205", "namespace", "rayClusters: {Team_A: {}}", "Team_A",
     '"Team_A" cannot be a RayCluster name', "did you mean team-a?", ""),
    ("OB205", "platform", "queues: {root: {}}", "root", '"root" cannot be a queue name', "reserved", ""),
    ("OB205", "platform", "queues: {enabled: true}", "enabled", '"enabled" cannot be a queue name', "reserved", ""),
    ("OB205", "platform", "operator: {replicas: 11}", "11",
     '"replicas" in the operator settings must be at most 10, not 11', "at most 10", ""),
    ("OB205", "platform", "operator: {kubeClient: {qps: 0}}", "0",
     '"qps" in the API client settings must be more than 0, not 0', "more than 0", ""),
    ("OB205", "namespace", "rayJobs: {a: {entrypoint: ''}}", "''",
     '"entrypoint" in a RayJob must not be empty', "empty", ""),
    ("OB205", "platform", "queues: {a: {namespaces: [a, b, a]}}", "[a, b, a]",
     '"namespaces" in a queue names "a" twice', "each entry only once", ""),
    ("OB205", "namespace", cluster(f"queue: {'q' * 64}"), "q" * 64,
     '"queue" in a RayCluster must have at most 63 characters, not 64', "64 characters", ""),
    ("OB205", "platform", "global: {versions: {kuberay: v1.6.2}}", "v1.6.2",
     '"kuberay" in the versions must be a KubeRay version, not "v1.6.2"', "did you mean 1.6.2?", ""),
    ("OB206", "namespace", group("priority: 1"), "priority",
     '"priority" in a worker group came with KubeRay 1.7; this fleet pins 1.6.2', "KubeRay 1.6.2 does not have it",
     "leave it out, or raise global.versions.kuberay to 1.7 or later"),
    ("OB206", "namespace", cluster("spec: {tlsOptions: {}}"), "tlsOptions",
     '"tlsOptions" in the RayCluster spec came with KubeRay 1.7; this fleet pins 1.6.2',
     "KubeRay 1.6.2 does not have it", "leave it out, or raise global.versions.kuberay to 1.7 or later"),
    ("OB207", "namespace", group("template: {spec: {nodeSelectr: {}}}"), "nodeSelectr",
     'unknown field "nodeSelectr" in the PodSpec (Kubernetes 1.35)', "did you mean nodeSelector?", ""),
    ("OB207", "namespace", group("template: {spec: {containers: [{name: a, env: [{name: A, value: 8}]}]}}"), "8",
     '"value" in an EnvVar (Kubernetes 1.35) must be a string, not 8', "a number", 'write it in quotes: "8"'),
    ("OB207", "namespace", group("template: {spec: {volumes: [{name: a, emptyDir: }]}}"), "emptyDir",
     '"emptyDir" in a Volume (Kubernetes 1.35) has no value', "empty", "write {}, or leave the key out"),
    ("OB207", "namespace", cluster("spec: {autoscalerOptions: {resources: {limits: {cpu: 4XB}}}}"), "4XB",
     '"cpu" in "limits" (Kubernetes 1.35) must be a Kubernetes quantity, not "4XB"', "not a Kubernetes quantity", ""),
    ("OB207", "namespace", group("template: {spec: {overhead: {cpu: 0.25}}}"), "0.25",
     '"cpu" in "overhead" (Kubernetes 1.35) must be a Kubernetes quantity, not 0.25', "a number",
     'write it in quotes: "0.25"'),
    ("OB207", "namespace", group("template: {spec: {overhead: {cpu: 1e1.5}}}"), "1e1.5",
     '"cpu" in "overhead" (Kubernetes 1.35) must be a Kubernetes quantity, not "1e1.5"', "not a Kubernetes quantity",
     ""),
    ("OB207", "namespace", group("template: {spec: {terminationGracePeriodSeconds: 9223372036854775808}}"),
     "9223372036854775808",
     '"terminationGracePeriodSeconds" in the PodSpec (Kubernetes 1.35) must be at most 9223372036854775807, '
     "not 9223372036854776000", "at most 9223372036854775807", ""),
    ("OB207", "namespace",
     group("template: {spec: {containers: [{name: a, livenessProbe: {tcpSocket: {port: 2147483648}}}]}}"),
     "2147483648", '"port" in the TCPSocketAction (Kubernetes 1.35) must be at most 65535, not 2147483648',
     "at most 65535", ""),
    ("OB207", "namespace", group("template: {spec: {containers: [{name: a, ports: [{containerPort: 99999999999}]}]}}"),
     "99999999999",
     '"containerPort" in a ContainerPort (Kubernetes 1.35) must be at most 65535, not 99999999999',
     "at most 65535", ""),
    ("OB207", "platform", "operator: {affinity: {nodeAffinty: {}}}", "nodeAffinty",
     'unknown field "nodeAffinty" in the Affinity (Kubernetes 1.35)', "did you mean nodeAffinity?", ""),
    ("OB207", "namespace", cluster("head: {tolerations: [{opertor: Exists}]}"), "opertor",
     'unknown field "opertor" in a Toleration (Kubernetes 1.35)', "did you mean operator?", ""),
    ("OB202", "namespace", cluster("head: {tolerations: [{effect: NoSchedul}]}"), "NoSchedul",
     '"effect" in a toleration cannot be "NoSchedul"', "did you mean NoSchedule?", ""),
    ("OB201", "namespace", cluster("head: {tolerations: [{value: 1}]}"), "1",
     '"value" in a toleration must be a string, not 1', "a number", 'write it in quotes: "1"'),
    ("OB207", "namespace", "rayJobs: {a: {entrypoint: x, spec: {submitterPodTemplate: {spec: {}}}}}", "spec",
     '"containers" is missing in the PodSpec (Kubernetes 1.35)', "needs containers", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind", "text", "under", "message", "label", "help_"), CASES, ids=lambda each: str(each)[:50]
)
def test_finding(code: str, kind: Any, text: str, under: str, message: str, label: str, help_: str) -> None:
    finding = one(kind, text)
    assert (finding.code, finding.message, finding.label, finding.help) == (code, message, label, help_)
    assert marked(text, finding) == under


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_case_and_a_page_that_is_true(code: str) -> None:
    assert code in {each[0] for each in CASES}
    page = CODES[code]
    kind: Any = "platform" if page.wrong.startswith("global") else "namespace"
    assert one(kind, page.wrong).code == code
    assert found(kind, page.right) == []


def test_a_field_that_was_renamed_is_one_mistake_not_two() -> None:
    finding = one("namespace", "rayJobs: {a: {entrypont: x}}")
    assert (finding.code, finding.label) == ("OB204", "did you mean entrypoint?")
    finding = one("namespace", group("template: {spec: {containers: [{nam: a}]}}"))
    assert (finding.code, finding.label) == ("OB207", "did you mean name?")


def test_a_near_name_that_is_already_there_is_not_offered() -> None:
    assert one("namespace", group("minReplica: 1, minReplicas: 1")).label == "did you mean replicas?"


def test_allowed_fields_are_listed_when_no_name_is_near() -> None:
    finding = one("platform", "crds: {instal: true}")
    assert finding.notes == ("allowed: enabled",)
    assert "allowed: " in one("namespace", group("zzz: 1")).notes[0]
    assert one("namespace", group("minReplica: 1")).notes == ()


def test_quantities_of_kuberay_are_quantities() -> None:
    size = "spec: {{gcsFaultToleranceOptions: {{storage: {{size: {}}}}}}}"
    assert found("namespace", cluster(size.format("1Gi")), kuberay="1.7.0") == []
    finding = one("namespace", cluster(size.format("1 GB")), kuberay="1.7.0")
    assert finding.message == '"size" in "storage" must be a Kubernetes quantity, not "1 GB"'
    assert finding.label == "did you mean 1Gi?"
    assert one("namespace", cluster(size.format("true")), kuberay="1.7.0").code == "OB201"


def test_a_missing_field_of_the_file_itself_points_at_its_start() -> None:
    finding = one("namespace", "a: {}")
    assert (finding.span.line, finding.span.column, finding.path) == (1, 1, "a")


def test_long_and_many_line_values_are_not_repeated_whole() -> None:
    finding = one("namespace", cluster(f"profile: {'A' * 60}"))
    assert "A" * 50 not in finding.message
    finding = one("namespace", "rayClusters:\n  main:\n    suspend: |\n      a\n      b\n")
    assert finding.help == ""


def test_all_mistakes_at_once_in_order_each_once() -> None:
    text = "\n".join(
        [
            "rayClusters:",
            "  Bad:",
            "    queue: Research",
            "    head: {cpu: 2x, gpu: -1, template: {spec: {containers: [{image: 1}]}}}",
            "    workerGroups: {w: {replicas: many, foo: 1}}",
            "  good: {suspend: 1}",
            "rayJobs: []",
        ]
    )
    findings = found("namespace", text)
    assert [(each.code, each.path) for each in findings] == [
        ("OB205", "rayClusters.Bad"),
        ("OB205", "rayClusters.Bad.queue"),
        ("OB205", "rayClusters.Bad.head.cpu"),
        ("OB205", "rayClusters.Bad.head.gpu"),
        ("OB207", "rayClusters.Bad.head.template.spec.containers[0]"),
        ("OB207", "rayClusters.Bad.head.template.spec.containers[0].image"),
        ("OB201", "rayClusters.Bad.workerGroups.w.replicas"),
        ("OB204", "rayClusters.Bad.workerGroups.w.foo"),
        ("OB201", "rayClusters.good.suspend"),
        ("OB201", "rayJobs"),
    ]
    assert findings == in_order(findings)


def test_secrets_are_not_repeated() -> None:
    text = cluster("head: {env: {DB_PASSWORD: 12345678}}, gcsFaultTolerance: {redis: {passwordSecret: 87654321}}")
    said = " ".join(f"{each.message} {each.label} {each.help} {each.notes}" for each in found("namespace", text))
    assert "12345678" not in said
    assert "87654321" not in said


def test_nobody_hears_of_the_tools() -> None:
    for case in CASES:
        for each in found(case[1], case[2]):
            said = " ".join((each.message, each.label, each.help, *each.notes)).lower()
            assert not any(
                word in said for word in ("jsonschema", "additionalproperties", "schema", "traceback", "nonetype")
            )


def test_odd_values_end_in_findings_not_in_errors() -> None:
    texts = (
        "rayClusters: 5",
        "rayClusters: {main: {spec: []}}",
        cluster("head: {template: []}"),
        cluster("head: {template: {spec: {containers: {a: b}}}}"),
        cluster("labels: {'': x}"),
        cluster("head: {cpu: 1ee4}"),
        cluster(f"generation: {10**30}"),
        cluster("spec: {workerGroupSpecs: {cpu: {}}}"),
        cluster("spec: {gcsFaultToleranceOptions: {redisPassword: {value: 5}}}"),
        '"": {}',
    )
    for text in texts:
        document, _ = read("f.yaml", text.encode())
        if document is not None and document.data:
            assert check(document, "namespace", Versions()), text


def test_the_schema_layer_loads_no_validator_until_it_checks() -> None:
    program = (
        "import sys, generator.schema as s; from generator.source import read\n"
        "heavy = {'jsonschema', 'jsonschema_rs', 'kubernetes_validate', 'referencing'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        f"document, _ = read('f', {GOOD!r}.encode())\n"
        "assert s.check(document, 'namespace', s.Versions()) == []\n"
        "assert heavy & set(sys.modules) == {'jsonschema_rs'}, heavy & set(sys.modules)\n"
        "assert 'generator.schema.explain' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
