"""The first start: making the first Admin."""

from fastapi import Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.joining import first_start, one_time_links
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.sign_in import throttle
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.doorway import OPEN, Desk, read_form
from modelkeep_server.interfaces.web.contexts.identity import SetupContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router, session_cookie
from modelkeep_server.interfaces.web.forms import errors_by_field, person_errors, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, SignInFailed

router = make_router()


@router.get("/setup")
@door.reads(OPEN)
def show_setup(work: Work, actor: Actor, token: str = "") -> Page:
    """The first start: who is the first Admin? Looking does not use the link up."""
    try:
        one_time_links.get_invitation_row(work, token, "FIRST_START")
    except SignInFailed as error:
        unclaimed = not lookups.has_first_admin(work)
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
            errors = {**person_errors(values["email"], values["name"]), "passphrase": fault}
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
        claimed = await desk.read(lambda work, _: lookups.has_first_admin(work))
        context = SetupContext(secret=token, problem=error.detail, unclaimed=not claimed)
        return Page.of(context, error.status)
    return Redirect("/?done=claimed", session_cookie(request, session.secret))
