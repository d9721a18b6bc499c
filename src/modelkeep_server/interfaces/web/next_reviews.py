"""Which versions in production are to be looked at again, and the form that says that one was."""

from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion.next_reviews import attesting
from modelkeep_server.interfaces.web.contexts.next_reviews import NextReviewsContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.promotions import draw_again
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE

router = make_router()

ROWS = 50


@router.get("/reviews/again")
@door.reads("review.read")
def show_next_reviews(
    work: Work, actor: Actor, due: Annotated[str, Query(max_length=10)] = "", cursor: Cursor = ""
) -> Page:
    """What is in production, and until when is it to be looked at again? `due=soon`: overdue, or within 30 days."""
    rows = attesting.list_next(work, actor, is_due=due == "soon", limit=ROWS, cursor=cursor or None)
    return Page.of(NextReviewsContext(rows=rows, is_due=due == "soon", cursor=cursor or None))


@router.post(BASE + "/{version}/attestations")
@door.posts("version.attest", again=draw_again("attest", {"comment": "What you looked at"}))
def attest_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Say that a version in production was looked at again. Controls: comment, digest (hidden)."""
    digest = text_of(form, "digest") or None
    attesting.attest(work, actor, group, name, version, comment=text_of(form, "comment"), digest=digest)
    return Redirect(href_of_version(f"{group}/{name}", version) + "?done=attested")
