"""What the pages of the audit log are drawn from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.audit.views import Checkpoint, Event, Proof
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.kit.paging import Page as Rows


@dataclass(frozen=True, kw_only=True)
class AuditListContext(Context):
    """
    GET /audit. `values` is the filter as typed. Controls: action, person, object, outcome, request.

    `checkpoint` is the newest signed head; `cursor` is the one this page came by.
    """

    template: ClassVar[str] = "audit/list.html"
    events: Rows[Event]
    checkpoint: Checkpoint | None = None
    cursor: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, str]:
        """The filter without what is empty."""
        return {name: value for name, value in self.values.items() if value and name != "cursor"}

    @property
    def days(self) -> Iterator[tuple[str, list[Event]]]:
        """The events of this page by UTC day, in their order."""
        by_day: dict[str, list[Event]] = {}
        for event in self.events.items:
            by_day.setdefault(event.at.strftime("%-d %B %Y"), []).append(event)
        yield from by_day.items()

    @property
    def first_href(self) -> str | None:
        """The first page of this list, or None where this is it."""
        return href_of("/audit", self.filters) if self.cursor else None

    @property
    def next_href(self) -> str | None:
        """The next page, or None on the last one."""
        cursor = self.events.next_cursor
        return href_of("/audit", self.filters | {"cursor": cursor}) if cursor else None


@dataclass(frozen=True, kw_only=True)
class EventContext(Context):
    """GET /audit/{sequence}. `proof` leads from the event to the root of `checkpoint`."""

    template: ClassVar[str] = "audit/event.html"
    event: Event
    proof: Proof
    checkpoint: Checkpoint | None = None
