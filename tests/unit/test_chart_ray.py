"""The ray chart: RayClusters from the short form."""

from __future__ import annotations

import pytest
import yaml

from generator.helm import HelmError
from tests.charts.ray.short import Values, cluster, env, group, head, quantities, ray_container, render, spec
from tests.charts.rendering import objects, one

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
    found = cluster(
        "{labels: {app.kubernetes.io/instance: other}, annotations: {kustomize.toolkit.fluxcd.io/substitute: enabled}}"
    )
    assert found["metadata"]["labels"]["app.kubernetes.io/instance"] == "main"
    assert found["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"


# --- profiles

PROFILES = """
global:
  profiles:
    small:
      autoscaling: {enabled: true, idleTimeoutSeconds: 60}
      head:
        cpu: 2
        memory: 8Gi
        nodeSelector: {pool: ray}
        template: {spec: {hostname: h, containers: [{name: side, image: s}]}}
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
    assert env(ray_container(found["spec"]["workerGroupSpecs"][0])) == {
        "B": "2",
        "RAY_gcs_rpc_server_reconnect_timeout_s": "600",
    }


def test_clusters_of_one_profile_do_not_change_each_other() -> None:
    alone = "c: {profile: small, head: {labels: {c: c}}}"
    others = """
    a:
      profile: small
      head: {nodeSelector: {a: a}, template: {spec: {hostname: a, containers: [{name: side, image: a}]}}}
    b: {profile: small, spec: {headGroupSpec: {template: {spec: {hostname: b, nodeSelector: {b: b}}}}}}
    """
    together = render(f"rayClusters:\n    {alone}{others}", platform=PROFILES)
    assert one(together, "RayCluster", "c") == one(
        render(f"rayClusters: {{{alone}}}", platform=PROFILES), "RayCluster", "c"
    )
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
    named = [
        {"nvidia.com/gpu" if name == "nvidia/x" else name: value for name, value in each.items()}
        for each in (requests, limits)
    ]
    assert ray_container(found)["resources"] == {"requests": named[0], "limits": named[1]}


def test_a_limit_can_be_taken_away() -> None:
    values = {"rayClusters": {"main": {"head": {"cpu": 2, "resources": {"limits": {"cpu": None}}}}}}
    found = one(objects("ray", values, namespace="team-a"), "RayCluster")
    assert ray_container(found["spec"]["headGroupSpec"])["resources"] == {
        "requests": quantities("2", "4Gi"),
        "limits": {"memory": "4Gi"},
    }


NODES = """
global:
  nodes:
    a100:
      {count: 4, cpu: 96, memory: 1Ti, gpu: 8, labels: {pool: a100},
       taints: ["nvidia.com/gpu=present:NoSchedule", "spot:NoExecute"]}
    tpu: {count: 1, cpu: 8, memory: 64Gi, gpu: 4, gpuResource: google.com/tpu}
"""


def test_a_node_shape_selects_its_nodes() -> None:
    toleration = "{key: own, operator: Exists}"
    pod = group(
        f"workerGroups: {{w: {{nodes: a100, nodeSelector: {{zone: z}}, tolerations: [{toleration}]}}}}", platform=NODES
    )
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


@pytest.mark.parametrize(
    ("short", "platform", "expected"),
    [
        ("{}", "{}", "false"),
        ("{}", "{global: {batchScheduler: none}}", None),
        ('{head: {annotations: {volcano.sh/preemptable: "true"}}}', "{}", "true"),
    ],
)
def test_volcano_does_not_reclaim_heads(short: str, platform: str, expected: str | None) -> None:
    found = head(short, platform=platform)["template"]["metadata"]["annotations"]
    assert found.get("volcano.sh/preemptable") == expected
    worker = group("{workerGroups: {w: {cpu: 1}}}", platform=platform)["template"]["metadata"]
    assert "volcano.sh/preemptable" not in worker["annotations"]


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
    assert found["rayStartParams"] == {
        "num-cpus": "3",
        "num-gpus": "1",
        "memory": "1000000000",
        "resources": """'{"acc": 4}'""",
    }


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
    found = group(
        f"{{autoscaling: {{enabled: {str(autoscaling).lower()}}}, workerGroups: {{w: {given}}}}}", platform=platform
    )
    assert (found["minReplicas"], found["maxReplicas"], found.get("replicas")) == expected


@pytest.mark.parametrize(
    ("kuberay", "defaults"), [("1.2.2", {"numOfHosts": 1}), ("1.7.0", {"numOfHosts": 1, "priority": 0})]
)
@pytest.mark.parametrize(
    "short", ["{workerGroups: {w: {}}}", "{spec: {workerGroupSpecs: [{groupName: w, template: {}}]}}"]
)
def test_crd_defaults_inside_lists_are_written_out(kuberay: str, defaults: Values, short: str) -> None:
    found = group(short, kuberay=kuberay)
    assert {key: found.get(key) for key in ("numOfHosts", "priority") if key in found} == defaults


def test_everything_a_worker_group_can_say() -> None:
    short = """
    autoscaling: {enabled: true, version: v2}
    workerGroups:
      w:
        {numOfHosts: 4, idleTimeoutSeconds: 0, priority: 7, suspend: false, removeWorkers: [main-w-worker-abcde],
         labels: {a: b}, annotations: {c: d}}
    """
    found = group(short, kuberay="1.7.0")
    assert {
        key: found[key] for key in ("numOfHosts", "idleTimeoutSeconds", "priority", "suspend", "scaleStrategy")
    } == {
        "numOfHosts": 4,
        "idleTimeoutSeconds": 0,
        "priority": 7,
        "suspend": False,
        "scaleStrategy": {"workersToDelete": ["main-w-worker-abcde"]},
    }
    assert found["template"]["metadata"]["labels"]["a"] == "b"
    assert found["template"]["metadata"]["annotations"]["c"] == "d"


def test_image_of_group_cluster_platform() -> None:
    platform = (
        "global: {ray: {image: {repository: r.example/ray, tag: '3', pullPolicy: Always}}, imagePullSecrets: [one]}"
    )
    found = spec("{image: of/cluster:1, workerGroups: {w: {image: of/group:1}, x: {}}}", platform=platform)
    images = {each["groupName"]: ray_container(each)["image"] for each in found["workerGroupSpecs"]}
    assert images == {"w": "of/group:1", "x": "of/cluster:1"}
    container = ray_container(head("{}", platform=platform))
    assert (container["image"], container["imagePullPolicy"]) == ("r.example/ray:3", "Always")
    assert head("{}", platform=platform)["template"]["spec"]["imagePullSecrets"] == [{"name": "one"}]
    digest = "sha256:" + "0" * 64
    found = head("{}", platform=f"global: {{ray: {{image: {{repository: r.example/ray, digest: '{digest}'}}}}}}")
    assert ray_container(found)["image"] == f"r.example/ray@{digest}"
