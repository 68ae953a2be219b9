"""Family 7: what counts as on, off and whose Redis it is, and the bounds of the platform's Redis."""

from __future__ import annotations

from fractions import Fraction

import pytest
import yaml

from generator import resources
from generator.rules.family7_platform import DEFAULTS, redis_bytes
from tests.rules.texts import check, codes, only

TEAM = "namespaces: {team: {owners: [team-leads]}}"


def fleet(extra: str = "", rest: str = "", kuberay: str = "1.6.2", ray: str = "2.60.0") -> str:
    versions = f'versions: {{kubernetes: "1.33", kuberay: {kuberay}, ray: {ray}, volcano: 1.14.1}}'
    return f"global: {{{versions}, {TEAM}{', ' + extra if extra else ''}}}\n{rest}\n"


def cluster(text: str) -> str:
    return f"rayClusters: {{main: {{{text}}}}}"


GLOBAL_ON = "gcsFaultTolerance: {enabled: true}"
PROFILES = "profiles: {kept: {gcsFaultTolerance: {enabled: true}}, lost: {gcsFaultTolerance: {enabled: false}}}"


@pytest.mark.parametrize(
    ("extra", "text", "expected"),
    [
        ("", "gcsFaultTolerance: {enabled: false}", []),
        (GLOBAL_ON, "gcsFaultTolerance: {enabled: false}", ["OB702"]),
        (PROFILES, "profile: kept, gcsFaultTolerance: {enabled: false}", ["OB702"]),
        (f"{GLOBAL_ON}, {PROFILES}", "profile: lost", []),
        (f"{GLOBAL_ON}, {PROFILES}", "profile: lost, gcsFaultTolerance: {enabled: false}", []),
        (GLOBAL_ON, "gcsFaultTolerance: {enabled: false, disable: true, acknowledgement: fine}", []),
        (GLOBAL_ON, "gcsFaultTolerance: {enabled: false, disable: true}", ["OB703"]),
        (GLOBAL_ON, 'gcsFaultTolerance: {disable: true, acknowledgement: " "}', ["OB703"]),
        (PROFILES, "profile: kept, gcsFaultTolerance: {disable: true, acknowledgement: fine}", []),
        ("", "gcsFaultTolerance: {enabled: true, disable: true, acknowledgement: fine}", ["OB704"]),
    ],
)
def test_fault_tolerance_is_never_switched_off_silently(extra: str, text: str, expected: list[str]) -> None:
    assert codes(check(fleet(extra), team=cluster(text))) == expected


def test_a_clusters_inside_a_job_is_looked_at_too() -> None:
    text = "rayJobs: {nightly: {entrypoint: x, rayCluster: {gcsFaultTolerance: {enabled: false}}}}"
    (found,) = check(fleet(GLOBAL_ON), team=text)
    assert (found.code, found.message.split(" switches")[0]) == ("OB702", 'RayJob "nightly"')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gcsFaultTolerance: {enabled: true}", ["OB701"]),
        ('gcsFaultTolerance: {enabled: true, redis: {address: "redis:6379"}}', []),
        ('spec: {gcsFaultToleranceOptions: {redisAddress: "redis:6379"}}', []),
        ("gcsFaultTolerance: {enabled: false}", []),
    ],
)
def test_only_the_platforms_own_redis_has_to_run(text: str, expected: list[str]) -> None:
    assert codes(check(fleet(rest="redis: {enabled: false}"), team=cluster(text))) == expected


def test_the_switch_is_shown_where_it_was_thrown() -> None:
    (found,) = check(fleet(GLOBAL_ON, rest="redis: {enabled: false}"), team="rayClusters: {main: {}}")
    assert (found.code, found.span.file) == ("OB701", "platform.yaml")
    (found,) = check(fleet(PROFILES, rest="redis: {enabled: false}"), team=cluster("profile: kept"))
    assert (found.code, found.span.file) == ("OB701", "platform.yaml")


def test_a_cluster_in_kuberays_own_fields_follows_no_default() -> None:
    container = "containers: [{name: ray-head, image: x}]"
    inner = f"rayClusterSpec: {{headGroupSpec: {{template: {{spec: {{{container}}}}}}}%s}}"
    text = f"rayJobs: {{nightly: {{entrypoint: x, spec: {{{inner}}}}}}}"
    off = "redis: {enabled: false}"
    assert check(fleet(GLOBAL_ON, off), team=text % "") == []
    host = "oneblock-redis-sentinel.oneblock-system.svc:26379"
    by_hand = f', gcsFaultToleranceOptions: {{redisAddress: "{host}"}}'
    (found,) = check(fleet("", off), team=text % by_hand)
    assert (found.code, found.span.line) == ("OB701", 1)


