"""Models as other places name them: `group/name`, `group/name:1.2.0`, a page's address, and MLflow's `models:/`."""

import re
from urllib.parse import unquote

_SPELLING = r"[a-z0-9][\w-]*"
_ADDRESS = re.compile(rf"({_SPELLING})/({_SPELLING}\*?|\*)", re.ASCII | re.IGNORECASE)
_VERSION = r"[0-9][\w.+-]*"
_PASTED = re.compile(
    rf"""
    (?:[a-z]+://[^/\s]+/(?:.*/)?models/)? (?P<address>{_SPELLING}/{_SPELLING})
    (?:(?:/versions/|[:@])(?P<version>{_VERSION}))? (?:[/?\#].*)?
  | models:/ (?P<name>{_SPELLING}) (?:[/@].*)?
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


def split_address(word: str) -> tuple[str, str] | None:
    """The group and the name of `group/name`, which may end in `*`; None for what is no such word."""
    found = _ADDRESS.fullmatch(word)
    return (found.group(1), found.group(2)) if found else None


def find_pasted(word: str) -> str | None:
    """The query that finds the model, or the version, that a word with a colon names; None where it names none."""
    found = _PASTED.fullmatch(unquote(word))
    if found is None:
        return None
    if found["name"]:
        return f"name:{found['name']}"
    return f"{found['address']} version:{found['version']}" if found["version"] else found["address"]
