"""OB204 and OB206: a field that is not there, and the one that was probably meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from generator.diagnostics import Diagnostic, Path, Span, near
from generator.schema import fields, kubernetes, parts, words
from generator.schema.fields import DEFINITION
from generator.schema.parts import KUBERAY, Kind
from generator.schema.tellers import Fault
from generator.schema.versions import Versions
from generator.schema.walk import Node

_NOWHERE: Final = Span("")
_FEW: Final = 8
"""As many allowed fields are listed even when there is a near name."""
_SHARED: Final = frozenset(("podFields", "clusterFields"))
"""Definitions that only others extend."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A key that its map may not have. ``fault`` is the map's."""

    key: str
    fault: Fault
    kind: Kind
    versions: Versions

    @property
    def meant(self) -> str | None:
        """The allowed field whose name is closest, one that is not there yet if possible."""
        allowed = list(self.fault.node.fields)
        return near(self.key, (name for name in allowed if name not in self.fault.value)) or near(self.key, allowed)


def tell(what: Unknown) -> Diagnostic:
    """The finding, still without its place."""
    thing = words.thing(what.fault.node) if what.fault.node.title else words.named(what.fault.path)
    span = _release_span(what)
    if span:
        return _other_release(what, thing, span)
    if what.fault.site.minor and (later := _later_kubernetes(what)):
        return _newer(what, thing, later)
    allowed = list(what.fault.node.fields)
    meant = what.meant
    elsewhere = "" if meant else next(_elsewhere(what), "")
    return Diagnostic(
        "OB204",
        f'unknown field "{what.key}" in {thing}{what.fault.by}',
        _NOWHERE,
        label=f"did you mean {meant}?" if meant else f"not a field of {thing}",
        notes=(f"allowed: {words.listing(allowed)}",) if allowed and (not meant or len(allowed) <= _FEW) else (),
        help=elsewhere,
    )


def _release_span(what: Unknown) -> tuple[str | None, str | None] | None:
    """From which KubeRay on and before which one the field exists, if any release but the pinned one has it."""
    for index in range(len(what.fault.nodes) - 1, -1, -1):
        kind = what.fault.nodes[index].schema.get(KUBERAY)
        if kind and not what.fault.site.minor:
            found = fields.lookup(str(kind), ("spec", *what.fault.path[index:], what.key))
            return (found.since, found.until) if found else None
    source = parts.source(what.kind)
    definitions = source["$defs"]
    schema = definitions.get(what.fault.node.reference, {} if what.fault.path else source)
    since = parts.since(schema, definitions, what.key)
    return (since, None) if since else None


def _newer(what: Unknown, thing: str, later: str) -> Diagnostic:
    """OB207 for a field that the cluster, or the Kubernetes that KubeRay was compiled with, does not have yet."""
    pinned, older = what.versions, what.fault.site.minor
    by_cluster = kubernetes.chosen(pinned.kubernetes) == older
    return Diagnostic(
        "OB207",
        f'"{what.key}" in {thing} came with Kubernetes {later}',
        _NOWHERE,
        label=f"this fleet pins Kubernetes {pinned.kubernetes}"
        if by_cluster
        else f"KubeRay {pinned.kuberay} knows the pods of Kubernetes {older}",
        help="leave it out, or raise global.versions.kubernetes when the cluster is that new"
        if by_cluster
        else "leave it out, or raise global.versions.kuberay",
    )


def _other_release(what: Unknown, thing: str, span: tuple[str | None, str | None]) -> Diagnostic:
    since, until = span
    subject = f'"{what.key}" in {thing}'
    if until is None or not what.versions.at_least("kuberay", until):
        return later(subject, str(since), what.versions)
    pinned = what.versions.kuberay
    message = f"{subject} left with KubeRay {until}; this fleet pins {pinned}"
    return Diagnostic("OB206", message, _NOWHERE, label=f"KubeRay {pinned} does not have it", help="leave it out")


def later(subject: str, since: str, versions: Versions) -> Diagnostic:
    """OB206 for what only a later KubeRay has."""
    return Diagnostic(
        "OB206",
        f"{subject} came with KubeRay {since}; this fleet pins {versions.kuberay}",
        _NOWHERE,
        label=f"KubeRay {versions.kuberay} does not have it",
        help=f"leave it out, or raise global.versions.kuberay to {since} or later",
    )


def choice_since(kind: Kind, path: Path, nodes: Sequence[Node], value: Any) -> str | None:
    """The KubeRay with which one of a field's choices came, if it is not always there."""
    if not path or len(nodes) < len(path) or not isinstance(value, str):
        return None
    definitions = parts.source(kind)["$defs"]
    owner = parts.extended(definitions.get(nodes[len(path) - 1].reference, {}), definitions)
    found = owner.get("properties", {}).get(path[-1], {}).get("x-enum-since", {}).get(value)
    return None if found is None else str(found)


def _later_kubernetes(what: Unknown) -> str | None:
    return kubernetes.since(what.fault.site.minor, what.fault.node.reference, what.key)


def _elsewhere(what: Unknown) -> Iterator[str]:
    """Where a field of this name does exist: under KubeRay's own names, in the pod template, in another thing."""
    inner = what.fault.node.fields
    spec = inner.get("spec", {})
    kuberay = str(spec.get("$ref", "")).removeprefix("#/$defs/kuberay").removesuffix("Spec")
    if kuberay and kuberay in fields.kinds(what.versions.kuberay) and fields.lookup(kuberay, ("spec", what.key)):
        yield f"{what.key} is KubeRay's own name: write it under spec"
    if DEFINITION in inner.get("template", {}):
        known = kubernetes.object_schema(kubernetes.pod_minor(what.versions), kubernetes.POD_TEMPLATE)["$defs"]
        if what.key in known[kubernetes.POD_SPEC]["properties"]:
            yield f"{what.key} is a field of Kubernetes' PodSpec: write it under template.spec"
    if owners := _owners(what):
        yield f"{what.key} is a field of {owners}"


def _owners(what: Unknown) -> str:
    """The things of the same file that do have such a field."""
    source = parts.source(what.kind)
    definitions = source["$defs"]
    things = [each for name, each in definitions.items() if name not in _SHARED]
    having = [each for each in things if what.key in parts.extended(each, definitions).get("properties", {})]
    owners = [words.a(each["title"]) for each in having]
    return " and of ".join(owners) if len(owners) <= 2 else ""
