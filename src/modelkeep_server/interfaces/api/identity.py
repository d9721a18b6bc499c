"""`/me` and personal tokens."""

from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.tokens import queries as token_queries
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.identity import MeOut, SourceOut, TokenIn, TokenOut
from modelkeep_server.rules.permissions import PERMISSIONS, Role, Scope, acts_of

router = make_router("people")


@router.get("/me", response_model=MeOut)
@door.glances("me.read")
def show_me(work: Work, actor: Actor) -> MeOut:
    """Who am I, and what may I do?"""
    person = lookups.get_person(work, actor)
    allowed = [act for act in acts_of(actor.roles) if actor.scopes is None or PERMISSIONS[act].scope in actor.scopes]
    return MeOut(
        id=person.id,
        email=person.email,
        name=person.name,
        roles=[role for role in Role if role in actor.roles],
        sources=[SourceOut(role=row.role, source=row.source) for row in person.roles],
        permissions=allowed,
        sponsor=actor.sponsor,
        scopes=None if actor.scopes is None else [scope for scope in Scope if scope in actor.scopes],
    )


@router.get("/tokens", response_model=PageOut[TokenOut])
@door.glances("me.read")
def list_tokens(work: Work, actor: Actor) -> PageOut[TokenOut]:
    """My tokens that still work, newest first, without their secrets."""
    rows = token_queries.list_tokens(work, actor)
    return PageOut[TokenOut](items=[TokenOut.model_validate(row) for row in rows], total=len(rows))


@router.post("/tokens", status_code=201, response_model=TokenOut)
@door.writes("token.create")
def create_token(work: Work, actor: Actor, body: TokenIn) -> Answer:
    """Make a personal token. Its secret is in this answer only."""
    token = tokens.create_token(work, actor, name=body.name, scopes=body.scopes, days=body.days)
    shape = TokenOut.model_validate(token.row).model_copy(update={"token": token.secret})
    return Answer(shape, status=201)


@router.delete("/tokens/{id}", status_code=204)
@door.writes("token.revoke")
def revoke_token(work: Work, actor: Actor, id: str) -> Response:
    """End one of my tokens at once."""
    tokens.revoke_token(work, actor, id)
    return Response(status_code=204)
