"""The KubeRay field tables under ``schemas/kuberay/`` as Python values.

The files say what each field is and since when (``raycluster.yaml`` explains the format); nothing here knows a field by
name. A mistake in a file is a :class:`TableError`: the tables come with OneBlock, users never write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal

import yaml

from generator import resources
from generator.schema import versions

Release = tuple[int, int, int]
"""A KubeRay release: major, minor, patch."""

LIMITS: Final = ("default", "enum", "minimum", "maximum", "minLength", "minItems", "pattern", "nullable")
"""What a field may say in the words of JSON Schema."""

KEYWORDS: Final = frozenset({*LIMITS, "required", "list", "keys", "rules"})
"""What a field may say besides its type, and what may change between releases (``when``)."""

SCALARS: Final = frozenset({"string", "bool", "int32", "int64", "number", "quantity", "time", "object"})
_GROUPS: Final = {
    "core": "io.k8s.api.core",
    "networking": "io.k8s.api.networking",
    "meta": "io.k8s.apimachinery.pkg.apis.meta",
}
_OLDEST: Final[Release] = (0, 0, 0)
_NEVER: Final[Release] = (9999, 0, 0)


class TableError(ValueError):
    """A field table says something that the format does not know."""


class UnsupportedRelease(ValueError):  # noqa: N818 - it is the release that is at fault, not the program
    """Not a KubeRay release that the tables describe; the text says which ones they do."""


@dataclass(frozen=True, slots=True)
class Type:
    """A scalar, a list or map ``of`` another type, a shape, or a Kubernetes definition by its full name."""

    kind: Literal["scalar", "list", "map", "shape", "kubernetes"]
    name: str
    of: Type | None = None

    def __str__(self) -> str:
        return f"{self.kind}<{self.of}>" if self.of else self.name

    @property
    def element(self) -> Type:
        """What a list or map holds. Raises TableError for any other type."""
        if self.of is None:
            raise TableError(f"{self.name} has no elements")
        return self.of

    @property
    def leaf(self) -> Type:
        """The type inside all lists and maps."""
        return self.of.leaf if self.of else self


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases from ``since`` on and before ``until``."""

    since: Release = _OLDEST
    until: Release = _NEVER

    def __contains__(self, release: object) -> bool:
        return isinstance(release, tuple) and self.since <= release < self.until

    def within(self, other: Releases) -> Releases:
        """The releases of both."""
        return Releases(max(self.since, other.since), min(self.until, other.until))

    @property
    def texts(self) -> tuple[str | None, str | None]:
        """Both ends as people write them ("1.5", "1.5.1"), None where open."""
        return (
            None if self.since == _OLDEST else text(self.since),
            None if self.until == _NEVER else text(self.until),
        )


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a shape, through all releases."""

    name: str
    type: Type
    doc: str
    span: Releases
    v1alpha1: bool | None
    keywords: Mapping[str, Any]
    when: tuple[tuple[Releases, Mapping[str, Any]], ...]

    def at(self, release: Release) -> dict[str, Any]:
        """Its keywords in a release: what always holds, then what this release changes."""
        said = dict(self.keywords)
        for span, changes in self.when:
            if release in span:
                said |= changes
        return said


Shape = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One served version of a kind. ``frozen``: it got no new fields after that release."""

    name: str
    storage: bool
    frozen: Release | None
    columns: bool
    deprecated: Releases | None
    warning: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One custom resource of the group ``ray.io``: names, API versions, printer columns, spec and status."""

    name: str
    plural: str
    span: Releases
    versions: tuple[ApiVersion, ...]
    columns: tuple[tuple[Releases, Mapping[str, Any]], ...]
    spec: str
    status: str


@dataclass(frozen=True, slots=True)
class Tables:
    """The fields of every kind, as the files say."""

    kinds: Mapping[str, Kind]
    shapes: Mapping[str, Shape]


def text(release: Release) -> str:
    """``(1, 5, 0)`` → ``1.5``, ``(1, 5, 1)`` → ``1.5.1``."""
    return ".".join(map(str, release if release[2] else release[:2]))


def parse(version: str) -> Release:
    """``1.5``, ``1.5.1``, ``v1.5.1``, ``1.7.0-rc.0`` → a release. Raises UnsupportedRelease for what is no version."""
    numbers = versions.parse(version)
    if numbers is None:
        raise UnsupportedRelease(f"{version!r} is not a KubeRay version; known are {', '.join(supported())}")
    return numbers


def release(version: str) -> Release:
    """The release a version means; a bare minor is its newest patch. Raises UnsupportedRelease outside the tables."""
    parsed = parse(version)
    known = minors().get(parsed[:2])
    if known is None:
        raise UnsupportedRelease(f"KubeRay {version} is not known; known are {', '.join(supported())}")
    return known[0] if versions.bare(version) else parsed


def supported() -> tuple[str, ...]:
    """The KubeRay minors that the tables describe, oldest first."""
    return tuple(f"{major}.{minor}" for major, minor in sorted(minors()))


def kubernetes(version: str) -> str:
    """The Kubernetes minor ("1.35") whose types this KubeRay was compiled with."""
    return minors()[release(version)[:2]][1]


@cache
def minors() -> Mapping[tuple[int, int], tuple[Release, str]]:
    """KubeRay's minors: the newest patch of each, and the Kubernetes minor it was compiled with. Read by every run."""
    said = _read("versions.yaml")
    return {parse(minor)[:2]: (parse(each["newest"]), str(each["kubernetes"])) for minor, each in said.items()}


