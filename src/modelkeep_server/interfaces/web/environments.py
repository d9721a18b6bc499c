"""Environments as pages: everyone sees them, SREs make, change and retire them."""

from typing import Annotated, Any

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments import environments, queries
from modelkeep_server.features.deployments import live as live_queries
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.interfaces.query_strings import read_model_address
from modelkeep_server.interfaces.web.contexts.deployments import EnvironmentContext, NewEnvironmentContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, inside, text_of
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, NameTaken, RegistryError

router = make_router()

Preset = Annotated[str, Query(max_length=1000)]
LIVE_ROWS = 100
PAGE_ROWS = 30
_EDIT = FormOf("edit", {"name": "Name", "region": "Region"})
_END = FormOf("end", {"reason": "Reason"})


@router.get("/deployments/environments/new")
@door.reads("deployment.read")
def start_environment(work: Work, actor: Actor, kind: Preset = "", back: Preset = "") -> Page:
    """How do I make one? `kind` is chosen already, `back` where to go on afterwards."""
    return Page.of(NewEnvironmentContext(values={"kind": kind, "back": inside(back) if back else ""}))


@router.post("/deployments/environments/new")
@door.posts("environment.create")
def create_environment(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Make an environment, or show the form again with what is wrong beside each field."""
    values = {name: text_of(form, name).strip() for name in ("name", "kind", "region", "back")}
    values["back"] = inside(values["back"]) if values["back"] else ""
    try:
        made = environments.create_environment(work, actor, values["name"], values["kind"], values["region"] or None)
    except (Invalid, NameTaken) as error:
        return Page.of(NewEnvironmentContext(values=values, errors=errors_by_field(error.errors)), error.status)
    back, hash_, place = values["back"].partition("#")
    onward = back or f"/deployments/environments/{made.id}"
    return Redirect(f"{onward}{'&' if '?' in onward else '?'}done=environment{hash_}{place}")


@router.get("/deployments/environments/{id}")
@door.reads("deployment.read")
def show_environment(work: Work, actor: Actor, id: str, model: str = "", cursor: Cursor = "") -> Page:
    """What is live here, and what was?"""
    return Page.of(_context(work, actor, id, model=model, cursor=cursor))


def _show_again(form_of: FormOf) -> Any:
    def again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
        return Page.of(_context(work, actor, named["id"], refused=form_of.refuse(form, error)), error.status)

    return again


@router.post("/deployments/environments/{id}")
@door.posts("environment.update", again=_show_again(_EDIT))
def update_environment(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Change its name or region. Controls: name, region, revision."""
    changes = {name: text_of(form, name).strip() for name in ("name", "region")}
    sent = text_of(form, "revision")
    expected = {int(sent)} if sent.isascii() and sent.isdigit() and len(sent) < 10 else set()
    environments.update_environment(work, actor, id, changes, expected=expected)
    return Redirect(f"/deployments/environments/{id}?done=saved")


@router.post("/deployments/environments/{id}/end")
@door.posts("environment.end", again=_show_again(_END))
def end_environment(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Retire it. Control: reason."""
    environments.end_environment(work, actor, id, reason=text_of(form, "reason").strip() or None)
    return Redirect(f"/deployments/environments/{id}?done=environment-ended")


def _context(
    work: Work, actor: Actor, public_id: str, *, model: str = "", cursor: str = "", refused: Refusal | None = None
) -> EnvironmentContext:
    environment = queries.get_environment(work, public_id)
    of = model_queries.get_model(work, actor, *read_model_address("model", model)) if model.strip() else None
    live = live_queries.list_current(work, actor, environment=environment, model=of, limit=LIVE_ROWS)
    return EnvironmentContext(
        environment=environment,
        live=live,
        rootless=queries.find_rootless(work, live.items),
        history=queries.list_deployments(
            work, actor, environment=environment, model=of, limit=PAGE_ROWS, cursor=cursor or None
        ),
        only=of.address if of else "",
        cursor=cursor or None,
        refused=refused,
    )
