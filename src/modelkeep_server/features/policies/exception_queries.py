"""Reading exceptions. One is visible where its model is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, and_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.nesting import RowsAsJson
from modelkeep_server.db.tables import (
    exception_grants,
    exceptions,
    models,
    people,
    policies,
    policy_revisions,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.policies.exception_views import (
    GRANTERS,
    ExceptionGrant,
    ExceptionStatus,
    PolicyException,
)
from modelkeep_server.features.policies.views import RevisionStatus
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role

_askers = people.alias("askers")
_enders = people.alias("exception_enders")


@dataclass(frozen=True)
class ExceptionFilter:
    """What a list is narrowed to: a status, a policy's public id, a version's `group/name:version`. Empty is any."""

    status: str = ""
    policy: str = ""
    version: str = ""


def get_exception(work: Work, actor: Actor, public_id: str) -> PolicyException:
    """One exception. Two statements. Raises NotFound, also where the actor may not see its model."""
    row = work.first(_select(actor).where(exceptions.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such exception that you can see.")
    return _with_grants(work, [row])[0]


def list_exceptions(
    work: Work, actor: Actor, asked: ExceptionFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[PolicyException]:
    """Exceptions of what the actor sees, newest first. Two statements. Raises Invalid, CursorRefused."""
    statement = _narrow(_select(actor), work, asked)
    rows, following = read_rows(
        work, statement, exceptions.c.id, filters={"list": "exceptions", **vars(asked)}, limit=limit, cursor=cursor,
        descending=True,
    )  # fmt: skip
    return Page(_with_grants(work, rows), following)


def list_of_version(work: Work, actor: Actor, version_key: int) -> tuple[PolicyException, ...]:
    """The exceptions of a version, newest first. Two statements."""
    rows = work.all(_select(actor).where(exceptions.c.version_id == version_key).order_by(exceptions.c.id.desc()))
    return _with_grants(work, rows)


def list_lifting(work: Work, actor: Actor, version_key: int) -> tuple[PolicyException, ...]:
    """The exceptions that lift a policy for a version now, the first to end first, without grants. One statement."""
    rows = work.all(
        _select(actor)
        .where(
            exceptions.c.version_id == version_key,
            exceptions.c.status == ExceptionStatus.GRANTED.value,
            exceptions.c.expires_at > work.now,
        )
        .order_by(exceptions.c.expires_at, exceptions.c.id)
    )
    return tuple(one for one in (_to_exception(work, row, ()) for row in rows) if one.holds)


def select_held(version_key: int, moment: datetime) -> ScalarSelect[Any]:
    """The exceptions that lift a policy of the statement around for a version, as `find_lifting` takes them."""
    return (
        select(RowsAsJson(exceptions.c.id, exceptions.c.public_id, exceptions.c.risk_tier))
        .where(
            exceptions.c.policy_id == policies.c.id,
            exceptions.c.version_id == version_key,
            exceptions.c.status == ExceptionStatus.GRANTED.value,
            exceptions.c.expires_at > moment,
        )
        .correlate(policies)
        .scalar_subquery()
    )


def find_lifting(held: Sequence[Sequence[Any]], tier: RiskTier) -> str | None:
    """The public id of the newest of these that was granted by all whom the tier asks for now, or None."""
    needed = set(GRANTERS[tier])
    newest_first = sorted(map(tuple, held), reverse=True)
    return next((one for _, one, tier_then in newest_first if needed <= set(GRANTERS[RiskTier(tier_then)])), None)


def _select(actor: Actor) -> Select[Any]:
    in_force = and_(
        policy_revisions.c.policy_id == policies.c.id, policy_revisions.c.status == RevisionStatus.IN_FORCE.value
    )
    return (
        select(
            exceptions,
            policies.c.public_id.label("policy_public_id"),
            policy_revisions.c.name.label("policy_name"),
            policy_revisions.c.description.label("policy_why"),
            policy_revisions.c.rules.label("policy_rules"),
            models.c.group_name,
            models.c.name.label("model_name"),
            models.c.risk_tier.label("present_tier"),
            versions.c.version,
            versions.c.state,
            _askers.c.email.label("asker_email"),
            _enders.c.email.label("ender_email"),
        )
        .join(policies, policies.c.id == exceptions.c.policy_id)
        .join(policy_revisions, in_force)
        .join(versions, versions.c.id == exceptions.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(_askers, _askers.c.id == exceptions.c.asked_by)
        .outerjoin(_enders, _enders.c.id == exceptions.c.ended_by)
        .where(visible_to(actor))
    )


def _narrow(statement: Select[Any], work: Work, asked: ExceptionFilter) -> Select[Any]:
    if asked.status:
        if asked.status not in list(ExceptionStatus):
            raise Invalid.of([FieldError("status", f"Choose one of {', '.join(ExceptionStatus)}.")])
        ends = exceptions.c.expires_at
        living = (ExceptionStatus.OPEN.value, ExceptionStatus.GRANTED.value)
        if asked.status == ExceptionStatus.EXPIRED:
            statement = statement.where(exceptions.c.status.in_(living), ends <= work.now)
        else:
            statement = statement.where(exceptions.c.status == asked.status)
            statement = statement.where(ends > work.now) if asked.status in living else statement
    if asked.policy:
        statement = statement.where(policies.c.public_id == asked.policy)
    if asked.version:
        address, _, version = asked.version.partition(":")
        statement = statement.where(models.c.path_key == address.lower(), versions.c.version == version)
    return statement


def _with_grants(work: Work, rows: Sequence[Row[Any]]) -> tuple[PolicyException, ...]:
    if not rows:
        return ()
    given: dict[int, list[ExceptionGrant]] = {}
    for line in work.all(
        select(exception_grants, people.c.email)
        .join(people, people.c.id == exception_grants.c.person_id)
        .where(exception_grants.c.exception_id.in_([row.id for row in rows]))
        .order_by(exception_grants.c.id)
    ):
        grant = ExceptionGrant(line.email, Role(line.role), line.comment, line.at)
        given.setdefault(line.exception_id, []).append(grant)
    return tuple(_to_exception(work, row, tuple(given.get(row.id, ()))) for row in rows)


def _to_exception(work: Work, row: Row[Any], grants: tuple[ExceptionGrant, ...]) -> PolicyException:
    status = ExceptionStatus(row.status)
    if status in (ExceptionStatus.OPEN, ExceptionStatus.GRANTED) and row.expires_at <= work.now:
        status = ExceptionStatus.EXPIRED
    return PolicyException(
        key=row.id,
        id=row.public_id,
        policy_id=row.policy_public_id,
        policy=row.policy_name,
        version=f"{row.group_name}/{row.model_name}:{row.version}",
        version_key=row.version_id,
        justification=row.justification,
        risk=row.risk,
        mitigation=row.mitigation,
        expires_at=row.expires_at,
        status=status,
        tier=RiskTier(row.present_tier),
        granted_for=RiskTier(row.risk_tier),
        asked_by=row.asker_email,
        asked_at=row.asked_at,
        ended_by=row.ender_email,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        revision=row.revision,
        grants=grants,
        is_retired=State(row.state) is State.RETIRED,
        demands=tuple(rule["message"] for rule in row.policy_rules),
        policy_why=row.policy_why,
    )
