"""Pages of a list by keyset."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
#: Longer than any cursor: it may hold a name of 100 letters, of which one may be folded into 18 others.
CURSOR_CHARS_MAX = 5_000


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page. `next_cursor` is None on the last one; `total` is None where counting is not offered."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None


class CursorRefused(ValueError):
    """The cursor is not one of ours, was edited, or belongs to another filter."""
