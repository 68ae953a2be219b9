"""Family 8: what carries the tree into the cluster. (OB801 is said by the renderer: Helm cannot render.)"""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.diagnostics import Label, Level
from generator.fleet import ClusterSpec, Platform, Workload
from generator.rules.registry import Finding, Scope, rule

NAMES = {"argocd": "Argo CD", "flux": "Flux"}
HOMES = {"argocd": "argocd", "flux": "flux-system"}
_FLUX_URL = re.compile(r"(?:https?|ssh)://|[^/@]+@[^/:]+:(?!//)")
"""What a GitRepository takes, and ``user@host:path``, which we write for it as ``ssh://``."""
_CREDENTIALS = re.compile(r"https?://[^/]*@|[a-z]+://[^/@:]*:[^/@]+@")


def engine(platform: Platform) -> str:
    """``argocd``, ``flux`` or ``none``."""
    return str(platform.at("gitops", "engine") or "none")


@rule("OB802", "a GitOps engine needs to know the repository", Scope.PLATFORM)
def no_repository(platform: Platform) -> Iterator[Finding]:
    """Every object of Argo CD or Flux says where the rendered tree is. Without ``gitops.repoURL`` there is nothing to
    follow: set it, or ``engine: none`` to apply the tree yourself."""
    if engine(platform) in NAMES and not platform.at("gitops", "repoURL"):
        where = (platform.place / "gitops" / "engine").span()
        yield Finding(f"{NAMES[engine(platform)]} has no repository to follow", where, help="set gitops.repoURL")


@rule("OB803", "gitops.path stays within the repository", Scope.PLATFORM)
def path_climbs(platform: Platform) -> Iterator[Finding]:
    """The tree is written below the fleet's folder, and the engines refuse or resolve in their own way what climbs out
    of it. Write the path plainly: ``rendered``, ``clusters/prod``."""
    path = platform.at("gitops", "path")
    if path is not None and any(step in ("", ".", "..") for step in str(path).split("/")):
        yield Finding(f'"{path}" is no plain relative path', (platform.place / "gitops" / "path").span())


@rule("OB804", "the rendered tree does not go among the values", Scope.PLATFORM)
def path_in_values(platform: Platform) -> Iterator[Finding]:
    """OneBlock reads every file below ``values`` and writes, and prunes, the tree below ``gitops.path``. One inside the
    other would be read as values at the next run. Choose a folder of its own."""
    path = str(platform.at("gitops", "path") or "rendered")
    if path.split("/")[0] == "values":
        where = (platform.place / "gitops" / "path").span()
        yield Finding(f'the rendered tree would be written among the values, to "{path}"', where)


@rule("OB805", "the repository's address holds a password", Scope.PLATFORM)
def credentials_in_url(platform: Platform) -> Iterator[Finding]:
    """The address goes into Git and into objects that many may read. Keep the credentials in a Secret of the engine
    (``argocd.argoproj.io/secret-type: repository``, or ``secretRef``), and change the one that stood here."""
    if _CREDENTIALS.match(str(platform.at("gitops", "repoURL") or "")):
        where = (platform.place / "gitops" / "repoURL").span(key=True)
        yield Finding("gitops.repoURL holds credentials", where)


@rule("OB806", "Flux does not take this address", Scope.PLATFORM, source="source-controller GitRepository CRD")
def flux_scheme(platform: Platform) -> Iterator[Finding]:
    """A GitRepository's URL begins with ``https://``, ``http://`` or ``ssh://``; the API server refuses others. Use one
    of them; ``git@host:path`` is fine too, it becomes ``ssh://git@host/path``."""
    url = str(platform.at("gitops", "repoURL") or "")
    if engine(platform) == "flux" and url and not _FLUX_URL.match(url):
        where = (platform.place / "gitops" / "repoURL").span()
        yield Finding(f'Flux refuses "{url}"', where, help="write https:// or ssh://")


@rule("OB807", "Volcano is to be installed by nobody", Scope.PLATFORM)
def volcano_without_engine(platform: Platform) -> Iterator[Finding]:
    """``gitops.volcano`` writes an Application or HelmRelease for Volcano's chart, and with ``engine: none`` there is
    nobody to read it. Choose an engine, or install Volcano yourself and remove the setting."""
    if platform.at("gitops", "volcano", "enabled") is True and engine(platform) not in NAMES:
        where = (platform.place / "gitops" / "volcano" / "enabled").span()
        yield Finding("gitops.volcano would be ignored: there is no engine", where)


@rule("OB808", "Volcano is installed and not used", Scope.PLATFORM, level=Level.WARNING)
def volcano_unused(platform: Platform) -> Iterator[Finding]:
    """With ``global.batchScheduler: none`` Ray's pods are placed by Kubernetes, and Volcano with its webhooks runs for
    nothing (of OneBlock). Set ``batchScheduler: volcano``, or leave Volcano out."""
    installed = platform.at("gitops", "volcano", "enabled") is True and engine(platform) in NAMES
    if installed and platform.batch_scheduler == "none":
        yield Finding(
            "Volcano is installed, and the batch scheduler is none",
            (platform.place / "gitops" / "volcano" / "enabled").span(),
            related=(Label((platform.place / "global" / "batchScheduler").span(), "not used"),),
        )


@rule("OB809", "every sync sets the autoscaler's count back", Scope.CLUSTER, level=Level.WARNING)
def replicas_reset(cluster: ClusterSpec, workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Under upstream's CRDs the worker groups are one value for server-side apply, so ``replicas`` has to stand in Git.
    Every apply then conflicts with the autoscaler, and one that is forced sets the count back to ``minReplicas``; what
    runs goes on running, but the RayCluster no longer says so. OneBlock's CRDs tell groups apart and leave the number
    to the autoscaler: set ``crds.enabled: true``, or let the engine ignore the field."""
    if platform.at("crds", "enabled") is False and cluster.autoscaling and cluster.worker_groups:
        yield Finding(
            f'each apply sets the autoscaler\'s count of "{workload.name}" back to minReplicas',
            workload.span(cluster.field("enableInTreeAutoscaling")),
            related=(Label((platform.place / "crds" / "enabled").span(), "upstream's CRDs"),),
        )


@rule("OB810", "the engine's namespace is no team's", Scope.PLATFORM)
def engine_namespace(platform: Platform) -> Iterator[Finding]:
    """Declared namespaces get a default-deny network policy, Pod Security labels and a team's Roles: the engine would
    be cut off from its repository, and the team could reach what it holds. Give the team a namespace of its own."""
    home = str(platform.at("gitops", "namespace") or HOMES.get(engine(platform), ""))
    if engine(platform) in NAMES and home in platform.namespaces:
        where = (platform.place / "global" / "namespaces" / home).span(key=True)
        yield Finding(f'namespace "{home}" is where {NAMES[engine(platform)]} runs', where)
