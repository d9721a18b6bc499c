"""
What text the registry takes: no NUL, no control characters, no broken Unicode, within its length. Also URLs and
tags.
"""

import re
from urllib.parse import urlsplit

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\u202a-\u202e\u2066-\u2069]")
_CONTROLS_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def find_text_fault(text: str, *, max_chars: int, lines: bool = False, required: bool = False) -> str | None:
    """
    What is wrong with a text, as a sentence, or None.

    Args:
        lines: Line breaks and tabs are allowed; otherwise it is one line.
        required: Blank text is a fault.
    """
    if required and not text.strip():
        return "This is required."
    if len(text) > max_chars:
        return f"At most {max_chars:,} characters; this has {len(text):,}."
    if _SURROGATES.search(text):
        return "It holds half a character (a lone surrogate). Send well-formed Unicode."
    found = (_CONTROLS_BUT_LINES if lines else _CONTROLS).search(text)
    if found:
        what = "line breaks or control characters" if not lines else "control characters"
        return f"It may not hold {what} (U+{ord(found[0]):04X} at character {found.start() + 1})."
    return None


def find_url_fault(url: str, *, max_chars: int) -> str | None:
    """
    What is wrong with a link, as a sentence, or None. Only http and https with a host; the server never fetches it.
    """
    fault = find_text_fault(url, max_chars=max_chars, required=True)
    if fault:
        return fault
    if " " in url:
        return "A link has no blanks in it."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not a link. Write https://..."
    if parts.scheme.lower() not in ("http", "https") or not host:
        return "Only links that begin with http:// or https:// and name a host."
    if parts.username is not None or parts.password is not None:
        return "A link may not carry a user name or a password."
    return None


def find_tag_fault(tag: str, *, max_chars: int) -> str | None:
    """What is wrong with a tag, as a sentence, or None: no blanks, no control characters."""
    if not tag.strip():
        return "A tag may not be empty."
    fault = find_text_fault(tag, max_chars=max_chars)
    if fault:
        return fault
    if any(character.isspace() for character in tag):
        return f"A tag has no blanks in it; write {'-'.join(tag.split())!r}."
    return None
