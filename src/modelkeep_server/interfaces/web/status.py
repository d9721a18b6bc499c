"""The status page, open to everyone, and the forms in which SREs write incidents."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.status import service
from modelkeep_server.features.status.service import NewIncident
from modelkeep_server.interfaces.doorway import OPEN, Desk
from modelkeep_server.interfaces.standing import Standing, look, recall
from modelkeep_server.interfaces.web.contexts.status import Chart, StatusContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import Invalid

router = make_router()


@router.get("/status")
@door.streams(OPEN)
async def show_status(desk: Desk) -> Page:
    """Is it up?"""
    return _draw(await look(desk), {}, {})


@router.post("/status/incidents")
@door.posts("incident.create")
def create_incident(work: Work, actor: Actor, form: FormData, request: Request) -> Page | Redirect:
    """Report an incident, or show the form again with what is wrong."""
    values: dict[str, Any] = {name: text_of(form, name) for name in ("title", "impact", "known", "status")}
    values["components"] = [name for name in form.getlist("components") if isinstance(name, str)]
    new = NewIncident(values["title"], values["components"], values["impact"], values["known"], values["status"])
    try:
        service.create_incident(work, actor, new)
    except Invalid as error:
        # Two forms of the page ask for a text, and each control has a name of its own.
        errors = {"known" if name == "text" else name: says for name, says in errors_by_field(error.errors).items()}
        if not values["components"]:
            errors["components"] = "Choose at least one."
        return _draw(recall(request, work, actor), values, errors, status=error.status)
    request.app.state.door.board.doubt()
    return Redirect("/status?done=incident")


@router.post("/status/incidents/{id}/updates")
@door.posts("incident.update")
def update_incident(work: Work, actor: Actor, form: FormData, request: Request, id: str) -> Page | Redirect:
    """Tell how an incident goes on, or show the form again with what is wrong."""
    values = {name: text_of(form, name) for name in ("status", "text")}
    try:
        service.update_incident(work, actor, id, status=values["status"], text=values["text"])
    except Invalid as error:
        errors = errors_by_field(error.errors)
        return _draw(recall(request, work, actor), values, errors, status=error.status, updating=id)
    request.app.state.door.board.doubt()
    return Redirect("/status?done=incident-updated")


def _draw(
    standing: Standing,
    values: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    status: int = 200,
    updating: str | None = None,
) -> Page:
    chart = Chart.of(standing.minutes, clock.utc_now())
    return Page.of(
        StatusContext(standing=standing, chart=chart, values=values, errors=errors, updating=updating), status
    )
