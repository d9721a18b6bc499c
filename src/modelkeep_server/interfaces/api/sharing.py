"""Who was let into a model, and requests to be let in."""

from typing import Annotated

from fastapi import Path, Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import access_requests, queries, request_queries, sharing
from modelkeep_server.features.models.views import AccessRequest
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut, ReasonIn
from modelkeep_server.interfaces.api.shapes.sharing import (
    AccessRequestIn,
    AccessRequestOut,
    CollaboratorIn,
    CollaboratorOut,
    CollaboratorsOut,
    GrantIn,
    RequestState,
)
from modelkeep_server.interfaces.query_strings import read_model_address, read_moment

router = make_router("access")

COLLABORATORS = "/models/{group}/{name}/collaborators"
REQUESTS = "/access-requests"
Email = Annotated[str, Path(max_length=300, description="A person's e-mail address, or `service:NAME`.")]


@router.get(COLLABORATORS, response_model=CollaboratorsOut)
@door.reads("collaborator.read")
def list_collaborators(
    work: Work, actor: Actor, group: str, name: str, limit: Limit = 50, cursor: Cursor = None
) -> CollaboratorsOut:
    """Who was let into a model. Owners, collaborators and the control roles see all; others whether they are in."""
    model = queries.get_model(work, actor, group, name)
    found = sharing.list_collaborators(work, actor, model, limit=limit, cursor=cursor)
    items = [CollaboratorOut.model_validate(item) for item in found.items]
    return CollaboratorsOut(items=items, next_cursor=found.next_cursor, complete=found.complete)


@router.put(
    COLLABORATORS + "/{email}",
    response_model=CollaboratorOut,
    responses={201: {"model": CollaboratorOut, "description": "They had nothing before."}},
)
@door.writes("collaborator.add")
def share_model(work: Work, actor: Actor, group: str, name: str, email: Email, body: CollaboratorIn) -> Answer:
    """Let somebody into a model, or change what they were let in for."""
    until = read_moment("until", body.until, end=True) if body.until else None
    found, is_new = sharing.share_model(work, actor, group, name, email, given=body.access, until=until)
    return Answer(CollaboratorOut.model_validate(found), 201 if is_new else 200)


@router.delete(COLLABORATORS + "/{email}", status_code=204)
@door.writes("collaborator.end")
def unshare_model(work: Work, actor: Actor, group: str, name: str, email: Email) -> Answer:
    """End what somebody was let into a model for. Their download links die at once."""
    sharing.end_sharing(work, actor, group, name, email)
    return Answer(None, 204)


@router.post(REQUESTS, status_code=201, response_model=AccessRequestOut)
@door.writes("access.ask")
def ask_for_access(work: Work, actor: Actor, body: AccessRequestIn) -> Answer:
    """Ask the owners of a model to let you in to download. One open request a model."""
    group, name = read_model_address("model", body.model)
    request = access_requests.ask_for_access(
        work, actor, group, name, version=body.version, purpose=body.purpose, days=body.days
    )
    return _answer(request, status=201, headers={"Location": f"/api/v1{REQUESTS}/{request.id}"})


@router.get(REQUESTS, response_model=PageOut[AccessRequestOut])
@door.reads("access.read")
def list_access_requests(
    work: Work,
    actor: Actor,
    mine: Annotated[bool | None, Query(description="What you asked yourself, or what others asked.")] = None,
    model: Annotated[str, Query(max_length=250, description="Only for this model: `GROUP/NAME`.")] = "",
    status: Annotated[RequestState | None, Query(description="Only of those that stand so.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[AccessRequestOut]:
    """Requests for access, newest first: yours, those for models you own, and for Admin and Auditor all."""
    page = request_queries.list_requests(
        work, actor, mine=mine, model=model, status=status or "", limit=limit, cursor=cursor
    )
    return PageOut[AccessRequestOut].of(page, AccessRequestOut.model_validate)


@router.get(REQUESTS + "/{id}", response_model=AccessRequestOut)
@door.reads("access.read")
def show_access_request(work: Work, actor: Actor, id: str) -> AccessRequestOut:
    """One request for access."""
    return AccessRequestOut.model_validate(request_queries.get_request(work, actor, id))


@router.post(REQUESTS + "/{id}/grant", response_model=AccessRequestOut)
@door.writes("access.decide")
def grant_access(work: Work, actor: Actor, id: str, body: GrantIn | None = None) -> Answer:
    """Let whoever asked in, as a collaborator with READ for a time. Where another owner was faster, 409 says who."""
    asked = body or GrantIn()
    until = read_moment("until", asked.until, end=True) if asked.until else None
    return _answer(access_requests.grant_access(work, actor, id, until=until, days=asked.days))


@router.post(REQUESTS + "/{id}/refuse", response_model=AccessRequestOut)
@door.writes("access.decide")
def refuse_access(work: Work, actor: Actor, id: str, body: ReasonIn) -> Answer:
    """Say no to a request, and why. Where another owner was faster, 409 says who."""
    return _answer(access_requests.refuse_access(work, actor, id, reason=body.reason))


@router.post(REQUESTS + "/{id}/withdraw", response_model=AccessRequestOut)
@door.writes("access.withdraw")
def withdraw_access_request(work: Work, actor: Actor, id: str) -> Answer:
    """Take your own request back, while it is open."""
    return _answer(access_requests.withdraw_request(work, actor, id))


def _answer(request: AccessRequest, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(AccessRequestOut.model_validate(request), status, headers or {})
