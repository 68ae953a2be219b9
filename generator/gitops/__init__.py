"""Argo CD or Flux objects for a rendered tree, from the blueprints under ``generator/blueprints/gitops``.

One app for each folder of the tree: the platform's in waves (CRDs, namespaces, operator and Volcano, queues, Redis), then one
app a namespace with its RayClusters in a single wave, so that a gang waiting in a queue holds up nobody else.
"""

from generator.gitops.apps import namespace_files, platform_files

__all__ = ["namespace_files", "platform_files"]
