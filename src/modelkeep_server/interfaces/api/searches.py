"""Saved searches: one's own, those that others share, and alerts by both."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.saved import alerts, queries, service
from modelkeep_server.features.search.saved.views import NewSearch, SavedSearch
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, ReasonIn, etag_of
from modelkeep_server.interfaces.api.shapes.searches import CopyIn, SearchIn, SearchOut, SearchPatch

router = make_router("searches")

Whose = Annotated[
    Literal["all", "mine", "shared"], Query(description="`mine`: that you saved; `shared`: that others share.")
]


@router.get("/searches", response_model=PageOut[SearchOut])
@door.reads("search.read")
def list_searches(
    work: Work, actor: Actor, whose: Whose = "all", limit: Limit = 50, cursor: Cursor = None
) -> PageOut[SearchOut]:
    """Your saved searches, and those that others share, by name."""
    page = queries.list_searches(work, actor, whose=whose, limit=limit, cursor=cursor)
    return PageOut[SearchOut].of(page, SearchOut.model_validate)


@router.post("/searches", status_code=201, response_model=SearchOut)
@door.writes("search.save", "search.alert")
def save_search(work: Work, actor: Actor, body: SearchIn) -> Answer:
    """Save a search under a name. A query that cannot be read is refused, with the place in it."""
    return _with_etag(service.save_search(work, actor, NewSearch(**body.model_dump())), status=201)


@router.get("/searches/{id}", response_model=SearchOut)
@door.reads("search.read")
def show_search(work: Work, actor: Actor, id: str) -> Answer:
    """One saved search. `GET /api/v1/models?q=…` with its `query` runs it, with your rights."""
    return _with_etag(queries.get_search(work, actor, id))


@router.patch("/searches/{id}", response_model=SearchOut)
@door.writes("search.update")
def update_search(work: Work, actor: Actor, id: str, body: SearchPatch, if_match: IfMatch = None) -> Answer:
    """Rename a search of yours, change what it asks, share it or stop that: a JSON Merge Patch (RFC 7396)."""
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    return _with_etag(service.update_search(work, actor, id, changes, expected=read_if_match(if_match)))


@router.delete("/searches/{id}", status_code=204)
@door.writes("search.delete")
def delete_search(work: Work, actor: Actor, id: str, if_match: IfMatch = None) -> Response:
    """Delete a search of yours. Nobody finds it, nor is told by it; `restore` puts it back."""
    service.delete_search(work, actor, id, expected=read_if_match(if_match))
    return Response(status_code=204)


@router.post("/searches/{id}/restore", response_model=SearchOut)
@door.writes("search.restore")
def restore_search(work: Work, actor: Actor, id: str) -> Answer:
    """Put a search back that you deleted, with whoever was told by it."""
    return _with_etag(service.restore_search(work, actor, id))


@router.post("/searches/{id}/copy", status_code=201, response_model=SearchOut)
@door.writes("search.save")
def copy_search(work: Work, actor: Actor, id: str, body: CopyIn) -> Answer:
    """Save a search that you find as your own: private, and without an alert."""
    return _with_etag(service.copy_search(work, actor, id, name=body.name), status=201)


@router.post("/searches/{id}/take-down", status_code=204)
@door.writes("search.take_down")
def take_down_search(work: Work, actor: Actor, id: str, body: ReasonIn) -> Response:
    """
    Take down a search that somebody shares: nobody else finds it, nor is told by it. Whoever saved it keeps it, is told
    why, and shares it no more until an Admin allows it.
    """
    service.take_down_search(work, actor, id, reason=body.reason)
    return Response(status_code=204)


@router.post("/searches/{id}/allow", status_code=204)
@door.writes("search.allow")
def allow_search(work: Work, actor: Actor, id: str) -> Response:
    """
    Let whoever saved a search that was taken down share it again, and tell them so. What it asks is not told. Nobody
    allows one of their own.
    """
    service.allow_search(work, actor, id)
    return Response(status_code=204)


@router.put("/searches/{id}/alert", response_model=SearchOut)
@door.writes("search.alert")
def turn_alert_on(work: Work, actor: Actor, id: str) -> Answer:
    """
    Be told in the app of models that are registered from now on, match a search of yours or a shared one, and that you
    may see. Of each once, of many in one notice; never of those that you register.
    """
    return _with_etag(alerts.turn_on(work, actor, id))


@router.delete("/searches/{id}/alert", status_code=204)
@door.writes("search.alert")
def turn_alert_off(work: Work, actor: Actor, id: str) -> Response:
    """Be told no more by a search."""
    alerts.turn_off(work, actor, id)
    return Response(status_code=204)


def _with_etag(search: SavedSearch, *, status: int = 200) -> Answer:
    headers = {"Location": f"/api/v1/searches/{search.id}"} if status == 201 else {}
    return Answer(SearchOut.model_validate(search), status, {"ETag": etag_of(search.revision), **headers})
