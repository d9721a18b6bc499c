"""Places among what runs at once: so many for everybody, fewer for one, so that nobody keeps the others out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from modelkeep_server.rules.errors import Unavailable

RETRY_SECONDS = 5


@contextmanager
def place_among(running: Counter[str], who: str, *, of_all: int, of_one: int, full: str) -> Iterator[None]:
    """A place for `who` while the block runs. Raises Unavailable, with `full`, where there is none."""
    if running[who] >= of_one or running.total() >= of_all:
        raise Unavailable(full, retry_after_seconds=RETRY_SECONDS)
    running[who] += 1
    try:
        yield
    finally:
        running[who] -= 1
        if not running[who]:
            del running[who]
