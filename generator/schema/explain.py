"""Why a file does not fit its schema, as findings. Only ever runs for files that jsonschema-rs has refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from generator.diagnostics import Diagnostic, Path, dotted, in_order
from generator.schema import kubernetes, tellers, unknown, words
from generator.schema.fields import DEFINITION
from generator.schema.parts import Kind
from generator.schema.tellers import Fault, Site
from generator.schema.values import COMPLETE
from generator.schema.versions import Versions
from generator.schema.walk import Node, nodes, resolve, value_at
from generator.source import Document

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

KUBERNETES: Final = "OB207"
_MISSING: Final = 1
_UNKNOWN: Final = 2
"""Ranks of two kinds of findings: see ``Found``."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with what makes it one mistake: several with the same ``spot`` are one; the lowest ``rank`` says it.

    ``meant`` is the place of the field that an unknown one was probably meant to be: its absence is the same mistake.
    """

    spot: Path
    rank: int
    diagnostic: Diagnostic
    meant: Path = ()


def explain(
    document: Document, kind: Kind, versions: Versions, schema: Mapping[str, Any], errors: Iterable[ValidationError]
) -> list[Diagnostic]:
    """Findings OB201 – OB207 for a document that its schema refused; one for each mistake, in the file's order."""
    teller = _Teller(document, kind, versions)
    best: dict[Path, Found] = {}
    for found in teller.all(Site(schema), errors):
        known = best.get(found.spot)
        if known is None or found.rank < known.rank:
            best[found.spot] = found
    renamed = {found.meant for found in best.values()}
    return in_order(found.diagnostic for spot, found in best.items() if found.rank != _MISSING or spot not in renamed)


class _Teller:
    """Turns the errors of one document into findings."""

    def __init__(self, document: Document, kind: Kind, versions: Versions) -> None:
        self._document = document
        self._kind = kind
        self._versions = versions

    def all(self, site: Site, errors: Iterable[ValidationError]) -> Iterator[Found]:
        for error in errors:
            yield from self._one(site, error)

    def _one(self, site: Site, error: ValidationError) -> Iterator[Found]:
        fault = self._fault(site, error)
        match fault.keyword:
            case "additionalProperties":
                for key in error.kind.as_dict()["unexpected"]:
                    yield self._unknown(fault, key)
            case "required":
                yield self._missing(fault, error.kind.as_dict()["property"])
            case "propertyNames":
                yield self._name(fault)
            case _ if fault.keyword == DEFINITION:
                yield from self._kubernetes(fault)
            case _:
                yield self._value(fault)

    def _fault(self, site: Site, error: ValidationError) -> Fault:
        inner: Path = tuple(error.instance_path)
        path = (*site.base, *inner)
        first, *rest = nodes(site.schema, inner)
        way = (*site.outer, replace(first, reached=site.reached), *rest)
        node = way[len(path)] if len(way) > len(path) else Node({}, "field")
        owner = value_at(site.schema, error.schema_path[:-1])
        value = value_at(self._document.data, path)
        return Fault(error.kind.name, path, value, node, way, owner, site, error)

    def _value(self, fault: Fault) -> Found:
        since = unknown.choice_since(self._kind, fault.path, fault.nodes, fault.value)
        if fault.keyword == "enum" and since:
            subject = f'"{fault.value}" for {words.named(fault.path)}{fault.where}'
            return Found(fault.path, 1, self._placed(fault, unknown.later(subject, since, self._versions)))
        rank, tell = tellers.TELL.get(fault.keyword, (9, tellers.wrong_form))
        # Where a Kubernetes type and our own words for it both complain, ours say more.
        return Found(
            fault.path, rank + (10 if fault.site.minor else 0), self._placed(fault, tell(fault, self._document))
        )

    def _kubernetes(self, fault: Fault) -> Iterator[Found]:
        minor = kubernetes.pod_minor(self._versions)
        definition, complete = fault.owner[DEFINITION], bool(fault.owner.get(COMPLETE))
        source = kubernetes.object_schema(minor, definition, complete=complete)
        site = Site(source, fault.path, fault.nodes[: len(fault.path)], fault.node.reached, minor)
        yield from self.all(site, kubernetes.validator(minor, definition, complete=complete).iter_errors(fault.value))

    def _unknown(self, fault: Fault, key: str) -> Found:
        what = unknown.Unknown(key, fault, self._kind, self._versions)
        spot = (*fault.path, key)
        told = self._placed(fault, unknown.tell(what), spot, key=True)
        return Found(spot, _UNKNOWN, told, (*fault.path, what.meant) if what.meant else ())

    def _missing(self, fault: Fault, key: str) -> Found:
        wanted = resolve(fault.node.fields.get(key, {}), fault.site.schema)[0]
        owner = words.thing(fault.node) if fault.node.title else words.named(fault.path)
        text = words.first_sentence(wanted.get("description", ""))
        sample = words.example(wanted)
        told = Diagnostic(
            "OB203",
            f'"{key}" is missing in {owner}{fault.by}',
            self._document.span(()),
            label=f"needs {key}",
            notes=(f"{key}: {text}",) if text else (),
            help=f"for example {key}: {sample}" if sample else "",
        )
        on_key = bool(fault.path) and isinstance(fault.path[-1], str)
        return Found((*fault.path, key), _MISSING, self._placed(fault, told, fault.path, key=on_key))

    def _name(self, fault: Fault) -> Found:
        """A key of a map that is keyed by names of the user's own."""
        error: ValidationError = fault.error.kind.as_dict()["error"]
        key = str(error.instance)
        schema = resolve(fault.node.schema.get("propertyNames", {}), fault.site.schema)[0]
        title = schema.get("title", "name")
        reserved = schema.get("not", {}).get("enum", ()) if error.kind.name == "not" else ()
        fixed = None if reserved else words.repaired(key, schema.get("pattern", ""))
        notes = [f"reserved: {words.listing(reserved)}"] if reserved else tellers.described(schema)
        told = Diagnostic(
            "OB205",
            f'"{key}" cannot be {words.a(title)}',
            self._document.span(()),
            label=f"did you mean {fixed}?" if fixed else "reserved" if reserved else f"not {words.a(title)}",
            notes=tuple(notes),
        )
        path = (*fault.path, key)
        return Found(path, -1, self._placed(fault, told, path, key=True))

    def _placed(self, fault: Fault, told: Diagnostic, path: Path | None = None, *, key: bool = False) -> Diagnostic:
        """The finding at its place, with the code of Kubernetes objects where it is about one."""
        at = fault.path if path is None else path
        bare = fault.value is None and bool(at) and isinstance(at[-1], str)
        return replace(
            told,
            code=KUBERNETES if fault.site.minor and told.code != "OB206" else told.code,
            span=self._document.span(at, key=key or bare),
            path=dotted(at),
        )
