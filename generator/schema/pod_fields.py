"""What the API server asks of single fields of pods beyond their types: ``schemas/kubernetes/pods.yaml``, read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from generator import resources

_API = "io.k8s.api."
_MACHINERY = "io.k8s.apimachinery.pkg.apis."
Keywords = dict[str, Any]


def asked(definition: str, minor: str) -> Mapping[str, Keywords]:
    """Field (``.``: the object itself) → keywords that hold for a definition at a Kubernetes minor (``1.36``)."""
    short = definition.removeprefix(_API).removeprefix(_MACHINERY)
    return {field: _at(said, minor) for field, said in _table().get(short, {}).items()}


def add(definition: str, minor: str, schema: dict[str, Any]) -> None:
    """Writes the keywords into the schema of a definition; fields that this minor does not have stay away."""
    properties = schema.get("properties", {})
    for field, keywords in asked(definition, minor).items():
        if field == ".":
            schema |= keywords
        elif field in properties:
            properties[field] |= keywords


def is_ip_address(text: str) -> bool:
    """Whether ``text`` is an IPv4 or IPv6 address: the schemas' format ``ip-address``."""
    import ipaddress  # here: few files have an address in them

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _at(said: Keywords | list[Keywords], minor: str) -> Keywords:
    found: Keywords = {}
    for entry in said if isinstance(said, list) else [said]:
        if _number(entry.get("since", "1.0")) <= _number(minor) < _number(entry.get("until", "2.0")):
            found |= {key: value for key, value in entry.items() if key not in ("since", "until")}
    return found


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@cache
def _table() -> Mapping[str, Mapping[str, Keywords | list[Keywords]]]:
    content = (resources.schemas() / "kubernetes" / "pods.yaml").read_bytes()
    loaded: dict[str, dict[str, dict[str, Any]]] = yaml.load(content, Loader=yaml.CSafeLoader)  # the safe loader in C
    return loaded["types"]
