"""Fleets for the tests of Redis, and how one stays for all tests of a module."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.conftest import need_images
from tests.e2e.fleet import SYSTEM, Fleet
from tests.e2e.kube import Kube
from tests.e2e.ray_survivors import ENTRYPOINT, JOB
from tests.e2e.redis import Redis

# Requests small enough for a machine of two cores; no limit on what a container may burn while it starts.
REDIS = """
redis:
  storage: 1Gi
  maxmemory: 96mb
  resources: {requests: {cpu: 50m, memory: 128Mi}, limits: {memory: 192Mi}}
  sentinel: {resources: {requests: {cpu: 20m, memory: 32Mi}, limits: {memory: 64Mi}}}
  backup: {enabled: true, keep: 2, storage: 1Gi}
"""
PLATFORM = """
global:
  cluster: test
  versions: {kubernetes: "1.36", kuberay: 1.6.2, ray: 2.60.0}
  batchScheduler: none
  namespaces:
    team-a: {owners: [team-a-leads]}
    team-b: {owners: [team-b-leads]}
operator:
  replicas: 1
  resources: {requests: {cpu: 50m, memory: 128Mi}, limits: {memory: 512Mi}}
"""

WITHOUT_REDIS = f"{PLATFORM}\nredis: {{enabled: false}}\n"
# The head's limit does not bind: else it would be measured instead of a recovery. The worker's does: while the GCS is
# away, its node's agent and every driver on it ask for news without a pause, and would take what a starting head needs.
RAY = """
rayClusters:
  main:
    gcsFaultTolerance: GCS
    head:
      resources: {requests: {cpu: 300m, memory: 3Gi}, limits: {cpu: 2, memory: 3Gi}}
    workerGroups:
      cpu:
        minReplicas: 1
        maxReplicas: 1
        resources: {requests: {cpu: 300m, memory: 3Gi}, limits: {cpu: 1, memory: 3Gi}}
        rayStartParams: {num-cpus: "2"}
"""
JOBS = """
rayJobs:
  JOB: {cluster: main, entrypointNumCpus: 0.1, entrypoint: ENTRYPOINT}
"""
RAY_PARTS = ("operator", "ray")
"""What of such a fleet is not the platform's Redis."""


def ray_fleet(gcs: str = "{enabled: true}", *, job: bool = True) -> dict[str, str]:
    """Redis, the operator, and a RayCluster in ``team-a``, with a job on it."""
    team = RAY.replace("GCS", gcs)
    team += JOBS.replace("JOB", JOB).replace("ENTRYPOINT", json.dumps(ENTRYPOINT)) if job else ""
    return {"values/platform.yaml": PLATFORM + REDIS, "values/namespaces/team-a.yaml": team}


def redis_only() -> dict[str, str]:
    """Redis and two tenants; no Ray."""
    return {"values/platform.yaml": PLATFORM + REDIS}


@contextmanager
def deployed(fleet: Fleet, kube: Kube, request: pytest.FixtureRequest, parts: Iterable[str] = ("",)) -> Iterator[None]:
    """The fleet on the cluster for a while; afterwards nothing of it is left, volumes and passwords neither."""
    need_images(fleet, request)
    try:
        fleet.deploy(kube, parts)
        if fleet.objects("redis"):
            Redis(kube).wait_healthy()
        yield
    finally:
        fleet.remove(kube, at_once=not os.environ.get("KUBECONFIG"))
        where = (f"--namespace={SYSTEM}", "--ignore-not-found")
        kube.kubectl("delete", "pvc", "--selector=app.kubernetes.io/name=redis", *where, timeout=120)


@contextmanager
def ray_deployed(fleet: Fleet, kube: Kube, request: pytest.FixtureRequest) -> Iterator[None]:
    """The fleet's operator and Ray for a while, on a cluster that has its Redis, and keeps it."""
    need_images(fleet, request)
    try:
        fleet.deploy(kube, RAY_PARTS)
        yield
    finally:
        fleet.remove(kube, RAY_PARTS)  # in order: its keys shall not stay in that Redis
