"""
Looking at a version in production again (product R4, "next review dates by tier"): an MRC says that it may stay, and
the next review is counted from there. Whoever owned the model or worked on the version does not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import attestations, models, people, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.promotion import contents, soundness
from modelkeep_server.features.promotion.duties import demand_apart
from modelkeep_server.features.promotion.gathering import begin, find_text_faults
from modelkeep_server.features.promotion.telling import settle_next_review
from modelkeep_server.features.versions.next_reviews import HOLDS, next_review
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import DigestDiffers, Invalid, StateForbids
from modelkeep_server.rules.lifecycle import State

#: So long ahead a version is told to be due.
AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Attestation:
    """That an MRC looked at a version in production again: `by` is an e-mail, `digest` the content it was."""

    id: str
    by: str
    comment: str
    digest: str
    risk_tier: RiskTier
    at: datetime
    next_review_at: datetime


@dataclass(frozen=True)
class NextReview:
    """A version in production, and until when it is to be looked at again."""

    model: str
    version: str
    risk_tier: RiskTier
    next_review_at: datetime
    overdue: bool

    @property
    def address(self) -> str:
        """`group/name:version`."""
        return f"{self.model}:{self.version}"


def attest(
    work: Work, actor: Actor, group: str, name: str, version: str, *, comment: str, digest: str | None = None
) -> Attestation:
    """
    Say that a version in production was looked at again and may stay.

    Args:
        digest: The content that was looked at, or None for whatever is there: it is frozen.
    Raises:
        NotFound, NotPermitted, ConfirmNeeded, DutiesOverlap; Invalid: the comment is missing. StateForbids: it is not
        in PRODUCTION. DigestDiffers; IntegrityBroken.
    """
    model, found = begin(work, actor, group, name, version, "version.attest")
    soundness.demand_sound(work, model, found)
    demand_apart(work, actor, model, found)
    faults = find_text_faults("comment", comment.strip(), required=True)
    if faults:
        raise Invalid.of(faults)
    if found.state is not State.PRODUCTION or found.content_digest is None:
        raise StateForbids(
            f"{found.address} is {found.state}; what is in PRODUCTION is looked at again.",
            remedy="Before that, its promotion is reviewed.",
        )
    if digest is not None and digest != found.content_digest:
        raise DigestDiffers(f"{found.address} holds {found.content_digest}, and you looked at {digest[:80]}.")
    contents.demand_frozen(work, found, found.content_digest)
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


def list_attestations(work: Work, version: Version) -> tuple[Attestation, ...]:
    """How often a version was looked at again, the newest first. One statement."""
    rows = work.all(
        select(attestations, people.c.email)
        .join(people, people.c.id == attestations.c.person_id)
        .where(attestations.c.version_id == version.key)
        .order_by(attestations.c.id.desc())
    )
    return tuple(
        Attestation(
            row.public_id, row.email, row.comment, row.digest, RiskTier(row.risk_tier), row.at,
            row.at + HOLDS[RiskTier(row.risk_tier)],
        )
        for row in rows
    )  # fmt: skip


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
