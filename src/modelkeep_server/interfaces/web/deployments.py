"""What is live where, as pages: for everyone; SREs record it, and roll back."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments import live as live_queries
from modelkeep_server.features.deployments import queries, service
from modelkeep_server.features.deployments.asking import PARTS_MAX
from modelkeep_server.features.deployments.views import Asked, Deployment, Environment, Kind, NewPart
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.query_strings import read_instant, read_model_address
from modelkeep_server.interfaces.web.contexts.deployments import (
    FILTERS,
    DeploymentContext,
    DeploymentsContext,
    ModelDeploymentsContext,
    RecordContext,
    RecordRow,
)
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import ask_what_can_be, errors_by_field, read_filters, text_of
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.standing import find_standing
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound, StateForbids

router = make_router()

PAGE_ROWS = 50
HISTORY_ROWS = 20
_ROLLBACK = FormOf("rollback", {"reason": "Reason"})
#: What a row of the form for recording has, by the API's words.
_CONTROLS = ("share", "endpointUrl", "region")
_PERCENT = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{1,12})?")


@router.get("/deployments")
@door.reads("deployment.read")
def show_deployments(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """What is live where?"""
    values = read_filters(request.query_params, FILTERS)

    def find(asked: Mapping[str, str]) -> tuple[Rows[Deployment], datetime | None]:
        at = read_instant("at", asked["at"]) if asked.get("at") else None
        kind = asked.get("kind") or None
        if kind is not None and kind not in list(Kind):
            raise Invalid.of([FieldError("kind", f"Choose one of {', '.join(Kind)}.")])
        model = _find_model(work, actor, asked.get("model") or "")
        rows = live_queries.list_current(
            work, actor, at=at, kind=Kind(kind) if kind else None, model=model, limit=PAGE_ROWS, cursor=cursor or None
        )
        return rows, at

    (rows, at), errors = ask_what_can_be(values, find)
    places = live_queries.list_places(work, actor)
    rootless = frozenset() if at else queries.find_rootless(work, rows.items)
    context = DeploymentsContext(
        rows=rows, places=places, values=values, errors=errors, at=at, is_to_come=at is not None and at > work.now,
        is_today=_is_today(work, at), cursor=cursor or None, rootless=rootless,
    )  # fmt: skip
    return Page.of(context)


@router.get("/deployments/record")
@door.reads("deployment.read")
def start_record(work: Work, actor: Actor, environment: str = "", model: str = "") -> Page:
    """What shall be live from now on?"""
    values = {"environment": environment.strip(), "model": model.strip()}
    errors = {}
    where, of = None, None
    try:
        where = queries.get_environment(work, environment) if environment.strip() else None
    except NotFound as error:
        errors["environment"] = error.detail
    try:
        of = _find_model(work, actor, model)
    except Invalid as error:
        errors |= errors_by_field(error.errors)
    return Page.of(_record_context(work, actor, where, of, values=values, errors=errors))


@router.post("/deployments/record")
@door.posts("deployment.record")
def record(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Say what will change, and record it once that is confirmed; or show the form again with what is wrong."""
    access.require(work, actor, "deployment.record")
    typed = {name: text_of(form, name).strip() for name in form if name not in ("csrf_token", "once")}
    environment = queries.get_environment(work, typed.get("environment", ""))
    model = model_queries.get_model(work, actor, *read_model_address("model", typed.get("model", "")))
    places = [
        place
        for place in range(PARTS_MAX)
        if typed.get(f"version.{place}") and typed.get(f"share.{place}") and read_share(typed[f"share.{place}"]) != 0
    ]
    if typed.pop("back", ""):
        return Page.of(_record_context(work, actor, environment, model, values=typed, errors={}))
    try:
        asked = _read_asked(environment, model, typed, places)
        if typed.get("confirm") == "yes":
            recorded = service.record(work, actor, asked)
            done = "deployed" if recorded.is_new else "deployed-already"
            return Redirect(f"/deployments/{recorded.deployment.id}?done={done}")
        # What somebody else recorded meanwhile is told with what would change; recording then follows that.
        plan = service.plan(work, actor, replace(asked, replaces=None))
    except Invalid as error:
        errors = _by_control(error, places)
        return Page.of(_record_context(work, actor, environment, model, values=typed, errors=errors), error.status)
    except (StateForbids, Conflict) as error:
        errors = {"live": f"{error.detail} {error.remedy}"}
        typed.pop("replaces", "")
        return Page.of(_record_context(work, actor, environment, model, values=typed, errors=errors), error.status)
    return Page.of(_record_context(work, actor, environment, model, values=typed, errors={}, plan=plan))


@router.get("/deployments/{id}")
@door.reads("deployment.read")
def show_deployment(work: Work, actor: Actor, id: str, cursor: Cursor = "") -> Page:
    """What was live, since when, and what would a rollback bring?"""
    return Page.of(_context(work, actor, id, cursor=cursor))


def _show_again(work: Work, actor: Actor, *, error: Any, form: FormData, **named: Any) -> Page:
    return Page.of(_context(work, actor, named["id"], refused=_ROLLBACK.refuse(form, error)), error.status)


