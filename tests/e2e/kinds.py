"""Where the API serves what ``kubectl get`` has a name for: ``pods``, ``pod`` and ``po`` alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Ask = Callable[[str, str], dict[str, Any]]
"""A path and the type of answer that is wanted → the answer."""

DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True)
class Kind:
    """One kind of objects: the path of its API version, its plural, and whether its objects have a namespace."""

    api: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "", selector: str = "") -> str:
        """The path of an object, or of all of a namespace; of all there are where none is named."""
        where = f"/namespaces/{quote(namespace)}" if namespace and self.namespaced else ""
        query = f"?labelSelector={quote(selector)}" if selector else ""
        return f"{self.api}{where}/{self.plural}{f'/{quote(name)}' if name else ''}{query}"


class Kinds:
    """What a cluster serves, by every name; asked again when a name is not known, for kinds come."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[str, Kind] = {}

    def named(self, name: str) -> Kind | None:
        """The kind of that name, None when there is none. Of two with the same name the first, as kubectl has it."""
        if name not in self._known:
            self._known.clear()
            for root in ("/api", "/apis"):
                for known, kind in _kinds(root, self._ask(root, DISCOVERY)):
                    self._known.setdefault(known, kind)
        return self._known.get(name)


def _kinds(root: str, found: dict[str, Any]) -> Iterator[tuple[str, Kind]]:
    for group in found["items"]:
        name = group.get("metadata", {}).get("name", "")
        for version in group["versions"]:
            api = "/".join(filter(None, (root, name, version["version"])))
            for resource in version.get("resources", ()):
                kind = Kind(api, resource["resource"], resource["scope"] == "Namespaced")
                names = (resource["resource"], resource.get("singularResource"), *resource.get("shortNames", ()))
                for each in filter(None, names):
                    yield each, kind
