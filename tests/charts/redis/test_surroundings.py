"""What stands around the Redis pods: network, disruption, spread, monitoring, backup."""

from __future__ import annotations

import pytest

from tests.charts.redis.view import TENANTS, WHOLE, containers, pod_of, render
from tests.charts.rendering import SYSTEM, kinds, one, texts


def test_a_lost_answer_of_dns_does_not_stall_sentinel() -> None:
    """Redis' Sentinel gives itself two seconds (SENTINEL_TILT_TRIGGER); the resolver's own limit would be five."""
    options = {each["name"]: float(each["value"]) for each in pod_of(render())["dnsConfig"]["options"]}
    assert options["timeout"] < 2
    assert options["attempts"] > 1
    # A name with at least so many dots is looked up as it is.
    assert f"oneblock-redis-announce-0.{SYSTEM}.svc.cluster.local".count(".") >= options["ndots"]


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
    # Both are scraped from one port: without a label of its own the second would write the series of the first.
    assert [each.get("relabelings", [{}])[0].get("replacement") for each in monitor["spec"]["endpoints"]] == [
        None,
        "sentinel",
    ]
    assert {each["port"] for each in monitor["spec"]["endpoints"]} <= ports
    assert one(found, "NetworkPolicy")["spec"]["ingress"][1]["ports"] == [{"port": 9121, "protocol": "TCP"}]


@pytest.mark.parametrize(
    "alert",
    [
        *["RedisDown", "RedisNoMaster", "RedisSeveralMasters", "RedisSentinelsDisagree", "RedisSentinelNoQuorum"],
        *["RedisSentinelStalled", "RedisReplicaMissing", "RedisReplicaLinkDown", "RedisMemoryHigh"],
        *["RedisWritesRefused", "RedisFailedOver", "RedisAppendOnlyFileFails", "RedisVolumeFilling"],
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
