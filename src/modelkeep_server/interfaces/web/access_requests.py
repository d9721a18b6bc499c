"""Asking to be let into a model, and deciding on it."""

from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import access_requests, queries, request_queries, version_access
from modelkeep_server.interfaces.query_strings import read_model_address
from modelkeep_server.interfaces.web.contexts.access_requests import AccessRequestsContext, AskContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid

router = make_router()

PATH = "/access-requests"
ROWS = 20
MINE_SHOWN = 10

Text = Annotated[str, Query(max_length=1000)]


@router.get(PATH)
@door.reads("access.read")
def show_requests(work: Work, actor: Actor, cursor: Text = "") -> Page:
    """Who waits for my answer, and what became of what I asked?"""
    return _list_page(work, actor, cursor=cursor or None)


@router.get(PATH + "/new")
@door.reads("access.read")
def show_ask(work: Work, actor: Actor, model: Text = "", version: Text = "") -> Page:
    """How do I ask to be let in?"""
    return _ask_page(work, actor, {"model": model, "version": version, "days": str(access_requests.ASKED_DAYS)})


@router.post(PATH + "/new")
@door.posts("access.ask")
def ask_for_access(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Ask, or show the form again with what is wrong."""
    values = {control: text_of(form, control).strip() for control in ("model", "version", "purpose", "days")}
    group, name = read_model_address("model", values["model"])
    try:
        request = access_requests.ask_for_access(
            work, actor, group, name,
            version=values["version"] or None, purpose=values["purpose"], days=_read_days(values["days"]),
        )  # fmt: skip
    except Invalid as error:
        return _ask_page(work, actor, values, errors_by_field(error.errors), error.status)
    back = href_of_version(request.model, request.version) if request.version else f"/models/{request.model}"
    return Redirect(f"{back}?done=access-asked")


@router.post(PATH + "/{id}/grant")
@door.posts("access.decide")
def grant_access(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Let whoever asked in for so many days."""
    try:
        access_requests.grant_access(work, actor, id, days=_read_days(text_of(form, "days")))
    except Invalid as error:
        return _list_page(work, actor, failed_id=id, problem=error.errors[0].message, status=error.status)
    return Redirect(f"{PATH}?done=access-granted")


@router.post(PATH + "/{id}/refuse")
@door.posts("access.decide")
def refuse_access(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Say no, and why."""
    try:
        access_requests.refuse_access(work, actor, id, reason=text_of(form, "reason").strip())
    except Invalid as error:
        problem = f"Say why you refuse. {error.errors[0].message}"
        return _list_page(work, actor, failed_id=id, problem=problem, status=error.status)
    return Redirect(f"{PATH}?done=access-refused")


@router.post(PATH + "/{id}/withdraw")
@door.posts("access.withdraw")
def withdraw_request(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Take my own request back."""
    access_requests.withdraw_request(work, actor, id)
    return Redirect(f"{PATH}?done=access-withdrawn")


def _read_days(text: str) -> int | None:
    """A number of days as typed; None where nothing was; 0, which is never right, where it is no number."""
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        return 0


def _list_page(
    work: Work,
    actor: Actor,
    *,
    cursor: str | None = None,
    failed_id: str = "",
    problem: str = "",
    status: int = 200,
) -> Page:
    context = AccessRequestsContext(
        waiting=request_queries.list_to_decide(work, actor),
        mine=request_queries.list_requests(work, actor, mine=True, limit=MINE_SHOWN),
        others=request_queries.list_requests(work, actor, mine=False, limit=ROWS, cursor=cursor),
        cursor=cursor,
        failed_id=failed_id,
        problem=problem,
    )
    return Page.of(context, status)


def _ask_page(
    work: Work, actor: Actor, values: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> Page:
    model = queries.get_model(work, actor, *read_model_address("model", values["model"]))
    version = values["version"] or None
    at = None if version is None else version_access.get_version_key(work, model, version)
    context = AskContext(
        model=model,
        version=version,
        may_download=version_access.may_download(work, actor, model, at),
        asked=request_queries.find_open_request(work, actor, model),
        values=values,
        errors=errors or {},
    )
    return Page.of(context, status)
