"""Letting a command line in: entering its code, seeing what asks, and allowing or denying it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query, Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.tokens import device_logins
from modelkeep_server.features.identity.tokens.device_logins import AskingDevice
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.doorway import Desk, read_form
from modelkeep_server.interfaces.web.contexts.device_logins import DeviceContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid
from modelkeep_server.rules.permissions import Scope

router = make_router()


@router.get("/device")
@door.streams("me.read")
async def show_device(
    desk: Desk,
    code: Annotated[str, Query(max_length=100)] = "",
    answered: Literal["", "allowed", "denied"] = "",
) -> Page:
    """Which terminal asks to be let in?"""
    person = await desk.read(lambda work, actor: actor)
    if answered or not code.strip():
        return Page.of(DeviceContext(actor=person, answered=answered))
    await desk.write(device_logins.count_try)
    try:
        asking = await desk.read(lambda work, actor: device_logins.get_asking(work, actor, code))
    except Invalid as error:
        context = DeviceContext(actor=person, values={"code": code}, errors=errors_by_field(error.errors))
        return Page.of(context, error.status)
    return Page.of(DeviceContext(actor=person, asking=asking))


@router.post("/device/answer")
@door.streams("token.create")
async def answer_device(desk: Desk, request: Request) -> Page | Redirect:
    """Allow it, with these scopes and for so long, or deny it."""
    form = await read_form(request)
    code, days = text_of(form, "code"), text_of(form, "days").strip()
    scopes = [str(scope) for scope in form.getlist("scopes")]
    # A guess here counts as one on the page before.
    await desk.write(device_logins.count_try)
    if text_of(form, "answer") != "allow":
        await desk.write(lambda work, actor: device_logins.deny(work, actor, code))
        return Redirect("/device?answered=denied")
    known = [Scope(scope) for scope in scopes if scope in list(Scope)]
    lives = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else None
    if Scope.REVIEW in known:
        # The page says so where the scope stands.
        lives = None
    try:
        await desk.write(lambda work, actor: device_logins.allow(work, actor, code, scopes=known, days=lives))
    except Invalid as error:
        return await _again(desk, code, {"scopes": scopes, "days": days, "code": code}, error)
    return Redirect("/device?answered=allowed")


async def _again(desk: Desk, code: str, values: Mapping[str, Any], error: Invalid) -> Page:
    """The form once more: with what asks, where it still does."""

    def look(work: Work, actor: Actor) -> tuple[Actor, AskingDevice | None]:
        try:
            return actor, device_logins.get_asking(work, actor, code)
        except Invalid:
            return actor, None

    person, asking = await desk.read(look)
    context = DeviceContext(actor=person, asking=asking, values=values, errors=errors_by_field(error.errors))
    return Page.of(context, error.status)
