"""Family 9: versions that OneBlock does not know, and versions that do not go together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.diagnostics import Label, Level
from generator.fleet import ClusterSpec, Place, Platform, Workload
from generator.rules.family4_common import gate_open, named, ray_number
from generator.rules.family4_cronjob import schedule_problem
from generator.rules.registry import Finding, Scope, rule
from generator.schema import kubernetes
from generator.schema.versions import NAMES, SUPPORTED, Product, minor, parse

_TAG = re.compile(r"v?([0-9]+\.[0-9]+\.[0-9]+)(?![0-9])")
VOLCANO_KUBERNETES = {"1.12": 32, "1.13": 33, "1.14": 36, "1.15": 36}
"""Volcano → the last Kubernetes 1.N it is known to run on: its README's table, and 1.14.1 on 1.36 as we ran it."""
GUIDE = "Ray's KubeRay upgrade guide"
STUCK = ((2, 11), (2, 37))
"""The Rays whose dashboard agent hangs when a job begins, so that the probes end the head (Ray's upgrade guide)."""


def _written(platform: Platform, product: Product) -> Place:
    return platform.place / "global" / "versions" / product


def _unsupported(platform: Platform, product: Product) -> Iterator[Finding]:
    for name, version, known in platform.versions.unsupported():
        if name == product:
            yield Finding(
                f"OneBlock does not know {NAMES[product]} {version}",
                _written(platform, product).span(),
                label=f"{known} is supported",
            )


@rule("OB901", "KubeRay of a version that OneBlock does not know", Scope.PLATFORM)
def kuberay_unsupported(platform: Platform) -> Iterator[Finding]:
    """CRDs, flags, rights and rules are made for exactly the pinned KubeRay. For another one they would be guesses: the
    operator may not start, or drop fields without a word. Pin a version that is supported."""
    yield from _unsupported(platform, "kuberay")


@rule("OB902", "Kubernetes of a version that OneBlock does not know", Scope.PLATFORM)
def kubernetes_unsupported(platform: Platform) -> Iterator[Finding]:
    """Redis' Sentinels are native sidecars, which Kubernetes has from 1.29 on; on an older one they would run once and
    keep Redis from starting. Upgrade the cluster."""
    yield from _unsupported(platform, "kubernetes")


@rule("OB903", "Ray of a version that OneBlock does not know", Scope.PLATFORM)
def ray_unsupported(platform: Platform) -> Iterator[Finding]:
    """The oldest supported KubeRay is made for Ray 2.9; flags and health checks of older ones differ, and heads are
    restarted for ever. Take a newer Ray."""
    yield from _unsupported(platform, "ray")


@rule("OB904", "Volcano of a version that OneBlock does not know", Scope.PLATFORM)
def volcano_unsupported(platform: Platform) -> Iterator[Finding]:
    """Before 1.9 Volcano has no ``deserved`` and no capacity plugin, so queues would not do what stands here. Take a
    newer Volcano, or ``global.batchScheduler: none``."""
    if platform.batch_scheduler == "volcano":
        yield from _unsupported(platform, "volcano")


@rule("OB905", "Kubernetes is newer than the schemas that are installed", Scope.PLATFORM, level=Level.WARNING)
def kubernetes_newer(platform: Platform) -> Iterator[Finding]:
    """Pod templates are checked against the newest Kubernetes there is a schema for; a field that is newer still is
    called unknown. Upgrade the package ``kubernetes-validate``."""
    pinned, newest = parse(platform.versions.kubernetes), kubernetes.minors()[-1]
    limit = parse(newest)
    if pinned and limit and pinned[:2] > limit[:2]:
        where = _written(platform, "kubernetes").span()
        yield Finding(f"pods are checked as of Kubernetes {newest}, not {platform.versions.kubernetes}", where)


