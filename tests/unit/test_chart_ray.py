"""The ray chart: what the short form of a namespace file becomes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.helm import HelmError
from generator.schema import Versions
from tests.charts.rendering import Object, kinds, objects, one, texts

Values = dict[str, Any]
RELEASES = ("1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.2", "1.7.0")


def merged(base: Values, over: Values) -> Values:
    """``over`` on ``base``, maps deep, as Helm merges two values files."""
    return base | {
        key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in over.items()
    }


def render(values: str, *, kuberay: str = "1.6.2", platform: str = "{}") -> list[Object]:
    versions = Versions(kuberay=kuberay)
    pinned = {"global": {"versions": {"kuberay": kuberay}}}
    given = merged(merged(yaml.safe_load(platform), yaml.safe_load(values)), pinned)
    return objects("ray", given, versions=versions, namespace="team-a", release="ray-team-a")


def cluster(short: str, *, kuberay: str = "1.6.2", platform: str = "{}") -> Object:
    """The RayCluster whose short form is ``short``, called main."""
    values = yaml.safe_dump({"rayClusters": {"main": yaml.safe_load(short)}})
    return one(render(values, kuberay=kuberay, platform=platform), "RayCluster", "main")


def spec(short: str, **how: Any) -> Object:
    found: Object = cluster(short, **how)["spec"]
    return found


def head(short: str, **how: Any) -> Object:
    found: Object = spec(short, **how)["headGroupSpec"]
    return found


def group(short: str, name: str = "w", **how: Any) -> Object:
    """The worker group ``name`` of the cluster with that short form."""
    groups = [each for each in spec(short, **how)["workerGroupSpecs"] if each["groupName"] == name]
    assert len(groups) == 1
    found: Object = groups[0]
    return found


def ray_container(group: Object) -> Object:
    found: Object = group["template"]["spec"]["containers"][0]
    return found


def env(container: Object) -> Values:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env", [])}


def quantities(cpu: str, memory: str, **others: str) -> Values:
    return {"cpu": cpu, "memory": memory} | {name.replace("_", "/"): value for name, value in others.items()}


# --- a cluster that says nothing


def test_an_empty_cluster_is_a_head_that_works() -> None:
    found = spec("{}")
    assert "workerGroupSpecs" not in found
    assert "enableInTreeAutoscaling" not in found
    assert found["headGroupSpec"]["rayStartParams"] == {"dashboard-host": "0.0.0.0"}  # noqa: S104 - a value under test
    container = ray_container(found["headGroupSpec"])
    assert container["name"] == "ray-head"
    assert container["resources"] == {"requests": quantities("1", "4Gi"), "limits": quantities("1", "4Gi")}
    assert container["image"] == "docker.io/rayproject/ray:2.60.0"
    assert found["rayVersion"] == "2.60.0"


def test_nothing_renders_nothing() -> None:
    assert render("{}") == []
    assert render("rayClusters: {}\nrayJobs: {}\nrayServices: {}") == []


@pytest.mark.parametrize("name", ["main", "y", "on", "null", "true"])
def test_metadata_of_every_object(name: str) -> None:
    found = one(render(f'rayClusters: {{"{name}": {{labels: {{a: b}}, annotations: {{c: d}}}}}}'), "RayCluster")
    assert list(found)[:3] == ["apiVersion", "kind", "metadata"]
    assert list(found["metadata"])[:4] == ["name", "namespace", "labels", "annotations"]
    assert found["metadata"]["name"] == name
    assert found["metadata"]["namespace"] == "team-a"
    assert found["metadata"]["labels"] == {
        "app.kubernetes.io/name": "ray",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/part-of": "oneblock",
        "app.kubernetes.io/managed-by": "Helm",
        "a": "b",
    }
    assert found["metadata"]["annotations"] == {"kustomize.toolkit.fluxcd.io/substitute": "disabled", "c": "d"}


def test_our_labels_cannot_be_taken_over() -> None:
    found = cluster("{labels: {app.kubernetes.io/instance: other}, annotations: {kustomize.toolkit.fluxcd.io/substitute: enabled}}")
    assert found["metadata"]["labels"]["app.kubernetes.io/instance"] == "main"
    assert found["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"


# --- profiles

PROFILES = """
global:
  profiles:
    small:
      autoscaling: {enabled: true, idleTimeoutSeconds: 60}
      head: {cpu: 2, memory: 8Gi, nodeSelector: {pool: ray}, template: {spec: {hostname: h, containers: [{name: side, image: s}]}}}
      workerGroups: {w: {minReplicas: 1, maxReplicas: 4, cpu: 2, memory: 8Gi}, x: {maxReplicas: 3}}
