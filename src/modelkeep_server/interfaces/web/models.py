"""Registering a model, and a model's page."""

from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.activity import queries as activity
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.teams import queries as team_queries
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries, service
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.search import queries as search
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.models import CreateModelContext, ModelContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, split_entries, text_of
from modelkeep_server.interfaces.web.model_settings import open_form
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.standing import find_standing
from modelkeep_server.rules.errors import Invalid, NameTaken

router = make_router()

PAGE_ROWS = 20
ACTIVITY_ROWS = 50
FORM_FIELDS = (
    "group",
    "name",
    "description",
    "riskTier",
    "riskRationale",
    "owners",
    "tags",
    "documentationUrl",
    "repositoryUrl",
    "visibility",
    "origin",
)

Text = Annotated[str, Query(max_length=1000)]


@router.get("/models/new")
@door.reads("model.read")
def show_create(work: Work, actor: Actor, group: Text = "") -> Page:
    """How do I register a model?"""
    return _create_page(work, actor, {"owners": actor.email, "group": group}, {}, 200)


@router.post("/models/new")
@door.posts("model.create")
def create_model(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Register a model, or show the form again with what is wrong beside each field."""
    values = {name: text_of(form, name) for name in FORM_FIELDS}
    new = NewModel(
        group=values["group"].strip(),
        name=values["name"].strip(),
        description=values["description"].strip(),
        owners=split_entries(values["owners"]),
        risk_tier=values["riskTier"],
        tags=split_entries(values["tags"]),
        documentation_url=values["documentationUrl"].strip() or None,
        repository_url=values["repositoryUrl"].strip() or None,
        risk_rationale=values["riskRationale"].strip() or None,
        origin=values["origin"] or "INTERNAL",
        visibility=values["visibility"] or "INTERNAL",
    )
    try:
        model = service.create_model(work, actor, new)
    except (Invalid, NameTaken) as error:
        taken = f"{new.group}/{new.name}" if isinstance(error, NameTaken) else None
        return _create_page(work, actor, values, errors_by_field(error.errors), error.status, taken=taken)
    return Redirect(f"/models/{model.address}?done=model")


@router.get("/models/{group}/{name}")
@door.reads("model.read")
def show_model(work: Work, actor: Actor, group: str, name: str) -> Page:
    """What is this, and can I trust it?"""
    return _model_page(work, actor, group, name, tab="overview", cursor=None)


@router.get("/models/{group}/{name}/versions")
@door.reads("model.read")
def show_versions(work: Work, actor: Actor, group: str, name: str, cursor: Text = "") -> Page:
    """Every version of the model, newest first."""
    return _model_page(work, actor, group, name, tab="versions", cursor=cursor or None)


@router.get("/models/{group}/{name}/activity")
@door.reads("model.read")
def show_activity(work: Work, actor: Actor, group: str, name: str, cursor: Text = "") -> Page:
    """Who did what to the model and its versions, newest first."""
    model = queries.get_model(work, actor, group, name)
    relations = queries.relations_of(actor, model)
    rows = activity.list_activity_of_model(work, actor, model, limit=ACTIVITY_ROWS, cursor=cursor or None)
    return Page.of(
        ModelContext(
            model=model,
            version_count=version_queries.count_versions(work, actor, group, name),
            relations=relations,
            standing=find_standing(work, actor, model, relations),
            tab="activity",
            timeline=Timeline(rows, f"/models/{model.address}/activity", cursor or None),
            shown=open_form(model).shown,
        )
    )


def _model_page(work: Work, actor: Actor, group: str, name: str, *, tab: str, cursor: str | None) -> Page:
    model = queries.get_model(work, actor, group, name)
    relations = queries.relations_of(actor, model)
    limit = PAGE_ROWS if tab == "versions" else 5
    rows = version_queries.list_versions(work, actor, group, name, limit=limit, cursor=cursor)
    form = open_form(model)
    return Page.of(
        ModelContext(
            model=model,
            versions=rows,
            version_count=rows.total or 0,
            relations=relations,
            standing=find_standing(work, actor, model, relations),
            tab=tab,
            cursor=cursor,
            shown=form.shown,
            values=form.values,
            teams=team_queries.find_teams_at(work, model.owners) if tab == "overview" else {},
        )
    )


def _create_page(
    work: Work,
    actor: Actor,
    values: dict[str, str],
    errors: dict[str, str],
    status: int,
    *,
    taken: str | None = None,
) -> Page:
    groups = tuple(name for name, _ in search.list_groups(work, actor))
    missing = access.why_not(actor, "model.create")
    refusal = f"{missing} {access.say_whom_to_ask(work, 'model.create')}" if missing else None
    context = CreateModelContext(values=values, errors=errors, groups=groups, taken=taken, refusal=refusal)
    return Page.of(context, status)