@rule("OB906", "a cluster's Ray is one that OneBlock does not know", Scope.CLUSTER)
def cluster_ray_unsupported(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The oldest supported KubeRay is made for Ray 2.9; flags and health checks of older ones differ, and the head is
    restarted for ever. Take a newer image, and its version as ``rayVersion``."""
    place = workload.object.place(cluster.field("rayVersion"))
    version = cluster.spec.get("rayVersion")
    if place is not None and parse(version) is not None and version not in SUPPORTED["ray"]:
        known = f"{SUPPORTED['ray']} is supported"
        yield Finding(f"OneBlock does not know Ray {version}", place.span(), label=known)


def _ray_place(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Place:
    return workload.object.place(cluster.field("rayVersion")) or _written(platform, "ray")


@rule("OB907", "autoscaler v2 needs Ray 2.10", Scope.CLUSTER, source="Ray configuring-autoscaling guide")
def autoscaler_too_new(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """A Ray before 2.10 has no autoscaler v2 for Kubernetes: the sidecar fails, and the cluster stays at its smallest.
    Take a newer Ray, or ``version: v1``."""
    number = ray_number(cluster.spec.get("rayVersion"))
    if cluster.autoscaling and cluster.autoscaler_v2 and number is not None and number < (2, 10):
        where = workload.span(cluster.field("autoscalerOptions", "version"))
        yield Finding(f"Ray {cluster.spec.get('rayVersion')} has no autoscaler v2", where)


@rule("OB908", "scheduling by label needs Ray 2.49", Scope.CLUSTER, level=Level.WARNING, source="Ray labels guide")
def labels_too_new(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """KubeRay hands ``rayLabels`` to ``ray start``, and tasks select nodes by them from Ray 2.49 on. An older Ray does
    not act on them, or does not understand the flag. Take a newer Ray, or remove the labels."""
    number = ray_number(cluster.spec.get("rayVersion"))
    for group in cluster.groups if number is not None and number < (2, 49) else ():
        for label in list(group.spec.get("labels") or {})[:1]:
            where = workload.span((*group.path, "labels", label), key=True)
            yield Finding(f"{named(group)} has rayLabels; Ray {cluster.spec.get('rayVersion')} is before 2.49", where)


@rule("OB909", "Ray 2.11 to 2.37 hang when a job begins", Scope.CLUSTER, level=Level.WARNING, source=GUIDE)
def ray_hangs(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """In these versions the dashboard agent of the head can stop answering once a job is submitted; KubeRay's probes
    then end the head. Ray's own guide says not to use them. Take 2.38 or later."""
    number = ray_number(cluster.spec.get("rayVersion"))
    if number is not None and STUCK[0] <= number[:2] <= STUCK[1]:
        yield Finding(
            f"Ray {cluster.spec.get('rayVersion')} may lose its head whenever a job begins",
            _ray_place(cluster, workload, platform).span(),
        )


@rule("OB910", "this KubeRay is made for Ray 2.38 or later", Scope.CLUSTER, level=Level.WARNING, source=GUIDE)
def ray_older_than_kuberay(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """KubeRay from 1.3 on is tested with Ray 2.38 and later; with an older one probes and flags may not fit. Take a
    newer Ray, or KubeRay 1.2."""
    number = ray_number(cluster.spec.get("rayVersion"))
    if number is not None and number < STUCK[0] and platform.versions.at_least("kuberay", "1.3"):
        yield Finding(
            f"Ray {cluster.spec.get('rayVersion')} is older than KubeRay {platform.versions.kuberay} is made for",
            _ray_place(cluster, workload, platform).span(),
        )


@rule("OB911", "this Volcano is not known to run on this Kubernetes", Scope.PLATFORM, level=Level.WARNING)
def volcano_behind(platform: Platform) -> Iterator[Finding]:
    """Volcano's scheduler stands in for Kubernetes' own and follows it release by release; on a newer Kubernetes it may
    ignore what pods ask for, or not start. Take a newer Volcano, or try it before it counts."""
    volcano = minor(platform.versions.volcano)
    last, pinned = VOLCANO_KUBERNETES.get(volcano), parse(platform.versions.kubernetes)
    if platform.batch_scheduler == "volcano" and last is not None and pinned and pinned[:2] > (1, last):
        yield Finding(
            f"Volcano {volcano} is known to run on Kubernetes up to 1.{last}",
            _written(platform, "kubernetes").span(),
            related=(Label(_written(platform, "volcano").span(), "Volcano"),),
        )


@rule("OB912", "the cluster is too old for admission policies", Scope.PLATFORM, level=Level.WARNING)
def no_policies(platform: Platform) -> Iterator[Finding]:
    """ValidatingAdmissionPolicies are stable from Kubernetes 1.30 on. Below, OneBlock leaves them out: what does not go
    through ``oneblock validate`` (kubectl, a job from a notebook) may use any queue. Upgrade, or set
    ``admissionPolicies.enabled: false`` to say that it is known."""
    wanted = platform.at("global", "admissionPolicies", "enabled") is not False
    if wanted and not platform.versions.at_least("kubernetes", "1.30"):
        where = _written(platform, "kubernetes").span()
        yield Finding(f"Kubernetes {platform.versions.kubernetes} has no admission policies: none are installed", where)


def _release(tag: str) -> str | None:
    found = _TAG.match(tag)
    return found[1] if found else None


def _ray_image(image: str) -> str | None:
    """The Ray release that an image's tag names, if the image is called ray, ray-ml, …"""
    name, _, tag = image.partition("@")[0].rpartition(":")
    base = name.rpartition("/")[2]
    return _release(tag) if base == "ray" or base.startswith("ray-") else None


@rule("OB913", "the image is of another Ray than rayVersion says", Scope.CLUSTER, level=Level.WARNING)
def image_of_another_ray(cluster: ClusterSpec, workload: Workload) -> Iterator[Finding]:
    """The operator cannot look into the image: it chooses probes and flags by ``rayVersion``. With another Ray inside,
    pods are restarted for probes that do not fit, or heads and workers refuse each other. Make them agree."""
    short, version = workload.cluster_short, str(cluster.spec.get("rayVersion"))
    if short is None:
        return
    groups = [("workerGroups", name) for name in (short.get("workerGroups") or {})]
    for path in (("image",), ("head", "image"), *((*group, "image") for group in groups)):
        image, place = short.get(*path), short.place(path)
        found = _ray_image(str(image)) if image else None
        if found and place and found != _release(version):
            yield Finding(f"the image holds Ray {found}, and rayVersion is {version}", place.span())


@rule("OB914", "global.ray.image is of another Ray than global.versions", Scope.PLATFORM, level=Level.WARNING)
def platform_image(platform: Platform) -> Iterator[Finding]:
    """Every RayCluster that says nothing gets this image and ``versions.ray`` as its ``rayVersion``, by which the
    operator chooses probes and flags. Make them agree, or leave ``tag`` out: it is the version then."""
    found, version = _release(str(platform.at("global", "ray", "image", "tag") or "")), platform.versions.ray
    if found and not platform.at("global", "ray", "image", "digest") and found != _release(version):
        where = (platform.place / "global" / "ray" / "image" / "tag").span()
        yield Finding(f"the image holds Ray {found}, and versions.ray is {version}", where)


@rule("OB915", "the operator's image is of another KubeRay", Scope.PLATFORM, level=Level.WARNING)
def operator_image(platform: Platform) -> Iterator[Finding]:
    """CRDs, flags and rights are made for ``versions.kuberay``; an operator of another minor version does not know some
    of its flags and ends, or misses rights. Set the version, and leave ``tag`` out."""
    found, pinned = _release(str(platform.at("operator", "image", "tag") or "")), platform.versions.kuberay
    if found and minor(found) != minor(pinned) and platform.at("operator", "enabled") is not False:
        where = (platform.place / "operator" / "image" / "tag").span()
        yield Finding(f"the operator is KubeRay {found}, and versions.kuberay is {pinned}", where)


@rule(
    "OB916",
    "KubeRay 1.6 starts some scheduled runs twice",
    Scope.JOB,
    level=Level.WARNING,
    source="raycronjob_controller.go Reconcile; ray-project/kuberay#4849",
    since="1.6",
    until="1.7",
)
def runs_twice(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """When it has started a run, the operator looks at the schedule again at once, often before it can see what it
    wrote down about that run, and starts another, with a RayCluster of its own: one run in four, with 1.6.2 on a
    cluster that did nothing else. KubeRay 1.7 names a run by its minute, so that there is one. Take 1.7, or see to it
    that a job that runs twice at a time costs little and breaks nothing."""
    runs = gate_open(platform, "RayCronJob") and not workload.suspended
    text = workload.object.get("spec", "schedule")
    if text is not None and runs and not schedule_problem(str(text)):
        pinned = platform.versions.kuberay
        where = workload.span(("spec", "schedule"), key=True)
        yield Finding(f'KubeRay {pinned} may start a run of "{workload.name}" twice', where, help="take KubeRay 1.7")
