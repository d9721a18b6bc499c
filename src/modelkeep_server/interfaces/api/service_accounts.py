"""Service accounts and their tokens. Made and changed in a session only: no stolen token makes another program."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.service_accounts import queries as service_queries
from modelkeep_server.features.identity.service_accounts import service as service_accounts
from modelkeep_server.features.identity.service_accounts.views import NewServiceAccount, ServiceAccount, ServiceFilter
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, etag_of
from modelkeep_server.interfaces.api.shapes.identity import TokenOut
from modelkeep_server.interfaces.api.shapes.service_accounts import (
    ServiceAccountIn,
    ServiceAccountOut,
    ServiceAccountPatch,
    ServiceTokenIn,
)
from modelkeep_server.rules.permissions import Scope

router = make_router("people")

Text = Annotated[str, Query(max_length=400, description="Part of the name or purpose, in any case.")]
Mine = Annotated[bool, Query(description="Only those that you sponsor.")]
Ended = Annotated[bool, Query(description="Those that were ended, too.")]


@router.get("/service-accounts", response_model=PageOut[ServiceAccountOut])
@door.reads("service.read")
def list_service_accounts(
    work: Work,
    actor: Actor,
    q: Text = "",
    mine: Mine = False,
    ended: Ended = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[ServiceAccountOut]:
    """Service accounts, what they are for and who answers for them, by name. Everyone who is signed in sees them."""
    asked = ServiceFilter(q, mine, ended)
    page = service_queries.list_service_accounts(work, actor, asked, limit=limit, cursor=cursor)
    return PageOut[ServiceAccountOut].of(page, ServiceAccountOut.model_validate)


@router.post("/service-accounts", status_code=201, response_model=ServiceAccountOut)
@door.writes("service.create")
def create_service_account(work: Work, actor: Actor, body: ServiceAccountIn) -> Answer:
    """Make a service account. An owner of a model then lets `service:NAME` in as a collaborator."""
    new = NewServiceAccount(body.name, body.purpose, _scopes_of(body.scopes), body.sponsor)
    account = service_accounts.create_service_account(work, actor, new)
    return _with_etag(account, status=201, headers={"Location": f"/api/v1/service-accounts/{account.id}"})


@router.get("/service-accounts/{id}", response_model=ServiceAccountOut)
@door.glances("service.read")
def show_service_account(work: Work, actor: Actor, id: str) -> Answer:
    """One service account, also one that was ended."""
    return _with_etag(service_queries.get_service_account(work, id))


@router.patch("/service-accounts/{id}", response_model=ServiceAccountOut)
@door.writes("service.update")
def update_service_account(
    work: Work, actor: Actor, id: str, body: ServiceAccountPatch, if_match: IfMatch = None
) -> Answer:
    """Change a service account: a JSON Merge Patch (RFC 7396). For its sponsor and Admins."""
    changes = body.model_dump(exclude_unset=True)
    if "scopes" in changes:
        changes["scopes"] = _scopes_of(body.scopes or ())
    return _with_etag(
        service_accounts.update_service_account(work, actor, id, changes, expected=read_if_match(if_match))
    )


@router.delete("/service-accounts/{id}", status_code=204)
@door.writes("service.end")
def end_service_account(work: Work, actor: Actor, id: str, if_match: IfMatch = None) -> Response:
    """End a service account for good: its tokens are refused from now on. For its sponsor and Admins."""
    service_accounts.end_service_account(work, actor, id, expected=read_if_match(if_match))
    return Response(status_code=204)


@router.get("/service-accounts/{id}/tokens", response_model=PageOut[TokenOut])
@door.reads("service.read")
def list_tokens_of_service(work: Work, actor: Actor, id: str) -> PageOut[TokenOut]:
    """The tokens of a service account that still work, without their secrets. For its sponsor and Admins."""
    rows = service_queries.list_tokens_of_service(work, actor, id)
    return PageOut[TokenOut](items=[TokenOut.model_validate(row) for row in rows], total=len(rows))


@router.post("/service-accounts/{id}/tokens", status_code=201, response_model=TokenOut)
# A token by its act too, so that the answer with its secret is never kept to be given again.
@door.writes("token.create")
def create_token_of_service(work: Work, actor: Actor, id: str, body: ServiceTokenIn) -> Answer:
    """Make a token of a service account. Its secret is in this answer only. For its sponsor and Admins."""
    scopes = None if body.scopes is None else _scopes_of(body.scopes)
    token = tokens.create_token_of_service(work, actor, id, name=body.name, scopes=scopes, days=body.days)
    shape = TokenOut.model_validate(token.row).model_copy(update={"token": token.secret})
    return Answer(shape, status=201)


@router.delete("/service-accounts/{id}/tokens/{token}", status_code=204)
@door.writes("token.revoke")
def revoke_token_of_service(work: Work, actor: Actor, id: str, token: str) -> Response:
    """End a token of a service account at once. For its sponsor and Admins."""
    tokens.revoke_token_of_service(work, actor, id, token)
    return Response(status_code=204)


def _scopes_of(words: Sequence[str]) -> tuple[Scope, ...]:
    return tuple(Scope(word) for word in words)


def _with_etag(account: ServiceAccount, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    shape = ServiceAccountOut.model_validate(account)
    return Answer(shape, status, {"ETag": etag_of(account.revision), **(headers or {})})
