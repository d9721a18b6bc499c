"""Signing in and out."""

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.issuers import faults, sso, ways_in
from modelkeep_server.features.identity.people import accounts, lookups
from modelkeep_server.features.identity.sign_in import sessions, throttle
from modelkeep_server.features.identity.views import Actor, NewSession
from modelkeep_server.interfaces.doorway import OPEN, Desk, read_form
from modelkeep_server.interfaces.web.contexts.identity import LoginContext
from modelkeep_server.interfaces.web.face import Redirect, door, issuer_cookie, make_router, session_cookie
from modelkeep_server.interfaces.web.forms import inside, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import SignInFailed, TooMany

router = make_router()


@router.get("/login", name="show_login")
@door.reads(OPEN)
def show_login(
    work: Work, actor: Actor, request: Request, next: str = "/", failed: str = "", at: str = "", code: str = ""
) -> Page | Redirect:
    """The ways to sign in. `failed`, `at` and `code` say how one by an issuer went wrong, see faults.py."""
    if actor.is_known and not failed:
        return Redirect(inside(next))
    issuers = ways_in.list_issuers(work)
    name = {choice.slug: choice.name for choice in issuers}.get(at)
    told = faults.say_fault(failed, name, code) if failed in faults.FAULTS and name else (None, None)
    return Page.of(
        LoginContext(
            next=inside(next), problem=told[0], remedy=told[1], unclaimed=not lookups.has_first_admin(work),
            issuers=issuers, local=work.parts.local_accounts,
        )
    )  # fmt: skip


@router.post("/login")
@door.streams(OPEN)
async def sign_in(desk: Desk, request: Request) -> Page | Redirect:
    """
    Sign in with e-mail and passphrase. Counted by address and e-mail; slow on purpose; never says which was
    wrong.
    """
    form = await read_form(request)
    email, passphrase = text_of(form, "email"), text_of(form, "passphrase")
    wanted = inside(text_of(form, "next"))
    try:
        session = await _check(desk, email, passphrase)
    except (SignInFailed, TooMany) as error:
        context = LoginContext(
            next=wanted,
            problem=error.detail,
            remedy=error.remedy,
            values={"email": email},
            issuers=await desk.read(lambda work, _: ways_in.list_issuers(work)),
            local=desk.door.parts.local_accounts,
        )
        wait = error.retry_after_seconds
        return Page.of(context, error.status, {} if wait is None else {"Retry-After": str(wait)})
    return Redirect(wanted, session_cookie(request, session.secret))


async def _check(desk: Desk, email: str, passphrase: str) -> NewSession:
    await desk.write(lambda work, _: throttle.count_sign_in(work, email))
    await desk.read(lambda work, _: accounts.demand_local_accounts(work))
    found = await desk.read(lambda work, _: lookups.find_sign_in(work, email))
    fits = await desk.door.take_time(lambda: secrets.passphrase_fits(found[1] if found else None, passphrase))
    if found is None or not fits:
        await desk.write(lambda work, _: sessions.refuse_sign_in(work, email))
        raise SignInFailed("The e-mail address or the passphrase is not right.")
    person_id, hashed = found
    session = await desk.write(lambda work, _: sessions.start_by_passphrase(work, person_id, shown=hashed))
    if session is None:
        raise SignInFailed("The e-mail address or the passphrase is not right.")
    return session


@router.post("/logout")
@door.posts("session.end")
def sign_out(work: Work, actor: Actor, request: Request, form: FormData) -> Redirect:
    """End this session. Where an issuer began it, the page that follows offers to sign out there as well."""
    leaving = sso.prepare_exit(work, actor)
    sessions.end_session(work, actor)
    gone = session_cookie(request, None)
    if leaving is None:
        return Redirect("/login?done=signed-out", gone)
    slug, ticket = leaving
    return Redirect(f"/login/{slug}/sign-out", {**gone, **issuer_cookie(request, ticket)})
