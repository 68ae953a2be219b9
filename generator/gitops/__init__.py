"""Argo CD or Flux objects for a rendered tree, from the blueprints under ``generator/blueprints/gitops``.

One app for each folder of the tree. ``gitops/`` holds the platform's: applied once by hand, it keeps itself and brings
CRDs, namespaces, operator and Volcano, queues and Redis in that order. ``gitops-teams/<namespace>/`` has a team's: its
RayClusters in a single wave, and what confines them to their namespace. The two are apart because a gang may wait in a
queue for days, and because a team's objects need their namespace first: in one app of apps, either holds up everybody.

Order is real only where both sides wait. At the first install Argo CD waits from wave to wave and Flux along
``dependsOn``; later every app follows Git by itself, and a sync that came too early is tried again until it fits.

Leaving Git deletes, in both engines alike, where ``gitops.prune`` is on: a team's file, a folder of the platform. CRDs,
Namespaces, Volcano and Argo CD's own ConfigMap stay, and taking away the root object by hand deletes nothing.

What is not written, on purpose:

* No ApplicationSet. It would make the same Applications in the cluster from a generator, where nobody can review, diff
  or sign them, and deletes them when that generator comes up short; ours are files in the tree like all the rest.
* No cluster in any name. Each cluster has its own folder of the repository and its own Argo CD or Flux, which applies
  to the cluster it runs in.
* No credentials. Argo CD finds a repository's among its own Secrets. Flux wants ``spec.secretRef`` on each
  GitRepository: add it with ``kubectl patch``, these objects keep it (``ssa: Merge``).

Health comes from the table in ``health``. Argo CD reads it from ``argocd-cm`` only, in the namespace it runs in; the
keys are added there by server-side apply. Where another app owns that ConfigMap, it has to carry the same keys. Needs
Argo CD 3.2 (``retry.refresh``) or Flux 2.5 (``healthCheckExprs``; 2.9 with ``crds.enabled: false``, for ``ignore``).
"""

from generator.gitops.apps import PLATFORM_FOLDER, TEAMS_FOLDER, namespace_files, platform_files

__all__ = ["PLATFORM_FOLDER", "TEAMS_FOLDER", "namespace_files", "platform_files"]
