"""
Which approval a request waits for, asked in SQL, so that lists are filtered before their pages are cut.

What counts is said by rules/approvals.py alone: which of the numbers of approvals leave a role something to fill is
worked out by it, for each tier and target, and the database only counts.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select

from modelkeep_server.db.tables import models, promotions, reviews, versions
from modelkeep_server.features.models import separation
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.models.visibility import ASKER
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion.views import Decision, Status
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.rules.approvals import DECIDERS, Given, Need, RiskTier, fill_slots, open_roles, slots_of
from modelkeep_server.rules.permissions import Role

_PLACES = 100
_TIERS = tuple(RiskTier)
_Place = tuple[RiskTier, Target]


@dataclass(frozen=True)
class Needs:
    """What each promotion takes, by tier and target. Statements are built once for those that are alike."""

    taken: tuple[tuple[_Place, tuple[Need, ...]], ...]

    def __getitem__(self, place: _Place) -> tuple[Need, ...]:
        return next(taken for one, taken in self.taken if one == place)

    @property
    def most(self) -> int:
        """How many approvals a promotion takes at most."""
        return max(len(slots_of(taken)) for _, taken in self.taken)


def tier_rank(column: ColumnElement[str]) -> ColumnElement[int]:
    """A risk tier as a number, LOW being 0."""
    return case({tier.value: rank for rank, tier in enumerate(_TIERS)}, value=column)


def seats_code(needs: Needs) -> ColumnElement[int]:
    """
    How many approvals of a row of `promotions`, joined with `models`, count now: those by MRC, and 100 for each by a
    Security Architect. More than any need has places for are told as that many.
    """
    return _seats_code(needs.most)


@lru_cache(maxsize=32)
def _seats_code(most: int) -> ColumnElement[int]:
    given, later = reviews.alias("given"), reviews.alias("later")
    again = (_counts(later), later.c.person_id == given.c.person_id, later.c.id > given.c.id)
    newer = exists().where(*again).correlate(given, promotions, models)

    def many(role: Role) -> ColumnElement[int]:
        total = func.coalesce(func.sum(case((given.c.role == role.value, 1), else_=0)), 0)
        return case((total > most, most), else_=total)

    first, second = DECIDERS
    counted = select(many(first) + _PLACES * many(second)).where(_counts(given), ~newer)
    return counted.correlate(promotions, models).scalar_subquery()


def _counts(review: Any) -> ColumnElement[bool]:
    return and_(
        review.c.promotion_id == promotions.c.id,
        review.c.decision == Decision.APPROVE.value,
        review.c.digest == promotions.c.digest,
        tier_rank(review.c.risk_tier) >= tier_rank(models.c.risk_tier),
    )


@lru_cache(maxsize=64)
def waits_for(needs: Needs, roles: tuple[Role, ...]) -> ColumnElement[bool]:
    """
    The condition under which an approval in one of `roles` still helps a row of `promotions`. An open one that has all
    of them, since fewer are asked for now, waits for one more, of any role.
    """
    most = needs.most
    # Tiers and targets that take the same are asked about in one breath.
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[tuple[RiskTier, Target]]] = {}
    for place, taken in needs.taken:
        codes = (_helping(taken, place[0], roles, most), _full(taken, place[0], most) if roles else ())
        alike.setdefault(codes, []).append(place)
    code = _seats_code(most)
    return or_(
        false(),
        *(
            and_(
                or_(*(and_(models.c.risk_tier == tier.value, promotions.c.target == aim.value) for tier, aim in where)),
                or_(code.in_(helping), and_(promotions.c.status == Status.OPEN.value, code.in_(full))),
            )
            for (helping, full), where in alike.items()
        ),
    )


@lru_cache(maxsize=1024)
def roles_open(needs: Needs, tier: RiskTier, target: Target, code: int) -> tuple[Role, ...]:
    """The roles in which an approval still helps where so many count, by `seats_code`."""
    return open_roles(needs[tier, target], _given(code, tier), tier)


@lru_cache(maxsize=1024)
def places_open(needs: Needs, tier: RiskTier, target: Target, code: int) -> tuple[tuple[Role, ...], ...]:
    """The places that nobody fills yet where so many count, each with the roles that can fill it."""
    taken = needs[tier, target]
    filled = fill_slots(taken, _given(code, tier), tier)
    return tuple(roles for roles, given in zip(slots_of(taken), filled, strict=True) if given is None)


def roles_given(code: int) -> tuple[Role, ...]:
    """The roles in which an approval counts, by `seats_code`."""
    return tuple(role for role, many in zip(DECIDERS, (code % _PLACES, code // _PLACES), strict=True) if many)


@lru_cache(maxsize=64)
def decidable(needs: Needs, held: tuple[Role, ...]) -> ColumnElement[bool]:
    """
    The condition under which somebody may still fill a place of a row of `promotions`, joined with `versions` and
    `models`. `held` are their roles that decide; statements take their `visibility.values_of`, and as `answered` what
    `separation.answered_for` gives.
    """
    return and_(waits_for(needs, held), is_free()) if held else false()


@cache
def is_free() -> ColumnElement[bool]:
    """
    The same but for the place: they did not decide, never owned the model and did not touch the version, and nothing
    stands in the way.
    """
    # Asked for one row at a time: PostgreSQL would hold each round against all that this person ever decided.
    decision = (
        select(reviews.c.id)
        .where(
            reviews.c.promotion_id == promotions.c.id,
            reviews.c.person_id == ASKER,
            reviews.c.risk_tier == models.c.risk_tier,
        )
        .limit(1)
        .correlate(promotions, models)
        .scalar_subquery()
    )
    return and_(
        models.c.status == ModelStatus.ACTIVE.value,
        decision.is_(None),
        ~separation.was_owned(),
        ~has_flag(versions.c.id, "HOLD"),
        ~separation.was_touched(),
    )


def _given(code: int, tier: RiskTier) -> tuple[Given, ...]:
    by_role = (code % _PLACES, code // _PLACES)
    roles = [role for role, many in zip(DECIDERS, by_role, strict=True) for _ in range(many)]
    return tuple(Given(person, role, tier) for person, role in enumerate(roles))


def _helping(needs: tuple[Need, ...], tier: RiskTier, roles: tuple[Role, ...], most: int) -> tuple[int, ...]:
    """The codes that leave one of `roles` something to fill."""
    codes = (first + _PLACES * second for first in range(most + 1) for second in range(most + 1))
    return tuple(code for code in codes if set(roles) & set(open_roles(needs, _given(code, tier), tier)))


def _full(needs: tuple[Need, ...], tier: RiskTier, most: int) -> tuple[int, ...]:
    """The codes that leave nothing to fill."""
    codes = (first + _PLACES * second for first in range(most + 1) for second in range(most + 1))
    return tuple(code for code in codes if not open_roles(needs, _given(code, tier), tier))
