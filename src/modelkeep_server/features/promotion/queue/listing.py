"""The queue of reviews: what waits for a decision, what one decided oneself, and the rounds that ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    false,
    func,
    select,
    type_coerce,
    union_all,
)

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import models, promotions, reviews, versions
from modelkeep_server.db.tables.base import UtcMicros
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.separation import answered_for
from modelkeep_server.features.models.visibility import ASKER, Sight, owned_by_asker, sight_of, values_of, visible_by
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.queue import seats
from modelkeep_server.features.promotion.views import LEADS_TO, Promotion, QueueRow, Status
from modelkeep_server.features.versions.conditions import has_flag, versions_of
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.approvals import DECIDERS, RiskTier
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role

_IS_OVERDUE = promotions.c.due_at < bindparam("now", type_=UtcMicros)


class Show(StrEnum):
    """Which rounds: those that wait, those that one decided in, or those that ended."""

    OPEN = "OPEN"
    DECIDED = "DECIDED"
    CLOSED = "CLOSED"


class Sort(StrEnum):
    """How what waits is ordered: the oldest first, what is due first, or the highest risk first."""

    AGE = "age"
    DUE = "due"
    TIER = "tier"


@dataclass(frozen=True)
class QueueFilter:
    """
    What the queue is narrowed to; empty is any. `role`, `overdue` and `can_decide` go with what waits alone.

    `can_decide`: only what this person may still approve. `mine`: only of models that they own.
    """

    show: Show = Show.OPEN
    role: Role | None = None
    tier: RiskTier | None = None
    target: Target | None = None
    urgent: bool = False
    overdue: bool = False
    can_decide: bool = False
    mine: bool = False
    group: str = ""


@dataclass(frozen=True)
class QueueCounts:
    """
    How many requests wait under a filter, and how many would under each other value of one part of it. `decidable` is
    None for who decides nothing.
    """

    total: int
    anybody: int
    roles: Mapping[Role, int]
    tiers: Mapping[RiskTier, int]
    targets: Mapping[Target, int]
    urgent: int
    overdue: int
    decidable: int | None


@dataclass(frozen=True)
class Known:
    """
    What the queue asks for before it looks: what promotions take, how far this person sees, in which of their roles
    they decide, and the values that statements about them take.
    """

    needs: seats.Needs
    sight: Sight
    held: tuple[Role, ...]
    values: Mapping[str, Any]


def look(work: Work, actor: Actor) -> Known:
    """What reading and counting the queue both ask for. Two statements, one for who decides nothing."""
    held = tuple(role for role in DECIDERS if role in actor.roles)
    answered = answered_for(work, actor.user_id or 0) if held else ()
    values = {**values_of(actor), "answered": answered, "now": work.now}
    return Known(promotion_queries.list_needs(work), sight_of(actor), held, values)


def list_queue(
    work: Work,
    actor: Actor,
    asked: QueueFilter | None = None,
    *,
    known: Known | None = None,
    sort: Sort = Sort.AGE,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[QueueRow]:
    """
    Rounds of what the actor sees. Those that wait leave out closed versions; others come newest first, whatever the
    sort. Three statements beside those of `look`, where `known` is what that gave.

    Raises:
        Invalid: A filter of what waits with another list. CursorRefused.
    """
    wanted = asked or QueueFilter()
    _demand_fitting(wanted)
    known = known or look(work, actor)
    chosen, following = read_rows(
        work, _select_page(known.needs, known.sight, known.held, _shape_of(wanted), sort), *_order_of(wanted, sort),
        values={**known.values, "group_path": _path_of(wanted)},
        filters={"queue": True, "sort": sort.value, **vars(wanted)},
        limit=limit, cursor=cursor, descending=wanted.show is not Show.OPEN,
    )  # fmt: skip
    return Page(_read_rounds(work, [row.id for row in chosen], known), following)


@lru_cache(maxsize=128)
def _select_page(
    needs: seats.Needs, sight: Sight, held: tuple[Role, ...], shape: QueueFilter, sort: Sort
) -> Select[Any]:
    page = versions_of(promotions).with_only_columns(*_order_of(shape, sort))
    return page.where(visible_by(sight), *_conditions(shape, needs, held))


def _read_rounds(work: Work, keys: Sequence[int], known: Known) -> tuple[QueueRow, ...]:
    """These rounds, in this order. Asked of the rows of one page alone, since it takes a look at the log for each."""
    if not keys:
        return ()
    values = {**known.values, "rounds": keys}
    by_key = {row.id: row for row in work.all(_select_told(known.needs, known.held), values)}
    rows = [by_key[key] for key in keys]
    return tuple(
        _to_row(promotion, row)
        for promotion, row in zip(promotion_queries.to_promotions(work, rows), rows, strict=True)
    )


@lru_cache(maxsize=32)
def _select_told(needs: seats.Needs, held: tuple[Role, ...]) -> Select[Any]:
    return (
        promotion_queries.select_rounds()
        .add_columns(seats.decidable(needs, held).label("decidable"), has_flag(versions.c.id, "HOLD").label("held"))
        .where(promotions.c.id.in_(bindparam("rounds", expanding=True)))
    )


def _to_row(promotion: Promotion, row: Row[Any]) -> QueueRow:
    """A round that is over is nobody's to decide, whatever places were left open in it."""
    state = State(row.state)
    waits = promotion.status is Status.OPEN or (
        promotion.status is Status.APPROVED and LEADS_TO[promotion.target] is state and promotion.missing > 0
    )
    return QueueRow(promotion, RiskTier(row.model_tier), state, waits and bool(row.decidable), bool(row.held))


