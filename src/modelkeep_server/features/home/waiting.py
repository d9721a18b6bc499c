"""
What waits for somebody by their roles, and what of theirs waits for others: read in one statement, however many sorts
there are, since the first page of everybody asks it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from modelkeep_server.db.tables import (
    collaborators,
    exception_grants,
    exceptions,
    findings,
    models,
    people,
    policies,
    policy_revisions,
    promotions,
    version_flags,
    version_passages,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments.live import is_live
from modelkeep_server.features.home import stopped
from modelkeep_server.features.home.arms import NO_TEXT, ON_VERSION, SHOWN, arm, moment, us
from modelkeep_server.features.home.views import Kind, Waiting
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.separation import answered_for, was_owned, was_touched
from modelkeep_server.features.models.views import Access, ModelStatus
from modelkeep_server.features.models.visibility import (
    ASKER,
    ASKER_EMAILS,
    Sight,
    owned_by_asker,
    sight_of,
    values_of,
    visible_by,
)
from modelkeep_server.features.policies.exception_views import GRANTERS, ExceptionStatus
from modelkeep_server.features.policies.views import RevisionStatus, Target
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.queue import listing, seats
from modelkeep_server.features.promotion.views import FindingStatus, Status
from modelkeep_server.features.versions.conditions import has_flag, versions_of
from modelkeep_server.kit import clock
from modelkeep_server.rules.approvals import DECIDERS, RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Relation, Role

#: An exception that ends is told of as long before as its owners get a letter (features/policies/reminding.py).
EXCEPTION_DAYS = 14
ACCESS_DAYS = 7

_NOW = moment("now")
_others = people.alias("others")
_ON_MODEL = {name: ON_VERSION[name] for name in ("group_name", "name", "risk_tier")}
_GRANTED = {Role.MRC: 1, Role.SECURITY_ARCHITECT: 2}


def list_waiting(work: Work, actor: Actor) -> tuple[Waiting, ...]:
    """
    All of it, each sort by due date, then by age. Three statements, two for who decides nothing.

    What a token is limited to plays no part: it is told what waits for its person.
    """
    held = tuple(role for role in DECIDERS if role in actor.roles)
    asker = _Asker(
        needs=promotion_queries.list_needs(work),
        sight=sight_of(actor),
        held=held,
        moves=access.may_by_standing(actor, "version.stage"),
        records=access.may_by_standing(actor, "deployment.record"),
        retires=access.may_by_standing(actor, "version.retire"),
        requests=access.may_by_standing(actor, "promotion.request", (Relation.OWNER,)),
    )
    values = {
        **values_of(actor),
        "answered": answered_for(work, actor.user_id or 0) if held else (),
        "now": work.now,
        "exceptions_until": work.now + timedelta(days=EXCEPTION_DAYS),
        "access_until": work.now + timedelta(days=ACCESS_DAYS),
    }
    found = (_to_waiting(row, asker.needs) for row in work.all(_select_all(asker), values))
    return tuple(sorted(found, key=lambda one: (one.due_at or one.since, one.since)))


@dataclass(frozen=True)
class _Asker:
    """What of somebody the statement is built from; who is alike in this shares it."""

    needs: seats.Needs
    sight: Sight
    held: tuple[Role, ...]
    moves: bool
    records: bool
    retires: bool
    requests: bool


@lru_cache(maxsize=64)
def _select_all(asker: _Asker) -> CompoundSelect[Any]:
    return union_all(
        *_for_deciders(asker),
        *_for_sres(asker),
        *_for_admins(asker),
        *_for_owners(asker),
        _findings(asker),
        _shared(asker),
        _access_that_ends(asker),
        _holds(asker),
    )


def _for_deciders(asker: _Asker) -> list[Select[Any]]:
    if not asker.held:
        return []
    # Chosen first, so that the approvals of what is not shown are not counted one by one.
    chosen = (
        versions_of(promotions)
        .with_only_columns(promotions.c.id, func.count().over().label("total"))
        .where(listing.waiting_rounds(asker.needs), ~has_flag(versions.c.id, "CLOSED"), visible_by(asker.sight))
        .where(seats.decidable(asker.needs, asker.held))
        .order_by(promotions.c.due_at, promotions.c.id)
        .limit(SHOWN)
        .subquery()
    )
    reviews = versions_of(promotions).join(_others, _others.c.id == promotions.c.requested_by)
    return [
        arm(Kind.REVIEW, reviews.join(chosen, chosen.c.id == promotions.c.id), {
            **ON_VERSION, **_of_round(asker.needs), "total": chosen.c.total, "who": _others.c.email,
        }),
        arm(Kind.EXCEPTION, _exceptions().where(visible_by(asker.sight), _grantable(asker.held)), {
            **ON_VERSION, **_of_exception(), "who": _others.c.email,
        }),
        stopped.to_settle(asker.sight),
        arm(Kind.POLICY, _proposals(), {
            "since": us(policy_revisions.c.proposed_at), "who": _others.c.email, "word": policy_revisions.c.name,
            "said": policy_revisions.c.reason, "ref": policies.c.public_id,
        }),
    ]  # fmt: skip


def _of_round(needs: seats.Needs) -> dict[str, ColumnElement[Any]]:
    return {
        "since": us(promotions.c.requested_at), "due": us(promotions.c.due_at), "word": promotions.c.target,
        "number": seats.seats_code(needs), "ref": promotions.c.public_id,
        "said": case((promotions.c.round > 1, "again"), else_=NO_TEXT),
    }  # fmt: skip


def _exceptions() -> Select[Any]:
    in_force = and_(
        policy_revisions.c.policy_id == exceptions.c.policy_id, policy_revisions.c.status == RevisionStatus.IN_FORCE
    )
    asked = versions_of(exceptions).join(policy_revisions, in_force)
    return asked.join(_others, _others.c.id == exceptions.c.asked_by)


def _of_exception() -> dict[str, ColumnElement[Any]]:
    granted: ColumnElement[int] = literal(0)
    for role, bit in _GRANTED.items():
        granted = granted + case((_is_granted_as(role), bit), else_=0)
    return {
        "since": us(exceptions.c.asked_at), "word": policy_revisions.c.name, "number": granted,
        "ref": exceptions.c.public_id,
    }  # fmt: skip


def _is_granted_as(role: Role) -> ColumnElement[bool]:
    grants = exception_grants.c
    return exists().where(grants.exception_id == exceptions.c.id, grants.role == role.value)


def _is_open() -> ColumnElement[bool]:
    return and_(exceptions.c.status == ExceptionStatus.OPEN.value, exceptions.c.expires_at > _NOW)


def _grantable(held: Sequence[Role]) -> ColumnElement[bool]:
    """Whether this person may grant an exception in one of their roles (features/policies/exceptions.py)."""
    grants = exception_grants.c
    in_a_role = or_(
        *(
            and_(models.c.risk_tier.in_([tier.value for tier in RiskTier if role in GRANTERS[tier]]),
                 ~_is_granted_as(role))
            for role in held
        )
    )  # fmt: skip
    by_actor = exists().where(grants.exception_id == exceptions.c.id, grants.person_id == ASKER)
    return and_(_is_open(), in_a_role, ~by_actor, ~was_owned(), ~was_touched())


def _proposals() -> Select[Any]:
    """Changes of policies that wait for a second person."""
    return (
        select(policy_revisions)
        .join(policies, policies.c.id == policy_revisions.c.policy_id)
        .join(_others, _others.c.id == policy_revisions.c.proposed_by)
        .where(policy_revisions.c.status == RevisionStatus.PROPOSED.value)
        .where(policy_revisions.c.proposed_by != ASKER)
    )


def _for_sres(asker: _Asker) -> list[Select[Any]]:
    arms = [stopped.to_take_off(asker.sight)] if asker.records else []
    if not asker.moves:
        return arms
    approved = versions_of(promotions).where(
        listing.is_approved(),
        # Since its tier was raised it waits for reviewers.
        ~seats.waits_for(asker.needs, DECIDERS),
        *_may_go_on(asker),
    )
    columns = {"since": us(promotions.c.ended_at), "word": promotions.c.target, "said": promotions.c.justification}
    return [*arms, arm(Kind.MOVE, approved, {**ON_VERSION, **columns})]


def _may_go_on(asker: _Asker) -> tuple[ColumnElement[bool], ...]:
    beside = (~has_flag(versions.c.id, "CLOSED"), ~has_flag(versions.c.id, "HOLD"))
    return (models.c.status == ModelStatus.ACTIVE.value, visible_by(asker.sight), *beside)


def _for_admins(asker: _Asker) -> list[Select[Any]]:
    """Deprecated versions that an Admin may retire: those that are live wait for an SRE first."""
    if not asker.retires:
        return []
    deprecated = versions_of(version_passages).where(
        version_passages.c.state == State.DEPRECATED.value,
        versions.c.state == State.DEPRECATED.value,
        ~is_live(versions.c.id),
        *_may_go_on(asker),
    )
    return [arm(Kind.RETIRE, deprecated, {**ON_VERSION, "since": us(version_passages.c.at)})]


def _for_owners(asker: _Asker) -> list[Select[Any]]:
    sees, owns = visible_by(asker.sight), owned_by_asker()
    mine = and_(owns, sees, models.c.status == ModelStatus.ACTIVE.value)
    open_rounds = versions_of(promotions).where(
        promotions.c.status == Status.OPEN.value, ~has_flag(versions.c.id, "CLOSED"), sees,
        or_(owns, promotions.c.requested_by == ASKER),
    )  # fmt: skip
    asked = _exceptions().where(_is_open(), sees, or_(owns, exceptions.c.asked_by == ASKER))
    arms = [
        arm(Kind.REQUEST, open_rounds, {**ON_VERSION, **_of_round(asker.needs)}),
        arm(Kind.EXCEPTION_ASKED, asked, {**ON_VERSION, **_of_exception()}),
    ]
    if not asker.requests:
        return arms
    sent_back = (
        versions_of(promotions)
        .join(_others, _others.c.id == promotions.c.ended_by)
        .where(promotions.c.status == Status.CHANGES_REQUESTED.value, mine, ~has_flag(versions.c.id, "CLOSED"))
        .where(versions.c.state.in_(stopped.SENT_BACK_TO), stopped.is_last(promotions))
    )
    ends = exceptions.c.expires_at
    ending = _exceptions().where(
        exceptions.c.status == ExceptionStatus.GRANTED.value, mine,
        ends > _NOW, ends <= moment("exceptions_until"),
    )  # fmt: skip
    return [
        *arms,
        arm(Kind.CHANGES, sent_back, {
            **ON_VERSION, "since": us(promotions.c.ended_at), "who": _others.c.email, "word": promotions.c.target,
            "said": promotions.c.end_reason, "ref": stopped.find_blocking(),
        }),
        stopped.to_ask(asker.sight, owns),
        arm(Kind.EXCEPTION_ENDS, ending, {**ON_VERSION, **_of_exception(), "due": us(ends)}),
    ]  # fmt: skip


def _findings(asker: _Asker) -> Select[Any]:
    told = versions_of(findings).where(
        findings.c.status == FindingStatus.OPEN.value,
        func.lower(findings.c.owner_email).in_(ASKER_EMAILS),
        visible_by(asker.sight),
    )
    severity = case((findings.c.blocking.is_(True), "BLOCKING"), else_=findings.c.severity)
    return arm(Kind.FINDING, told, {
        **ON_VERSION, "since": us(findings.c.raised_at), "due": us(findings.c.due_at), "said": findings.c.text,
        "word": severity, "ref": findings.c.public_id,
    })  # fmt: skip


def _shared(asker: _Asker) -> Select[Any]:
    """Models that somebody may change as a collaborator; `number` is 1 where they made a version of it already."""
    until, mine = collaborators.c.until, versions.c.created_by == ASKER
    told = (
        select(collaborators)
        .join(models, models.c.id == collaborators.c.model_id)
        .join(_others, _others.c.id == collaborators.c.granted_by)
        .where(collaborators.c.person_id == ASKER, collaborators.c.ended_at.is_(None))
        .where(collaborators.c.access == Access.WRITE.value, or_(until.is_(None), until > _NOW))
        .where(models.c.status == ModelStatus.ACTIVE.value, visible_by(asker.sight))
    )
    begun = exists().where(versions.c.model_id == models.c.id, mine)
    return arm(Kind.SHARED, told, {
        **_ON_MODEL, "since": us(collaborators.c.granted_at), "who": _others.c.email,
        "number": case((begun, 1), else_=0),
    })  # fmt: skip


def _access_that_ends(asker: _Asker) -> Select[Any]:
    until = collaborators.c.until
    told = (
        select(collaborators)
        .join(models, models.c.id == collaborators.c.model_id)
        .where(collaborators.c.person_id == ASKER, collaborators.c.ended_at.is_(None), visible_by(asker.sight))
        .where(until > _NOW, until <= moment("access_until"))
    )
    return arm(Kind.ACCESS_ENDS, told, {
        **_ON_MODEL, "since": us(collaborators.c.granted_at), "due": us(until), "word": collaborators.c.access,
    })  # fmt: skip


def _holds(asker: _Asker) -> Select[Any]:
    flags = version_flags.c
    told = versions_of(version_flags).where(
        flags.kind == "HOLD", flags.lifted_at.is_(None), flags.set_by == ASKER, visible_by(asker.sight)
    )
    return arm(Kind.HOLD, told, {**ON_VERSION, "since": us(flags.set_at), "said": flags.reason})


def _to_waiting(row: Any, needs: seats.Needs) -> Waiting:
    kind = Kind(row.kind)
    tier = RiskTier(row.risk_tier) if row.risk_tier else None
    given: tuple[Role, ...] = ()
    still: tuple[tuple[Role, ...], ...] = ()
    if tier and kind in (Kind.REVIEW, Kind.REQUEST):
        given = seats.roles_given(row.number)
        still = seats.places_open(needs, tier, Target(row.word), row.number)
    elif tier and kind in (Kind.EXCEPTION, Kind.EXCEPTION_ASKED, Kind.EXCEPTION_ENDS):
        given = tuple(role for role, bit in _GRANTED.items() if row.number & bit)
        still = tuple((role,) for role in GRANTERS[tier] if role not in given)
    return Waiting(
        kind=kind,
        total=row.total,
        model=f"{row.group_name}/{row.name}" if row.name else None,
        risk_tier=tier,
        version=row.version,
        state=State(row.state) if row.state else None,
        since=clock.from_us(row.since),
        due_at=clock.from_us(row.due) if row.due is not None else None,
        by=row.who,
        said=row.said,
        word=row.word,
        given=given,
        still=still,
        ref=row.ref,
        begun=kind is Kind.SHARED and bool(row.number),
    )
