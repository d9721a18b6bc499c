"""One's own account: what one may, sessions and tokens."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.issuers import ways_in
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.sign_in import passphrases, sessions
from modelkeep_server.features.identity.tokens import queries as token_queries
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor, NewToken
from modelkeep_server.features.models import request_queries, sharing
from modelkeep_server.interfaces.doorway import Desk, read_form
from modelkeep_server.interfaces.web.confirm import demand_passphrase
from modelkeep_server.interfaces.web.contexts.profile import ProfileContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router, session_cookie
from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, SignInFailed, TooMany
from modelkeep_server.rules.permissions import Scope

router = make_router()

REQUESTS_SHOWN = 10


@router.get("/profile")
@door.reads("me.read")
def show_profile(work: Work, actor: Actor) -> Page:
    """What may I, and who am I here?"""
    return _profile(work, actor)


@router.post("/profile/tokens")
@door.posts("token.create")
def create_token(work: Work, actor: Actor, form: FormData) -> Page:
    """Make a personal token and show it this once."""
    values: dict[str, Any] = {"name": text_of(form, "name"), "days": text_of(form, "days")}
    values["scopes"] = [str(scope) for scope in form.getlist("scopes")]
    try:
        scopes = [Scope(scope) for scope in values["scopes"]]
        days = int(values["days"]) if values["days"].strip() else None
    except ValueError:
        return _profile(work, actor, values=values, errors={"days": "A whole number of days."}, status=Invalid.status)
    try:
        token = tokens.create_token(work, actor, name=values["name"], scopes=scopes, days=days)
    except Invalid as error:
        return _profile(work, actor, values=values, errors=errors_by_field(error.errors), status=error.status)
    return _profile(work, actor, new_token=token)


@router.post("/profile/tokens/{id}/revoke")
@door.posts("token.revoke")
def revoke_token(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """End one of my tokens at once."""
    tokens.revoke_token(work, actor, id)
    return Redirect("/profile?done=token-revoked")


@router.post("/profile/sessions/{id}/revoke")
@door.posts("session.end")
def revoke_session(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Sign another of my browsers out."""
    sessions.end_session(work, actor, id)
    return Redirect("/profile?done=session-revoked")


@router.post("/profile/sessions/revoke-others")
@door.posts("session.end")
def revoke_other_sessions(work: Work, actor: Actor, form: FormData) -> Redirect:
    """Sign every other browser of mine out."""
    sessions.end_other_sessions(work, actor)
    return Redirect("/profile?done=sessions-revoked")


@router.post("/profile/passphrase")
@door.streams("passphrase.change")
async def change_passphrase(desk: Desk, request: Request) -> Page | Redirect:
    """Set another passphrase, once the present one is shown."""
    form = await read_form(request)
    wanted = text_of(form, "passphrase")
    errors, status = {}, Invalid.status
    fault = secrets.find_passphrase_fault(wanted)
    if fault:
        errors["passphrase"] = fault
    try:
        await demand_passphrase(desk, text_of(form, "present"))
    except (SignInFailed, TooMany) as error:
        errors["present"], status = error.detail, error.status
    if errors:
        return await desk.read(lambda work, actor: _profile(work, actor, errors=errors, status=status))
    hashed = await desk.door.take_time(lambda: secrets.hash_passphrase(wanted))
    session = await desk.write(lambda work, actor: passphrases.change_passphrase(work, actor, hashed))
    return Redirect("/profile?done=passphrase", session_cookie(request, session.secret))


def _profile(
    work: Work,
    actor: Actor,
    *,
    new_token: NewToken | None = None,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Page:
    ways = ways_in.get_ways_in(work, actor)
    context = ProfileContext(
        person=lookups.get_person(work, actor),
        sessions=sessions.list_sessions(work, actor),
        tokens=token_queries.list_tokens(work, actor),
        new_token=new_token,
        ways=ways,
        has_passphrase=ways.passphrase,
        asked=request_queries.list_requests(work, actor, mine=True, limit=REQUESTS_SHOWN).items,
        shared=sharing.list_shared_with(work, actor),
        values=values or {},
        errors=errors or {},
    )
    return Page.of(context, status)
