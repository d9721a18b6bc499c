"""
Which approval a request waits for, asked in SQL, so that lists are filtered before their pages are cut.

What counts is said by rules/approvals.py alone: which of the numbers of approvals leave a role something to fill is
worked out by it, for each tier and target, and the database only counts.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select

from modelkeep_server.db.tables import models, promotions, reviews, versions
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import separation
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion.views import Decision, Status
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.rules.approvals import DECIDERS, Given, Need, RiskTier, fill_slots, open_roles, slots_of
from modelkeep_server.rules.permissions import Role

#: What each promotion takes, by tier and target.
Needs = Mapping[tuple[RiskTier, Target], tuple[Need, ...]]

_PLACES = 100
_TIERS = tuple(RiskTier)


def tier_rank(column: ColumnElement[str]) -> ColumnElement[int]:
    """A risk tier as a number, LOW being 0."""
    return case({tier.value: rank for rank, tier in enumerate(_TIERS)}, value=column)


def seats_code(needs: Needs) -> ColumnElement[int]:
    """
    How many approvals of a row of `promotions`, joined with `models`, count now: those by MRC, and 100 for each by a
    Security Architect. More than any need has places for are told as that many.
    """
    return _seats_code(_most(needs))


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


def waits_for(needs: Needs, roles: Sequence[Role]) -> ColumnElement[bool]:
    """
    The condition under which an approval in one of `roles` still helps a row of `promotions`. An open one that has all
    of them, since fewer are asked for now, waits for one more, of any role.
    """
    return _waits_for(tuple(needs.items()), tuple(roles))


@lru_cache(maxsize=64)
def _waits_for(
    needs: tuple[tuple[tuple[RiskTier, Target], tuple[Need, ...]], ...], roles: tuple[Role, ...]
) -> ColumnElement[bool]:
    most = _most(dict(needs))
    # Tiers and targets that take the same are asked about in one breath.
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[tuple[RiskTier, Target]]] = {}
    for place, taken in needs:
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


def roles_open(needs: Needs, tier: RiskTier, target: Target, code: int) -> tuple[Role, ...]:
    """The roles in which an approval still helps where so many count, by `seats_code`."""
    return open_roles(needs[tier, target], _given(code, tier), tier)


def places_open(needs: Needs, tier: RiskTier, target: Target, code: int) -> tuple[tuple[Role, ...], ...]:
    """The places that nobody fills yet where so many count, each with the roles that can fill it."""
    taken = needs[tier, target]
    filled = fill_slots(taken, _given(code, tier), tier)
    return tuple(roles for roles, given in zip(slots_of(taken), filled, strict=True) if given is None)


def roles_given(code: int) -> tuple[Role, ...]:
    """The roles in which an approval counts, by `seats_code`."""
    return tuple(role for role, many in zip(DECIDERS, (code % _PLACES, code // _PLACES), strict=True) if many)


def decidable_by(needs: Needs, actor: Actor, keys: Sequence[int]) -> ColumnElement[bool]:
    """
    The condition under which this person may still fill a place of a row of `promotions`, joined with `versions` and
    `models`. `keys` are theirs by `separation.answered_for`.
    """
    held = [role for role in DECIDERS if role in actor.roles]
    return and_(waits_for(needs, held), is_free_for(actor, keys)) if held else false()


def is_free_for(actor: Actor, keys: Sequence[int]) -> ColumnElement[bool]:
    """
    The same but for the place: they did not decide, never owned the model and did not touch the version, and nothing
    stands in the way.
    """
    decided = exists().where(
        reviews.c.promotion_id == promotions.c.id,
        reviews.c.person_id == actor.user_id,
        reviews.c.risk_tier == models.c.risk_tier,
    )
    return and_(
        models.c.status == ModelStatus.ACTIVE.value,
        ~decided,
        ~separation.was_owned_by(keys),
        ~has_flag(versions.c.id, "HOLD"),
        ~separation.was_touched_by(keys),
    )


def _most(needs: Needs) -> int:
    return max(len(slots_of(taken)) for taken in needs.values())


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
