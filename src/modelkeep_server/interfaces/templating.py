"""How templates are read, of pages and of files: what stands in them is escaped, an unknown name is an error."""

from pathlib import Path

import jinja2


def make_environment(*folders: Path) -> jinja2.Environment:
    """An environment for the templates below these folders."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
