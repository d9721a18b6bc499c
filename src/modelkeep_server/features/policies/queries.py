"""Reading policies. Everybody who is signed in may read all of them: they are the rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import people, policies, policy_revisions
from modelkeep_server.db.work import Work
from modelkeep_server.features.policies.views import (
    Policy,
    PolicyRevision,
    PolicyScope,
    RevisionStatus,
    Rule,
    Severity,
    Wording,
)
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound

_proposers = people.alias("proposers")
_deciders = people.alias("deciders")
_creators = people.alias("creators")
_newest = policy_revisions.alias("newest")


def _select_policies() -> Select[Any]:
    newest = select(func.max(_newest.c.revision)).where(_newest.c.policy_id == policies.c.id).scalar_subquery()
    return select(policies, _creators.c.email.label("creator_email"), newest.label("latest")).outerjoin(
        _creators, _creators.c.id == policies.c.created_by
    )


def _select_revisions() -> Select[Any]:
    return (
        select(
            policy_revisions,
            _proposers.c.email.label("proposer_email"),
            _deciders.c.email.label("decider_email"),
        )
        .outerjoin(_proposers, _proposers.c.id == policy_revisions.c.proposed_by)
        .outerjoin(_deciders, _deciders.c.id == policy_revisions.c.decided_by)
    )


def get_policy(work: Work, public_id: str) -> Policy:
    """One policy, with what is proposed. Two statements. Raises NotFound."""
    row = work.first(_select_policies().where(policies.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such policy.")
    return _with_revisions(work, [row])[0]


def find_by_name(work: Work, name: str) -> Policy | None:
    """The policy of this name, in any case, or None. Two statements."""
    row = work.first(_select_policies().where(policies.c.name_key == name.strip().lower()))
    return None if row is None else _with_revisions(work, [row])[0]


def list_policies(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Policy]:
    """Every policy, also those that are off, by name. Three statements."""
    rows, following = read_rows(
        work,
        _select_policies(),
        policies.c.name_key,
        filters={"list": "policies"},
        limit=limit,
        cursor=cursor,
    )
    total = int(work.scalar(select(func.count()).select_from(policies)))
    return Page(_with_revisions(work, rows), following, total)


def list_waiting(work: Work) -> tuple[Policy, ...]:
    """Policies with a change that waits for a second person, the oldest first. Two statements."""
    waiting = select(policy_revisions.c.policy_id).where(policy_revisions.c.status == RevisionStatus.PROPOSED)
    rows = work.all(_select_policies().where(policies.c.id.in_(waiting)).order_by(policies.c.updated_at))
    return _with_revisions(work, rows)


def list_revisions(work: Work, policy: Policy) -> tuple[PolicyRevision, ...]:
    """All that a policy ever said, newest first. One statement."""
    rows = work.all(
        _select_revisions()
        .where(policy_revisions.c.policy_id == policy.key)
        .order_by(policy_revisions.c.revision.desc())
    )
    return tuple(_revision(row) for row in rows)


def _with_revisions(work: Work, rows: Sequence[Row[Any]]) -> tuple[Policy, ...]:
    if not rows:
        return ()
    shown = (RevisionStatus.IN_FORCE, RevisionStatus.PROPOSED)
    found: dict[tuple[int, str], PolicyRevision] = {}
    for line in work.all(
        _select_revisions().where(
            policy_revisions.c.policy_id.in_([row.id for row in rows]), policy_revisions.c.status.in_(shown)
        )
    ):
        found[(line.policy_id, line.status)] = _revision(line)
    return tuple(
        Policy(
            key=row.id,
            id=row.public_id,
            starter=row.starter,
            in_force=found[(row.id, RevisionStatus.IN_FORCE)],
            proposal=found.get((row.id, RevisionStatus.PROPOSED)),
            latest=row.latest,
            created_at=row.created_at,
            created_by=row.creator_email,
            updated_at=row.updated_at,
        )
        for row in rows
    )


def _revision(row: Row[Any]) -> PolicyRevision:
    return PolicyRevision(
        key=row.id,
        revision=row.revision,
        status=RevisionStatus(row.status),
        wording=to_wording(row),
        language=row.language,
        reason=row.reason,
        proposed_by=row.proposer_email,
        proposed_at=row.proposed_at,
        decided_by=row.decider_email,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
        proposer_id=row.proposed_by,
    )


def to_wording(row: Row[Any]) -> Wording:
    """What a row of `policy_revisions` says."""
    return Wording(
        name=row.name,
        description=row.description,
        severity=Severity(row.severity),
        enabled=row.enabled,
        scope=PolicyScope.of_json(row.scope),
        rules=tuple(to_rule(rule) for rule in row.rules),
    )


def to_rule(stored: Mapping[str, str]) -> Rule:
    """A rule as it is stored."""
    return Rule(stored["expression"], stored["message"], stored.get("detail"))
