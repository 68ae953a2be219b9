"""What the blueprints are told of a fleet, and the files they give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator.fleet import Namespace, Platform, Workload
from generator.gitops import health
from generator.gitops.kinds import PLATFORM_KINDS, TEAM_KINDS
from generator.gitops.text import fill, objects

DEFAULT_NAMESPACE = {"argocd": "argocd", "flux": "flux-system"}

PLATFORM_FOLDER = "gitops"
"""The folder of the tree that a person applies once."""
TEAMS_FOLDER = "gitops-teams"
"""Beside it, not in it: both engines have to be able to apply the one without the other. One folder a namespace."""


@dataclass(frozen=True, slots=True)
class App:
    """One folder of the tree as something an engine applies.

    ``wave`` orders it (lower first), ``after`` names the apps it waits for. ``prune``: what leaves the folder is
    deleted; ``cascade``: when the folder itself leaves Git, so are its objects.
    """

    name: str
    folder: str
    wave: int
    after: tuple[str, ...] = ()
    prune: bool = True
    cascade: bool = True


PLATFORM_APPS = (
    App("oneblock-crds", "crds", -30, prune=False, cascade=False),
    App("oneblock-namespaces", "namespaces", -25, cascade=False),
    App("oneblock-operator", "operator", -20, after=("oneblock-crds", "oneblock-namespaces")),
    App("oneblock-queues", "queues", -10, after=("oneblock-namespaces",)),
    App("oneblock-redis", "redis", -5, after=("oneblock-namespaces",)),
)
"""The platform's apps. What leaves ``namespaces`` has to go, a RoleBinding is a permission; Namespaces say themselves
that they stay, and so do the CRDs, whose app does not even try."""


def platform_files(platform: Platform, tree: str, folders: Sequence[str]) -> dict[str, bytes]:
    """The engine's objects for the platform: name → content, empty where ``gitops.engine`` is none.

    ``tree`` is the rendered tree's path in the repository, ``folders`` its top folders.
    """
    engine = _engine(platform)
    if engine == "none":
        return {}
    context = _context(platform, tree)
    apps = [app for app in PLATFORM_APPS if app.folder in folders]
    context |= {"apps": apps, "known": {app.name for app in apps}, "platform_kinds": PLATFORM_KINDS}
    texts = [fill(f"{engine}/{name}.yaml", context) for name in _PLATFORM_BLUEPRINTS[engine]]
    texts += [fill(f"{engine}/app.yaml", context | {"app": app}) for app in apps]
    if platform.at("gitops", "volcano", "enabled") is True and platform.batch_scheduler == "volcano":
        context |= {"scheduler": fill("volcano-scheduler.conf", {}).rstrip()}
        texts.append(fill(f"{engine}/volcano.yaml", context))
    return _files(texts)


def namespace_files(namespace: Namespace, tree: str) -> dict[str, bytes]:
    """The engine's objects for one team's folder; empty where ``gitops.engine`` is none or nothing is in that folder.

    An app whose folder is not in Git is an error to both engines, and would keep what it had applied.
    """
    platform = namespace.platform
    engine = _engine(platform)
    if engine == "none" or not _renders(namespace):
        return {}
    waited_for = [each for each in namespace.workloads if _can_be_ready(each)]
    folder = f"ray/{namespace.name}"
    context = _context(platform, tree) | {
        "namespace": namespace.name,
        "folder": folder,
        "only_this_folder": list(_only(f"{tree}/{folder}")),
        "team_kinds": TEAM_KINDS,
        "waited_for": waited_for,
        "waited_kinds": {each.kind for each in waited_for},
        "autoscaled": [_autoscaled(each) for each in namespace.clusters if _autoscaled(each)["groups"]],
    }
    return _files([fill(f"{engine}/{name}.yaml", context) for name in _NAMESPACE_BLUEPRINTS[engine]])


_PLATFORM_BLUEPRINTS = {"argocd": ("projects", "root", "health"), "flux": ("root",)}
_NAMESPACE_BLUEPRINTS = {"argocd": ("project", "ray"), "flux": ("team",)}


def _engine(platform: Platform) -> str:
    return str(platform.at("gitops", "engine") or "none")


def _context(platform: Platform, tree: str) -> dict[str, Any]:
    keys = ("repoURL", "revision", "interval", "namespace", "selfHeal", "prune")
    given = {key: platform.at("gitops", key) for key in keys}
    revision = str(given["revision"] or "main")
    return {
        "tree": tree,
        "platform_folder": PLATFORM_FOLDER,
        "teams_folder": TEAMS_FOLDER,
        "repo": _flux_url(str(given["repoURL"])) if _engine(platform) == "flux" else given["repoURL"],
        "revision": revision,
        "ref": _ref(revision),
        "interval": given["interval"] or "5m",
        "engine_namespace": given["namespace"] or DEFAULT_NAMESPACE[_engine(platform)],
        "self_heal": given["selfHeal"] is not False,
        "prune": given["prune"] is not False,
        "system": platform.system_namespace,
        "versions": platform.versions,
        "own_crds": platform.at("crds", "enabled") is not False,
        "health": health,
        "lua": health.lua,
        "cel": health.cel,
    }


def _ref(revision: str) -> dict[str, str]:
    """What Flux calls a revision. Argo CD finds out by itself; Flux takes a bare word for a branch."""
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return {"kind": "commit", "name": revision}
    return {"kind": "name" if revision.startswith("refs/") else "branch", "name": revision}


def _flux_url(url: str) -> str:
    """The address as Flux's GitRepository takes it: it knows ``ssh://`` but not the short form ``user@host:path``."""
    short = re.fullmatch(r"([^/:@]+@[^/:]+):(.+)", url)
    return f"ssh://{short[1]}/{short[2].lstrip('/')}" if short else url


def _only(path: str) -> Iterator[str]:
    """Patterns in the manner of ``.gitignore`` that leave only ``path``: all out, then each folder on the way in."""
    at = ""
    for step in path.split("/"):
        yield f"{at}/*"
        at += f"/{step}"
        yield f"!{at}"


def _renders(namespace: Namespace) -> bool:
    """Whether the chart ``ray`` renders anything for it."""
    return bool(namespace.workloads) or namespace.platform.at("global", "monitoring", "dashboards") is True


def _can_be_ready(workload: Workload) -> bool:
    """Whether waiting for it makes sense: what Git suspends, and what only runs on a schedule, never gets ready."""
    return workload.kind in ("RayCluster", "RayService") and workload.spec.get("suspend") is not True


def _autoscaled(workload: Workload) -> dict[str, Any]:
    cluster = workload.cluster
    groups = len(cluster.worker_groups) if cluster is not None and cluster.autoscaling else 0
    return {"name": workload.name, "groups": list(range(groups))}


def _files(texts: Sequence[str]) -> dict[str, bytes]:
    """One file an object: a blueprint may print several, named by kind and name as the rest of the tree is."""
    return {name: content.encode() for text in texts for name, content in objects(text)}