"""


def test_a_profile_lies_under_the_cluster() -> None:
    found = spec("{profile: small, head: {memory: 16Gi}, workerGroups: {w: {maxReplicas: 9}}}", platform=PROFILES)
    assert ray_container(found["headGroupSpec"])["resources"]["requests"] == quantities("2", "16Gi")
    groups = {each["groupName"]: each for each in found["workerGroupSpecs"]}
    assert sorted(groups) == ["w", "x"]
    assert (groups["w"]["minReplicas"], groups["w"]["maxReplicas"]) == (1, 9)


@pytest.mark.parametrize(
    ("short", "there", "idle", "minimum"),
    [
        ("{profile: small}", True, 60, 1),
        ("{profile: small, autoscaling: {enabled: false}}", False, None, 1),
        ("{profile: small, autoscaling: {idleTimeoutSeconds: 0}}", True, 0, 1),
        ("{profile: small, workerGroups: {w: {minReplicas: 0}}}", True, 60, 0),
    ],
)
def test_false_and_0_win_over_a_profile(short: str, there: bool, idle: int | None, minimum: int) -> None:
    found = spec(short, platform=PROFILES)
    assert found.get("enableInTreeAutoscaling", False) is there
    assert found.get("autoscalerOptions", {}).get("idleTimeoutSeconds") == idle
    assert found["workerGroupSpecs"][0]["minReplicas"] == minimum


def test_null_takes_away_what_a_profile_has() -> None:
    values = {"global": yaml.safe_load(PROFILES)["global"]}
    values["global"]["profiles"]["small"]["workerGroups"]["x"]["env"] = {"A": "1", "B": "2"}
    short = {"profile": "small", "workerGroups": {"w": None, "x": {"env": {"A": None}}}}
    # Through the engine as it is: the schema of a values file has no null, an editor's fleet may.
    found = one(objects("ray", values | {"rayClusters": {"main": short}}, namespace="team-a"), "RayCluster")
    assert [each["groupName"] for each in found["spec"]["workerGroupSpecs"]] == ["x"]
    assert env(ray_container(found["spec"]["workerGroupSpecs"][0])) == {"B": "2", "RAY_gcs_rpc_server_reconnect_timeout_s": "600"}


def test_clusters_of_one_profile_do_not_change_each_other() -> None:
    alone = "c: {profile: small, head: {labels: {c: c}}}"
    others = """
    a: {profile: small, head: {nodeSelector: {a: a}, template: {spec: {hostname: a, containers: [{name: side, image: a}]}}}}
    b: {profile: small, spec: {headGroupSpec: {template: {spec: {hostname: b, nodeSelector: {b: b}}}}}}
    """
    together = render(f"rayClusters:\n    {alone}{others}", platform=PROFILES)
    assert one(together, "RayCluster", "c") == one(render(f"rayClusters: {{{alone}}}", platform=PROFILES), "RayCluster", "c")
    pods = {each["metadata"]["name"]: each["spec"]["headGroupSpec"]["template"]["spec"] for each in together}
    assert pods["a"]["nodeSelector"] == {"pool": "ray", "a": "a"}
    assert pods["b"]["nodeSelector"] == {"pool": "ray", "b": "b"}
    assert [pods[name]["containers"][1]["image"] for name in "abc"] == ["a", "s", "s"]
    assert [pods[name]["hostname"] for name in "abc"] == ["a", "b", "h"]


def test_the_built_in_profile() -> None:
    found = spec("{profile: default}")
    assert found["enableInTreeAutoscaling"] is True
    assert found["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    workers = found["workerGroupSpecs"]
    assert [(each["groupName"], each["minReplicas"], each["maxReplicas"]) for each in workers] == [("workers", 0, 10)]
    assert ray_container(workers[0])["resources"]["limits"] == quantities("2", "8Gi")


@pytest.mark.parametrize(
    ("short", "message"),
    [
        ("{profile: nope}", 'RayCluster main: no profile "nope"; there are: default, small'),
        ("{head: {nodes: nope}}", 'RayCluster main: no node shape "nope"; there are: none'),
    ],
)
def test_what_cannot_be_rendered_says_why(short: str, message: str) -> None:
    with pytest.raises(HelmError, match=message):
        cluster(short, platform=PROFILES)


# --- resources


@pytest.mark.parametrize(
    ("short", "requests", "limits"),
    [
        ("{cpu: 4, memory: 16Gi}", quantities("4", "16Gi"), quantities("4", "16Gi")),
        ("{cpu: 500m}", quantities("500m", "4Gi"), quantities("500m", "4Gi")),
        ("{cpu: 0.5, memory: 4294967296}", quantities("0.5", "4294967296"), quantities("0.5", "4294967296")),
        ("{cpu: 1, gpu: 2}", quantities("1", "4Gi", nvidia_x="2"), quantities("1", "4Gi", nvidia_x="2")),
        ("{cpu: 1, gpu: 0}", quantities("1", "4Gi"), quantities("1", "4Gi")),
        ("{cpu: 2, resources: {limits: {cpu: 4}}}", quantities("2", "4Gi"), quantities("4", "4Gi")),
        ("{resources: {limits: {cpu: 300m}}}", quantities("300m", "4Gi"), quantities("300m", "4Gi")),
        ("{resources: {requests: {cpu: 3}}}", quantities("3", "4Gi"), quantities("3", "4Gi")),
        ("{cpu: 1, resources: {requests: {cpu: 3}, limits: {cpu: 6}}}", quantities("3", "4Gi"), quantities("6", "4Gi")),
        (
            "{resources: {requests: {storage: 10Gi, gpu: 1, rdma/hca: 1}}}",
            quantities("1", "4Gi", nvidia_x="1", rdma_hca="1") | {"ephemeral-storage": "10Gi"},
            quantities("1", "4Gi", nvidia_x="1", rdma_hca="1") | {"ephemeral-storage": "10Gi"},
        ),
    ],
)
@pytest.mark.parametrize("where", ["head", "worker"])
def test_limits_follow_requests(short: str, requests: Values, limits: Values, where: str) -> None:
    found = head(f"head: {short}") if where == "head" else group(f"workerGroups: {{w: {short}}}")
    named = [{"nvidia.com/gpu" if name == "nvidia/x" else name: value for name, value in each.items()} for each in (requests, limits)]
    assert ray_container(found)["resources"] == {"requests": named[0], "limits": named[1]}


def test_a_limit_can_be_taken_away() -> None:
    values = {"rayClusters": {"main": {"head": {"cpu": 2, "resources": {"limits": {"cpu": None}}}}}}
    found = one(objects("ray", values, namespace="team-a"), "RayCluster")
    assert ray_container(found["spec"]["headGroupSpec"])["resources"] == {"requests": quantities("2", "4Gi"), "limits": {"memory": "4Gi"}}


NODES = """
global:
  nodes:
    a100: {count: 4, cpu: 96, memory: 1Ti, gpu: 8, labels: {pool: a100}, taints: ["nvidia.com/gpu=present:NoSchedule", "spot:NoExecute"]}
    tpu: {count: 1, cpu: 8, memory: 64Gi, gpu: 4, gpuResource: google.com/tpu}