def count_queue(
    work: Work, actor: Actor, asked: QueueFilter | None = None, *, known: Known | None = None
) -> QueueCounts:
    """What waits, counted. One statement beside those of `look`, where `known` is what that gave."""
    wanted = replace(asked or QueueFilter(), show=Show.OPEN)
    known = known or look(work, actor)
    place = _shape_of(QueueFilter(mine=wanted.mine, group=wanted.group))
    rows = work.all(
        _select_counts(known.needs, known.sight, known.held, place),
        {**known.values, "group_path": _path_of(wanted)},
    )
    counted = [(_facts_of(row, known), int(row.many)) for row in rows]

    def many(**changes: Any) -> int:
        under = replace(wanted, **changes)
        return sum(number for fact, number in counted if fact.fits(under))

    return QueueCounts(
        total=many(),
        anybody=many(role=None, can_decide=False),
        roles={role: many(role=role, can_decide=False) for role in DECIDERS},
        tiers={tier: many(tier=tier) for tier in RiskTier},
        targets={target: many(target=target) for target in Target},
        urgent=many(urgent=True),
        overdue=many(overdue=True),
        decidable=many(role=None, can_decide=True) if known.held else None,
    )


@lru_cache(maxsize=64)
def _select_counts(needs: seats.Needs, sight: Sight, held: tuple[Role, ...], shape: QueueFilter) -> Select[Any]:
    told = versions_of(promotions).with_only_columns(
        models.c.risk_tier, promotions.c.target, promotions.c.urgent,
        case((_IS_OVERDUE, 1), else_=0).label("overdue"),
        case((seats.is_free() if held else false(), 1), else_=0).label("free"),
        seats.seats_code(needs).label("code"),
    )  # fmt: skip
    facts = told.where(visible_by(sight), *_conditions(shape, needs, held)).cte("facts")
    # Else SQLite works out each fact twice: for the groups, and for their rows.
    facts = facts.prefix_with("MATERIALIZED")
    return select(*facts.c, func.count().label("many")).group_by(*facts.c)


@dataclass(frozen=True)
class _Facts:
    """What the parts of a filter ask of a request."""

    tier: RiskTier
    target: Target
    urgent: bool
    overdue: bool
    decidable: bool
    roles: tuple[Role, ...]

    def fits(self, asked: QueueFilter) -> bool:
        return (
            asked.tier in (None, self.tier)
            and asked.target in (None, self.target)
            and (asked.role is None or asked.role in self.roles)
            and self.urgent >= asked.urgent
            and self.overdue >= asked.overdue
            and self.decidable >= asked.can_decide
        )


