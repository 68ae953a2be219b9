"""Does a values file fit its schema? One look by a compiled validator; only what does not fit is looked at closely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from generator.diagnostics import Diagnostic
from generator.schema import kubernetes
from generator.schema.fields import DEFINITION
from generator.schema.parts import Kind, Schema
from generator.schema.values import nearest, values_schema
from generator.schema.versions import Versions

if TYPE_CHECKING:
    import jsonschema_rs

    from generator.source import Document


@dataclass(frozen=True, slots=True)
class Compiled:
    """A schema and its validator."""

    schema: Schema
    validator: jsonschema_rs.Draft202012Validator


def check(document: Document, kind: Kind, versions: Versions) -> list[Diagnostic]:
    """Findings OB201 – OB207 of one values file, in the file's order; empty when it fits.

    ``versions`` are those of the platform file, also for a namespace file. null is refused everywhere (but for
    ``redis.bootstrap.forceMasterOrdinal``): Helm takes it as an order to forget the key, not everywhere alike.
    """
    usable = nearest(versions)
    compiled = validator(kind, usable.kuberay, kubernetes.pod_minor(usable))
    if compiled.validator.is_valid(document.data):
        return []
    from generator.schema.explain import explain

    return explain(document, kind, usable, compiled.schema, compiled.validator.iter_errors(document.data))


@lru_cache(maxsize=16)
def validator(kind: Kind, kuberay: str, minor: str) -> Compiled:
    """The compiled schema of a kind for a KubeRay version and a Kubernetes minor."""
    import jsonschema_rs  # here, so that commands which validate nothing start without it

    schema = values_schema(kind, Versions(kubernetes=minor, kuberay=kuberay))
    keywords: dict[str, Any] = {DEFINITION: kubernetes.keyword(minor)}
    return Compiled(schema, jsonschema_rs.Draft202012Validator(schema, keywords=keywords))
