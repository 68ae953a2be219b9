"""Our CRDs against KubeRay's own, field by field, for every KubeRay minor and both forms.

Upstream's files are not part of this repository: ``$ONEBLOCK_UPSTREAM_CRDS`` names a folder that holds
``kuberay/<version>/<plural>.ray.io.json`` (made by ``kubectl get crd -o json`` or from the release's YAML); without it
``../shared/upstream-crds`` next to the checkout is tried.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator.charts.crds import OPEN, Form, crds
from generator.schema.fields import DEFINITION, INT_OR_STRING, QUANTITY, TIME, object_schema, supported

RELEASES = ("1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.2", "1.7.0")
FORMS: tuple[Form, ...] = ("full", "slim")

DELIBERATE: dict[str, str] = {
    "worker-groups-map-list": (
        "workerGroupSpecs is a map list with the key groupName, so that a server-side apply merges group by group and "
        "leaves the autoscaler's replicas alone; upstream's list is atomic"
    ),
    "v1-only": (
        "the full form does not serve the deprecated v1alpha1, which makes each CRD small enough for a plain kubectl "
        "apply; the operator has spoken v1 since KubeRay 1.0"
    ),
    "numbers-go-can-hold": (
        "a port beyond 32 bits, or a number of CPUs beyond a float's, is refused: upstream's CRDs let it in, and the "
        "operator then cannot list the objects of the kind at all"
    ),
    "quantities-go-can-read": (
        "a quantity has at most 64 characters and an exponent of one or two digits: upstream's pattern takes "
        "an exponent with a fraction, which fails the operator's list, or one of nine digits, with which neither the "
        "operator nor the API server that gets its pod is done after a minute"
    ),
    "times-go-can-read": (
        "a time is written as Go reads it: the API server's date-time also takes small letters, any sign before the "
        "fraction and any offset, and each of them fails the operator's list"
    ),
    "open-kubernetes-type": (
        "the slim form takes anything in the large Kubernetes types (pod templates, Services, security contexts, "
        "sources of variables, network policy rules): they make 97 % of upstream's CRDs, and are checked before "
        "anything is applied"
    ),
    "controller-gen-annotation": "upstream's CRDs name the version of the tool that wrote them; it did not write ours",
}
"""Every difference we mean, with its reason. One that is not here, or that no longer occurs, fails the test."""

BY_FORM: dict[Form, frozenset[str]] = {
    "slim": frozenset(DELIBERATE) - {"v1-only"},
    "full": frozenset(DELIBERATE) - {"open-kubernetes-type"},
}


@dataclass(frozen=True)
class Difference:
    """Something in our CRD that is not what upstream's says. ``MISSING`` stands for nothing at all."""

    path: tuple[str, ...]
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: ours {_short(self.ours)}, upstream {_short(self.theirs)}"


MISSING = "nothing"

UPSTREAM_QUANTITY = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
TIGHTER: dict[tuple[str, Any, Any], str] = {
    ("minimum", INT_OR_STRING["minimum"], MISSING): "numbers-go-can-hold",
    ("maximum", INT_OR_STRING["maximum"], MISSING): "numbers-go-can-hold",
    ("minimum", -(10**15), MISSING): "numbers-go-can-hold",
    ("maximum", 10**15, MISSING): "numbers-go-can-hold",
    ("maxLength", QUANTITY["maxLength"], MISSING): "quantities-go-can-read",
    ("pattern", QUANTITY["pattern"], UPSTREAM_QUANTITY): "quantities-go-can-read",
    ("pattern", TIME["pattern"], MISSING): "times-go-can-read",
}
"""Keyword, ours, upstream's → the deliberate difference that this is."""


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) < 120 else f"{text[:117]}…"


def upstream(release: str) -> dict[str, dict[str, Any]]:
    """Upstream's CRDs of a release by name; skips the test where they are not at hand."""
    named = os.environ.get("ONEBLOCK_UPSTREAM_CRDS")
    root = Path(named) if named else Path(__file__).parents[3] / "shared" / "upstream-crds"
    folder = root / "kuberay" / release
    if not folder.is_dir():
        pytest.skip(f"needs KubeRay {release}'s own CRDs in kuberay/{release}/ below $ONEBLOCK_UPSTREAM_CRDS")
    loaded = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json")))
    return {crd["metadata"]["name"]: crd for crd in loaded}


def comparable(crd: dict[str, Any]) -> dict[str, Any]:
    """A CRD in which order means nothing where the API server gives it no meaning."""
    versions = {version["name"]: version for version in crd["spec"]["versions"]}
    kept = {key: value for key, value in crd.items() if key != "status"}  # the API server's
    return kept | {
        "spec": crd["spec"] | {"versions": {name: _unordered(version) for name, version in versions.items()}}
    }


def _unordered(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: sorted(value) if key == "required" and isinstance(value, list) else _unordered(value)
            for key, value in node.items()
        }
    return [_unordered(value) for value in node] if isinstance(node, list) else node


def differences(ours: Any, theirs: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key, MISSING), theirs.get(key, MISSING), (*path, key))
    elif ours != theirs or type(ours) is not type(theirs):
        yield Difference(path, ours, theirs)


def opened(crd: dict[str, Any], release: str) -> dict[str, set[tuple[str, ...]]]:
    """Version → the paths at which the tables embed a Kubernetes type that the slim form may leave open."""
    kind = crd["spec"]["names"]["kind"]
    return {
        version["name"]: set(_opened(object_schema(kind, release, version["name"]), ("schema", "openAPIV3Schema")))
        for version in crd["spec"]["versions"]
    }