def _facts_of(row: Row[Any], known: Known) -> _Facts:
    tier, target = RiskTier(row.risk_tier), Target(row.target)
    roles = seats.roles_open(known.needs, tier, target, row.code)
    decidable = bool(row.free) and any(role in roles for role in known.held)
    return _Facts(tier, target, bool(row.urgent), bool(row.overdue), decidable, roles)


@lru_cache(maxsize=32)
def waiting_rounds(needs: seats.Needs) -> ColumnElement[bool]:
    """
    The condition under which a row of `promotions` waits for a decision: it is open, or the tier of its model was
    raised after its approval and approvals lack.
    """
    is_open = select(promotions.c.id).where(promotions.c.status == Status.OPEN.value)
    # Found by the state: rounds that were approved some day are many, versions that are to be moved few.
    lacking = (
        select(promotions.c.id)
        .join(versions, versions.c.id == promotions.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(is_approved(), seats.waits_for(needs, DECIDERS))
    )
    return promotions.c.id.in_(union_all(is_open, lacking))


def is_approved() -> ColumnElement[bool]:
    """
    The condition under which a row of `promotions`, joined with `versions`, was approved and its version stands where
    that led, so that it is to be moved on.
    """
    return and_(
        versions.c.state.in_([state.value for state in LEADS_TO.values()]),
        promotions.c.status == Status.APPROVED.value,
        case({aim.value: state.value for aim, state in LEADS_TO.items()}, value=promotions.c.target)
        == versions.c.state,
    )


def _order_of(asked: QueueFilter, sort: Sort) -> tuple[ColumnElement[Any], ...]:
    return _orders()[sort] if asked.show is Show.OPEN else (promotions.c.id,)


@cache
def _orders() -> dict[Sort, tuple[ColumnElement[Any], ...]]:
    due = type_coerce(promotions.c.due_at, BigInteger).label("due_us")
    rank = (-seats.tier_rank(models.c.risk_tier)).label("risk_place")
    return {Sort.AGE: (promotions.c.id,), Sort.DUE: (due, promotions.c.id), Sort.TIER: (rank, due, promotions.c.id)}


def _shape_of(asked: QueueFilter) -> QueueFilter:
    """What of a filter its statement is built from: all but what is typed, which it is given."""
    return replace(asked, group="given" if asked.group else "")


def _path_of(asked: QueueFilter) -> str:
    return f"{asked.group.lower()}/"


def _conditions(asked: QueueFilter, needs: seats.Needs, held: tuple[Role, ...]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.show is Show.OPEN:
        conditions += [waiting_rounds(needs), ~has_flag(versions.c.id, "CLOSED")]
    elif asked.show is Show.CLOSED:
        conditions.append(promotions.c.status != Status.OPEN.value)
    else:
        mine = select(reviews.c.promotion_id).where(reviews.c.person_id == ASKER)
        conditions.append(promotions.c.id.in_(mine))
    if asked.tier is not None:
        conditions.append(models.c.risk_tier == asked.tier.value)
    if asked.target is not None:
        conditions.append(promotions.c.target == asked.target.value)
    if asked.urgent:
        conditions.append(promotions.c.urgent.is_(True))
    if asked.group:
        path: BindParameter[str] = bindparam("group_path", type_=Text)
        conditions.append(func.substr(models.c.path_key, 1, func.length(path)) == path)
    if asked.mine:
        conditions.append(owned_by_asker())
    if asked.overdue:
        conditions.append(_IS_OVERDUE)
    if asked.role is not None:
        conditions.append(seats.waits_for(needs, (asked.role,)))
    if asked.can_decide:
        conditions.append(seats.decidable(needs, held))
    return conditions


def _demand_fitting(asked: QueueFilter) -> None:
    if asked.show is Show.OPEN:
        return
    given = {"role": asked.role is not None, "overdue": asked.overdue, "canDecide": asked.can_decide}
    faults = [FieldError(name, "Only what waits is filtered by this: leave it out, or ask with show=OPEN.")
              for name, is_given in given.items() if is_given]  # fmt: skip
    if faults:
        raise Invalid.of(faults)
