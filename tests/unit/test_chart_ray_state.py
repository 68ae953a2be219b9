"""The ray chart: autoscaling, fault tolerance, queues, upgrades, and what a user lays over the result."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.ray.short import WORKLOADS, cluster, env, head, quantities, ray_container, render, spec
from tests.charts.rendering import Object, kinds, one

# --- autoscaling


def test_the_autoscaler() -> None:
    found = spec(
        "autoscaling: {enabled: true, idleTimeoutSeconds: 5, upscalingMode: Conservative, version: v2, "
        "cpu: 1, memory: 1Gi}"
    )
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


@pytest.mark.parametrize(("version", "field", "variable"), [("v2", "v2", None), ("v1", None, "0")])
def test_the_autoscalers_version_since_kuberay_1_4(version: str, field: str | None, variable: str | None) -> None:
    found = spec(f"{{autoscaling: {{enabled: true, version: {version}}}, workerGroups: {{w: {{}}}}}}", kuberay="1.6.2")
    assert found["autoscalerOptions"].get("version") == field
    assert env(ray_container(found["headGroupSpec"])).get("RAY_enable_autoscaler_v2") == variable
    assert "RAY_enable_autoscaler_v2" not in env(ray_container(found["workerGroupSpecs"][0]))


# --- GCS fault tolerance

ON = """
global:
  gcsFaultTolerance: {enabled: true}
  profiles: {p: {gcsFaultTolerance: {enabled: true}}, q: {gcsFaultTolerance: {enabled: false}}}
"""


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
    assert spec("{gcsFaultTolerance: {enabled: true, generation: 3}}", platform=platform)[
        "gcsFaultToleranceOptions"
    ] == {
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


@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2"])
def test_clusters_that_follow_each_other_share_no_state(kuberay: str) -> None:
    """The clusters of a RayService live side by side while it upgrades; a RayJob tried again gets a new one."""
    on = "rayCluster: {gcsFaultTolerance: {enabled: true}}"
    found = render(f"rayServices: {{s: {{{on}}}}}\nrayJobs: {{j: {{entrypoint: x, {on}}}}}", kuberay=kuberay)
    for kind, field in (("RayService", "rayClusterConfig"), ("RayJob", "rayClusterSpec")):
        made = one(found, kind)
        if kuberay == "1.2.2":
            name = made["metadata"]["annotations"]["ray.io/external-storage-namespace"]
        else:
            name = made["spec"][field]["gcsFaultToleranceOptions"]["externalStorageNamespace"]
        # A Redis user may touch keys that begin with its namespace and a dot; the kubelet adds the RayCluster's name.
        assert name == "team-a.$(ONEBLOCK_CLUSTER)"
        variable = env(ray_container(made["spec"][field]["headGroupSpec"]))["ONEBLOCK_CLUSTER"]
        assert variable == {"fieldRef": {"fieldPath": "metadata.labels['ray.io/cluster']"}}


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


@pytest.mark.parametrize("kuberay", ["1.2.2", "1.6.2"])
def test_a_head_waits_for_its_redis(kuberay: str) -> None:
    """KubeRay puts the container's command before `ray start`; whatever becomes of it, Ray is started."""
    on = "{gcsFaultTolerance: {enabled: true}, workerGroups: {w: {}}}"
    for kind, values in {
        "RayCluster": f"rayClusters: {{a: {on}}}",
        "RayJob": f"rayJobs: {{a: {{entrypoint: x, rayCluster: {on}}}}}",
        "RayService": f"rayServices: {{a: {{rayCluster: {on}}}}}",
    }.items():
        found = render(values, kuberay=kuberay)
        made = one(found, kind)["spec"]
        made = made.get("rayClusterSpec") or made.get("rayClusterConfig") or made
        waits, works = ray_container(made["headGroupSpec"]), ray_container(made["workerGroupSpecs"][0])
        assert waits["command"] == ["python3 /etc/oneblock/ray/wait_for_redis.py || true"]
        assert waits["volumeMounts"] == [{"name": "wait-for-redis", "mountPath": "/etc/oneblock/ray", "readOnly": True}]
        [volume] = made["headGroupSpec"]["template"]["spec"]["volumes"]
        assert volume == {"name": "wait-for-redis", "configMap": {"name": "ray-wait-for-redis", "optional": True}}
        assert list(one(found, "ConfigMap", "ray-wait-for-redis")["data"]) == ["wait_for_redis.py"]
        assert not {"command", "volumeMounts"} & set(works)


def test_what_tidies_up_redis_does_not_wait_for_code_that_is_gone() -> None:
    """KubeRay makes that pod from the head's template, after `helm uninstall` has taken the ConfigMap away."""
    on = "gcsFaultTolerance: {enabled: true}, workerGroups: {w: {}}, code: {files: {a.py: x}}"
    found = render(f"rayClusters: {{a: {{{on}}}}}")
    made = one(found, "RayCluster")["spec"]
    volumes = [group["template"]["spec"]["volumes"][-1] for group in (made["headGroupSpec"], *made["workerGroupSpecs"])]
    assert volumes == [
        {"name": "code", "configMap": {"name": "a-code", "optional": True}},
        {"name": "code", "configMap": {"name": "a-code"}},
    ]


def test_without_fault_tolerance_nothing_waits() -> None:
    found = render("rayClusters: {a: {}}")
    assert "ConfigMap" not in kinds(found)
    assert not {"command", "volumeMounts"} & set(ray_container(one(found, "RayCluster")["spec"]["headGroupSpec"]))


def test_a_command_of_ones_own_replaces_the_wait() -> None:
    own = "template: {spec: {containers: [{name: ray-head, command: [my-setup]}]}}"
    found = spec(f"{{gcsFaultTolerance: {{enabled: true}}, head: {{{own}}}}}")
    assert ray_container(found["headGroupSpec"])["command"] == ["my-setup"]


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


def test_suspend_is_always_said() -> None:
    assert spec("{}")["suspend"] is False
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
        {"name": "PYTHONPATH", "value": "/home/ray/code"},
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
    pods = "head: {env: {A: b}, template: {metadata: {labels: {}}}}, workerGroups: {w: {gpu: 1}}"
    assert spec(f"{{{pods}, spec: {{rayVersion: 2.60.0}}}}") == plain


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
