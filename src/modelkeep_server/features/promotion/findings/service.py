"""Findings: what a reviewer noticed, with an owner and a due date. A blocking one stops every move while it is open."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, case, func, select, type_coerce

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import findings, models, people, versions
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.separation import demand_apart
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.promotion.gathering import begin, find_text_faults
from modelkeep_server.features.promotion.telling import tell_of
from modelkeep_server.features.promotion.views import (
    Finding,
    FindingCounts,
    FindingsAsked,
    FindingStatus,
    NewFinding,
    Promotion,
    Severity,
)
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound

#: Days until a finding is due where nobody says, and at most.
DUE_DAYS, DUE_DAYS_MAX = 30, 1826
_raisers = people.alias("raisers")
_settlers = people.alias("settlers")


def raise_finding(work: Work, actor: Actor, group: str, name: str, version: str, new: NewFinding) -> Finding:
    """Raise a finding on a version, in any state. Raises NotFound, NotPermitted, Invalid; StateForbids: retired."""
    model, found = begin(work, actor, group, name, version, "finding.raise")
    faults = find_faults(work, new)
    if faults:
        raise Invalid.of(faults)
    made = insert(work, actor, found, new, None)
    record_raised(work, actor, model, found, made)
    return get_finding(work, actor, made.id)


def settle(
    work: Work, actor: Actor, group: str, name: str, version: str, finding_id: str, *, status: str, answer: str
) -> Finding:
    """
    Say that a finding is mended (RESOLVED) or accepted as it is (ACCEPTED).

    Raises:
        NotFound, NotPermitted, ConfirmNeeded, DutiesOverlap; Invalid; Conflict: it is settled already.
    """
    model, found = begin(work, actor, group, name, version, "finding.settle")
    demand_apart(work, actor, model, found)
    present = get_finding(work, actor, finding_id)
    if present.version != found.address:
        raise NotFound(f"{found.address} has no such finding.")
    faults = find_text_faults("answer", answer, required=True)
    if status not in (FindingStatus.RESOLVED, FindingStatus.ACCEPTED):
        faults.append(FieldError("status", "Choose RESOLVED (mended) or ACCEPTED (as it is)."))
    if faults:
        raise Invalid.of(faults)
    try:
        work.change(
            findings, present.key,
            {"status": status, "settled_by": actor.user_id, "settled_at": work.now, "answer": answer,
             "revision": present.revision + 1},
            expect={"status": FindingStatus.OPEN.value},
        )  # fmt: skip
    except NoSuchRow as error:
        raise Conflict("This finding is settled already.", remedy="Load it again.") from error
    access.record(
        work, actor, "finding.settle", object_id=present.id, object_label=f"{present.version}#{present.id}",
        before={"status": present.status.value}, after={"status": status, "answer": Veiled(answer)},
    )  # fmt: skip
    concerns = (present.owner, present.raised_by)
    tell_of(
        work, actor, "finding.settled", model, found, text=answer, place="/reviews", named=concerns, status=status
    )  # fmt: skip
    return get_finding(work, actor, finding_id)


def insert(work: Work, actor: Actor, version: Version, new: NewFinding, promotion: Promotion | None) -> Finding:
    """Add a finding that the caller judged (`find_faults`) and records."""
    owner = new.owner or version.submitted_by or version.created_by
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        findings,
        {
            "public_id": public_id,
            "version_id": version.key,
            "promotion_id": promotion.key if promotion else None,
            "severity": new.severity,
            "blocking": new.blocking,
            "text": new.text,
            "owner_email": owner,
            "due_at": new.due_at or work.now + timedelta(days=DUE_DAYS),
            "status": FindingStatus.OPEN.value,
            "raised_by": actor.user_id,
            "raised_at": work.now,
            "revision": 1,
        },
    )
    return _to_finding(work.all(_select().where(findings.c.public_id == public_id))[0])


def record_raised(
    work: Work, actor: Actor, model: Model, version: Version, made: Finding, *, under: str = "finding.raise"
) -> None:
    """Record that a finding was raised, and tell of it. `under` is the act that brought it about."""
    work.granted.setdefault("finding.raise", work.granted.get(under))
    access.record(
        work, actor, "finding.raise", object_id=made.id, object_label=f"{made.version}#{made.id}",
        after={"severity": made.severity.value, "blocking": made.blocking, "owner": PersonRef(made.owner),
               "dueAt": clock.iso_seconds(made.due_at), "text": Veiled(made.text)},
    )  # fmt: skip
    tell_of(work, actor, "finding.raised", model, version, text=made.text, place="/reviews", named=(made.owner,))


def get_finding(work: Work, actor: Actor, public_id: str) -> Finding:
    """A finding of a version that the actor can see. Raises NotFound. One statement."""
    row = work.first(_select().where(findings.c.public_id == public_id, visible_to(actor)))
    if row is None:
        raise NotFound("There is no such finding that you can see.")
    return _to_finding(row)


def list_of_version(work: Work, version: Version) -> tuple[Finding, ...]:
    """The findings of a version, the newest first. One statement."""
    rows = work.all(_select().where(findings.c.version_id == version.key).order_by(findings.c.id.desc()))
    return tuple(_to_finding(row) for row in rows)


def list_raisers(work: Work, version: Version) -> tuple[str, ...]:
    """The e-mails of those who raised what is still open of a version, each once. One statement."""
    raised = select(people.c.email).join(findings, findings.c.raised_by == people.c.id).distinct()
    here = (findings.c.version_id == version.key, findings.c.status == FindingStatus.OPEN.value)
    return tuple(row.email for row in work.all(raised.where(*here).order_by(people.c.email)))


def list_findings(
    work: Work, actor: Actor, asked: FindingsAsked, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Finding]:
    """
    Findings of versions that the actor can see: open ones first, by when they are due. One statement. Raises
    CursorRefused.
    """
    rank = case((findings.c.status == FindingStatus.OPEN.value, 0), else_=1).label("rank")
    due = type_coerce(findings.c.due_at, BigInteger).label("due_us")
    statement = _select().add_columns(rank, due).where(visible_to(actor), *_conditions(work, actor, asked))
    filters = {"list": "findings", **asdict(asked), "mine": asked.mine or None, "overdue": asked.overdue or None}
    rows, following = read_rows(
        work, statement, rank, due, findings.c.id, filters=filters, limit=limit, cursor=cursor
    )  # fmt: skip
    return Page(tuple(_to_finding(row) for row in rows), following)


def count_findings(work: Work, actor: Actor) -> FindingCounts:
    """How many findings stand open. One statement."""

    def among(asked: FindingsAsked) -> ColumnElement[int]:
        return func.count(case((and_(*_conditions(work, actor, asked)), 1)))

    row = work.all(
        select(
            func.count().label("standing"),
            among(FindingsAsked(overdue=True)).label("overdue"),
            among(FindingsAsked(blocking=True)).label("blocking"),
            among(FindingsAsked(mine=True)).label("mine"),
        )
        .select_from(findings)
        .join(versions, versions.c.id == findings.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(visible_to(actor), findings.c.status == FindingStatus.OPEN.value)
    )[0]
    return FindingCounts(row.standing, row.overdue, row.blocking, row.mine)


def _conditions(work: Work, actor: Actor, asked: FindingsAsked) -> Iterator[ColumnElement[bool]]:
    if asked.status is not None:
        yield findings.c.status == asked.status.value
    if asked.severity is not None:
        yield findings.c.severity == asked.severity.value
    if asked.blocking is not None:
        yield findings.c.blocking.is_(asked.blocking)
    if asked.owner:
        yield func.lower(findings.c.owner_email) == asked.owner.strip().lower()
    if asked.mine:
        yield func.lower(findings.c.owner_email).in_(sorted(actor.emails_verified))
    if asked.overdue:
        yield findings.c.status == FindingStatus.OPEN.value
        yield findings.c.due_at < work.now


def find_faults(work: Work, new: NewFinding, *, place: str = "") -> list[FieldError]:
    """What is wrong with a finding; `place` stands before the names of its fields."""
    faults = _find_faults(work, new)
    return [replace(one, field=f"{place}.{one.field}") for one in faults] if place else faults


def _find_faults(work: Work, new: NewFinding) -> list[FieldError]:
    faults = find_text_faults("text", new.text, required=True)
    if new.severity not in list(Severity):
        faults.append(FieldError("severity", f"Choose one of {', '.join(Severity)}."))
    if new.owner is not None:
        fault = find_email_fault(new.owner)
        if fault:
            faults.append(FieldError("owner", f"This {fault}."))
    if new.due_at is not None and new.due_at <= work.now:
        faults.append(FieldError("dueAt", "Name a moment to come."))
    if new.due_at is not None and new.due_at > work.now + timedelta(days=DUE_DAYS_MAX):
        faults.append(FieldError("dueAt", f"Name a moment within {DUE_DAYS_MAX:,} days."))
    return faults


def _select() -> Select[Any]:
    return (
        select(
            findings,
            models.c.group_name,
            models.c.name.label("model_name"),
            versions.c.version,
            _raisers.c.email.label("raiser"),
            _settlers.c.email.label("settler"),
        )
        .join(versions, versions.c.id == findings.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(_raisers, _raisers.c.id == findings.c.raised_by)
        .outerjoin(_settlers, _settlers.c.id == findings.c.settled_by)
    )


def _to_finding(row: Row[Any]) -> Finding:
    return Finding(
        key=row.id,
        id=row.public_id,
        version=f"{row.group_name}/{row.model_name}:{row.version}",
        severity=Severity(row.severity),
        blocking=bool(row.blocking),
        text=row.text,
        owner=row.owner_email,
        due_at=row.due_at,
        status=FindingStatus(row.status),
        raised_by=row.raiser,
        raised_at=row.raised_at,
        settled_by=row.settler,
        settled_at=row.settled_at,
        answer=row.answer,
        revision=row.revision,
    )
