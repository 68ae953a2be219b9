"""The redis chart: what it renders, and what must never be in it."""

from __future__ import annotations

import re

import pytest

from tests.charts.redis.pod import FILES
from tests.charts.redis.view import TENANTS, WHOLE, config, containers, pod_of, render
from tests.charts.rendering import SYSTEM, kinds, one, texts


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
        probes = [each[probe] for probe in each if probe.endswith("Probe")]
        commands = [each["command"], *(probe["exec"]["command"] for probe in probes if "exec" in probe)]
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
        (
            "",
            {
                "REPLICAS": "3",
                "MIN_REPLICAS": "1",
                "QUORUM": "2",
                "DOWN_AFTER_MS": "5000",
                "FAILOVER_TIMEOUT_MS": "30000",
            },
        ),
        ("replicas: 5\nsentinel: {quorum: 3}", {"REPLICAS": "5", "QUORUM": "3"}),
        ("replicas: 1", {"REPLICAS": "1", "MIN_REPLICAS": "0", "QUORUM": "1"}),
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
