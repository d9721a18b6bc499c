"""
What every answer of the registry has. What each holds stands beside the part of the client that asks for it.

Answers are frozen dataclasses. Moments are UTC-aware, sizes in bytes, SHA-256 in bare hex. Words with a fixed list in
the API (tiers, states) stay strings, so that a newer registry's words can be read. `raw` is the JSON as it came, with
fields that this release does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What every answer has."""

    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `total` may be None; where it `is_capped`, there are more than it says."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None
    is_capped: bool = False
