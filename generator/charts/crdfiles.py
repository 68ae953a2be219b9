"""The CRDs as Helm templates: one file each, with the labels and annotations of every object here."""

from __future__ import annotations

from generator.charts.crd_text import crd_yaml
from generator.charts.crds import ANNOTATIONS, Form, crds
from generator.schema import Versions

METADATA = """\
  labels:
    {{{{- include "{prefix}.labels" (dict "root" . "name" "crds") | nindent 4 }}}}
  annotations:
    {{{{- include "{prefix}.annotations" (dict "annotations" (dict {annotations})) | nindent 4 }}}}
"""


def templates(versions: Versions, form: Form, prefix: str) -> dict[str, str]:
    """Template path → text, for ``helm upgrade`` to upgrade them and ``helm uninstall`` to leave them."""
    annotations = " ".join(f'"{key}" "{value}"' for key, value in sorted(ANNOTATIONS.items()))
    added = METADATA.format(prefix=prefix, annotations=annotations)
    found = {}
    for name, crd in crds(versions.kuberay, form).items():
        line = f"  name: {name}\n"
        text = crd_yaml(crd)
        if line not in text:
            raise ValueError(f"CRD {name} does not begin with its name")
        found[f"templates/{name.partition('.')[0]}.yaml"] = "---\n" + text.replace(line, line + added, 1)
    return found
