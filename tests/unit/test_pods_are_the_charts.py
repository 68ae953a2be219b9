"""What the rules see of a pod that the user wrote into is what Helm renders: the chart's part and the user's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.leaves import walk
from tests.pods import LEVELS, TABLE, Case, namespace_of, rendered
from tests.unit.test_fleet_is_the_charts import at, named

WRITTEN = {
    "logs": {"size": "1Gi"},
    "code": {"files": {"a.py": "print()"}},
    "head": {"template": {"spec": {"terminationGracePeriodSeconds": 5}}},
}
CASES = TABLE["accepted"] | {
    "clusters of jobs and services": {
        "file": {
            "rayJobs": {"nightly": {"entrypoint": "a", "schedule": "0 3 * * *", "rayCluster": WRITTEN}},
            "rayServices": {
                "web": {
                    "rayCluster": {"head": WRITTEN["head"], "logs": WRITTEN["logs"]},
                    "code": WRITTEN["code"],
                    "spec": {"rayClusterConfig": {"headGroupSpec": {"template": {"spec": {"hostname": "head"}}}}},
                }
            },
        }
    },
    "everything of the chart": {
        "template": {"spec": {"containers": [{"name": "ray-head", "securityContext": {"runAsUser": 1000}}]}},
        "worker": {"spec": {"terminationGracePeriodSeconds": 5}},
        "submitter": {
            "spec": {"nodeSelector": {"pool": "cpu"}, "containers": [{"name": "ray-job-submitter", "image": "a"}]}
        },
        "logs": {"size": "1Gi", "accessMode": "ReadWriteMany"},
        "code": {"files": {"a.py": "print()"}, "mountPath": "/code"},
        "autoscaling": {"enabled": True},
        "spec": {"autoscalerOptions": {"securityContext": {"runAsUser": 1000}}},
    },
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_whole_pods_are_rendered_so(case: Case, level: str) -> None:
    namespace = namespace_of(case, level)
    made: dict[str, dict[str, Any]] = {found["kind"]: found for found in rendered(namespace)}
    for workload in namespace.workloads:
        for path, expected in walk(named(workload.object.data)):
            if expected not in ({}, []):
                assert str(at(named(made[workload.kind]), path)) == str(expected), path
