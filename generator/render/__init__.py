"""Releases → files: Helm's text, one file an object, named and placed."""

from generator.render.manifests import Manifest, ManifestError, identify
from generator.render.tree import File, render_release

__all__ = ["File", "Manifest", "ManifestError", "identify", "render_release"]