def test_a_profile_that_disables_it_leaves_nothing_to_switch_off() -> None:
    profile = "profiles: {batch: {gcsFaultTolerance: {disable: true, acknowledgement: fine}}}"
    text = cluster("profile: batch, gcsFaultTolerance: {enabled: false, disable: false}")
    assert check(fleet(f"{GLOBAL_ON}, {profile}"), team=text) == []


@pytest.mark.parametrize(
    ("ray", "expected"),
    [("2.39.0", ["OB710"]), ("2.40.0", ["OB710"]), ("2.41.0", []), ("2.41.0-gpu", []), ("3.0.0", [])],
)
def test_the_platforms_redis_needs_a_ray_that_can_log_in(ray: str, expected: list[str]) -> None:
    text = cluster(f"rayVersion: {ray}, gcsFaultTolerance: {{enabled: true}}")
    assert codes(check(fleet(), team=text)) == expected
    assert codes(check(fleet(ray=ray), team=cluster("gcsFaultTolerance: {enabled: true}"))) == expected


def test_before_kuberay_1_3_the_short_form_is_all_there_is() -> None:
    old = fleet(kuberay="1.2.2", ray="2.39.0")
    (found,) = check(old, team=cluster("gcsFaultTolerance: {enabled: true}"))
    assert found.code == "OB710"
    own = 'gcsFaultTolerance: {enabled: true, redis: {address: "redis:99999"}}'
    (found,) = check(old, team=cluster(own))
    assert (found.code, found.span.column > 40) == ("OB713", True)


@pytest.mark.parametrize(
    ("address", "fires"),
    [
        ("redis:6379", False),
        ("redis://redis.other.svc.cluster.local:6379", False),
        ("rediss://10.0.0.1:6380", False),
        ("[fd00::1]:6379", False),
        ("redis", True),
        ("redis:0", True),
        ("redis:65536", True),
        ("http://redis:6379", True),
        ("redis://:secret@redis:6379", True),
        ("redis-0:6379, redis-1:6379", False),
        ("redis-0:6379,redis-1", True),
    ],
)
def test_addresses(address: str, fires: bool) -> None:
    text = cluster(f'spec: {{gcsFaultToleranceOptions: {{redisAddress: "{address}"}}}}')
    found = check(fleet(), team=text)
    assert bool(only("OB713", found)) is fires
    assert not any("secret" in each.message + each.label + "".join(each.notes) for each in found)


@pytest.mark.parametrize(
    ("head", "fires"),
    [
        ("{}", False),
        ("{numCpus: 0}", False),
        ("{numCpus: 1}", True),
        ('{rayStartParams: {num-cpus: "4"}}', True),
        ("{rayResources: {CPU: 0}}", False),
        ("{rayResources: {CPU: 2}}", True),
    ],
)
def test_a_head_that_takes_work(head: str, fires: bool) -> None:
    on = f"gcsFaultTolerance: {{enabled: true}}, head: {head}, workerGroups: {{cpu: {{replicas: 1}}}}"
    assert bool(only("OB705", check(fleet(), team=cluster(on)))) is fires
    off = f"head: {head}, workerGroups: {{cpu: {{replicas: 1}}}}"
    assert not only("OB705", check(fleet(), team=cluster(off)))


def test_passwords_are_found_and_never_repeated() -> None:
    text = """
    rayClusters:
      main:
        head: {env: {REDIS_PASSWORD: hunter2}}
        workerGroups: {cpu: {replicas: 1, rayStartParams: {redis-password: hunter2}}}
        spec: {gcsFaultToleranceOptions: {redisAddress: "redis:6379", redisPassword: {value: hunter2}}}
    """
    found = only("OB717", check(fleet(), team=text))
    assert len(found) == 3
    assert not any("hunter2" in repr(each) for each in found)


