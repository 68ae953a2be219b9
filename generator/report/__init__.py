"""Values into text: findings in six formats, tables, what a change does, a progress line.

Nothing here reads a file, an environment variable or a terminal: the command line hands in the text of files
(:data:`~generator.report.run.Lines`) and how to draw (:class:`~generator.report.style.Style`).
"""
