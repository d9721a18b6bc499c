"""Showing once more who one is, and going on with what asked for it."""

from fastapi import Request
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.issuers import ways_in
from modelkeep_server.features.identity.people import accounts
from modelkeep_server.features.identity.sign_in import passphrases, sessions, throttle
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.doorway import Desk, read_form
from modelkeep_server.interfaces.web.contexts.confirm import Carried, ConfirmContext, ConfirmedContext
from modelkeep_server.interfaces.web.face import Redirect, door, draw_in_session, make_router, session_cookie
from modelkeep_server.interfaces.web.forms import inside, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import RegistryError, SignInFailed, TooMany

router = make_router()


@router.get("/confirm")
@door.reads("me.read")
def show_confirm(work: Work, actor: Actor, next: str = "/") -> Page:
    """The form that asks who one is."""
    return Page.of(
        ConfirmContext(next=inside(next), issuers=ways_in.list_issuers(work), local=work.parts.local_accounts)
    )


@router.post("/confirm")
@door.streams("session.confirm")
async def confirm(desk: Desk, request: Request) -> Page | Redirect | Response:
    """Confirm with the passphrase, and go on: to a page, or with the form that waits. Counted as a sign-in is."""
    form = await read_form(request)
    wanted, waiting = inside(text_of(form, "next")), text_of(form, "action")
    carried = Carried.read(inside(waiting) if waiting else "", form)
    try:
        await demand_passphrase(desk, text_of(form, "passphrase"))
    except (SignInFailed, TooMany) as error:
        return _again(desk, error, wanted, carried)
    session = await desk.write(sessions.confirm_session)
    if not carried.action or carried.is_cut:
        return Redirect(wanted, session_cookie(request, session.secret))
    return draw_in_session(request, Page.of(ConfirmedContext(carried=carried)), session.secret)


async def demand_passphrase(desk: Desk, passphrase: str) -> None:
    """Go on only where this is the person's own passphrase. Raises SignInFailed, with an event, and TooMany."""
    await desk.write(lambda work, actor: throttle.count_sign_in(work, actor.email))
    await desk.read(lambda work, _: accounts.demand_local_accounts(work))
    stored = await desk.read(passphrases.find_passphrase_hash)
    if not await desk.door.take_time(lambda: secrets.passphrase_fits(stored, passphrase)):
        await desk.write(lambda work, actor: sessions.refuse_confirmation(work, actor, desk.act))
        raise SignInFailed("That is not your passphrase.", remedy="Type it again, or ask an Admin for a reset link.")


def _again(desk: Desk, error: RegistryError, wanted: str, carried: Carried) -> Page:
    wait = error.retry_after_seconds
    parts = desk.door.parts
    context = ConfirmContext(
        next=wanted, carried=carried, problem=error.detail, remedy=error.remedy,
        issuers=ways_in.choices_of(parts), local=parts.local_accounts,
    )  # fmt: skip
    return Page.of(context, error.status, {} if wait is None else {"Retry-After": str(wait)})
