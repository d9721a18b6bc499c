"""Reading promotions and what was decided in them. Visible where the model is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, func, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.nesting import RowsAsJson
from modelkeep_server.db.tables import approval_additions, assessments, models, people, promotions, reviews, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion.queue.seats import Needs
from modelkeep_server.features.promotion.views import Decision, Promotion, Required, Review, Status
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical, clock
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.approvals import Given, Need, RiskTier, fill_slots, needs_of, open_roles, slots_of
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.permissions import Role

_askers = people.alias("askers")
_enders = people.alias("enders")
_OF_REVIEW = (
    "id", "public_id", "person_id", "role", "decision", "comment", "digest", "risk_tier", "saw", "checklist", "at",
)  # fmt: skip


def _decided() -> ScalarSelect[Any]:
    """What was decided in a round, as `_to_review` takes it."""
    columns = (reviews.c[name] for name in _OF_REVIEW)
    return (
        select(RowsAsJson(*columns, people.c.email))
        .join(people, people.c.id == reviews.c.person_id)
        .where(reviews.c.promotion_id == promotions.c.id)
        .correlate(promotions)
        .scalar_subquery()
    )


def _added() -> ScalarSelect[Any]:
    """What Admins ask for now, beyond the floor, of such a promotion, as `_read_added` takes it."""
    return (
        select(RowsAsJson(approval_additions.c.id, approval_additions.c.roles, approval_additions.c.count))
        .where(
            approval_additions.c.ended_at.is_(None),
            approval_additions.c.risk_tier == models.c.risk_tier,
            approval_additions.c.target == promotions.c.target,
        )
        .correlate(promotions, models)
        .scalar_subquery()
    )


def _read_added(kept: Sequence[Any]) -> tuple[Need, ...]:
    return tuple(Need(tuple(map(Role, canonical.loads(roles))), count) for _, roles, count in sorted(kept))


def select_rounds() -> Select[Any]:
    """Every round, with its model, version, people, what was decided and what Admins added."""
    return (
        select(
            promotions,
            _decided().label("decided"),
            _added().label("added"),
            models.c.group_name,
            models.c.name.label("model_name"),
            models.c.risk_tier.label("model_tier"),
            versions.c.version,
            versions.c.state,
            _askers.c.email.label("asker"),
            _enders.c.email.label("ender"),
        )
        .join(versions, versions.c.id == promotions.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(_askers, _askers.c.id == promotions.c.requested_by)
        .outerjoin(_enders, _enders.c.id == promotions.c.ended_by)
    )


def list_promotions(work: Work, version: Version) -> tuple[Promotion, ...]:
    """The rounds of a version, the newest first. Two statements."""
    rows = work.all(select_rounds().where(promotions.c.version_id == version.key).order_by(promotions.c.id.desc()))
    return to_promotions(work, rows)


def page_promotions(
    work: Work, version: Version, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Promotion]:
    """One page of the same. Three statements. Raises CursorRefused."""
    here = promotions.c.version_id == version.key
    rows, following = read_rows(
        work, select_rounds().where(here), promotions.c.id, filters={"rounds_of": version.id}, limit=limit,
        cursor=cursor, descending=True,
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(promotions).where(here))
    return Page(to_promotions(work, rows), following, int(total))


def get_promotion(work: Work, version: Version, public_id: str) -> Promotion:
    """One round of a version. Raises NotFound. Two statements."""
    rows = work.all(select_rounds().where(promotions.c.version_id == version.key, promotions.c.public_id == public_id))
    if not rows:
        raise NotFound(f"{version.address} has no such request.")
    return to_promotions(work, rows)[0]


def find_latest(work: Work, version: Version) -> Promotion | None:
    """
    The newest round, without what policies said of it, or None where nobody asked yet. It alone has `approvers`. One
    statement.
    """
    newest = select_rounds().add_columns(_approvers().label("approvers")).where(promotions.c.version_id == version.key)
    row = work.first(newest.order_by(promotions.c.id.desc()).limit(1))
    if row is None:
        return None
    return replace(_to_promotion(row, ()), approvers=frozenset(key for (key,) in row.approvers))


def _approvers() -> ScalarSelect[Any]:
    """Who approved a version in any of its rounds."""
    rounds = promotions.alias("rounds")
    return (
        select(RowsAsJson(reviews.c.person_id))
        .join(rounds, rounds.c.id == reviews.c.promotion_id)
        .where(rounds.c.version_id == promotions.c.version_id, reviews.c.decision == Decision.APPROVE.value)
        .correlate(promotions)
        .scalar_subquery()
    )


def list_needs(work: Work) -> Needs:
    """What each promotion takes, by tier and target, with what Admins added. One statement."""
    added: dict[tuple[str, str], list[Need]] = {}
    kept = approval_additions.c
    for row in work.all(
        select(kept.risk_tier, kept.target, kept.roles, kept.count.label("people"))
        .where(kept.ended_at.is_(None))
        .order_by(kept.id)
    ):
        added.setdefault((row.risk_tier, row.target), []).append(Need(tuple(map(Role, row.roles)), row.people))
    places = ((tier, aim) for tier in RiskTier for aim in Target)
    return Needs(tuple(((tier, aim), needs_of(tier, added.get((tier, aim), ()))) for tier, aim in places))


def to_promotions(work: Work, rows: Sequence[Row[Any]]) -> tuple[Promotion, ...]:
    """Rows of `select_rounds` with what policies said. One statement, none for no rows."""
    if not rows:
        return ()
    said = _list_checks(work, rows)
    return tuple(_to_promotion(row, said.get(row.id, ())) for row in rows)


def _list_checks(work: Work, rounds: Sequence[Row[Any]]) -> dict[int, tuple[dict[str, Any], ...]]:
    """What policies said last in each of these rounds."""
    newest = (
        select(func.max(assessments.c.id))
        # Named by version too, since assessments are found by that.
        .where(assessments.c.version_id.in_({row.version_id for row in rounds}))
        .where(assessments.c.promotion_id.in_([row.id for row in rounds]))
        .group_by(assessments.c.promotion_id)
    )
    rows = work.all(select(assessments.c.promotion_id, assessments.c.results).where(assessments.c.id.in_(newest)))
    return {row.promotion_id: tuple(map(_to_check, row.results)) for row in rows}


def _to_check(kept: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("revision", "severity", "passed", "message")
    lifting = kept.get("exception")
    named = {"policy": kept["name"], "policyId": kept["policy"], "excepted": lifting is not None, "exception": lifting}
    return named | {key: kept[key] for key in shown} | {"detail": kept.get("detail")}


def _to_promotion(
    row: Row[Any],
    checks: tuple[dict[str, Any], ...],
) -> Promotion:
    target, tier = Target(row.target), RiskTier(row.model_tier)
    needs = needs_of(tier, _read_added(row.added))
    decided = tuple(map(_to_review, sorted(row.decided)))
    given = {
        Given(review.person_key, review.role, review.tier): review
        for review in decided
        if review.decision is Decision.APPROVE and review.digest == row.digest
    }
    seats = fill_slots(needs, tuple(given), tier)
    waits_for = open_roles(needs, tuple(given), tier)
    if not waits_for and row.status == Status.OPEN:
        # Fewer are asked for than when it was decided on last: one approval more, of any reviewer, closes the round.
        waits_for = tuple(dict.fromkeys(role for slot in slots_of(needs) for role in slot))
    return Promotion(
        key=row.id,
        version_key=row.version_id,
        id=row.public_id,
        model=f"{row.group_name}/{row.model_name}",
        version=row.version,
        round=row.round,
        target=target,
        justification=row.justification,
        urgent=bool(row.urgent),
        status=Status(row.status),
        digest=row.digest,
        risk_tier=RiskTier(row.risk_tier),
        requested_by=row.asker,
        requested_at=row.requested_at,
        due_at=row.due_at,
        ended_by=row.ender,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        revision=row.revision,
        required=tuple(Required(need.roles, need.count) for need in needs),
        reviews=decided,
        approvals=tuple(given[seat] for seat in seats if seat is not None),
        open_roles=waits_for,
        checks=checks,
    )


def _to_review(kept: Sequence[Any]) -> Review:
    fact = dict(zip(_OF_REVIEW, kept, strict=False))
    return Review(
        person_key=fact["person_id"],
        id=fact["public_id"],
        by=kept[-1],
        role=Role(fact["role"]),
        decision=Decision(fact["decision"]),
        comment=fact["comment"],
        digest=fact["digest"],
        tier=RiskTier(fact["risk_tier"]),
        saw=canonical.loads(fact["saw"]),
        checklist=canonical.loads(fact["checklist"]) if fact["checklist"] is not None else None,
        at=clock.from_us(fact["at"]),
    )