@cache
def tables() -> Tables:
    """The fields of all kinds, read once."""
    folder = resources.schemas() / "kuberay"
    kinds: dict[str, Kind] = {}
    shapes: dict[str, Shape] = {}
    for file in sorted(folder.glob("ray*.yaml")):
        content = _read(file.name)
        for name, fields in content["shapes"].items():
            made = {key: _field(f"{file.name}: {name}.{key}", key, said) for key, said in fields.items()}
            shapes[name] = MappingProxyType(made)
        kinds[content["kind"]] = _kind(content)
    for where, field in _all(shapes):
        leaf = field.type.leaf
        if leaf.kind == "shape" and leaf.name not in shapes:
            raise TableError(f"{where}: no shape {leaf.name!r}")
    return Tables(
        kinds=MappingProxyType(kinds),
        shapes=MappingProxyType(shapes),
    )


def span(said: Mapping[str, Any]) -> Releases:
    """``since`` and ``until`` of a table entry."""
    return Releases(
        parse(said["since"]) if "since" in said else _OLDEST,
        parse(said["until"]) if "until" in said else _NEVER,
    )


def _read(name: str) -> dict[str, Any]:
    content = (resources.schemas() / "kuberay" / name).read_bytes()
    loaded: dict[str, Any] = yaml.load(content, Loader=yaml.CSafeLoader)  # the safe loader in C: every run reads this
    return loaded


def _all(shapes: Mapping[str, Shape]) -> Iterator[tuple[str, Field]]:
    for name, shape in shapes.items():
        for field in shape.values():
            yield f"{name}.{field.name}", field


def _field(where: str, name: str, said: Mapping[str, Any]) -> Field:
    unknown = set(said) - KEYWORDS - {"type", "doc", "since", "until", "v1alpha1", "when"}
    if unknown or "type" not in said or not said.get("doc"):
        raise TableError(f"{where}: {'unknown ' + ', '.join(sorted(unknown)) if unknown else 'needs a type and a doc'}")
    when = []
    for change in said.get("when", ()):
        if strange := set(change) - KEYWORDS - {"since", "until"}:
            raise TableError(f"{where}: unknown {', '.join(sorted(strange))} in when")
        when.append((span(change), MappingProxyType(_keywords(change))))
    return Field(
        name=name,
        type=parse_type(where, said["type"]),
        doc=said["doc"],
        span=span(said),
        v1alpha1=said.get("v1alpha1"),
        keywords=MappingProxyType(_keywords(said)),
        when=tuple(when),
    )


def _keywords(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key in KEYWORDS}


def parse_type(where: str, written: str) -> Type:
    """``list<core.v1.EnvVar>`` → a :class:`Type`; Kubernetes types get the full name of their definition."""
    if found := re.fullmatch(r"(list|map)<(.+)>", written):
        return Type("list" if found[1] == "list" else "map", written, parse_type(where, found[2]))
    if written in SCALARS:
        return Type("scalar", written)
    if found := re.fullmatch(r"([a-z]+)\.(v1\.[A-Z]\w+)", written):
        if found[1] not in _GROUPS:
            raise TableError(f"{where}: no Kubernetes group {found[1]!r}")
        return Type("kubernetes", f"{_GROUPS[found[1]]}.{found[2]}")
    if re.fullmatch(r"[A-Z]\w+", written):
        return Type("shape", written)
    raise TableError(f"{where}: cannot read the type {written!r}")


def _kind(content: Mapping[str, Any]) -> Kind:
    served = []
    for name, said in content["versions"].items():
        deprecated = said.get("deprecated")
        served.append(
            ApiVersion(
                name=name,
                storage=said.get("storage", False),
                frozen=parse(said["frozen"]) if "frozen" in said else None,
                columns=said.get("columns", True),
                deprecated=span(deprecated) if deprecated else None,
                warning=deprecated["warning"] if deprecated else "",
            )
        )
    columns = tuple((span(said), MappingProxyType(dict(said))) for said in content["columns"])
    return Kind(
        name=content["kind"],
        plural=content["plural"],
        span=span(content),
        versions=tuple(served),
        columns=columns,
        spec=content["spec"],
        status=content["status"],
    )
