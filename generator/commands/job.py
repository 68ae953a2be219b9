"""What one run over one cluster's files needs, in a form that goes to another process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a process that only hands a job to another one loads neither schemas nor rules
    from generator.helm.engine import EngineName
    from generator.source import Document


@dataclass(frozen=True, slots=True)
class Job:
    """One cluster of the fleet at ``root``: its platform file as it was read, and what to do with it.

    ``platform_data`` is the file's data as JSON, so that no process reads the YAML again. ``tree`` is the tree's path
    in the repository, ``output`` its root on disk, ``stage`` where new files wait: None when nothing is rendered.
    ``charts`` is the folder of sub-charts, once one process has made sure of it for all.
    """

    root: Path
    platform_file: str
    platform_text: str = field(repr=False)
    platform_data: str = field(repr=False)
    tree: str = "rendered"
    engine: EngineName = "sdk"
    output: Path | None = None
    stage: Path | None = None
    charts: Path | None = None

    @classmethod
    def of(cls, root: Path, document: Document) -> Job:
        """The job for a platform file that was read."""
        return cls(root, document.file, document.text, json.dumps(document.data))
