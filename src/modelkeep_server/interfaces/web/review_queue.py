"""The queue of reviews."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion.queue import listing
from modelkeep_server.features.promotion.queue.listing import QueueFilter, Show, Sort
from modelkeep_server.interfaces.web.contexts.review_queue import QueueContext
from modelkeep_server.interfaces.web.face import Cursor, door, make_router
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.approvals import DECIDERS, RiskTier

router = make_router()

ROWS = 50
Choice = Annotated[str, Query(max_length=40)]
Switch = Annotated[str, Query(max_length=10)]
Word = TypeVar("Word", bound=StrEnum)


@router.get("/reviews")
@door.reads("review.read")
def show_queue(
    work: Work, actor: Actor, show: Choice = "", role: Choice = "",
    tier: Annotated[str, Query(alias="riskTier", max_length=40)] = "", target: Choice = "", urgent: Switch = "",
    overdue: Switch = "", can_decide: Annotated[str, Query(alias="canDecide", max_length=10)] = "", mine: Switch = "",
    group: Annotated[str, Query(max_length=100)] = "", sort: Choice = "", cursor: Cursor = "",
) -> Page:  # fmt: skip
    """What waits for a decision? A filter that is none of those on the page filters nothing."""
    shown = _find(Show, show) or Show.OPEN
    is_open = shown is Show.OPEN
    asked = QueueFilter(
        show=shown,
        role=_find(DECIDERS, role) if is_open else None,
        tier=_find(RiskTier, tier),
        target=_find(Target, target),
        urgent=bool(urgent),
        overdue=is_open and bool(overdue),
        can_decide=is_open and bool(can_decide),
        mine=bool(mine),
        group=group.strip(),
    )
    order = _find(Sort, sort) or Sort.AGE
    known = listing.look(work, actor)
    context = QueueContext(
        rows=listing.list_queue(work, actor, asked, known=known, sort=order, limit=ROWS, cursor=cursor or None),
        counts=listing.count_queue(work, actor, asked, known=known),
        now=work.now,
        show=shown,
        sort=order,
        filters=_as_query(asked, order),
        mine=tuple(one for one in DECIDERS if one in actor.roles),
        cursor=cursor or None,
    )
    return Page.of(context)


def _find(choices: Iterable[Word], word: str) -> Word | None:
    return next((one for one in choices if one == word), None)


def _as_query(asked: QueueFilter, sort: Sort) -> dict[str, str]:
    """A filter as an address says it, without what is empty."""
    pairs = {
        "show": asked.show if asked.show is not Show.OPEN else "",
        "role": asked.role or "",
        "riskTier": asked.tier or "",
        "target": asked.target or "",
        "urgent": "true" if asked.urgent else "",
        "overdue": "true" if asked.overdue else "",
        "canDecide": "true" if asked.can_decide else "",
        "mine": "true" if asked.mine else "",
        "group": asked.group,
        "sort": sort if sort is not Sort.AGE else "",
    }
    return {name: str(value) for name, value in pairs.items() if value}
