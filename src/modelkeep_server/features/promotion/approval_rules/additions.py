"""
Approvals that Admins ask for beyond the floor of rules/approvals.py: of all models of a risk tier, for one target.

They count from the next decision on, in open rounds too; a version that is approved and not moved yet keeps its state,
and waits for what is missing. Adding takes one Admin. An addition stands until a second person, an MRC or a Security
Architect, confirms the wish of an Admin to end it, as with policies that block. A wish that nobody confirms lapses.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from modelkeep_server.db.tables import approval_additions, people, registry
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion.approval_rules.views import Addition, Ending
from modelkeep_server.features.promotion.gathering import demand_text, find_text_faults
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import ADDED_MAX, COUNT_MAX, DECIDERS, WISH_DAYS, RiskTier
from modelkeep_server.rules.errors import Conflict, DutiesOverlap, FieldError, Invalid, NotFound, StateForbids
from modelkeep_server.rules.permissions import Role

_adders = people.alias("adders")
_enders = people.alias("enders")


@dataclass(frozen=True)
class NewAddition:
    """Approvals to ask for as well, as sent: `count` people more with one of `roles`."""

    risk_tier: str
    target: str
    roles: Collection[str]
    count: int
    reason: str


def list_additions(work: Work) -> tuple[Addition, ...]:
    """All that stand, by tier and target, the oldest first. One statement."""
    rows = work.all(
        select(
            approval_additions,
            approval_additions.c.count.label("people"),
            _adders.c.email.label("adder"),
            _enders.c.email.label("ender"),
        )
        .join(_adders, _adders.c.id == approval_additions.c.added_by)
        .outerjoin(_enders, _enders.c.id == approval_additions.c.ending_by)
        .where(approval_additions.c.ended_at.is_(None))
        .order_by(approval_additions.c.id)
    )
    order = {tier: place for place, tier in enumerate(RiskTier)}
    found = (_to_addition(row, work.now) for row in rows)
    return tuple(sorted(found, key=lambda one: (order[one.risk_tier], list(Target).index(one.target))))


def add(work: Work, actor: Actor, new: NewAddition) -> Addition:
    """
    Ask for more approvals, from the next decision on.

    Raises:
        NotPermitted, ConfirmNeeded; Invalid: fields at fault, also where the sum of what is added would be too many.
    """
    access.require(work, actor, "approval.add")
    # One at a time, so that what is counted is what there is.
    work.lock(registry, 1)
    faults = _find_faults(work, new)
    if faults:
        raise Invalid.of(faults)
    public_id = ids.uuid7(clock.to_us(work.now))
    roles = [role.value for role in DECIDERS if role.value in new.roles]
    asked = {"risk_tier": new.risk_tier, "target": new.target, "roles": roles, "count": new.count}
    row = {
        **asked, "public_id": public_id, "reason": new.reason.strip(), "added_by": actor.user_id, "added_at": work.now,
        "revision": 1,
    }  # fmt: skip
    work.insert(approval_additions, row)
    made = get_addition(work, public_id)
    access.record(
        work, actor, "approval.add", object_id=public_id, object_label=made.label, after=asked, reason=made.reason
    )
    return made


def ask_to_end(work: Work, actor: Actor, public_id: str, *, reason: str) -> Addition:
    """
    Wish that an addition ends; it stands until a second person confirms. A wish that nobody confirmed in 14 days has
    lapsed, and can be made anew.

    Raises:
        NotPermitted, ConfirmNeeded; NotFound: it is not there, or ended. Invalid: the reason is missing.
        StateForbids: it waits for a second person already.
    """
    access.require(work, actor, "approval.end")
    found = get_addition(work, public_id)
    demand_text("reason", reason.strip(), required=True)
    if found.ending is not None:
        raise StateForbids(
            f"{found.ending.by} wished this on {clock.say_moment(found.ending.at)} already.",
            remedy="An MRC or a Security Architect confirms or declines it.",
        )
    _change(work, found, {"ending_by": actor.user_id, "ending_at": work.now, "ending_reason": reason.strip()})
    access.record(
        work, actor, "approval.end", object_id=found.id, object_label=found.label, before={"ending": False},
        after={"ending": True}, reason=reason.strip(),
    )  # fmt: skip
    return get_addition(work, public_id)


def confirm_end(work: Work, actor: Actor, public_id: str, *, reason: str | None = None) -> None:
    """
    End an addition, as an Admin wished, from the next decision on.

    Raises:
        NotPermitted, ConfirmNeeded; NotFound; StateForbids: nobody wished that, or it lapsed. DutiesOverlap: whoever
        wished it asks.
    """
    access.require(work, actor, "approval.confirm")
    found, ending = _get_ending(work, public_id, reason)
    if ending.person_key == actor.user_id:
        raise DutiesOverlap(
            "You wished this, so somebody else confirms it.", remedy="Ask an MRC or Security Architect."
        )
    _change(work, found, {"ended_by": actor.user_id, "ended_at": work.now})
    access.record(
        work, actor, "approval.confirm", object_id=found.id, object_label=found.label,
        before={"count": found.count}, after={"count": 0}, reason=_said(reason),
    )  # fmt: skip


def decline_end(work: Work, actor: Actor, public_id: str, *, reason: str | None = None) -> Addition:
    """Let an addition stand, against the wish of an Admin, who takes it back this way. Raises as `confirm_end`."""
    access.require(work, actor, "approval.decline")
    found, _ = _get_ending(work, public_id, reason)
    _change(work, found, {"ending_by": None, "ending_at": None, "ending_reason": None})
    access.record(
        work, actor, "approval.decline", object_id=found.id, object_label=found.label, before={"ending": True},
        after={"ending": False}, reason=_said(reason),
    )  # fmt: skip
    return get_addition(work, public_id)


def get_addition(work: Work, public_id: str) -> Addition:
    """One that stands. Raises NotFound. One statement."""
    found = next((one for one in list_additions(work) if one.id == public_id), None)
    if found is None:
        raise NotFound("No such approval is asked for.", remedy="Somebody may have ended it. The floor always stands.")
    return found


def _get_ending(work: Work, public_id: str, reason: str | None) -> tuple[Addition, Ending]:
    found = get_addition(work, public_id)
    demand_text("reason", (reason or "").strip(), required=False)
    if found.lapsed is not None:
        raise StateForbids(
            f"{found.lapsed.by} wished this, nobody confirmed it in {WISH_DAYS} days, and so it lapsed at "
            f"{clock.iso_seconds(found.lapsed.until)}.",
            remedy="An Admin asks for it again.",
        )
    if found.ending is None:
        raise StateForbids("Nobody wishes that this ends.", remedy="An Admin asks for that first.")
    return found, found.ending


def _change(work: Work, found: Addition, values: dict[str, Any]) -> None:
    try:
        work.change(
            approval_additions, found.key, {**values, "revision": found.revision + 1},
            expect={"revision": found.revision},
        )  # fmt: skip
    except NoSuchRow as error:
        raise Conflict("Somebody decided this a moment ago.", remedy="Load it again.") from error


def _find_faults(work: Work, new: NewAddition) -> list[FieldError]:
    faults = []
    if new.risk_tier not in list(RiskTier):
        faults.append(FieldError("riskTier", f"Choose one of {', '.join(RiskTier)}."))
    if new.target not in list(Target):
        faults.append(FieldError("target", f"Choose one of {', '.join(Target)}."))
    if not new.roles or not set(new.roles) <= set(DECIDERS):
        faults.append(FieldError("roles", f"Choose one or both of {', '.join(DECIDERS)}."))
    if not 1 <= new.count <= COUNT_MAX:
        faults.append(FieldError("count", f"1 to {COUNT_MAX} people."))
    elif not faults and _count_added(work, new) + new.count > ADDED_MAX:
        faults.append(
            FieldError(
                "count",
                f"At most {ADDED_MAX} are added for {wording.say_state(new.target)} of "
                f"{wording.say_tier(new.risk_tier)} risk. End others first.",
            )
        )
    return faults + find_text_faults("reason", new.reason.strip(), required=True)


def _count_added(work: Work, new: NewAddition) -> int:
    same = (approval_additions.c.risk_tier == new.risk_tier, approval_additions.c.target == new.target)
    stands = approval_additions.c.ended_at.is_(None)
    return work.scalar(select(func.sum(approval_additions.c.count)).where(stands, *same)) or 0


def _said(reason: str | None) -> str | None:
    return (reason or "").strip() or None


def _to_addition(row: Row[Any], now: datetime) -> Addition:
    wish = None
    if row.ending_at is not None:
        until = row.ending_at + timedelta(days=WISH_DAYS)
        wish = Ending(row.ending_by, row.ender, row.ending_at, until, row.ending_reason)
    waits = wish is not None and now < wish.until
    return Addition(
        key=row.id,
        id=row.public_id,
        risk_tier=RiskTier(row.risk_tier),
        target=Target(row.target),
        roles=tuple(map(Role, row.roles)),
        count=row.people,
        reason=row.reason,
        added_by=row.adder,
        added_at=row.added_at,
        ending=wish if waits else None,
        lapsed=None if waits else wish,
        revision=row.revision,
    )
