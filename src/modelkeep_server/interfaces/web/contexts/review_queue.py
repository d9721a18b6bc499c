"""What the queue of reviews is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from modelkeep_server.features.promotion.queue.listing import QueueCounts, Show, Sort
from modelkeep_server.features.promotion.views import Decision, Promotion, QueueRow, Review
from modelkeep_server.interfaces.web.contexts.base import Context, Walk, Walked
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.interfaces.web.next_step import Slot, slots_of
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.permissions import Role


@dataclass(frozen=True, kw_only=True)
class QueueContext(Context, Walked):
    """
    GET /reviews. `filters` are those of the address, `mine` the roles of this person that decide, `now` the moment that
    due dates are held against. `counts` are of what waits.
    """

    template: ClassVar[str] = "reviews/queue.html"
    rows: Rows[QueueRow]
    counts: QueueCounts
    now: datetime
    show: Show = Show.OPEN
    sort: Sort = Sort.AGE
    filters: Mapping[str, str] = field(default_factory=dict)
    mine: tuple[Role, ...] = ()
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/reviews", self.rows, self.filters)

    @property
    def narrowed(self) -> int:
        """How many filters leave something out."""
        return len(set(self.filters) - {"show", "sort"})

    @property
    def all_href(self) -> str:
        """This list without any filter."""
        return href_of("/reviews", {name: value for name, value in self.filters.items() if name in ("show", "sort")})

    def href_with(self, **changes: str) -> str:
        """This list under other filters; an empty one is left out."""
        return href_of("/reviews", {name: value for name, value in {**self.filters, **changes}.items() if value})

    def slots(self, promotion: Promotion) -> tuple[Slot, ...]:
        """The approvals that a promotion takes."""
        return slots_of(promotion)

    def own(self, promotion: Promotion, email: str) -> Review | None:
        """What this person decided last in a round."""
        return next((review for review in reversed(promotion.reviews) if review.by == email), None)

    def asked_for_changes(self, promotion: Promotion) -> Review | None:
        """Who sent it back."""
        found = (one for one in promotion.reviews if one.decision is Decision.REQUEST_CHANGES)
        return next(found, None)
