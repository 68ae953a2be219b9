"""Values into text: findings in six formats, tables, what a change does, a progress line.

Nothing here reads a file, an environment variable or a terminal: the command line hands in the text of files
(:data:`~generator.report.run.Lines`) and how to draw (:class:`~generator.report.style.Style`).
"""

from __future__ import annotations

from generator.report.formats import FORMATS, write
from generator.report.progress import Progress
from generator.report.run import Run
from generator.report.style import Style

__all__ = ["FORMATS", "Progress", "Run", "Style", "write"]
