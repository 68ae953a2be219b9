"""The ray chart: jobs, services, and what stands beside a cluster."""

from __future__ import annotations

import pytest
import yaml

from generator.helm import HelmError
from tests.charts.ray.short import env, head, ray_container, render
from tests.charts.rendering import kinds, one

# --- jobs and services


def test_a_job_with_a_cluster_of_its_own() -> None:
    job = one(render("rayJobs: {b: {entrypoint: python a.py, rayCluster: {}}}"), "RayJob")["spec"]
    assert job.pop("rayClusterSpec")["headGroupSpec"]["template"]["spec"]["containers"][0]["name"] == "ray-head"
    assert job == {"entrypoint": "python a.py", "submissionMode": "K8sJobMode", "shutdownAfterJobFinishes": True}


def test_a_job_on_a_cluster() -> None:
    job = one(render("rayJobs: {b: {entrypoint: python a.py, cluster: main}}"), "RayJob")["spec"]
    assert job == {
        "entrypoint": "python a.py",
        "submissionMode": "K8sJobMode",
        "clusterSelector": {"ray.io/cluster": "main"},
    }


@pytest.mark.parametrize(
    ("job", "tries"),
    [
        ("rayCluster: {gcsFaultTolerance: {enabled: true}}", 50),
        ("cluster: kept", 50),
        ("cluster: plain", None),
        ("cluster: kept, submissionMode: HTTPMode", None),
        ("cluster: kept, spec: {submitterConfig: {backoffLimit: 3}}", 3),
    ],
)
def test_a_submitter_outlives_restarts_of_the_head(job: str, tries: int | None) -> None:
    """It ends with each of them; KubeRay would give it two more tries and then call the RayJob failed."""
    clusters = "rayClusters: {kept: {gcsFaultTolerance: {enabled: true}}, plain: {}}"
    made = one(render(f"{clusters}\nrayJobs: {{b: {{entrypoint: x, {job}}}}}"), "RayJob")["spec"]
    assert made.get("submitterConfig") == (tries and {"backoffLimit": tries})


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
    job = one(
        render(f"rayJobs: {{b: {{entrypoint: x, rayCluster: {{}}, spec: {{deletionStrategy: {rules}}}}}}}"), "RayJob"
    )["spec"]
    assert "shutdownAfterJobFinishes" not in job


@pytest.mark.parametrize("text", ["pip: [a]\n", "# only a comment\nworking_dir: s3://x\n\n"])
def test_a_runtime_environment_as_text_stays_that_text(text: str) -> None:
    values = yaml.safe_dump({"rayJobs": {"b": {"entrypoint": "x", "cluster": "a", "runtimeEnv": text}}})
    assert one(render(values), "RayJob")["spec"]["runtimeEnvYAML"] == text


def test_a_job_by_the_clock() -> None:
    clock = "schedule: '0 3 * * *', suspend: true, timeZone: Europe/Berlin"
    values = f"rayJobs: {{b: {{entrypoint: x, cluster: a, {clock}, labels: {{l: m}}}}}}"
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
        (
            "{entrypoint: x, cluster: a, schedule: '* * * * *', queue: q}",
            "1.6.2",
            "RayJob b: a scheduled job cannot have a queue",
        ),
        (
            "{entrypoint: x, rayCluster: {queue: q}, schedule: '* * * * *'}",
            "1.6.2",
            "RayJob b: a scheduled job cannot have a queue",
        ),
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
    assert "upgradeStrategy" not in found["rayClusterConfig"]
    assert "upgradeStrategy" not in one(render(values, kuberay="1.2.2"), "RayService")["spec"]


# --- what stands beside


def test_code_on_every_pod() -> None:
    values = """
    rayClusters: {main: {code: {files: {a.py: x}}, workerGroups: {w: {env: {PYTHONPATH: /mine}}}}}
    rayJobs: {main: {entrypoint: x, rayCluster: {}, code: {mountPath: /src, files: {b.py: y}}}}
    rayServices: {main: {rayCluster: {code: {files: {c.py: z}}}}}
    """
    found = render(values)
    maps = {each["metadata"]["name"]: each["data"] for each in found if each["kind"] == "ConfigMap"}
    assert maps == {
        "main-code": {"a.py": "x"},
        "main.rayjob-code": {"b.py": "y"},
        "main.rayservice-code": {"c.py": "z"},
    }
    spec = one(found, "RayCluster")["spec"]
    for group, path in ((spec["headGroupSpec"], "/home/ray/code"), (spec["workerGroupSpecs"][0], "/mine")):
        assert ray_container(group)["volumeMounts"] == [
            {"name": "code", "mountPath": "/home/ray/code", "readOnly": True}
        ]
        assert group["template"]["spec"]["volumes"] == [{"name": "code", "configMap": {"name": "main-code"}}]
        assert env(ray_container(group))["PYTHONPATH"] == path
    job = one(found, "RayJob")["spec"]["rayClusterSpec"]["headGroupSpec"]
    assert ray_container(job)["volumeMounts"][0]["mountPath"] == "/src"
    assert env(ray_container(job))["PYTHONPATH"] == "/src"
    assert job["template"]["spec"]["volumes"][0]["configMap"]["name"] == "main.rayjob-code"


def test_changed_code_of_a_service_is_a_changed_cluster() -> None:
    """Else KubeRay sees nothing new, and the replicas go on with what they have imported."""

    def annotations(code: str) -> list[dict[str, str]]:
        values = f"{{main: {{code: {{files: {{c.py: {code}}}}}, rayCluster: {{workerGroups: {{w: {{}}}}}}}}}}"
        config = one(render(f"rayServices: {values}"), "RayService")["spec"]["rayClusterConfig"]
        groups = [config["headGroupSpec"], *config["workerGroupSpecs"]]
        return [group["template"]["metadata"]["annotations"] for group in groups]

    (head, worker), changed = annotations("old"), annotations("new")
    assert head["checksum/code"] == worker["checksum/code"] == annotations("old")[0]["checksum/code"]
    assert head["checksum/code"] not in [each["checksum/code"] for each in changed]


@pytest.mark.parametrize("shared", [False, True])
def test_logs(shared: bool) -> None:
    mode = "ReadWriteMany" if shared else "ReadWriteOnce"
    values = f"""
    rayClusters:
      main:
        logs: {{size: 20Gi, storageClass: fast, accessMode: {mode}}}
        autoscaling: {{enabled: true}}
        workerGroups: {{w: {{}}}}
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
        assert pod.get("securityContext") == (
            {"fsGroup": 1000, "fsGroupChangePolicy": "OnRootMismatch"} if mounted else None
        )
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
    found = render(
        "rayClusters: {main: {workerGroups: {w: {}}}}\nrayJobs: {main: {entrypoint: x, rayCluster: {}}}",
        platform=platform,
    )
    groups = {
        "main": [
            one(found, "RayCluster")["spec"]["headGroupSpec"],
            *one(found, "RayCluster")["spec"]["workerGroupSpecs"],
        ],
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
    kept = {"volcano.sh/preemptable": "false"}  # of every head where Volcano places pods
    assert head("{}")["template"]["metadata"]["annotations"] == scraped | kept
    own = head("{head: {annotations: {prometheus.io/port: '1', a: b}}}")["template"]["metadata"]["annotations"]
    assert own == scraped | kept | {"prometheus.io/port": "1", "a": "b"}
    silent = head("{}", platform="global: {monitoring: {annotations: false}}")["template"]["metadata"]
    assert silent["annotations"] == kept


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
