"""What the parts of the client ask through, and how what a caller writes becomes what is sent."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from modelkeep.listing import Listing, list_all
from modelkeep.transport import Transport

T = TypeVar("T")

# A moment as a caller may write it; a bare day is read by the registry in UTC.
When = str | date | datetime


class Asking:
    """The base of every part of the client."""

    _transport: Transport

    def _list(self, route: str, kind: type[T], filters: Mapping[str, str | None] | None = None) -> Listing[T]:
        return list_all(self._transport, route, kind, filters)


def given(**values: Any) -> dict[str, Any]:
    """The fields that the caller gave, by the API's names: None is left out."""
    return {name: value for name, value in values.items() if value is not None}


def moment_of(when: When | None) -> str | None:
    """A moment as the API takes it. Raises ValueError for one without a zone."""
    if isinstance(when, datetime) and when.tzinfo is None:
        raise ValueError(f"{when} has no zone. Give a moment like datetime.now(UTC).")
    return when if when is None or isinstance(when, str) else when.isoformat()


def flag_of(chosen: bool | None) -> str | None:
    """A yes or no as a filter; None filters nothing."""
    return None if chosen is None else str(chosen).lower()
