"""Finds out what object a manifest is without parsing all of it.

Our charts print every object in block style with ``apiVersion``, ``kind`` and ``metadata`` at the left margin and
``name`` and ``namespace`` two spaces in, so four lines tell everything; a test holds this against a real YAML parser on
every fleet. Reading only those lines is what keeps a thousand namespaces in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOP = re.compile(r"^(apiVersion|kind): *(\S+) *$", re.MULTILINE)
_METADATA = re.compile(r"^metadata:\n((?:  .*\n|\n)+)", re.MULTILINE)
_NAME = re.compile(r"^  (name|namespace): *(\S+) *$", re.MULTILINE)


class ManifestError(Exception):
    """A chart printed something that is not one Kubernetes object."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object: what it is, and its text as Helm printed it."""

    api_version: str
    kind: str
    namespace: str
    name: str
    text: str

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two manifests the same object: group, kind, namespace, name."""
        return (self.group, self.kind, self.namespace, self.name)


def identify(text: str) -> Manifest:
    """The object in ``text``; raises ManifestError when apiVersion, kind or name is not where it should be."""
    top = {key: _plain(value) for key, value in _TOP.findall(text)}
    block = _METADATA.search(text)
    names: dict[str, str] = {}
    for key, value in _NAME.findall(block.group(1)) if block else ():
        names.setdefault(key, _plain(value))
    try:
        return Manifest(top["apiVersion"], top["kind"], names.get("namespace", ""), names["name"], text)
    except KeyError as missing:
        raise ManifestError(f"a chart printed an object without {missing.args[0]}: {text[:80]!r}") from None


def _plain(scalar: str) -> str:
    return scalar[1:-1] if scalar[:1] in "\"'" and scalar[-1:] == scalar[:1] else scalar
