"""What the blueprints are told of a fleet, and the files they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generator.fleet import Namespace, Platform, Workload
from generator.gitops import health
from generator.gitops.text import fill, objects

DEFAULT_NAMESPACE = {"argocd": "argocd", "flux": "flux-system"}


@dataclass(frozen=True, slots=True)
class App:
    """One folder of the tree as something an engine applies.

    ``wave`` orders it (lower first), ``after`` names the apps it waits for; ``prune`` is false where deleting in Git must
    not delete in the cluster.
    """

    name: str
    folder: str
    wave: int
    after: tuple[str, ...] = ()
    prune: bool = True


PLATFORM_APPS = (
    App("oneblock-crds", "crds", -30, prune=False),
    App("oneblock-namespaces", "namespaces", -25, prune=False),
    App("oneblock-operator", "operator", -20, after=("oneblock-crds", "oneblock-namespaces")),
    App("oneblock-queues", "queues", -10, after=("oneblock-namespaces",)),
    App("oneblock-redis", "redis", -5, after=("oneblock-namespaces",)),
)
"""The platform's apps. Namespaces are kept: taking one out of Git must not delete a team's volumes with it."""


def platform_files(platform: Platform, tree: str, folders: Sequence[str]) -> dict[str, bytes]:
    """The engine's objects for the platform: name → content, empty where ``gitops.engine`` is none.

    ``tree`` is the rendered tree's path in the repository, ``folders`` its top folders.
    """
    engine = _engine(platform)
    if engine == "none":
        return {}
    context = _context(platform, tree)
    apps = [app for app in PLATFORM_APPS if app.folder in folders]
    known = {app.name for app in apps}
    context |= {"apps": apps, "known": known, "root": App("oneblock", "gitops", 0)}
    files = {f"{name}.yaml": fill(f"{engine}/{name}.yaml", context) for name in _PLATFORM_BLUEPRINTS[engine]}
    for app in apps:
        files[f"app-{app.folder}.yaml"] = fill(f"{engine}/app.yaml", context | {"app": app})
    if platform.at("gitops", "volcano", "enabled") is True and platform.batch_scheduler == "volcano":
        context |= {"scheduler": fill("volcano-scheduler.conf", {}).rstrip()}
        files["volcano.yaml"] = fill(f"{engine}/volcano.yaml", context)
    return _documents(files)


def namespace_files(namespace: Namespace, tree: str) -> dict[str, bytes]:
    """The engine's objects for one team's folder, empty where ``gitops.engine`` is none."""
    platform = namespace.platform
    engine = _engine(platform)
    if engine == "none":
        return {}
    context = _context(platform, tree) | {
        "namespace": namespace.name,
        "folder": f"ray/{namespace.name}",
        "waited_for": [each for each in namespace.workloads if _can_be_ready(each)],
        "autoscaled": [_autoscaled(each) for each in namespace.clusters if _autoscaled(each)["groups"]],
    }
    names = _NAMESPACE_BLUEPRINTS[engine]
    return _documents({f"{name}.yaml": fill(f"{engine}/{name}.yaml", context) for name in names})


_PLATFORM_BLUEPRINTS = {"argocd": ("platform-project", "root", "health"), "flux": ("source", "root")}
_NAMESPACE_BLUEPRINTS = {"argocd": ("project", "ray"), "flux": ("tenant-source", "ray")}


def _engine(platform: Platform) -> str:
    return str(platform.at("gitops", "engine") or "none")


def _context(platform: Platform, tree: str) -> dict[str, Any]:
    engine = _engine(platform)
    given = {key: platform.at("gitops", key) for key in ("repoURL", "revision", "interval", "namespace", "selfHeal", "prune")}
    return {
        "tree": tree,
        "repo": given["repoURL"],
        "revision": given["revision"] or "main",
        "interval": given["interval"] or "5m",
        "engine_namespace": given["namespace"] or DEFAULT_NAMESPACE[engine],
        "self_heal": given["selfHeal"] is not False,
        "prune": given["prune"] is not False,
        "system": platform.system_namespace,
        "versions": platform.versions,
        "own_crds": platform.at("crds", "enabled") is not False,
        "health": health,
        "lua": health.lua,
        "cel": health.cel,
    }


def _can_be_ready(workload: Workload) -> bool:
    """Whether waiting for it makes sense: what Git suspends, and what only runs on a schedule, never gets ready."""
    return workload.kind in ("RayCluster", "RayService") and workload.spec.get("suspend") is not True


def _autoscaled(workload: Workload) -> dict[str, Any]:
    cluster = workload.cluster
    groups = len(cluster.worker_groups) if cluster is not None and cluster.autoscaling else 0
    return {"name": workload.name, "groups": list(range(groups))}


def _documents(files: dict[str, str]) -> dict[str, bytes]:
    """One file an object: a blueprint may print several, named by kind and name as the rest of the tree is."""
    return {name: content.encode() for text in files.values() for name, content in objects(text)}