@router.post("/deployments/{id}/rollback")
@door.posts("deployment.rollback", again=_show_again)
def roll_back(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Make live again what was live before. Control: reason."""
    made = service.roll_back(work, actor, id, reason=text_of(form, "reason").strip())
    return Redirect(f"/deployments/{made.id}?done=rolled-back")


@router.get("/models/{group}/{name}/deployments")
@door.reads("deployment.read")
def show_of_model(work: Work, actor: Actor, request: Request, group: str, name: str, cursor: Cursor = "") -> Page:
    """What of this model is live where, or was on a day?"""
    model = model_queries.get_model(work, actor, group, name)
    relations = model_queries.relations_of(actor, model)
    values = read_filters(request.query_params, ("at",))

    def find(asked: Mapping[str, str]) -> tuple[tuple[Deployment, ...], datetime | None]:
        at = read_instant("at", asked["at"]) if asked.get("at") else None
        return live_queries.list_live(work, actor, model, at), at

    (live, at), errors = ask_what_can_be(values, find)
    context = ModelDeploymentsContext(
        model=model,
        version_count=version_queries.count_versions(work, actor, group, name),
        relations=relations,
        standing=find_standing(work, actor, model, relations),
        live=live,
        history=queries.list_deployments(work, actor, model=model, limit=HISTORY_ROWS, cursor=cursor or None),
        values=values,
        errors=errors,
        at=at,
        is_to_come=at is not None and at > work.now,
        is_today=_is_today(work, at),
        cursor=cursor or None,
        rootless=frozenset() if at else queries.find_rootless(work, live),
    )
    return Page.of(context)


def _is_today(work: Work, at: datetime | None) -> bool:
    """Whether a moment is to come, and today."""
    return at is not None and at > work.now and at.date() == work.now.date()


def _find_model(work: Work, actor: Actor, text: str) -> Model | None:
    """The model that is typed, None for nothing. Raises Invalid at `model`, also where there is none to be seen."""
    if not text.strip():
        return None
    try:
        return model_queries.get_model(work, actor, *read_model_address("model", text))
    except NotFound as error:
        raise Invalid.of([FieldError("model", error.detail)]) from error


def _context(
    work: Work, actor: Actor, public_id: str, *, cursor: str = "", refused: Refusal | None = None
) -> DeploymentContext:
    deployment = queries.get_deployment(work, actor, public_id)
    environment = queries.get_environment(work, deployment.environment_id)
    group, _, name = deployment.model.partition("/")
    model = model_queries.get_model(work, actor, group, name)
    earlier, obstacle = None, None
    if deployment.superseded_at is None:
        earlier = queries.find_earlier(work, actor, deployment)
        try:
            service.plan_rollback(work, actor, deployment)
        except (StateForbids, Conflict) as error:
            obstacle = f"{error.detail} {error.remedy}"
    history = queries.list_deployments(
        work, actor, environment=environment, model=model, limit=HISTORY_ROWS, cursor=cursor or None
    )
    return DeploymentContext(
        deployment=deployment, history=history, earlier=earlier, obstacle=obstacle, cursor=cursor or None,
        refused=refused,
    )  # fmt: skip


def _record_context(
    work: Work,
    actor: Actor,
    environment: Environment | None,
    model: Model | None,
    *,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    plan: Any = None,
) -> RecordContext:
    if environment is None or model is None:
        kind = environment.kind if environment else None
        offered = live_queries.list_deployable(work, actor, kind) if access.may(actor, "deployment.record") else ()
        return RecordContext(
            environment=environment, model=model, values=values, errors=errors, plan=plan, offered=offered,
            places=live_queries.list_places(work, actor),
        )  # fmt: skip
    present = live_queries.find_current(work, actor, environment, model)
    live = {part.number: part for part in present.live} if present else {}
    candidates = live_queries.list_candidates(
        work, actor, environment.kind, model, [part.version_key for part in live.values()], most=PARTS_MAX
    )
    # What is live now stands first, so that rows change places while somebody types: a version keeps its own.
    taken = {values[f"version.{place}"]: place for place in range(PARTS_MAX) if f"version.{place}" in values}
    free = iter([place for place in range(2 * PARTS_MAX) if place not in taken.values()])
    rows = []
    for one in candidates:
        place = taken[one.version] if one.version in taken else next(free)
        part = live.get(one.version)
        opens = (f"{part.percent:g}", part.endpoint_url or "", part.region or "") if part else ("", "", "")
        typed = [values.get(f"{control}.{place}") for control in _CONTROLS]
        share, endpoint, region = (
            given if given is not None else before for given, before in zip(typed, opens, strict=True)
        )
        rows.append(RecordRow(place, one, share, endpoint, region))
    return RecordContext(
        environment=environment, model=model, values=values, errors=errors, plan=plan, present=present,
        rows=tuple(rows),
    )  # fmt: skip


def _read_asked(environment: Environment, model: Model, typed: Mapping[str, str], places: list[int]) -> Asked:
    """What the form asks for: a part each of these rows."""
    faults, live = [], []
    for place in places:
        percent = read_share(typed[f"share.{place}"])
        if percent is None:
            faults.append(FieldError(f"share.{place}", "A share is a number of percent, for instance 12.5."))
            continue
        endpoint, region = typed.get(f"endpointUrl.{place}") or None, typed.get(f"region.{place}") or None
        live.append(NewPart(f"{model.address}:{typed[f'version.{place}']}", percent, endpoint, region))
    if faults:
        raise Invalid.of(faults)
    return Asked(environment.id, live, model.address, typed.get("reason") or None, typed.get("replaces") or None)


def read_share(text: str) -> float | None:
    """The percent in `90`, `12,5` or `90 %`; None where it is no number."""
    found = _PERCENT.fullmatch(text.strip().rstrip("%").strip())
    return float(found[0].replace(",", ".")) if found else None


def _by_control(error: Invalid, places: list[int]) -> dict[str, str]:
    """The faults by the form's own controls: `live.1.share` of the API is the share in the row of the second part."""
    named = {}
    for field, message in errors_by_field(error.errors).items():
        head, _, rest = field.partition(".")
        place, _, control = rest.partition(".")
        at_row = head == "live" and place.isdigit() and int(place) < len(places)
        named[f"{'share' if control == 'version' else control}.{places[int(place)]}" if at_row else field] = message
    return named
