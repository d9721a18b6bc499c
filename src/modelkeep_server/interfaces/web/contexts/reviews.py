"""What the page of a review and the rounds of a version are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from modelkeep_server.features.comparison.views import Comparison
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.deciding import CHECKLIST, lacks_approvals
from modelkeep_server.features.promotion.views import (
    CardSeen,
    Comment,
    Finding,
    Promotion,
    Review,
    RoundChanges,
    Status,
    Tally,
    count_checks,
)
from modelkeep_server.features.versions.views import Requirement, Version
from modelkeep_server.interfaces.web.contexts.base import FormContext, Walk, Walked
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.forms import href_of_version
from modelkeep_server.interfaces.web.next_step import Slot, name_open, slots_of
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Relation, Role

#: So many findings can be bound to a decision on the page.
FINDING_ROWS = 3


@dataclass(frozen=True)
class Said:
    """An entry of the discussion: a decision, a comment, that the request was taken back, or else that it was made."""

    at: datetime
    review: Review | None = None
    comment: Comment | None = None
    is_end: bool = False


@dataclass(frozen=True, kw_only=True)
class ReviewContext(FormContext):
    """
    GET /models/{group}/{name}/versions/{version}/review, and its forms where they are shown again.

    `promotion` is the round, `rounds` all of them, newest first; `checks` what an open one demands now; `card` the
    newest published revision of the model card. `roles` are those in which this person may decide; `refusal` says why
    they may not at all, `own` what they decided last in this round, None where nothing. `compared`, with the version
    `before`, is None where there is none; `offered` are those to compare with instead. `since` is what changed since
    the round before, None for the first.

    Its forms, by name: decide (decision, comment, digest (hidden), as, checklist.<row>, and for each finding, from 0,
    findings.<n>.text, .severity, .dueAt, .owner, .blocking), comment (text), finding (those of one finding),
    settle-<id> (status, answer).
    """

    template: ClassVar[str] = "reviews/review.html"
    section: ClassVar[str] = "/reviews"
    model: Model
    version: Version
    promotion: Promotion
    rounds: tuple[Promotion, ...]
    checks: tuple[Requirement, ...]
    card: CardSeen | None
    findings: tuple[Finding, ...]
    comments: tuple[Comment, ...]
    now: datetime
    roles: tuple[Role, ...] = ()
    refusal: str | None = None
    own: Review | None = None
    compared: Comparison | None = None
    before: Version | None = None
    offered: tuple[tuple[str, State, bool], ...] = ()
    since: RoundChanges | None = None
    relations: frozenset[Relation] = frozenset()

    @property
    def base(self) -> str:
        """The address of the version's page."""
        return href_of_version(self.version.model, self.version.version)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The approvals that it takes."""
        return slots_of(self.promotion)

    @property
    def still(self) -> str:
        """The approvals that nobody gave yet, in words."""
        return name_open(self.slots)

    @property
    def waits(self) -> bool:
        """Whether an approval is waited for, also where more are asked for since it was approved."""
        return self.is_open or lacks_approvals(self.promotion, self.version)

    @property
    def fills(self) -> bool:
        """Whether an approval in one of this person's roles still helps."""
        return any(role in self.promotion.open_roles for role in self.roles)

    @property
    def is_newest(self) -> bool:
        """Whether no round came after this one."""
        return self.promotion.key == self.rounds[0].key

    @property
    def check_tally(self) -> Tally:
        """What policies say of an open round now, or said last, counted."""
        return count_checks(self.checks) if self.is_open else self.promotion.check_tally

    @property
    def is_open(self) -> bool:
        """Whether it waits for decisions."""
        return self.promotion.status is Status.OPEN

    @property
    def talk(self) -> tuple[Said, ...]:
        """The request, what was decided on it, and what was said of the version, by time."""
        asked, ended = self.promotion.requested_at, self.promotion.ended_at
        reviews = (Said(one.at, review=one) for one in self.promotion.reviews)
        comments = (Said(one.at, comment=one) for one in self.comments)
        ends = [Said(ended, is_end=True)] if ended and self.promotion.status is Status.WITHDRAWN else []
        return tuple(sorted((Said(asked), *reviews, *ends, *comments), key=lambda one: one.at))

    @property
    def finding_rows(self) -> range:
        """The places for findings in the form of a decision."""
        return range(FINDING_ROWS)

    @property
    def checklist(self) -> Mapping[str, str]:
        """What a Security Architect looks at."""
        return CHECKLIST

    def conditions_of(self, review: Review) -> tuple[Finding, ...]:
        """The findings that a decision is bound to."""
        return _conditions_of(review, self.findings)

    @property
    def is_last(self) -> bool:
        """Whether one more approval moves the version."""
        return self.is_open and self.promotion.missing <= 1


@dataclass(frozen=True, kw_only=True)
class RoundsContext(VersionContext, Walked):
    """GET /models/{group}/{name}/versions/{version}/reviews."""

    template: ClassVar[str] = "reviews/rounds.html"
    rows: Rows[Promotion]
    findings: tuple[Finding, ...] = ()
    cursor: str | None = None

    @property
    def rounds(self) -> tuple[Promotion, ...]:
        """Those of this page, the newest first."""
        return self.rows.items

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk(f"{self.base}/reviews", self.rows)

    def conditions_of(self, review: Review) -> tuple[Finding, ...]:
        """The findings that a decision is bound to."""
        return _conditions_of(review, self.findings)

    def slots_of(self, promotion: Promotion) -> tuple[Slot, ...]:
        """The approvals that a round takes."""
        return slots_of(promotion)


def _conditions_of(review: Review, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that the same person raised in the same act, which has one moment."""
    return tuple(one for one in findings if one.raised_by == review.by and one.raised_at == review.at)
