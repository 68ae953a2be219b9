"""The adapters by name, each loaded when it is asked for."""

from __future__ import annotations

from generator.helm.engine import Engine, EngineName


def open_engine(name: EngineName, *, kube_version: str) -> Engine:
    """The adapter called ``name``; ``kube_version`` (``1.36``) is what charts see as the cluster's version."""
    if name == "sdk":
        from generator.helm.sdk import SdkEngine

        return SdkEngine()
    from generator.helm.binary import BinaryEngine

    return BinaryEngine(kube_version=kube_version)
