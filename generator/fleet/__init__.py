"""The fleet as its files describe it: typed views over documents, no I/O, nothing printed.

``Fleet`` holds one cluster: its :class:`Platform` (the admin's file) and the :class:`Namespace` of each team. A
workload (RayCluster, RayJob, RayCronJob, RayService) knows the Kubernetes object it will become as far as OneBlock's
rules look at it, and for every field of that object the place in the values files that said so.
"""

from generator.fleet.cluster_spec import ClusterSpec, Group
from generator.fleet.model import Fleet, Namespace, Platform, Queue, open_namespace
from generator.fleet.places import Place, Sourced
from generator.fleet.workload import Workload

__all__ = [
    "ClusterSpec",
    "Fleet",
    "Group",
    "Namespace",
    "Place",
    "Platform",
    "Queue",
    "Sourced",
    "Workload",
    "open_namespace",
]
