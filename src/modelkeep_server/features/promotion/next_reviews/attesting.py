"""
Looking at a version in production again (product R4, "next review dates by tier"): an MRC says that it may stay, and
the next review is counted from there. Whoever owned the model or worked on the version does not.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import attestations, models, people, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.downloading.rights import say_held
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.separation import demand_apart, why_not_apart
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.promotion import contents, soundness
from modelkeep_server.features.promotion.gathering import begin, demand_going, demand_text
from modelkeep_server.features.promotion.next_reviews.views import Attestation, NextReview
from modelkeep_server.features.promotion.telling import settle_next_review
from modelkeep_server.features.versions.next_reviews import HOLDS, next_review
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.approvals import LOOKS_APART_DAYS, RiskTier
from modelkeep_server.rules.errors import DigestDiffers, StateForbids
from modelkeep_server.rules.lifecycle import State

#: So long ahead a version is told to be due.
AHEAD = timedelta(days=30)


def attest(
    work: Work, actor: Actor, group: str, name: str, version: str, *, comment: str, digest: str | None = None
) -> Attestation:
    """
    Say that a version in production was looked at again and may stay.

    Args:
        digest: The content that was looked at, or None for whatever is there: it is frozen.
    Raises:
        NotFound, NotPermitted, ConfirmNeeded, DutiesOverlap; Invalid: the comment is missing. StateForbids: it is not
        in PRODUCTION, is on hold, or was looked at again less than 30 days ago. DigestDiffers; IntegrityBroken.
    """
    model, found = begin(work, actor, group, name, version, "version.attest")
    soundness.demand_sound(work, model, found)
    demand_apart(work, actor, model, found)
    demand_going(found)
    demand_text("comment", comment.strip(), required=True)
    if found.state is not State.PRODUCTION or found.content_digest is None:
        raise StateForbids(
            f"{found.standing}; what is in production is looked at again.",
            remedy="Before that, its promotion is reviewed.",
        )
    if digest is not None and digest != found.content_digest:
        raise DigestDiffers(f"{found.address} holds {found.content_digest}, and you looked at {digest[:80]}.")
    contents.demand_frozen(work, found, found.content_digest)
    held_off = _say_looked(find_last(work, found), model, work.now)
    if held_off is not None:
        raise StateForbids(held_off, remedy="It counts already. Say more in the discussion, or raise a finding.")
    public_id = ids.uuid7(clock.to_us(work.now))
    row = {
        "public_id": public_id, "version_id": found.key, "person_id": actor.user_id, "comment": comment.strip(),
        "digest": found.content_digest, "risk_tier": model.risk_tier.value, "at": work.now,
    }  # fmt: skip
    work.insert(attestations, row)
    until = work.now + HOLDS[model.risk_tier]
    access.record(
        work, actor, "version.attest", object_id=found.id, object_label=found.address,
        after={"attestation": public_id, "digest": found.content_digest, "riskTier": model.risk_tier.value,
               "nextReviewAt": clock.iso_seconds(until), "comment": Veiled(comment.strip())},
    )  # fmt: skip
    settle_next_review(work, model, found)
    return Attestation(
        public_id, actor.email, comment.strip(), found.content_digest, model.risk_tier, work.now, until
    )  # fmt: skip


def why_not(work: Work, actor: Actor, model: Model, version: Version, last: Attestation | None) -> str | None:
    """
    Why this person cannot say that a version in production was looked at again, as a sentence; None where they can. At
    most one statement. `last` is as `find_last` has it.
    """
    refused = access.why_not(actor, "version.attest", model_queries.relations_of(actor, model))
    if refused is None:
        refused = say_held(version) or _say_looked(last, model, work.now)
    return refused or why_not_apart(work, actor, model, version)


def _say_looked(last: Attestation | None, model: Model, now: datetime) -> str | None:
    """That a look is too young for another, as a sentence; None where none is, or it was for another risk tier."""
    if last is None or last.risk_tier is not model.risk_tier:
        return None
    again = last.at + timedelta(days=LOOKS_APART_DAYS)
    if now >= again:
        return None
    return (
        f"{last.by} looked at it again at {clock.iso_seconds(last.at)}; the next look is noted from "
        f"{clock.iso_seconds(again)} on."
    )


def find_last(work: Work, version: Version) -> Attestation | None:
    """The newest look at a version in production, or None. One statement."""
    row = work.first(_select_attestations(version).order_by(attestations.c.id.desc()).limit(1))
    return None if row is None else _to_attestation(row)


def list_attestations(
    work: Work, version: Version, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Attestation]:
    """How often a version was looked at again, the newest first. Two statements. Raises CursorRefused."""
    rows, following = read_rows(
        work, _select_attestations(version), attestations.c.id, filters={"attestations_of": version.id}, limit=limit,
        cursor=cursor, descending=True,
    )  # fmt: skip
    counted = select(func.count()).select_from(attestations).where(attestations.c.version_id == version.key)
    return Page(tuple(map(_to_attestation, rows)), following, int(work.scalar(counted)))


def _select_attestations(version: Version) -> Select[Any]:
    joined = select(attestations, people.c.email).join(people, people.c.id == attestations.c.person_id)
    return joined.where(attestations.c.version_id == version.key)


def _to_attestation(row: Row[Any]) -> Attestation:
    tier = RiskTier(row.risk_tier)
    return Attestation(row.public_id, row.email, row.comment, row.digest, tier, row.at, row.at + HOLDS[tier])


def list_next(
    work: Work,
    actor: Actor,
    *,
    is_due: bool = False,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[NextReview]:
    """
    Versions in production that the actor can see, the longest overdue first. One statement. Raises CursorRefused.

    Args:
        is_due: Only what is overdue, or due within 30 days.
    """
    until = next_review().label("next_review")
    statement = (
        select(until, versions.c.id, versions.c.version, models.c.group_name, models.c.name, models.c.risk_tier)
        .join(models, models.c.id == versions.c.model_id)
        .where(versions.c.state == State.PRODUCTION.value, next_review().is_not(None), visible_to(actor))
    )
    if is_due:
        statement = statement.where(next_review() <= clock.to_us(work.now + AHEAD))
    filters = {"next_reviews": True, "due": is_due}
    rows, following = read_rows(work, statement, until, versions.c.id, filters=filters, limit=limit, cursor=cursor)
    found = (
        NextReview(
            f"{row.group_name}/{row.name}", row.version, RiskTier(row.risk_tier), clock.from_us(row.next_review),
            row.next_review <= clock.to_us(work.now),
        )
        for row in rows
    )  # fmt: skip
    return Page(tuple(found), following)
