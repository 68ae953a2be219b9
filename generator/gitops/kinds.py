"""The kinds an Argo CD project allows: what our charts render, and nothing else.

The tests hold these against the charts' templates and against rendered fleets.
"""

from __future__ import annotations

from dataclasses import dataclass

Kind = tuple[str, str]
"""API group ("" for Kubernetes' core) and kind."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds by scope."""

    cluster: tuple[Kind, ...]
    namespaced: tuple[Kind, ...]


PLATFORM_KINDS = Kinds(
    cluster=(
        ("", "Namespace"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("scheduling.volcano.sh", "Queue"),
    ),
    namespaced=(
        ("", "ConfigMap"),
        ("", "LimitRange"),
        ("", "PersistentVolumeClaim"),
        ("", "ResourceQuota"),
        ("", "Service"),
        ("", "ServiceAccount"),
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("batch", "CronJob"),
        ("batch", "Job"),
        ("monitoring.coreos.com", "PrometheusRule"),
        ("monitoring.coreos.com", "ServiceMonitor"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("policy", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
    ),
)
"""What the platform's charts render."""

TEAM_KINDS: tuple[Kind, ...] = (
    ("", "ConfigMap"),
    ("", "PersistentVolumeClaim"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("ray.io", "RayCluster"),
    ("ray.io", "RayCronJob"),
    ("ray.io", "RayJob"),
    ("ray.io", "RayService"),
)
"""What the chart ``ray`` renders; all of it namespaced."""
