"""
Answering for a file in spite of its verdict: by a Security Architect, by name, with a reason, until a time.

RELEASE lets a BLOCKED file be downloaded; WAIVE lets an UNKNOWN one count where a policy asks for a verdict. Whoever
ever owned the model or touched the version answers for nothing in it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import people, waivers
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.artifacts import queries
from modelkeep_server.features.artifacts.views import ANSWERS_FOR, Artifact, Waiver, WaiverKind
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.separation import demand_apart, why_not_apart
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import wording
from modelkeep_server.rules.errors import (
    Conflict,
    FieldError,
    IntegrityBroken,
    Invalid,
    NotFound,
    StateForbids,
)

DAYS_MAX = 90
DEFAULT_DAYS = 30

_ANSWERS = "answers for its files"

_ACTS = {WaiverKind.RELEASE: "artifact.release", WaiverKind.WAIVE: "artifact.waive"}
_enders = people.alias("waiver_enders")


def create_waiver(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    path: str,
    *,
    kind: str | None = None,
    reason: str,
    expires_at: datetime | None = None,
    days: int | None = None,
) -> Waiver:
    """
    Answer for a file until a time.

    Args:
        kind: RELEASE or WAIVE; for None, the one that its verdict asks for.
        days: 1 to 90, instead of `expires_at`; 30 where neither is given.
    Raises:
        NotFound, NotPermitted, ConfirmNeeded; DutiesOverlap: the actor owned or touched it. StateForbids: its verdict
        asks for no such answer. IntegrityBroken: it is damaged. Conflict: one stands already. Invalid.
    """
    version_queries.lock_version(work, actor, group, name, version)
    model, found, artifact = queries.get_by_address(work, actor, group, name, version, path)
    wanted = _read_kind(kind, artifact)
    act = _ACTS[wanted]
    access.require(work, actor, act, model_queries.relations_of(actor, model), owners=model.owners)
    demand_apart(work, actor, model, found, _ANSWERS)
    until = _read_until(work, expires_at, days, find_reason_faults(reason, required=True))
    _demand_fitting(wanted, artifact)
    if artifact.waiver is not None and artifact.waiver.kind is wanted:
        raise Conflict(
            f"{artifact.waiver.by} answers for {artifact.path} already, for a time.", remedy="End that one first."
        )
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        waivers,
        {
            "public_id": public_id,
            "artifact_id": artifact.key,
            "kind": wanted.value,
            "reason": reason,
            "created_by": actor.user_id,
            "created_at": work.now,
            "expires_at": until,
        },
    )
    access.record(
        work, actor, act, object_id=artifact.id, object_label=f"{found.address}/{artifact.path}",
        after={"waiver": public_id, "verdict": _verdict_of(artifact).value, "sha256": artifact.sha256,
               "expiresAt": clock.iso_seconds(until), "reason": Veiled(reason)},
    )  # fmt: skip
    return _get(work, artifact, public_id)


def end_waiver(work: Work, actor: Actor, group: str, name: str, version: str, path: str, waiver_id: str) -> Waiver:
    """
    End a release or waiver before its time. Links to a file that was released die with it.

    Raises NotFound, NotPermitted; Conflict: it has ended already.
    """
    model, found, artifact = queries.get_by_address(work, actor, group, name, version, path)
    access.require(work, actor, "artifact.end_waiver", model_queries.relations_of(actor, model), owners=model.owners)
    waiver = _get(work, artifact, waiver_id)
    if waiver.ended_at is not None or waiver.expires_at <= work.now:
        raise Conflict("This has ended already.", remedy="Load the page again.")
    try:
        work.change(waivers, waiver.key, {"ended_by": actor.user_id, "ended_at": work.now}, expect={"ended_at": None})
    except NoSuchRow as error:
        raise Conflict("Somebody ended this a moment ago.", remedy="Load the page again.") from error
    access.record(
        work, actor, "artifact.end_waiver", object_id=artifact.id, object_label=f"{found.address}/{artifact.path}",
        before={"waiver": waiver.id, "kind": waiver.kind.value, "expiresAt": clock.iso_seconds(waiver.expires_at)},
    )  # fmt: skip
    return _get(work, artifact, waiver_id)


def list_waivers(work: Work, actor: Actor, group: str, name: str, version: str, path: str) -> tuple[Waiver, ...]:
    """Who answered for a file, the newest first, at most 200. Raises NotFound."""
    _, _, artifact = queries.get_by_address(work, actor, group, name, version, path)
    rows = work.all(_select().where(waivers.c.artifact_id == artifact.key).order_by(waivers.c.id.desc()).limit(200))
    return tuple(_to_waiver(row) for row in rows)


def why_not_answer(work: Work, actor: Actor, model: Model, version: Version) -> str | None:
    """Why the actor may not release or waive files of a version, as a sentence; None where they may."""
    missing = access.why_not(actor, "artifact.release", model_queries.relations_of(actor, model))
    if missing is not None:
        return missing
    return why_not_apart(work, actor, model, version, _ANSWERS)


def _read_kind(kind: str | None, artifact: Artifact) -> WaiverKind:
    if kind is not None:
        if kind not in list(WaiverKind):
            raise Invalid.of([FieldError("kind", f"Choose one of {', '.join(WaiverKind)}.")])
        return WaiverKind(kind)
    return ANSWERS_FOR.get(_verdict_of(artifact), WaiverKind.WAIVE)


def _verdict_of(artifact: Artifact) -> Verdict:
    return artifact.scan.verdict if artifact.scan is not None else Verdict.PENDING


def _read_until(work: Work, expires_at: datetime | None, days: int | None, faults: Sequence[FieldError]) -> datetime:
    found = list(faults)
    if expires_at is not None and days is not None:
        found.append(FieldError("days", "Name days or expiresAt, not both."))
    elif days is not None and not 1 <= days <= DAYS_MAX:
        found.append(FieldError("days", f"Between 1 and {DAYS_MAX} days."))
    elif expires_at is not None and not work.now < expires_at <= work.now + timedelta(days=DAYS_MAX):
        found.append(FieldError("expiresAt", f"Name a moment to come, at most {DAYS_MAX} days from now."))
    if found:
        raise Invalid.of(found)
    return expires_at or work.now + timedelta(days=DEFAULT_DAYS if days is None else days)


def _demand_fitting(kind: WaiverKind, artifact: Artifact) -> None:
    if artifact.is_damaged:
        raise IntegrityBroken(f"The stored bytes of {artifact.path} are damaged; nobody can answer for them.")
    verdict = _verdict_of(artifact)
    if ANSWERS_FOR.get(verdict) is kind:
        return
    asked = {
        WaiverKind.RELEASE: "Only a blocked file is released",
        WaiverKind.WAIVE: "Only a file that could not be judged is accepted",
    }
    raise StateForbids(
        f"{asked[kind]}; the verdict on {artifact.path} is “{wording.say_code(verdict).lower()}”.",
        remedy="Look at its verdict.",
    )


def _select() -> Select[Any]:
    by = people.alias("waiver_makers")
    return (
        select(waivers, by.c.email.label("by"), _enders.c.email.label("ended_by_email"))
        .join(by, by.c.id == waivers.c.created_by)
        .outerjoin(_enders, _enders.c.id == waivers.c.ended_by)
    )


def _get(work: Work, artifact: Artifact, waiver_id: str) -> Waiver:
    row = work.first(_select().where(waivers.c.artifact_id == artifact.key, waivers.c.public_id == waiver_id))
    if row is None:
        raise NotFound("This file has no such release or waiver.")
    return _to_waiver(row)


def _to_waiver(row: Row[Any]) -> Waiver:
    return Waiver(
        key=row.id,
        id=row.public_id,
        kind=WaiverKind(row.kind),
        by=row.by,
        reason=row.reason,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_by=row.ended_by_email,
        ended_at=row.ended_at,
    )
