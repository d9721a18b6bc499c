"""One-time links as whoever holds one sees them: accepting an invitation, setting a new passphrase."""

from fastapi import Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.issuers import ways_in
from modelkeep_server.features.identity.joining import accepting
from modelkeep_server.features.identity.sign_in import throttle
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.doorway import OPEN, Desk, read_form
from modelkeep_server.interfaces.web.contexts.identity import InvitationContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router, session_cookie
from modelkeep_server.interfaces.web.forms import errors_by_field, person_errors, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid
from modelkeep_server.rules.fields import NAME_CHARS

router = make_router()


@router.get("/invitations/{secret}")
@door.reads(OPEN)
def show_invitation(work: Work, actor: Actor, request: Request, secret: str) -> Page:
    """What an invitation offers, and the name that the link gives. Looking does not use it up."""
    return Page.of(
        InvitationContext(
            secret=secret, invitation=accepting.get_invitation(work, secret),
            issuers=ways_in.list_issuers(work), local=work.parts.local_accounts,
            values={"name": request.query_params.get("name", "")[:NAME_CHARS]},
        )
    )  # fmt: skip


@router.post("/invitations/{secret}")
@door.streams(OPEN)
async def accept(desk: Desk, request: Request, secret: str) -> Page | Redirect:
    """Accept an invitation: choose a passphrase, and be signed in."""
    form = await read_form(request)
    name, passphrase = text_of(form, "name"), text_of(form, "passphrase")
    await desk.write(lambda work, _: throttle.count_link(work))
    invitation = await desk.read(lambda work, _: accepting.get_invitation(work, secret))
    issuers = await desk.read(lambda work, _: ways_in.list_issuers(work))

    def again(errors: dict[str, str]) -> Page:
        context = InvitationContext(
            secret=secret, invitation=invitation, values={"name": name}, errors=errors, issuers=issuers
        )
        return Page.of(context, Invalid.status)

    fault = secrets.find_passphrase_fault(passphrase)
    if fault:
        errors = {} if invitation.is_reset else person_errors(invitation.email, name)
        return again({**errors, "passphrase": fault})
    hashed = await desk.door.take_time(lambda: secrets.hash_passphrase(passphrase))
    try:
        session = await desk.write(
            lambda work, _: accepting.accept_invitation(work, secret=secret, name=name, passphrase_hash=hashed)
        )
    except Invalid as error:
        return again(errors_by_field(error.errors))
    done = "renewed" if invitation.is_reset else "accepted"
    return Redirect(f"/?done={done}", session_cookie(request, session.secret))
