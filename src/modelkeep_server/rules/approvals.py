"""
How many people, of which roles, must approve a promotion: a table by risk tier. Admins may only add to it.

Also the risk tiers themselves, with the guide's words ("Risk Tier Guidelines"), since what a tier means is what it
demands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.rules.permissions import Role


class RiskTier(StrEnum):
    """Business impact classification of a model."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True)
class Need:
    """`count` different people, each with one of `roles`."""

    roles: tuple[Role, ...]
    count: int = 1


@dataclass(frozen=True)
class TierInfo:
    """A tier as the form explains it. `people` is how many different persons a promotion takes, owner included."""

    tier: RiskTier
    label: str
    description: str
    examples: str
    approvals: str
    people: int


TIERS: dict[RiskTier, TierInfo] = {
    info.tier: info
    for info in (
        TierInfo(
            RiskTier.LOW,
            "Low",
            "Minimal business impact, experimental models",
            "Research prototypes, A/B test models",
            "One MRC or Security",
            2,
        ),
        TierInfo(
            RiskTier.MEDIUM,
            "Medium",
            "Moderate business impact, customer-facing",
            "Recommendation systems, content moderation",
            "One MRC and one Security",
            3,
        ),
        TierInfo(
            RiskTier.HIGH,
            "High",
            "Critical business impact, regulatory implications",
            "Fraud detection, credit scoring, medical diagnosis",
            "One MRC and one Security, a third person deploys",
            4,
        ),
    )
}

APPROVALS: dict[RiskTier, tuple[Need, ...]] = {
    RiskTier.LOW: (Need((Role.MRC, Role.SECURITY_ARCHITECT)),),
    RiskTier.MEDIUM: (Need((Role.MRC,)), Need((Role.SECURITY_ARCHITECT,))),
    RiskTier.HIGH: (Need((Role.MRC,)), Need((Role.SECURITY_ARCHITECT,))),
}

#: Whose approvals count: the roles of the table, and of whatever Admins add.
DECIDERS = (Role.MRC, Role.SECURITY_ARCHITECT)

#: What Admins may add for a tier and a target: people in one step, and in all.
COUNT_MAX = 3
ADDED_MAX = 6
#: For so long the wish to end what was added waits for a second person; then it lapses.
WISH_DAYS = 14

#: How many days reviewers have, by risk tier, and what is left of them where it is urgent.
REVIEW_DAYS: dict[RiskTier, int] = {RiskTier.LOW: 5, RiskTier.MEDIUM: 10, RiskTier.HIGH: 10}
URGENT_DAYS = 2

#: After how many months a version in production is looked at anew.
REVIEW_AGAIN_MONTHS: dict[RiskTier, int] = {RiskTier.LOW: 36, RiskTier.MEDIUM: 24, RiskTier.HIGH: 12}

#: So many days after a look in production no other is noted, unless the risk tier was changed since.
LOOKS_APART_DAYS = 30

_RANK = tuple(RiskTier)


@dataclass(frozen=True)
class Given:
    """An approval as the table counts it: who gave it, in which role, and for which tier."""

    person: int
    role: Role
    tier: RiskTier


def needs_of(tier: RiskTier, additions: Sequence[Need] = ()) -> tuple[Need, ...]:
    """What a promotion of a model of this tier takes: the floor, and what Admins added."""
    return (*APPROVALS[tier], *additions)


def slots_of(needs: Sequence[Need]) -> tuple[tuple[Role, ...], ...]:
    """The same one by one: for each approval the roles that can give it."""
    return tuple(need.roles for need in needs for _ in range(need.count))


def fill_slots(needs: Sequence[Need], given: Sequence[Given], tier: RiskTier) -> tuple[Given | None, ...]:
    """
    Who fills each slot of `slots_of`, or None where nobody does yet.

    One person fills one slot, whatever roles they hold, and an approval for a lower tier fills none. As many slots are
    filled as can be: an approval moves to another slot that it fits where that makes room.
    """
    slots = slots_of(needs)
    counted = [one for one in given if _RANK.index(one.tier) >= _RANK.index(tier)]
    people = {one.person: one for one in counted}
    filled: list[Given | None] = [None] * len(slots)

    def place(one: Given, tried: set[int]) -> bool:
        for number, roles in enumerate(slots):
            if number in tried or one.role not in roles:
                continue
            tried.add(number)
            sitting = filled[number]
            if sitting is None or place(sitting, tried):
                filled[number] = one
                return True
        return False

    for one in people.values():
        place(one, set())
    return tuple(filled)


def open_roles(needs: Sequence[Need], given: Sequence[Given], tier: RiskTier) -> tuple[Role, ...]:
    """The roles in which an approval still helps, in the order of the table."""
    roles = dict.fromkeys(role for slot in slots_of(needs) for role in slot)
    if not given:
        return tuple(roles)
    now = sum(one is not None for one in fill_slots(needs, given, tier))
    return tuple(
        role
        for role in roles
        if sum(one is not None for one in fill_slots(needs, (*given, Given(-1, role, tier)), tier)) > now
    )
