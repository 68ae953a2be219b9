"""The redis chart: what it renders, and what must never be in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.charts.redis.pod import FILES
from tests.charts.rendering import SYSTEM, Object, kinds, objects, one, texts

TENANTS = "global: {namespaces: {team-a: {owners: [x]}, team-b: {}}}\n"
WHOLE = """
global:
  imagePullSecrets: [registry]
  namespaces: {team-a: {}, team-b: {}}
  monitoring: {serviceMonitors: true, rules: true, labels: {release: prometheus}}
metrics: {enabled: true}
backup: {enabled: true}
nodeSelector: {pool: infra}
tolerations: [{key: infra, operator: Exists}]
priorityClassName: system-cluster-critical
podLabels: {team: platform}
podAnnotations: {note: "x"}
storageClass: fast
"""


def render(values: str = "", **how: Any) -> list[Object]:
    return objects("redis", values, **how)


def pod_of(found: list[Object]) -> dict[str, Any]:
    spec: dict[str, Any] = one(found, "StatefulSet")["spec"]["template"]["spec"]
    return spec


def containers(found: list[Object]) -> dict[str, dict[str, Any]]:
    """Every container of every pod by "object/container"."""
    result = {}
    for each in found:
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        pod = spec.get("template", {}).get("spec", {})
        for container in pod.get("initContainers", []) + pod.get("containers", []):
            result[f"{each['metadata']['name']}/{container['name']}"] = container
    return result


def config(values: str = "") -> dict[str, str]:
    data: dict[str, str] = one(render(values), "ConfigMap", "oneblock-redis")["data"]
    return data


def settings(values: str = "") -> dict[str, str]:
    return dict(line.split("=", 1) for line in config(values)["settings.sh"].splitlines())


def directives(values: str = "") -> list[str]:
    return [line for line in config(values)["redis.conf"].splitlines() if line and not line.startswith("#")]


def test_what_there_is_by_default() -> None:
    assert kinds(render(TENANTS)) == sorted(
        [
            *["ConfigMap", "Job", "NetworkPolicy", "PodDisruptionBudget", "StatefulSet", "ConfigMap"],
            *["Role"] * 3,
            *["RoleBinding"] * 3,
            *["Service"] * 5,
            *["ServiceAccount"] * 2,
        ]
    )


@pytest.mark.parametrize("values", ["", TENANTS, WHOLE])
def test_every_object_says_whose_it_is(values: str) -> None:
    for each in render(values):
        assert list(each)[:3] == ["apiVersion", "kind", "metadata"]
        meta = each["metadata"]
        assert list(meta)[:4] == ["name", "namespace", "labels", "annotations"]
        assert meta["labels"]["app.kubernetes.io/name"] == "redis"
        assert meta["labels"]["app.kubernetes.io/instance"] == "oneblock"
        assert meta["labels"]["app.kubernetes.io/part-of"] == "oneblock"
        assert meta["labels"]["app.kubernetes.io/managed-by"] == "Helm"
        assert meta["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"
        assert "version" not in "".join(meta["labels"])


@pytest.mark.parametrize("values", ["", TENANTS, WHOLE])
def test_the_text_is_clean_and_has_no_chance_in_it(values: str) -> None:
    for text in texts("redis", values):
        assert not re.search(r"[ \t]+$", text, re.MULTILINE)
        assert "<no value>" not in text
        assert "<nil>" not in text
    assert texts("redis", values) == texts("redis", values)


@pytest.mark.parametrize("values", ["", TENANTS, WHOLE])
def test_pods_are_restricted(values: str) -> None:
    found = render(values)
    for name, each in containers(found).items():
        security = each["securityContext"]
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert each["resources"]["requests"]["memory"], name
        assert each["resources"]["limits"]["memory"], name
    for each in found:
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            security = spec["template"]["spec"]["securityContext"]
            assert security["runAsNonRoot"] is True
            assert security["runAsUser"] > 0
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}


def test_no_password_and_no_secret_in_any_text() -> None:
    found = render(WHOLE)
    assert "Secret" not in kinds(found)
    for name, each in containers(found).items():
        for variable in each.get("env", []):
            assert "PASSWORD" not in variable["name"] or "secretKeyRef" in variable["valueFrom"], name


def test_the_set() -> None:
    found = render(TENANTS)
    spec = one(found, "StatefulSet", "oneblock-redis", SYSTEM)["spec"]
    assert spec["serviceName"] == "oneblock-redis"
    assert spec["replicas"] == 3
    assert spec["podManagementPolicy"] == "Parallel"
    assert spec["updateStrategy"] == {"type": "RollingUpdate"}
    assert spec["minReadySeconds"] == 10
    pod = pod_of(found)
    assert [(each["name"], each.get("restartPolicy")) for each in pod["initContainers"]] == [("sentinel", "Always")]
    assert [each["name"] for each in pod["containers"]] == ["redis"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["terminationGracePeriodSeconds"] == int(settings()["GRACE_SECONDS"]) == 60
    secret = next(each for each in pod["volumes"] if each["name"] == "auth")["secret"]
    assert secret == {"secretName": "oneblock-redis-auth", "defaultMode": 0o440, "optional": False}
    claim = spec["volumeClaimTemplates"][0]["spec"]
    assert claim["resources"]["requests"]["storage"] == "10Gi"
    assert "storageClassName" not in claim


def test_scripts_are_there_whole() -> None:
    found = render()
    data = one(found, "ConfigMap", "oneblock-redis")["data"]
    for each in containers(found).values():
        commands = [each["command"], *(each[probe]["exec"]["command"] for probe in each if probe.endswith("Probe"))]
        if "lifecycle" in each:
            commands.append(each["lifecycle"]["preStop"]["exec"]["command"])
        for command in commands:
            path = next(word for word in command if word.startswith("/etc/oneblock/"))
            if path.startswith("/etc/oneblock/redis/"):
                assert data[path.removeprefix("/etc/oneblock/redis/")].startswith("#!/bin/sh\n")
    for name in ("lib.sh", "pre-stop.sh", "start-redis.sh", "start-sentinel.sh", "probe-redis.sh", "probe-sentinel.sh"):
        assert data[name].rstrip("\n") == (FILES / name).read_text().rstrip("\n")


def test_services() -> None:
    found = render(TENANTS)
    headless = one(found, "Service", "oneblock-redis")["spec"]
    assert headless["clusterIP"] == "None"
    assert headless["publishNotReadyAddresses"] is True
    for ordinal in range(3):
        announce = one(found, "Service", f"oneblock-redis-announce-{ordinal}")["spec"]
        assert announce["type"] == "ClusterIP"
        assert announce["publishNotReadyAddresses"] is True
        assert announce["selector"]["statefulset.kubernetes.io/pod-name"] == f"oneblock-redis-{ordinal}"
        assert [port["port"] for port in announce["ports"]] == [6379, 26379]
    sentinel = one(found, "Service", "oneblock-redis-sentinel")["spec"]
    assert sentinel["type"] == "ClusterIP"
    assert "publishNotReadyAddresses" not in sentinel
    assert [port["port"] for port in sentinel["ports"]] == [26379]
    labels = one(found, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert all(labels.get(key) == value for key, value in sentinel["selector"].items())


def test_what_redis_must_be_told() -> None:
    lines = directives()
    for line in [
        *["appendonly yes", "timeout 0", "maxmemory-policy noeviction", "min-replicas-to-write 1"],
        *["min-replicas-max-lag 10", "stop-writes-on-bgsave-error no", "appendfsync everysec", "maxmemory 640mb"],
    ]:
        assert line in lines
    assert not any(line.startswith(("requirepass", "rename-command", "replicaof")) for line in lines)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("appendfsync: always", "appendfsync always"),
        ("maxmemory: 320mb", "maxmemory 320mb"),
        ("maxmemory: 1000000000", "maxmemory 1000000000"),
        ("minReplicasToWrite: 0", "min-replicas-to-write 0"),
        ("minReplicasToWrite: 2", "min-replicas-to-write 2"),
        ("replicas: 1", "min-replicas-to-write 0"),
        ('config: {hz: 20, activedefrag: "yes"}', "activedefrag yes"),
        ("config: {hz: 20}", "hz 20"),
        ("config: {repl-backlog-size: 67108864}", "repl-backlog-size 67108864"),
    ],
)
def test_what_redis_may_be_told(values: str, expected: str) -> None:
    assert expected in directives(values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("", {"REPLICAS": "3", "QUORUM": "2", "DOWN_AFTER_MS": "5000", "FAILOVER_TIMEOUT_MS": "30000"}),
        ("replicas: 5\nsentinel: {quorum: 3}", {"REPLICAS": "5", "QUORUM": "3"}),
        ("replicas: 1", {"REPLICAS": "1", "QUORUM": "1"}),
        ("sentinel: {downAfterMilliseconds: 10000000}", {"DOWN_AFTER_MS": "10000000"}),
        ("global: {clusterDomain: k8s.example}", {"DOMAIN": f"{SYSTEM}.svc.k8s.example"}),
        ("", {"GROUP": f"{SYSTEM}-oneblock-redis", "SET": "oneblock-redis"}),
    ],
)
def test_settings(values: str, expected: dict[str, str]) -> None:
    assert settings(values).items() >= expected.items()


def checksum(values: str) -> str:
    found = one(render(values), "StatefulSet")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("values", "rolls"),
    [
        ("config: {hz: 20}", True),
        ("sentinel: {quorum: 3}", True),
        (TENANTS, False),
        ("bootstrap: {forceMasterOrdinal: 1}", False),
        ("backup: {enabled: true}", False),
    ],
)
def test_only_what_pods_read_rolls_them(values: str, rolls: bool) -> None:
    assert (checksum(values) != checksum("")) is rolls


@pytest.mark.parametrize(("value", "expected"), [("null", ""), ("0", "0"), ("2", "2")])
def test_the_override(value: str, expected: str) -> None:
    assert config(f"bootstrap: {{forceMasterOrdinal: {value}}}")["force-master-ordinal"] == expected


# --- passwords -------------------------------------------------------------------------------------------------------


def test_the_job_is_an_ordinary_object() -> None:
    found = render(TENANTS)
    job = one(found, "Job", namespace=SYSTEM)
    assert re.fullmatch("oneblock-redis-bootstrap-[0-9a-f]{8}", job["metadata"]["name"])
    assert job["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1"
    assert not any("hook" in key for each in found for key in each["metadata"]["annotations"])
    assert "ttlSecondsAfterFinished" not in job["spec"]
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "docker.io/rayproject/ray:2.60.0"
    data = one(found, "ConfigMap", "oneblock-redis-bootstrap")["data"]
    assert json.loads(data["tenants.json"]) == ["team-a", "team-b"]
    compile(data["bootstrap.py"], "bootstrap.py", "exec")


def job_name(values: str) -> str:
    name = one(render(values), "Job")["metadata"]["name"]
    assert isinstance(name, str)
    return name


@pytest.mark.parametrize(
    ("values", "again"),
    [
        ("global: {namespaces: {team-a: {owners: [y]}, team-b: {quota: {cpu: 1}}}}", False),
        ("global: {namespaces: {team-b: {}, team-a: {}}}", False),
        ("global: {namespaces: {team-a: {}}}", True),
        (TENANTS + "bootstrap: {image: {repository: python, tag: slim}}", True),
        (TENANTS + "config: {hz: 20}", False),
    ],
)
def test_it_runs_again_when_what_it_does_changes(values: str, again: bool) -> None:
    assert (job_name(values) != job_name(TENANTS)) is again


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ("global: {ray: {image: {tag: 2.60.0-gpu}}}", "docker.io/rayproject/ray:2.60.0-gpu"),
        ("global: {ray: {image: {repository: mirror/ray}}}", "mirror/ray:2.60.0"),
        ("bootstrap: {image: {repository: python, tag: slim}}", "python:slim"),
    ],
)
def test_its_image(values: str, image: str) -> None:
    assert one(render(values), "Job")["spec"]["template"]["spec"]["containers"][0]["image"] == image


def test_it_may_do_this_much_and_no_more() -> None:
    found = render(TENANTS)
    by_place = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each for each in found if each["kind"] == "Role"
    }
    assert set(by_place) == {
        (SYSTEM, "oneblock-redis-bootstrap"),
        ("team-a", "oneblock-redis-tenant"),
        ("team-b", "oneblock-redis-tenant"),
    }
    assert by_place[SYSTEM, "oneblock-redis-bootstrap"]["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": ["oneblock-redis-auth"],
            "verbs": ["get", "patch"],
        },
    ]
    assert by_place["team-a", "oneblock-redis-tenant"]["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["oneblock-redis"], "verbs": ["get"]},
    ]
    for each in found:
        if each["kind"] == "RoleBinding":
            assert each["subjects"] == [
                {"kind": "ServiceAccount", "name": "oneblock-redis-bootstrap", "namespace": SYSTEM}
            ]
            assert (each["metadata"]["namespace"], each["roleRef"]["name"]) in by_place


def test_a_secret_of_ones_own_needs_no_job() -> None:
    found = render(WHOLE + "auth: {existingSecret: mine}")
    assert not {"Job", "Role", "RoleBinding"} & set(kinds(found))
    assert [each["metadata"]["name"] for each in found if each["kind"] == "ServiceAccount"] == ["oneblock-redis"]
    assert "oneblock-redis-auth" not in yaml.safe_dump_all(found)
    secret = next(each for each in pod_of(found)["volumes"] if each["name"] == "auth")["secret"]
    assert secret["secretName"] == "mine"


def test_a_tenant_in_the_system_namespace_has_its_own_role() -> None:
    found = render(f"global: {{namespaces: {{{SYSTEM}: {{}}}}}}")
    names = sorted(each["metadata"]["name"] for each in found if each["kind"] == "Role")
    assert names == ["oneblock-redis-bootstrap", "oneblock-redis-tenant"]


# --- the rest --------------------------------------------------------------------------------------------------------


def test_who_may_reach_redis() -> None:
    spec = one(render(TENANTS), "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    (ingress,) = spec["ingress"]
    assert ingress["from"] == [
        {"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "oneblock"}}},
        {
            "namespaceSelector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["team-a", "team-b"]}
                ]
            }
        },
    ]
    peers, dns = spec["egress"]
    assert peers["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "server"
    assert {port["port"] for port in dns["ports"]} == {53}


def test_without_tenants_nobody_else_may() -> None:
    (ingress,) = one(render(), "NetworkPolicy")["spec"]["ingress"]
    assert len(ingress["from"]) == 1


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ("networkPolicy: {enabled: false}", "NetworkPolicy"),
        ("podDisruptionBudget: {enabled: false}", "PodDisruptionBudget"),
        ("replicas: 1", "PodDisruptionBudget"),
        ("metrics: {enabled: true}", "ServiceMonitor"),
        ("global: {monitoring: {serviceMonitors: true, rules: true}}", "ServiceMonitor"),
        ("global: {monitoring: {serviceMonitors: true, rules: true}}", "PrometheusRule"),
        ("", "CronJob"),
        ("", "PersistentVolumeClaim"),
    ],
)
def test_what_is_not_there(values: str, kind: str) -> None:
    assert kind not in kinds(render(values))


def test_one_pod_at_a_time() -> None:
    spec = one(render(), "PodDisruptionBudget")["spec"]
    assert spec["maxUnavailable"] == 1
    assert "minAvailable" not in spec
    assert spec["selector"] == one(render(), "StatefulSet")["spec"]["selector"]


@pytest.mark.parametrize(
    ("spread", "key"),
    [
        ("soft", "preferredDuringSchedulingIgnoredDuringExecution"),
        ("hard", "requiredDuringSchedulingIgnoredDuringExecution"),
    ],
)
def test_spread(spread: str, key: str) -> None:
    pod = pod_of(render(f"spread: {spread}"))
    assert list(pod["affinity"]["podAntiAffinity"]) == [key]
    (zone,) = pod["topologySpreadConstraints"]
    assert (zone["topologyKey"], zone["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "ScheduleAnyway")


def test_everything_the_pods_may_be_given() -> None:
    found = render(WHOLE)
    template = one(found, "StatefulSet")["spec"]["template"]
    pod = template["spec"]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["nodeSelector"] == {"pool": "infra"}
    assert pod["tolerations"] == [{"key": "infra", "operator": "Exists"}]
    assert pod["priorityClassName"] == "system-cluster-critical"
    assert template["metadata"]["labels"]["team"] == "platform"
    assert template["metadata"]["annotations"]["note"] == "x"
    assert one(found, "StatefulSet")["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "fast"
    assert one(found, "Job")["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    backup = one(found, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert backup["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ("", "docker.io/library/redis:8.0"),
        ("image: {repository: docker.io/valkey/valkey, tag: '8.1'}", "docker.io/valkey/valkey:8.1"),
        ("image: {digest: 'sha256:" + "a" * 64 + "'}", "docker.io/library/redis@sha256:" + "a" * 64),
    ],
)
def test_image(values: str, image: str) -> None:
    assert {each["image"] for name, each in containers(render(values)).items() if "oneblock-redis/" in name} == {image}


def test_the_exporter() -> None:
    found = render(WHOLE)
    exporter = containers(found)["oneblock-redis/exporter"]
    env = {each["name"]: each for each in exporter["env"]}
    assert exporter["image"].startswith("docker.io/oliver006/redis_exporter:v1.")
    assert env["REDIS_USER"]["value"] == "_exporter"
    assert env["REDIS_PASSWORD"]["valueFrom"]["secretKeyRef"] == {
        "name": "oneblock-redis-auth",
        "key": "exporter-password",
    }
    monitor = one(found, "ServiceMonitor")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    service = one(found, "Service", "oneblock-redis")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    matching = [
        each["metadata"]["name"]
        for each in found
        if each["kind"] == "Service" and each["metadata"]["labels"].items() >= wanted
    ]
    assert matching == ["oneblock-redis"]
    ports = {port["name"] for port in service["spec"]["ports"]}
    assert {each["port"] for each in monitor["spec"]["endpoints"]} <= ports
    assert one(found, "NetworkPolicy")["spec"]["ingress"][1]["ports"] == [{"port": 9121, "protocol": "TCP"}]


@pytest.mark.parametrize(
    "alert",
    [
        *["RedisDown", "RedisNoMaster", "RedisSeveralMasters", "RedisSentinelsDisagree", "RedisSentinelNoQuorum"],
        *["RedisReplicaMissing", "RedisReplicaLinkDown", "RedisMemoryHigh", "RedisWritesRefused"],
        *["RedisAppendOnlyFileFails", "RedisVolumeFilling"],
    ],
)
def test_alerts(alert: str) -> None:
    rule = one(render(WHOLE), "PrometheusRule")
    rules = {each["alert"]: each for each in rule["spec"]["groups"][0]["rules"]}
    found = rules[alert]
    assert f'namespace="{SYSTEM}"' in found["expr"]
    assert found["expr"].count("(") == found["expr"].count(")")
    assert found["expr"].count("{") == found["expr"].count("}")
    assert found["labels"]["severity"] in {"warning", "critical"}
    assert found["annotations"]["summary"]


def test_backup() -> None:
    found = render("backup: {enabled: true, schedule: '15 3 * * *', keep: 3, storage: 5Gi}")
    job = one(found, "CronJob")["spec"]
    assert job["schedule"] == "15 3 * * *"
    assert job["concurrencyPolicy"] == "Forbid"
    pod = job["jobTemplate"]["spec"]["template"]
    env = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    assert env == {"SET": "oneblock-redis", "DOMAIN": f"{SYSTEM}.svc.cluster.local", "REPLICAS": "3", "KEEP": "3"}
    secret = next(each for each in pod["spec"]["volumes"] if each["name"] == "auth")["secret"]
    assert secret["items"] == [{"key": "replication-password", "path": "replication-password"}]
    claim = one(found, "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
    # Not a server: no Service may send anybody to it. Part of OneBlock: let in by the NetworkPolicy.
    selector = one(found, "StatefulSet")["spec"]["selector"]["matchLabels"].items()
    assert not pod["metadata"]["labels"].items() >= selector
    assert pod["metadata"]["labels"]["app.kubernetes.io/part-of"] == "oneblock"


@pytest.mark.parametrize("release", ["oneblock", "oneblock-redis", "x"])
def test_the_releases_name_is_nowhere(release: str) -> None:
    assert texts("redis", WHOLE, release=release) == texts("redis", WHOLE, release="test")
