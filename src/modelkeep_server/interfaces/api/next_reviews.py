"""Looking at versions in production again."""

from typing import Annotated

from fastapi import Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion.next_reviews import attesting
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.next_reviews import AttestationIn, AttestationOut, NextReviewOut
from modelkeep_server.interfaces.api.versions import BASE

router = make_router("promotions")

V = BASE + "/{version}"


@router.get("/reviews/again", response_model=PageOut[NextReviewOut])
@door.reads("review.read")
def list_next_reviews(
    work: Work,
    actor: Actor,
    due: Annotated[bool, Query(description="Only what is overdue, or due within 30 days.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[NextReviewOut]:
    """Versions in production, and until when an MRC is to look at each again: what is overdue first."""
    page = attesting.list_next(work, actor, is_due=due, limit=limit, cursor=cursor)
    return PageOut[NextReviewOut].of(page, NextReviewOut.model_validate)


@router.get(V + "/attestations", response_model=PageOut[AttestationOut])
@door.reads("model.read")
def list_attestations(
    work: Work, actor: Actor, group: str, name: str, version: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[AttestationOut]:
    """When an MRC looked at a version in production again, the newest first."""
    found = version_queries.get_version(work, actor, group, name, version)
    page = attesting.list_attestations(work, found, limit=limit, cursor=cursor)
    return PageOut[AttestationOut].of(page, AttestationOut.model_validate)


@router.post(V + "/attestations", status_code=201, response_model=AttestationOut)
@door.writes("version.attest")
def attest_version(work: Work, actor: Actor, group: str, name: str, version: str, body: AttestationIn) -> Answer:
    """
    Say, as an MRC who never owned the model and worked on nothing of the version, that a version in PRODUCTION was
    looked at again and may stay. Its next review is counted from now: 12 months for HIGH, 24 for MEDIUM, 36 for LOW.
    One look in 30 days is noted, unless the model's risk tier was changed meanwhile; none while it is on hold.
    """
    made = attesting.attest(work, actor, group, name, version, comment=body.comment, digest=body.digest)
    return Answer(AttestationOut.model_validate(made), 201)