def test_a_reference_is_no_password() -> None:
    text = """
    rayClusters:
      main:
        gcsFaultTolerance:
          {enabled: true, redis: {address: "redis:6379", passwordSecret: {name: redis}}}
        workerGroups:
          cpu:
            replicas: 1
            env: {REDIS_PASSWORD: {valueFrom: {secretKeyRef: {name: redis, key: password}}}}
            rayStartParams: {redis-password: $REDIS_PASSWORD}
    """
    assert not only("OB717", check(fleet(), team=text))


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [("team.main.2", []), ("team", ["OB718"]), ("teams.main", ["OB718"]), ("team.a@b", ["OB719"])],
)
def test_storage_namespaces_in_the_platforms_redis(namespace: str, expected: list[str]) -> None:
    options = f'spec: {{gcsFaultToleranceOptions: {{externalStorageNamespace: "{namespace}"}}}}'
    text = cluster(f"gcsFaultTolerance: {{enabled: true}}, {options}")
    assert codes(check(fleet(), team=text)) == expected


def test_a_services_clusters_share_no_state_unless_it_never_upgrades() -> None:
    inner = "rayCluster: {gcsFaultTolerance: {enabled: true}%s}"
    named = ", spec: {gcsFaultToleranceOptions: {externalStorageNamespace: team.serve}}"
    service = "rayServices: {serve: {%s %s}}"
    assert check(fleet(), team=service % ("", inner % "")) == []
    assert codes(check(fleet(), team=service % ("", inner % named))) == ["OB720"]
    assert check(fleet(), team=service % ("upgradeStrategy: None,", inner % named)) == []


@pytest.mark.parametrize(
    ("address", "fires"),
    [
        ("redis.example.com:6379", True),
        ("redis.other.svc:6379", True),
        ("redis.team.svc.cluster.local:6379", False),
        ("redis:6379", False),
        ("redis.example.com:443", False),
    ],
)
def test_what_the_default_network_policy_lets_out(address: str, fires: bool) -> None:
    text = cluster(f'gcsFaultTolerance: {{enabled: true, redis: {{address: "{address}"}}}}')
    assert bool(only("OB722", check(fleet(), team=text))) is fires
    opened = fleet().replace("owners: [team-leads]", "owners: [team-leads], networkPolicy: {enabled: false}")
    assert not only("OB722", check(opened, team=text))


@pytest.mark.parametrize(
    ("text", "size"),
    [("640mb", 640 * 1024**2), ("1GB", 1024**3), ("1k", 1000), ("5m", 5 * 10**6), ("100b", 100), ("0", 0), ("x", None)],
)
def test_sizes_as_redis_reads_them(text: str, size: int | None) -> None:
    assert redis_bytes(text) == (None if size is None else Fraction(size))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("replicas: 5, sentinel: {quorum: 3}", []),
        ("replicas: 5", ["OB752"]),
        ("replicas: 1", ["OB750"]),
        ("replicas: 2, minReplicasToWrite: 1", ["OB750"]),
        ("replicas: 3, sentinel: {quorum: 3}", ["OB752"]),
        ("replicas: 3, sentinel: {quorum: 4}", ["OB751"]),
        ("minReplicasToWrite: 2", ["OB754"]),
        ("minReplicasToWrite: 3", ["OB753"]),
        ("minReplicasToWrite: 0", []),
        ("maxmemory: 768mb", []),
        ("maxmemory: 769mb", ["OB756"]),
        ("maxmemory: 1023mb", ["OB756"]),
        ("maxmemory: 1024mb", ["OB755"]),
        ("maxmemory: 3gb, resources: {limits: {memory: 4Gi}}", []),
        ("maxmemory: 3gb, resources: {limits: {memory: 4Gi}}, storage: 5Gi", ["OB757"]),
        ("enabled: false, replicas: 2, maxmemory: 9gb, config: {timeout: 5}", []),
    ],
)
def test_the_size_of_the_platforms_redis(text: str, expected: list[str]) -> None:
    assert codes(check(fleet(rest=f"redis: {{{text}}}"))) == expected


def test_the_defaults_are_the_charts() -> None:
    """The schema that the chart's values.yaml is made from says the same."""
    schema = yaml.safe_load((resources.schemas() / "values" / "redis.yaml").read_bytes())["$defs"]["redis"]
    for path, expected in DEFAULTS.items():
        node, rest = schema, list(path)
        while rest and "default" not in node["properties"][rest[0]]:
            node = node["properties"][rest.pop(0)]
        found = node["properties"][rest.pop(0)]["default"]
        for step in rest:
            found = found[step]
        assert found == expected, path
