"""Signing in and out, the first start, invitations, and one's own profile."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import (
    first_start,
    invitations,
    one_time_links,
    queries,
    secrets,
    sessions,
    throttle,
    tokens,
)
from modelkeep_server.features.identity.views import Actor, NewSession, NewToken
from modelkeep_server.features.models import request_queries, sharing
from modelkeep_server.interfaces.doorway import OPEN, Desk, read_form
from modelkeep_server.interfaces.web.contexts.identity import (
    InvitationContext,
    LoginContext,
    ProfileContext,
    SetupContext,
)
from modelkeep_server.interfaces.web.face import Redirect, door, make_router, session_cookie
from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import Invalid, SignInFailed, TooMany
from modelkeep_server.rules.permissions import Scope

router = make_router()

REQUESTS_SHOWN = 10


@router.get("/login", name="show_login")
@door.reads(OPEN)
def show_login(work: Work, actor: Actor, request: Request, next: str = "/") -> Page | Redirect:
    """The sign-in form."""
    if actor.is_known:
        return Redirect(_inside(next))
    return Page.of(LoginContext(next=_inside(next), unclaimed=not queries.has_first_admin(work)))


@router.post("/login")
@door.streams(OPEN)
async def sign_in(desk: Desk, request: Request) -> Page | Redirect:
    """
    Sign in with e-mail and passphrase. Counted by address and e-mail; slow on purpose; never says which was
    wrong.
    """
    form = await read_form(request)
    email, passphrase = text_of(form, "email"), text_of(form, "passphrase")
    wanted = _inside(text_of(form, "next"))
    try:
        session = await _check(desk, email, passphrase)
    except (SignInFailed, TooMany) as error:
        context = LoginContext(
            next=wanted, problem=error.detail, remedy=error.remedy, values={"email": email}, errors={}
        )
        wait = error.retry_after_seconds
        return Page.of(context, error.status, {} if wait is None else {"Retry-After": str(wait)})
    return Redirect(wanted, session_cookie(request, session.secret))


async def _check(desk: Desk, email: str, passphrase: str) -> NewSession:
    await desk.write(lambda work, _: throttle.count_sign_in(work, email))
    found = await desk.read(lambda work, _: queries.find_sign_in(work, email))
    fits = await desk.door.take_time(lambda: secrets.passphrase_fits(found[1] if found else None, passphrase))
    if found is None or not fits:
        await desk.write(lambda work, _: sessions.refuse_sign_in(work, email))
        raise SignInFailed("The e-mail address or the passphrase is not right.")
    person_id = found[0]
    return await desk.write(lambda work, _: sessions.start_session(work, person_id, method="passphrase"))


@router.post("/logout")
@door.posts("session.end")
def sign_out(work: Work, actor: Actor, request: Request, form: FormData) -> Redirect:
    """End this session."""
    sessions.end_session(work, actor)
    return Redirect("/login?done=signed-out", session_cookie(request, None))


@router.get("/setup")
@door.reads(OPEN)
def show_setup(work: Work, actor: Actor, token: str = "") -> Page:
    """The first start: who is the first Admin? Looking does not use the link up."""
    try:
        one_time_links.get_invitation_row(work, token, "FIRST_START")
    except SignInFailed as error:
        unclaimed = not queries.has_first_admin(work)
        return Page.of(SetupContext(secret=token, problem=error.detail, unclaimed=unclaimed), error.status)
    return Page.of(SetupContext(secret=token, values={"modelOwner": "yes"}))


@router.post("/setup")
@door.streams(OPEN)
async def claim(desk: Desk, request: Request) -> Page | Redirect:
    """Make the first Admin. Uses the link up."""
    form = await read_form(request)
    values = {name: text_of(form, name) for name in ("email", "name", "modelOwner")}
    token, passphrase = text_of(form, "secret"), text_of(form, "passphrase")
    await desk.write(lambda work, _: throttle.count_link(work))
    fault = secrets.find_passphrase_fault(passphrase)
    try:
        await desk.read(lambda work, _: one_time_links.get_invitation_row(work, token, "FIRST_START"))
        hashed = "" if fault else await desk.door.take_time(lambda: secrets.hash_passphrase(passphrase))
        if fault:
            errors = {**_person_errors(values["email"], values["name"]), "passphrase": fault}
            return Page.of(SetupContext(secret=token, values=values, errors=errors), Invalid.status)
        session = await desk.write(
            lambda work, _: first_start.claim_registry(
                work,
                secret=token,
                email=values["email"].strip(),
                name=values["name"],
                passphrase_hash=hashed,
                also_owner=values["modelOwner"] == "yes",
            )
        )
    except Invalid as error:
        return Page.of(SetupContext(secret=token, values=values, errors=errors_by_field(error.errors)), error.status)
    except SignInFailed as error:
        claimed = await desk.read(lambda work, _: queries.has_first_admin(work))
        context = SetupContext(secret=token, problem=error.detail, unclaimed=not claimed)
        return Page.of(context, error.status)
    return Redirect("/?done=claimed", session_cookie(request, session.secret))


@router.get("/invitations/{secret}")
@door.reads(OPEN)
def show_invitation(work: Work, actor: Actor, secret: str) -> Page:
    """What an invitation offers. Looking does not use it up."""
    return Page.of(InvitationContext(secret=secret, invitation=invitations.get_invitation(work, secret)))


@router.post("/invitations/{secret}")
@door.streams(OPEN)
async def accept(desk: Desk, request: Request, secret: str) -> Page | Redirect:
    """Accept an invitation: choose a passphrase, and be signed in."""
    form = await read_form(request)
    name, passphrase = text_of(form, "name"), text_of(form, "passphrase")
    await desk.write(lambda work, _: throttle.count_link(work))
    invitation = await desk.read(lambda work, _: invitations.get_invitation(work, secret))

    def again(errors: dict[str, str]) -> Page:
        context = InvitationContext(secret=secret, invitation=invitation, values={"name": name}, errors=errors)
        return Page.of(context, Invalid.status)

    fault = secrets.find_passphrase_fault(passphrase)
    if fault:
        return again({**_person_errors(invitation.email, name), "passphrase": fault})
    hashed = await desk.door.take_time(lambda: secrets.hash_passphrase(passphrase))
    try:
        session = await desk.write(
            lambda work, _: invitations.accept_invitation(work, secret=secret, name=name, passphrase_hash=hashed)
        )
    except Invalid as error:
        return again(errors_by_field(error.errors))
    return Redirect("/?done=accepted", session_cookie(request, session.secret))


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


def _profile(
    work: Work,
    actor: Actor,
    *,
    new_token: NewToken | None = None,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Page:
    context = ProfileContext(
        person=queries.get_person(work, actor),
        sessions=queries.list_sessions(work, actor),
        tokens=queries.list_tokens(work, actor),
        new_token=new_token,
        asked=request_queries.list_requests(work, actor, mine=True, limit=REQUESTS_SHOWN).items,
        shared=sharing.list_shared_with(work, actor),
        values=values or {},
        errors=errors or {},
    )
    return Page.of(context, status)


def _person_errors(email: str, name: str) -> dict[str, str]:
    fault = find_email_fault(email.strip())
    errors = {"email": f"This {fault}."} if fault else {}
    return errors if name.strip() else {**errors, "name": "Your name is needed."}


def _inside(address: str) -> str:
    """An address of this registry to go on to; anything that leads elsewhere becomes the home page."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe and "\\" not in address else "/"
