"""Which Helm releases a fleet becomes, and with which values: plain data, no I/O.

A release is handed only the part of the values its chart reads; a contract test shows that the whole files give the
same objects. That keeps a render at about a millisecond however many namespaces the platform file declares.
"""

from generator.plan.releases import BATCH, Release, namespace_grants, namespace_releases, platform_releases

__all__ = ["BATCH", "Release", "namespace_grants", "namespace_releases", "platform_releases"]
