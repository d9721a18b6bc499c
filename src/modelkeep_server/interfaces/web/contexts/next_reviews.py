"""What the page of next reviews is drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.promotion.next_reviews.views import NextReview
from modelkeep_server.interfaces.web.contexts.base import Context, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows


@dataclass(frozen=True, kw_only=True)
class NextReviewsContext(Context, Walked):
    """GET /reviews/again. `is_due`: only what is overdue, or due within 30 days."""

    template: ClassVar[str] = "reviews/again.html"
    rows: Rows[NextReview]
    is_due: bool = False
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/reviews/again", self.rows, {"due": "soon"} if self.is_due else {})