"""


def test_a_node_shape_selects_its_nodes() -> None:
    toleration = "{key: own, operator: Exists}"
    pod = group(f"workerGroups: {{w: {{nodes: a100, nodeSelector: {{zone: z}}, tolerations: [{toleration}]}}}}", platform=NODES)
    assert pod["template"]["spec"]["nodeSelector"] == {"pool": "a100", "zone": "z"}
    assert pod["template"]["spec"]["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists", "effect": "NoExecute"},
        {"key": "own", "operator": "Exists"},
    ]


def test_a_node_shape_names_its_accelerator() -> None:
    container = ray_container(head("head: {nodes: tpu, gpu: 4, resources: {limits: {gpu: 4}}}", platform=NODES))
    assert container["resources"]["limits"] == quantities("1", "4Gi") | {"google.com/tpu": "4"}


# --- head and workers


def test_the_head() -> None:
    found = head("{workerGroups: {w: {}}}")
    assert found["serviceType"] == "ClusterIP"
    container = ray_container(found)
    assert {each["name"]: each["containerPort"] for each in container["ports"]} == {
        "gcs": 6379,
        "client": 10001,
        "dashboard": 8265,
        "serve": 8000,
        "metrics": 8080,
    }
    assert {each["protocol"] for each in container["ports"]} == {"TCP"}
    assert "lifecycle" not in container


def test_a_worker() -> None:
    found = group("{workerGroups: {w: {env: {A: x, B: {valueFrom: {fieldRef: {fieldPath: metadata.name}}}}}}}")
    container = ray_container(found)
    assert container["name"] == "ray-worker"
    assert container["lifecycle"] == {"preStop": {"exec": {"command": ["/bin/sh", "-c", "ray stop"]}}}
    assert "ports" not in container
    assert env(container) == {
        "A": "x",
        "B": {"fieldRef": {"fieldPath": "metadata.name"}},
        "RAY_gcs_rpc_server_reconnect_timeout_s": "600",
    }
    assert found["rayStartParams"] == {}


def test_the_users_environment_wins() -> None:
    container = ray_container(group("{workerGroups: {w: {env: {RAY_gcs_rpc_server_reconnect_timeout_s: '60'}}}}"))
    assert env(container) == {"RAY_gcs_rpc_server_reconnect_timeout_s": "60"}


@pytest.mark.parametrize(
    ("short", "cpus"),
    [
        ("{}", None),
        ("{workerGroups: {w: {}}}", "0"),
        ("{spec: {workerGroupSpecs: [{groupName: w, template: {}}]}}", "0"),
        ("{head: {numCpus: 2}, workerGroups: {w: {}}}", "2"),
        ("{head: {numCpus: 0}}", "0"),
        ("{head: {rayStartParams: {num-cpus: '3'}}, workerGroups: {w: {}}}", "3"),
        ("{head: {rayResources: {CPU: 5}}, workerGroups: {w: {}}}", None),
    ],
)
def test_cpus_of_the_head(short: str, cpus: str | None) -> None:
    assert head(short)["rayStartParams"].get("num-cpus") == cpus


def test_ray_resources_are_said_in_one_way() -> None:
    """KubeRay validation.go: group resources exclude num-cpus and its like in rayStartParams."""
    found = head("{head: {rayResources: {accelerator: 4}}, workerGroups: {w: {}}}")
    assert found["resources"] == {"accelerator": "4", "CPU": "0"}
    assert "num-cpus" not in found["rayStartParams"]


def test_ray_resources_before_kuberay_1_5() -> None:
    found = group("{workerGroups: {w: {rayResources: {CPU: 3, GPU: 1, memory: 1000000000, acc: 4}}}}", kuberay="1.4.2")
    assert "resources" not in found
    assert found["rayStartParams"] == {"num-cpus": "3", "num-gpus": "1", "memory": "1000000000", "resources": """'{"acc": 4}'"""}


@pytest.mark.parametrize(("kuberay", "there"), [("1.5.2", True), ("1.6.2", True)])
def test_ray_labels(kuberay: str, there: bool) -> None:
    found = group("{workerGroups: {w: {rayLabels: {ray.io/market-type: spot}}}}", kuberay=kuberay)
    assert found.get("labels") == ({"ray.io/market-type": "spot"} if there else None)


@pytest.mark.parametrize(
    ("given", "autoscaling", "own_crds", "expected"),
    [
        ("{}", True, True, (0, 10, None)),
        ("{minReplicas: 2, maxReplicas: 4}", True, True, (2, 4, None)),
        ("{minReplicas: 20}", True, True, (20, 20, None)),
        ("{replicas: 12}", True, True, (0, 12, None)),
        ("{minReplicas: 0, maxReplicas: 0}", True, True, (0, 0, None)),
        ("{minReplicas: 2, maxReplicas: 4}", True, False, (2, 4, 2)),
        ("{replicas: 3, maxReplicas: 4}", True, False, (0, 4, 0)),
        ("{}", False, True, (1, 1, 1)),
        ("{replicas: 3}", False, True, (3, 3, 3)),
        ("{replicas: 0}", False, True, (0, 0, 0)),
        ("{minReplicas: 2}", False, True, (2, 2, 2)),
        ("{minReplicas: 0}", False, True, (0, 0, 0)),
        ("{replicas: 3, minReplicas: 1}", False, True, (1, 3, 3)),
        ("{replicas: 3, minReplicas: 5}", False, True, (5, 5, 3)),
        ("{replicas: 3, maxReplicas: 9}", False, False, (3, 9, 3)),
    ],
)
def test_how_many_workers(given: str, autoscaling: bool, own_crds: bool, expected: tuple[int, int, int | None]) -> None:
    platform = f"crds: {{enabled: {str(own_crds).lower()}}}"
    found = group(f"{{autoscaling: {{enabled: {str(autoscaling).lower()}}}, workerGroups: {{w: {given}}}}}", platform=platform)
    assert (found["minReplicas"], found["maxReplicas"], found.get("replicas")) == expected


@pytest.mark.parametrize(("kuberay", "defaults"), [("1.2.2", {"numOfHosts": 1}), ("1.7.0", {"numOfHosts": 1, "priority": 0})])
@pytest.mark.parametrize("short", ["{workerGroups: {w: {}}}", "{spec: {workerGroupSpecs: [{groupName: w, template: {}}]}}"])
def test_crd_defaults_inside_lists_are_written_out(kuberay: str, defaults: Values, short: str) -> None:
    found = group(short, kuberay=kuberay)
    assert {key: found.get(key) for key in ("numOfHosts", "priority") if key in found} == defaults


def test_everything_a_worker_group_can_say() -> None:
    short = """
    autoscaling: {enabled: true, version: v2}
    workerGroups:
      w: {numOfHosts: 4, idleTimeoutSeconds: 0, priority: 7, suspend: false, removeWorkers: [main-w-worker-abcde], labels: {a: b}, annotations: {c: d}}
    """
    found = group(short, kuberay="1.7.0")
    assert {key: found[key] for key in ("numOfHosts", "idleTimeoutSeconds", "priority", "suspend", "scaleStrategy")} == {
        "numOfHosts": 4,
        "idleTimeoutSeconds": 0,
        "priority": 7,
        "suspend": False,
        "scaleStrategy": {"workersToDelete": ["main-w-worker-abcde"]},
    }
    assert found["template"]["metadata"]["labels"]["a"] == "b"
    assert found["template"]["metadata"]["annotations"]["c"] == "d"


def test_image_of_group_cluster_platform() -> None:
    platform = "global: {ray: {image: {repository: r.example/ray, tag: '3', pullPolicy: Always}}, imagePullSecrets: [one]}"
    found = spec("{image: of/cluster:1, workerGroups: {w: {image: of/group:1}, x: {}}}", platform=platform)
    images = {each["groupName"]: ray_container(each)["image"] for each in found["workerGroupSpecs"]}
    assert images == {"w": "of/group:1", "x": "of/cluster:1"}
    container = ray_container(head("{}", platform=platform))
    assert (container["image"], container["imagePullPolicy"]) == ("r.example/ray:3", "Always")
    assert head("{}", platform=platform)["template"]["spec"]["imagePullSecrets"] == [{"name": "one"}]
    digest = "sha256:" + "0" * 64
    found = head("{}", platform=f"global: {{ray: {{image: {{repository: r.example/ray, digest: '{digest}'}}}}}}")
    assert ray_container(found)["image"] == f"r.example/ray@{digest}"


# --- autoscaling


def test_the_autoscaler() -> None:
    found = spec("{autoscaling: {enabled: true, idleTimeoutSeconds: 5, upscalingMode: Conservative, version: v2, cpu: 1, memory: 1Gi}}")
    options = found["autoscalerOptions"]
    assert options.pop("securityContext")["allowPrivilegeEscalation"] is False
    assert options == {
        "idleTimeoutSeconds": 5,
        "upscalingMode": "Conservative",
        "version": "v2",
        "resources": {"requests": quantities("1", "1Gi"), "limits": quantities("1", "1Gi")},
    }


def test_the_autoscalers_resources_are_said() -> None:
    options = spec("{autoscaling: {enabled: true}}")["autoscalerOptions"]
    assert options["resources"] == {"requests": quantities("500m", "512Mi"), "limits": quantities("500m", "512Mi")}


@pytest.mark.parametrize(("version", "value"), [("v2", "1"), ("v1", "0")])
def test_the_autoscalers_version_before_kuberay_1_4(version: str, value: str) -> None:
    found = spec(f"{{autoscaling: {{enabled: true, version: {version}}}, workerGroups: {{w: {{}}}}}}", kuberay="1.3.2")
    assert "version" not in found["autoscalerOptions"]
    assert env(ray_container(found["headGroupSpec"]))["RAY_enable_autoscaler_v2"] == value
    policy = "Never" if version == "v2" else None
    assert found["headGroupSpec"]["template"]["spec"].get("restartPolicy") == policy
    assert found["workerGroupSpecs"][0]["template"]["spec"].get("restartPolicy") == policy


# --- GCS fault tolerance

ON = "global: {gcsFaultTolerance: {enabled: true}, profiles: {p: {gcsFaultTolerance: {enabled: true}}, q: {gcsFaultTolerance: {enabled: false}}}}"


@pytest.mark.parametrize(
    ("short", "platform", "on"),
    [
        ("{}", "{}", False),
        ("{}", ON, True),
        ("{profile: q}", ON, False),
        ("{gcsFaultTolerance: {enabled: false}}", ON, False),
        ("{profile: q, gcsFaultTolerance: {enabled: true}}", ON, True),
        ("{profile: p, gcsFaultTolerance: {disable: true, acknowledgement: lost}}", ON, False),
        ("{gcsFaultTolerance: {enabled: true}}", "{}", True),
    ],
)
def test_who_has_gcs_fault_tolerance(short: str, platform: str, on: bool) -> None:
    found = spec(short, platform=platform)
    assert ("gcsFaultToleranceOptions" in found) is on
    assert ("RAY_redis_db_connect_retries" in env(ray_container(found["headGroupSpec"]))) is on


def test_the_platforms_redis() -> None:
    platform = "global: {systemNamespace: sys, clusterDomain: k8s.example}"
    assert spec("{gcsFaultTolerance: {enabled: true, generation: 3}}", platform=platform)["gcsFaultToleranceOptions"] == {
        "redisAddress": "oneblock-redis-sentinel.sys.svc.k8s.example:26379",
        "redisUsername": {"value": "team-a"},
        "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "oneblock-redis", "key": "password"}}},
        "externalStorageNamespace": "team-a.main.3",
    }


def test_a_redis_of_ones_own() -> None:
    redis = "{address: 'rediss://r:6380', username: u, passwordSecret: {name: s, key: k}}"
    assert spec(f"{{gcsFaultTolerance: {{enabled: true, redis: {redis}}}}}")["gcsFaultToleranceOptions"] == {
        "redisAddress": "rediss://r:6380",
        "redisUsername": {"value": "u"},
        "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        "externalStorageNamespace": "team-a.main.1",
    }
    assert spec("{gcsFaultTolerance: {enabled: true, redis: {address: 'r:6379'}}}")["gcsFaultToleranceOptions"] == {
        "redisAddress": "r:6379",
        "externalStorageNamespace": "team-a.main.1",
    }


def test_gcs_fault_tolerance_before_kuberay_1_3() -> None:
    found = cluster("{gcsFaultTolerance: {enabled: true}}", kuberay="1.2.2")
    assert found["metadata"]["annotations"]["ray.io/ft-enabled"] == "true"
    assert found["metadata"]["annotations"]["ray.io/external-storage-namespace"] == "team-a.main.1"
    assert "gcsFaultToleranceOptions" not in found["spec"]
    assert found["spec"]["headGroupSpec"]["rayStartParams"] == {
        "dashboard-host": "0.0.0.0",  # noqa: S104 - a value under test
        "redis-username": "$REDIS_USERNAME",
        "redis-password": "$REDIS_PASSWORD",
    }
    assert env(ray_container(found["spec"]["headGroupSpec"])) == {
        "RAY_REDIS_ADDRESS": "oneblock-redis-sentinel.oneblock-system.svc.cluster.local:26379",
        "REDIS_USERNAME": "team-a",
        "REDIS_PASSWORD": {"secretKeyRef": {"name": "oneblock-redis", "key": "password"}},
        "RAY_redis_db_connect_retries": "20",
    }


# --- queue, priority, upgrades, suspend


def test_queue_and_priority_are_labels() -> None:
    values = """
    rayClusters: {a: {queue: research, priorityClassName: urgent}}
    rayJobs: {b: {entrypoint: x, queue: research, priorityClassName: urgent, rayCluster: {queue: other}}}
    rayServices: {c: {rayCluster: {queue: research, priorityClassName: urgent, labels: {l: m}, annotations: {n: o}}}}
    """
    found = render(values)
    for each in found:
        assert each["metadata"]["labels"]["volcano.sh/queue-name"] == "research"
        assert each["metadata"]["labels"]["ray.io/priority-class-name"] == "urgent"
    assert one(found, "RayService")["metadata"]["labels"]["l"] == "m"
    assert one(found, "RayService")["metadata"]["annotations"]["n"] == "o"
    heads = [
        one(found, "RayCluster")["spec"]["headGroupSpec"],
        one(found, "RayJob")["spec"]["rayClusterSpec"]["headGroupSpec"],
        one(found, "RayService")["spec"]["rayClusterConfig"]["headGroupSpec"],
    ]
    assert [each["template"]["spec"]["priorityClassName"] for each in heads] == ["urgent"] * 3


def test_the_upgrade_strategy_is_always_said() -> None:
    assert spec("{}")["upgradeStrategy"] == {"type": "None"}
    assert spec("{upgradeStrategy: Recreate}")["upgradeStrategy"] == {"type": "Recreate"}
    assert "upgradeStrategy" not in spec("{}", kuberay="1.5.2")


def test_suspend_only_where_it_is_said() -> None:
    assert "suspend" not in spec("{}")
    assert spec("{suspend: false}")["suspend"] is False
    assert spec("{suspend: true}")["suspend"] is True


# --- template and spec


def test_a_template_lies_over_the_pod() -> None:
    short = """
    head:
      env: {A: one, B: two}
      tolerations: [{key: a, operator: Exists}]
      template:
        metadata: {labels: {x: y}}
        spec:
          runtimeClassName: gvisor
          securityContext: {runAsUser: 1000660000}
          tolerations: [{key: b, operator: Exists}]
          volumes: [{name: cache, emptyDir: {}}]
          initContainers: [{name: first, image: i}]
          containers:
            - {name: side, image: s, resources: {limits: {cpu: 1}}}
            - name: ray-head
              env: [{name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: C, value: three}]
              ports: [{name: serve, containerPort: 9000}, {name: debug, containerPort: 1}]
              volumeMounts: [{name: cache, mountPath: /cache}]
              resources: {limits: {cpu: 8}}
    code: {files: {a.py: x}}
    """
    template = head(short)["template"]
    pod = template["spec"]
    assert template["metadata"]["labels"]["x"] == "y"
    assert template["metadata"]["labels"]["app.kubernetes.io/instance"] == "main"
    assert pod["runtimeClassName"] == "gvisor"
    assert pod["securityContext"] == {"runAsUser": 1000660000}
    assert pod["tolerations"] == [{"key": "b", "operator": "Exists"}]
    assert [each["name"] for each in pod["volumes"]] == ["code", "cache"]
    assert pod["initContainers"] == [{"name": "first", "image": "i"}]
    ray, side = pod["containers"]
    assert (ray["name"], side["name"]) == ("ray-head", "side")
    assert side["resources"] == {"limits": {"cpu": 1}}
    assert ray["env"] == [
        {"name": "A", "value": "one"},
        {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "C", "value": "three"},
    ]
    ports = {each["name"]: each for each in ray["ports"]}
    assert ports["serve"] == {"name": "serve", "containerPort": 9000, "protocol": "TCP"}
    assert "debug" in ports
    assert [each["mountPath"] for each in ray["volumeMounts"]] == ["/home/ray/code", "/cache"]
    assert ray["resources"] == {"requests": quantities("1", "4Gi"), "limits": {"cpu": 8, "memory": "4Gi"}}


def test_spec_lies_over_everything() -> None:
    short = """
    workerGroups: {w: {replicas: 2, cpu: 2}}
    spec:
      rayVersion: 2.50.0
      headServiceAnnotations: {a: b}
      headGroupSpec: {headService: {metadata: {name: s}}, rayStartParams: {num-cpus: "1"}}
      workerGroupSpecs:
        - {groupName: more, replicas: 1, rayStartParams: {}, template: {spec: {containers: [{name: c, image: i}]}}}
        - {groupName: w, maxReplicas: 7, template: {spec: {containers: [{name: ray-worker, image: other}]}}}
    """
    found = spec(short)
    assert found["rayVersion"] == "2.50.0"
    assert found["headServiceAnnotations"] == {"a": "b"}
    assert found["headGroupSpec"]["rayStartParams"] == {"dashboard-host": "0.0.0.0", "num-cpus": "1"}  # noqa: S104
    assert found["headGroupSpec"]["serviceType"] == "ClusterIP"
    assert [each["groupName"] for each in found["workerGroupSpecs"]] == ["w", "more"]
    first, second = found["workerGroupSpecs"]
    assert (first["replicas"], first["minReplicas"], first["maxReplicas"]) == (2, 2, 7)
    assert ray_container(first)["image"] == "other"
    assert ray_container(first)["resources"]["requests"]["cpu"] == "2"
    assert second["numOfHosts"] == 1


def test_an_empty_overlay_changes_nothing() -> None:
    plain = spec("{head: {env: {A: b}}, workerGroups: {w: {gpu: 1}}}")
    assert spec("{head: {env: {A: b}, template: {metadata: {labels: {}}}}, workerGroups: {w: {gpu: 1}}, spec: {rayVersion: 2.60.0}}") == plain


# --- Pod Security, API tokens


def containers(found: list[Object]) -> list[Object]:
    """Every container written anywhere."""
    result: list[Object] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            result.extend(each for key in ("containers", "initContainers") for each in node.get(key, []))
            result.extend([node["autoscalerOptions"]] if "autoscalerOptions" in node else [])
        for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(each)

    walk(found)
    return result


WORKLOADS = """
rayClusters: {a: {autoscaling: {enabled: true}, workerGroups: {w: {}}}}
rayJobs: {b: {entrypoint: x, rayCluster: {profile: default}}, c: {entrypoint: x, cluster: a}}
rayServices: {d: {rayCluster: {}}}
"""


def test_pods_are_what_baseline_asks_for() -> None:
    found = containers(render(WORKLOADS))
    assert len(found) == 7
    for each in found:
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def test_pods_of_a_restricted_namespace() -> None:
    platform = "global: {namespaces: {team-a: {podSecurity: restricted}}, imagePullSecrets: [s]}"
    objects = render(WORKLOADS, platform=platform)
    for each in containers(objects):
        assert each["securityContext"]["runAsNonRoot"] is True
    for name in ("b", "c"):
        pod = one(objects, "RayJob", name)["spec"]["submitterPodTemplate"]["spec"]
        assert pod["containers"][0]["image"] == "docker.io/rayproject/ray:2.60.0"
        assert pod["containers"][0]["resources"]["limits"] == quantities("1", "1Gi")
        assert (pod["restartPolicy"], pod["imagePullSecrets"]) == ("Never", [{"name": "s"}])
    assert not any("submitterPodTemplate" in each["spec"] for each in render(WORKLOADS) if each["kind"] == "RayJob")


@pytest.mark.parametrize(
    ("short", "on_head", "on_worker"),
    [
        ("{workerGroups: {w: {}}}", False, False),
        ("{autoscaling: {enabled: true}, workerGroups: {w: {}}}", None, False),
        ("{head: {serviceAccountName: a}, workerGroups: {w: {serviceAccountName: b}}}", None, None),
    ],
)
def test_who_gets_an_api_token(short: str, on_head: bool | None, on_worker: bool | None) -> None:
    found = spec(short)
    assert found["headGroupSpec"]["template"]["spec"].get("automountServiceAccountToken") is on_head
    assert found["workerGroupSpecs"][0]["template"]["spec"].get("automountServiceAccountToken") is on_worker


# --- jobs and services


def test_a_job_with_a_cluster_of_its_own() -> None:
    job = one(render("rayJobs: {b: {entrypoint: python a.py, rayCluster: {}}}"), "RayJob")["spec"]
    assert job.pop("rayClusterSpec")["headGroupSpec"]["template"]["spec"]["containers"][0]["name"] == "ray-head"
    assert job == {"entrypoint": "python a.py", "submissionMode": "K8sJobMode", "shutdownAfterJobFinishes": True}


def test_a_job_on_a_cluster() -> None:
    job = one(render("rayJobs: {b: {entrypoint: python a.py, cluster: main}}"), "RayJob")["spec"]
    assert job == {"entrypoint": "python a.py", "submissionMode": "K8sJobMode", "clusterSelector": {"ray.io/cluster": "main"}}


def test_everything_a_job_can_say() -> None:
    values = """
    rayJobs:
      b:
        entrypoint: "python a.py --name 'x y'"
        rayCluster: {}
        submissionMode: HTTPMode
        runtimeEnv: {pip: ["torch==2.8.0"], env_vars: {EPOCHS: "3"}}
        entrypointNumCpus: 0.5
        entrypointNumGpus: 0
        metadata: {owner: "1"}
        shutdownAfterJobFinishes: false
        ttlSecondsAfterFinished: 0
        activeDeadlineSeconds: 1000000
        backoffLimit: 2
        suspend: false
        spec: {jobId: j, rayClusterSpec: {rayVersion: 2.50.0}}
    """
    job = one(render(values), "RayJob")["spec"]
    assert yaml.safe_load(job.pop("runtimeEnvYAML")) == {"pip": ["torch==2.8.0"], "env_vars": {"EPOCHS": "3"}}
    assert job.pop("rayClusterSpec")["rayVersion"] == "2.50.0"
    assert job == {
        "entrypoint": "python a.py --name 'x y'",
        "submissionMode": "HTTPMode",
        "entrypointNumCpus": 0.5,
        "entrypointNumGpus": 0,
        "metadata": {"owner": "1"},
        "shutdownAfterJobFinishes": False,
        "ttlSecondsAfterFinished": 0,
        "activeDeadlineSeconds": 1000000,
        "backoffLimit": 2,
        "suspend": False,
        "jobId": "j",
    }


def test_deletion_rules_take_the_place_of_the_shutdown() -> None:
    """KubeRay validation.go: deletionRules exclude shutdownAfterJobFinishes."""
    rules = "{deletionRules: [{policy: DeleteCluster, condition: {jobStatus: SUCCEEDED}}]}"
    job = one(render(f"rayJobs: {{b: {{entrypoint: x, rayCluster: {{}}, spec: {{deletionStrategy: {rules}}}}}}}"), "RayJob")["spec"]
    assert "shutdownAfterJobFinishes" not in job


@pytest.mark.parametrize("text", ["pip: [a]\n", "# only a comment\nworking_dir: s3://x\n\n"])
def test_a_runtime_environment_as_text_stays_that_text(text: str) -> None:
    values = yaml.safe_dump({"rayJobs": {"b": {"entrypoint": "x", "cluster": "a", "runtimeEnv": text}}})
    assert one(render(values), "RayJob")["spec"]["runtimeEnvYAML"] == text


def test_a_job_by_the_clock() -> None:
    values = "rayJobs: {b: {entrypoint: x, cluster: a, schedule: '0 3 * * *', suspend: true, timeZone: Europe/Berlin, labels: {l: m}}}"
    found = one(render(values, kuberay="1.7.0"), "RayCronJob")
    assert found["metadata"]["labels"]["l"] == "m"
    assert found["spec"] == {
        "schedule": "0 3 * * *",
        "timeZone": "Europe/Berlin",
        "suspend": True,
        "jobTemplate": {"entrypoint": "x", "submissionMode": "K8sJobMode", "clusterSelector": {"ray.io/cluster": "a"}},
    }


@pytest.mark.parametrize(
    ("job", "kuberay", "message"),
    [
        ("{entrypoint: x, cluster: a, schedule: '* * * * *'}", "1.5.2", "RayJob b: schedule needs KubeRay 1.6"),
        ("{entrypoint: x, cluster: a, schedule: '* * * * *', queue: q}", "1.6.2", "RayJob b: a scheduled job cannot have a queue"),
        ("{entrypoint: x, cluster: a, code: {files: {a: b}}}", "1.6.2", "RayJob b: code needs a rayCluster of its own"),
    ],
)
def test_jobs_that_cannot_be(job: str, kuberay: str, message: str) -> None:
    with pytest.raises(HelmError, match=message):
        render(f"rayJobs: {{b: {job}}}", kuberay=kuberay)


def test_a_service() -> None:
    values = """
    rayServices:
      c:
        serveConfig: {applications: [{name: app, import_path: "app:graph"}]}
        rayCluster: {gcsFaultTolerance: {enabled: true}}
        spec: {serveService: {metadata: {name: s}}}
    """
    found = one(render(values), "RayService")["spec"]
    assert yaml.safe_load(found["serveConfigV2"]) == {"applications": [{"name": "app", "import_path": "app:graph"}]}
    assert found["upgradeStrategy"] == {"type": "NewCluster"}
    assert found["serveService"] == {"metadata": {"name": "s"}}
    # The clusters of one service live side by side while it upgrades: they may not share state.
    assert "externalStorageNamespace" not in found["rayClusterConfig"]["gcsFaultToleranceOptions"]
    assert "upgradeStrategy" not in found["rayClusterConfig"]
    assert "upgradeStrategy" not in one(render(values, kuberay="1.2.2"), "RayService")["spec"]


# --- what stands beside


def test_code_on_the_head() -> None:
    values = """
    rayClusters: {main: {code: {files: {a.py: x}}, workerGroups: {w: {}}}}
    rayJobs: {main: {entrypoint: x, rayCluster: {}, code: {mountPath: /src, files: {b.py: y}}}}
    rayServices: {main: {rayCluster: {code: {files: {c.py: z}}}}}
    """
    found = render(values)
    maps = {each["metadata"]["name"]: each["data"] for each in found if each["kind"] == "ConfigMap"}
    assert maps == {"main-code": {"a.py": "x"}, "main.rayjob-code": {"b.py": "y"}, "main.rayservice-code": {"c.py": "z"}}
    spec = one(found, "RayCluster")["spec"]
    assert ray_container(spec["headGroupSpec"])["volumeMounts"] == [{"name": "code", "mountPath": "/home/ray/code", "readOnly": True}]
    assert spec["headGroupSpec"]["template"]["spec"]["volumes"] == [{"name": "code", "configMap": {"name": "main-code"}}]
    assert "volumes" not in spec["workerGroupSpecs"][0]["template"]["spec"]
    job = one(found, "RayJob")["spec"]["rayClusterSpec"]["headGroupSpec"]
    assert ray_container(job)["volumeMounts"][0]["mountPath"] == "/src"
    assert job["template"]["spec"]["volumes"][0]["configMap"]["name"] == "main.rayjob-code"


@pytest.mark.parametrize("shared", [False, True])
def test_logs(shared: bool) -> None:
    mode = "ReadWriteMany" if shared else "ReadWriteOnce"
    values = f"""
    rayClusters:
      main: {{logs: {{size: 20Gi, storageClass: fast, accessMode: {mode}}}, autoscaling: {{enabled: true}}, workerGroups: {{w: {{}}}}}}
    """
    found = render(values)
    assert one(found, "PersistentVolumeClaim", "main-logs")["spec"] == {
        "accessModes": [mode],
        "resources": {"requests": {"storage": "20Gi"}},
        "storageClassName": "fast",
    }
    spec = one(found, "RayCluster")["spec"]
    mount = {"name": "logs", "mountPath": "/tmp/ray"} | ({"subPathExpr": "$(POD_NAME)"} if shared else {})  # noqa: S108
    for group, mounted in ((spec["headGroupSpec"], True), (spec["workerGroupSpecs"][0], shared)):
        pod = group["template"]["spec"]
        container = pod["containers"][0]
        assert container.get("volumeMounts") == ([mount] if mounted else None)
        assert ("POD_NAME" in env(container)) is shared
        assert pod.get("securityContext") == ({"fsGroup": 1000, "fsGroupChangePolicy": "OnRootMismatch"} if mounted else None)
        volume = {"name": "logs", "persistentVolumeClaim": {"claimName": "main-logs"}}
        assert pod.get("volumes") == ([volume] if mounted else None)
    assert spec["autoscalerOptions"]["volumeMounts"] == [mount]
    assert ("env" in spec["autoscalerOptions"]) is shared


def test_logs_keep_the_default_storage_class() -> None:
    found = one(render("rayClusters: {main: {logs: {size: 1Gi}}}"), "PersistentVolumeClaim")
    assert "storageClassName" not in found["spec"]


@pytest.mark.parametrize(
    ("monitoring", "short", "there"),
    [
        ("{}", "{}", False),
        ("{podMonitors: true}", "{}", True),
        ("{podMonitors: true}", "{monitoring: {podMonitor: false}}", False),
        ("{}", "{monitoring: {podMonitor: true}}", True),
    ],
)
def test_pod_monitors(monitoring: str, short: str, there: bool) -> None:
    found = render(f"rayClusters: {{main: {short}}}", platform=f"global: {{monitoring: {monitoring}}}")
    assert ("PodMonitor" in kinds(found)) is there


def test_a_pod_monitor_selects_the_pods_of_its_cluster() -> None:
    platform = "global: {monitoring: {podMonitors: true, labels: {release: prometheus}}}"
    found = render("rayClusters: {main: {workerGroups: {w: {}}}}\nrayJobs: {main: {entrypoint: x, rayCluster: {}}}", platform=platform)
    groups = {
        "main": [one(found, "RayCluster")["spec"]["headGroupSpec"], *one(found, "RayCluster")["spec"]["workerGroupSpecs"]],
        "main.rayjob": [one(found, "RayJob")["spec"]["rayClusterSpec"]["headGroupSpec"]],
    }
    for name, own in groups.items():
        monitor = one(found, "PodMonitor", name)
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
        selected = monitor["spec"]["selector"]["matchLabels"].items()
        for other, pods in groups.items():
            for each in pods:
                assert (selected <= each["template"]["metadata"]["labels"].items()) is (other == name)
        assert own


def test_prometheus_annotations() -> None:
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "prometheus.io/path": "/metrics"}
    assert head("{}")["template"]["metadata"]["annotations"] == scraped
    own = head("{head: {annotations: {prometheus.io/port: '1', a: b}}}")["template"]["metadata"]["annotations"]
    assert own == scraped | {"prometheus.io/port": "1", "a": "b"}
    assert "annotations" not in head("{}", platform="global: {monitoring: {annotations: false}}")["template"]["metadata"]


def test_dashboards_are_the_namespaces_own() -> None:
    found = one(render("{}", platform="global: {monitoring: {dashboards: true}}"), "ConfigMap", "ray-dashboard-ray")
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    dashboard = yaml.safe_load(found["data"]["ray.json"])
    assert dashboard["title"] == "Ray / team-a"
    assert len(dashboard["uid"]) <= 40  # Grafana's limit
    assert "__" not in dashboard["uid"]
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert all('namespace="team-a"' in each for each in expressions)
    assert "{{ray_io_cluster}}" in found["data"]["ray.json"]


# --- values are data

STRINGS = (
    "{{ .Values.x }}",
    "${X} $(Y) $Z",
    "100%",
    'a "quoted" \'word\'',
    "back\\slash",
    "# no comment",
    "two\nlines\n",
    "trailing  \n  leading\n\n\nblank",
    "ends in blank lines\n\n\n",
    "\n\nstarts with them",
    "é 漢字 🙂",
    "tab\there",
    "yes",
    "1e3",
    "12:30",
    "null",
    "- a\n- b",
    "key: value",
    "---\nkind: Secret",
    " ",
    "<b>&amp;</b>",
)


@pytest.mark.parametrize("text", STRINGS)
def test_text_comes_out_as_it_was(text: str) -> None:
    """Env, annotations, code, entrypoint, serveConfig, runtimeEnv; as short form and through an overlay."""
    container = {"name": "ray-head", "env": [{"name": "B", "value": text}]}
    pod = {"env": {"A": text}, "annotations": {"a": text}}
    values = {
        "rayClusters": {
            "plain": {"head": pod, "code": {"files": {"f": text, "g": text}}, "annotations": {"a": text}},
            "overlaid": {"head": pod | {"template": {"spec": {"containers": [container]}}}, "spec": {"headServiceAnnotations": {"a": text}}},
        },
        "rayJobs": {"j": {"entrypoint": text, "cluster": "plain", "metadata": {"m": text}}},
        "rayServices": {"s": {"serveConfig": text, "rayCluster": {}}},
    }
    found = render(yaml.safe_dump(values, allow_unicode=True))
    assert one(found, "ConfigMap")["data"] == {"f": text, "g": text}
    for name in ("plain", "overlaid"):
        template = one(found, "RayCluster", name)["spec"]["headGroupSpec"]["template"]
        assert template["metadata"]["annotations"]["a"] == text
        assert env(template["spec"]["containers"][0])["A"] == text
    assert env(ray_container(one(found, "RayCluster", "overlaid")["spec"]["headGroupSpec"]))["B"] == text
    assert one(found, "RayCluster", "overlaid")["spec"]["headServiceAnnotations"]["a"] == text
    assert one(found, "RayCluster", "plain")["metadata"]["annotations"]["a"] == text
    assert one(found, "RayJob")["spec"]["entrypoint"] == text
    assert one(found, "RayJob")["spec"]["metadata"]["m"] == text
    assert one(found, "RayService")["spec"]["serveConfigV2"] == text


@pytest.mark.parametrize("number", [0, 1, 999999, 1000000, 1000660000, 2147483647])
def test_integers_stay_integers(number: int) -> None:
    short = f"""
    head: {{template: {{spec: {{securityContext: {{runAsUser: {number}}}, terminationGracePeriodSeconds: {number}}}}}}}
    autoscaling: {{enabled: true, idleTimeoutSeconds: {number}}}
    workerGroups: {{w: {{maxReplicas: {number}, minReplicas: 0}}}}
    spec: {{autoscalerOptions: {{securityContext: {{runAsGroup: {number}}}}}}}
    """
    found = spec(short)
    pod = found["headGroupSpec"]["template"]["spec"]
    printed = [
        pod["securityContext"]["runAsUser"],
        pod["terminationGracePeriodSeconds"],
        found["autoscalerOptions"]["idleTimeoutSeconds"],
        found["autoscalerOptions"]["securityContext"]["runAsGroup"],
        found["workerGroupSpecs"][0]["maxReplicas"],
    ]
    assert printed == [number] * 5
    assert {type(each) for each in printed} == {int}


@pytest.mark.parametrize("kuberay", RELEASES)
def test_the_text_is_clean(kuberay: str) -> None:
    versions = Versions(kuberay=kuberay)
    values = yaml.safe_load(WORKLOADS) | {"global": {"versions": {"kuberay": kuberay}}}
    for text in texts("ray", values, versions=versions, namespace="team-a"):
        lines = text.rstrip("\n").split("\n")
        assert not [line for line in lines if line != line.rstrip() or not line]
        assert lines[0].startswith("apiVersion: ")
        assert lines[1].startswith("kind: ")
        assert lines[2] == "metadata:"
