"""What a blob key may look like, the same for every store (see ports.BlobStore)."""

import re

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,79}(/[a-z0-9][a-z0-9-]{0,79}){0,3}")


def is_key(text: str) -> bool:
    """Whether this names a blob."""
    return _KEY.fullmatch(text) is not None


def demand_key(key: str) -> None:
    """Raises ValueError for what is no key, so that none can climb out of its store."""
    if not is_key(key):
        raise ValueError(f"{key!r} is not a blob key.")
