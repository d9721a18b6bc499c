"""What people say of a version while it is reviewed. Commenting is no touching: reviewers may."""

from sqlalchemy import select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import comments, people
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.findings import service as findings
from modelkeep_server.features.promotion.gathering import begin, find_text_faults
from modelkeep_server.features.promotion.telling import tell_of
from modelkeep_server.features.promotion.views import Comment, Status
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid

ABOUT_CHARS = 200
SHOWN = 500


def add_comment(
    work: Work, actor: Actor, group: str, name: str, version: str, *, text: str, about: str | None = None
) -> Comment:
    """
    Say something of a version; it stands under the round that is open, if one is.

    Raises NotFound, NotPermitted; Invalid; StateForbids: the model is retired.
    """
    model, found = begin(work, actor, group, name, version, "comment.add")
    faults = find_text_faults("text", text, required=True)
    fault = texts.find_text_fault(about, max_chars=ABOUT_CHARS) if about else None
    if fault:
        faults.append(FieldError("about", fault))
    if faults:
        raise Invalid.of(faults)
    latest = promotion_queries.find_latest(work, found)
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        comments,
        {
            "public_id": public_id,
            "version_id": found.key,
            "promotion_id": latest.key if latest is not None and latest.status is Status.OPEN else None,
            "person_id": actor.user_id,
            "about": about or None,
            "text": text,
            "at": work.now,
        },
    )
    access.record(
        work, actor, "comment.add", object_id=found.id, object_label=found.address,
        after={"comment": public_id, "text": Veiled(text)},
    )  # fmt: skip
    named = findings.list_raisers(work, found)
    tell_of(work, actor, "comment.added", model, found, text=text, place="/reviews", named=named)
    return Comment(public_id, actor.email, about or None, text, work.now)


def list_comments(work: Work, version: Version) -> tuple[Comment, ...]:
    """What was said of a version, the oldest first, at most the last 500. One statement."""
    rows = work.all(
        select(comments, people.c.email)
        .join(people, people.c.id == comments.c.person_id)
        .where(comments.c.version_id == version.key)
        .order_by(comments.c.id.desc())
        .limit(SHOWN)
    )
    return tuple(Comment(row.public_id, row.email, row.about, row.text, row.at) for row in reversed(rows))
