"""
The head of a card's document in its canonical spelling, where what is asked of many cards at a time stands before
everything that is long, so that nobody has to read the whole of it.
"""

import re

HEAD_CHARS = 200
_HEAD = re.compile(r'\{"\$schema":"[^"]*","contentDigest":"(sha256:[0-9a-f]{64})"')


def find_content_digest(head: str) -> str | None:
    """The digest of what the version held when the card was generated, or None, from its first `HEAD_CHARS`."""
    found = _HEAD.match(head)
    return found[1] if found else None
