"""Releases → files: Helm's text, one file an object, named and placed."""

from generator.render.manifests import Manifest, ManifestError, identify
from generator.render.tree import File, Rendered, render_release, render_releases

__all__ = ["File", "Manifest", "ManifestError", "Rendered", "identify", "render_release", "render_releases"]
