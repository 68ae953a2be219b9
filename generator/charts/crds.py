"""The CustomResourceDefinitions of KubeRay, made from the field tables for any supported KubeRay.

Two forms. ``full``, the default, types everything as KubeRay's own CRDs do: an object the operator cannot read is
refused. That matters to everybody, because the operator lists all objects of a kind at once and takes in none while one
of them has, say, a word where Go wants a number. It serves ``v1`` alone, which keeps each CRD small enough for a plain
``kubectl apply``, whose record of the last apply may have 262,144 bytes. ``slim`` leaves Kubernetes' large types open
(pod templates, Services): 30 kB, any Kubernetes' pod fields, and no such protection. In both, ``workerGroupSpecs`` is a
map list with the key ``groupName``, so that a server-side apply merges group by group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from generator.charts.crds_kubernetes import structural
from generator.schema import fields
from generator.schema.fields_table import ApiVersion, Kind, Release, tables

Form = Literal["slim", "full"]

OPEN: Final = frozenset(
    {
        "io.k8s.api.core.v1.EnvVarSource",
        "io.k8s.api.core.v1.PodTemplateSpec",
        "io.k8s.api.core.v1.SecurityContext",
        "io.k8s.api.core.v1.Service",
        "io.k8s.api.networking.v1.NetworkPolicyEgressRule",
        "io.k8s.api.networking.v1.NetworkPolicyIngressRule",
    }
)
"""The Kubernetes types that the slim form leaves open: the large ones. The small ones stay as strict as upstream's."""

ANNOTATIONS: Final[Mapping[str, str]] = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "helm.sh/resource-policy": "keep",
}
"""For every CRD in a chart: whoever deletes a CRD deletes all objects of its kind."""


def crds(kuberay: str, form: Form = "full") -> dict[str, dict[str, Any]]:
    """The CRDs of a KubeRay release by name (``rayclusters.ray.io``), sorted; metadata holds the name only.

    Raises ``UnsupportedRelease`` for a KubeRay that the tables do not describe.
    """
    kinds = (tables().kinds[name] for name in fields.kinds(kuberay))
    made = (_crd(kind, kuberay, form) for kind in kinds)
    return {crd["metadata"]["name"]: crd for crd in sorted(made, key=lambda crd: str(crd["metadata"]["name"]))}


def _crd(kind: Kind, kuberay: str, form: Form) -> dict[str, Any]:
    now = fields.release(kuberay)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.ray.io"},
        "spec": {
            "group": "ray.io",
            "names": {
                "categories": ["all"],
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.name.lower(),
            },
            "scope": "Namespaced",
            "versions": [
                _version(kind, version, kuberay, now, form)
                for version in kind.versions
                if version.storage or form == "slim"
            ],
        },
    }


def _version(kind: Kind, version: ApiVersion, kuberay: str, now: Release, form: Form) -> dict[str, Any]:
    schema = _expand(fields.object_schema(kind.name, kuberay, version.name), fields.kubernetes(kuberay), form)
    described: dict[str, Any] = {"name": version.name, "served": True, "storage": version.storage}
    if version.deprecated and now in version.deprecated:
        described |= {"deprecated": True, "deprecationWarning": version.warning}
    if version.columns:
        described["additionalPrinterColumns"] = [_column(said) for span, said in kind.columns if now in span]
    return described | {"subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema}}


def _column(said: Mapping[str, Any]) -> dict[str, Any]:
    column = {"name": said["name"], "type": said["type"], "jsonPath": said["path"]}
    return column | ({"priority": said["priority"]} if "priority" in said else {})


def _expand(node: Mapping[str, Any], kubernetes: str, form: Form) -> dict[str, Any]:
    """The node with Kubernetes' own types in their place."""
    definition = node.get(fields.DEFINITION)
    if definition is None:
        return {key: _child(key, value, kubernetes, form) for key, value in node.items()}
    return structural(definition, kubernetes, OPEN if form == "slim" else frozenset())


def _child(key: str, value: Any, kubernetes: str, form: Form) -> Any:
    if key == "properties":
        return {name: _expand(child, kubernetes, form) for name, child in value.items()}
    if key in ("items", "additionalProperties"):
        return _expand(value, kubernetes, form)
    return value