def _opened(node: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if node.get(DEFINITION) in OPEN:
        yield path
    elif str(node.get(DEFINITION)).endswith(".EnvVar"):
        yield (*path, "properties", "valueFrom")
    for name, child in node.get("properties", {}).items():
        yield from _opened(child, (*path, "properties", name))
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from _opened(node[key], (*path, key))


def reason(found: Difference, open_at: dict[str, set[tuple[str, ...]]]) -> str | None:
    """The name of the deliberate difference that this is one of, None where it is none."""
    if found.path == ("metadata", "annotations"):
        only = isinstance(found.theirs, dict) and found.theirs.keys() == {"controller-gen.kubebuilder.io/version"}
        return "controller-gen-annotation" if only and found.ours == MISSING else None
    if found.path[-2:] in (
        ("workerGroupSpecs", "x-kubernetes-list-type"),
        ("workerGroupSpecs", "x-kubernetes-list-map-keys"),
    ):
        wanted = (["groupName"] if "keys" in found.path[-1] else "map", MISSING)
        return "worker-groups-map-list" if (found.ours, found.theirs) == wanted else None
    if found.path == ("spec", "versions", "v1alpha1"):
        return "v1-only" if found.ours == MISSING and not found.theirs["storage"] else None
    if found.path[:2] == ("spec", "versions"):
        tighter = _tighter(found)
        if tighter is not None:
            return tighter
        at, what = found.path[3:-1], found.path[-1]
        dropped = found.ours == MISSING and what in ("properties", "required", "x-kubernetes-map-type")
        let_in = what == "x-kubernetes-preserve-unknown-fields" and (found.ours, found.theirs) == (True, MISSING)
        if at in open_at.get(found.path[2], set()) and (dropped or let_in):
            return "open-kubernetes-type"
    return None


def _tighter(found: Difference) -> str | None:
    if isinstance(found.ours, int | str) and isinstance(found.theirs, str):
        return TIGHTER.get((found.path[-1], found.ours, found.theirs))
    return None


def compare(release: str, form: Form) -> tuple[list[str], Counter[str]]:
    """The differences nobody meant, and how often each meant one occurs."""
    ours, theirs = crds(release, form), upstream(release)
    strange = [f"{name}: only upstream has it" for name in theirs.keys() - ours.keys()]
    strange += [f"{name}: only we have it" for name in ours.keys() - theirs.keys()]
    meant: Counter[str] = Counter()
    for name in sorted(ours.keys() & theirs.keys()):
        open_at = opened(ours[name], release) if form == "slim" else {}
        for found in differences(comparable(ours[name]), comparable(theirs[name])):
            named = reason(found, open_at)
            if named is None:
                strange.append(f"{name}: {found}")
            else:
                meant[named] += 1
    return strange, meant


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("form", FORMS)
def test_nothing_differs_but_what_is_meant_to(release: str, form: Form) -> None:
    strange, meant = compare(release, form)
    assert strange == []
    assert meant.keys() == BY_FORM[form], "a deliberate difference that does not occur is not one"


@pytest.mark.parametrize("release", RELEASES)
def test_the_differences_of_the_full_schemas_are_where_they_have_to_be(release: str) -> None:
    """Each at every place where it belongs, and nothing else, in half a million bytes."""
    _, meant = compare(release, "full")
    theirs = [node for crd in upstream(release).values() for node in _nodes(_v1(crd))]
    unions = [node for node in theirs if node.get("x-kubernetes-int-or-string")]
    quantities = [node for node in unions if "pattern" in node]
    floats = [node for node in theirs if node.get("type") == "number"]
    assert meant == {
        "worker-groups-map-list": 2 * len(crds(release, "full")),
        "v1-only": sum(len(crd["spec"]["versions"]) - 1 for crd in upstream(release).values()),
        "numbers-go-can-hold": 2 * (len(unions) - len(quantities) + len(floats)),
        "quantities-go-can-read": 2 * len(quantities),
        "times-go-can-read": sum(node.get("format") == "date-time" for node in theirs),
    } | ({"controller-gen-annotation": meant["controller-gen-annotation"]})


def _v1(crd: dict[str, Any]) -> dict[str, Any]:
    found = next(version for version in crd["spec"]["versions"] if version["name"] == "v1")
    schema: dict[str, Any] = found["schema"]["openAPIV3Schema"]
    return schema


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all those in it."""
    yield node
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from _nodes(node[key])
    for child in node.get("properties", {}).values():
        yield from _nodes(child)


def test_every_supported_minor_is_compared() -> None:
    assert tuple(".".join(release.split(".")[:2]) for release in RELEASES) == supported()


def test_the_comparison_sees_a_changed_default_type_and_rule() -> None:
    """The proof is worth what it can find."""
    ours = comparable(crds("1.6.2", "slim")["rayclusters.ray.io"])
    changes: tuple[Callable[[dict[str, Any]], Any], ...] = (
        lambda spec: spec["workerGroupSpecs"]["items"]["properties"]["numOfHosts"].update(default=2),
        lambda spec: spec["rayVersion"].update(type="integer"),
        lambda spec: spec["managedBy"]["x-kubernetes-validations"].pop(),
        lambda spec: spec.pop("suspend"),
        lambda spec: spec["headGroupSpec"].pop("required"),
    )
    for change in changes:
        theirs = json.loads(json.dumps(ours))
        change(theirs["spec"]["versions"]["v1"]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])
        found = list(differences(ours, theirs))
        assert len(found) == 1
        assert reason(found[0], {}) is None
