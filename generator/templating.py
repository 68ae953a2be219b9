"""How every blueprint is read: Jinja with delimiters that leave Go templates and YAML readable."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def blueprints(folder: Path) -> Environment:
    """An environment for the blueprints in ``folder``: ``<% %>``, ``<< >>``, ``<# #>``; an unknown name is an error.

    The filter ``quoted`` makes a string a YAML scalar in double quotes.
    """
    # Autoescape is for HTML. What comes out here is YAML and Go templates, in which `&lt;` would be an error.
    made = Environment(
        loader=FileSystemLoader(folder),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["quoted"] = lambda value: json.dumps(str(value), ensure_ascii=False)
    return made
