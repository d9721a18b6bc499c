"""Teams as pages: everyone reads them, Admins change them."""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.teams import queries as team_queries
from modelkeep_server.features.identity.teams import service as teams
from modelkeep_server.features.identity.teams.service import NewTeam
from modelkeep_server.features.identity.teams.views import Team, TeamFilter
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import queries as search
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.interfaces.web.contexts.teams import TeamContext, TeamsContext
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, read_filters, split_entries, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Conflict, Invalid, NameTaken, Stale

router = make_router()

PAGE_ROWS = 30
FILTERS = ("q", "mine", "ended")
CONTROLS = ("name", "email")


@router.get("/teams")
@door.reads("team.read")
def show_teams(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Who owns models together?"""
    return _list(work, actor, "/teams", request.query_params, cursor)


@router.get("/teams/{id}")
@door.reads("team.read")
def show_team(work: Work, actor: Actor, id: str) -> Page:
    """Who is in this team, and what does it own?"""
    return _show(work, actor, "/teams", id)


@router.get("/admin/teams")
@door.reads("team.read")
def administer_teams(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Which teams are there, and how is one made?"""
    return _list(work, actor, "/admin/teams", request.query_params, cursor)


@router.post("/admin/teams")
@door.posts("team.create")
def create_team(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Make a team, or show the form again with what is wrong beside each field."""
    values = {name: text_of(form, name) for name in ("name", "email", "members")}
    try:
        team = teams.create_team(
            work, actor, NewTeam(values["name"], values["email"], split_entries(values["members"]))
        )  # fmt: skip
    except (Invalid, NameTaken) as error:
        told = errors_by_field(error.errors)
        return _list(work, actor, "/admin/teams", {}, "", values=values, errors=told, status=error.status)
    return Redirect(f"/admin/teams/{team.id}?done=team")


@router.get("/admin/teams/{id}")
@door.reads("team.read")
def administer_team(work: Work, actor: Actor, id: str) -> Page:
    """Who is in this team, and who should be?"""
    return _show(work, actor, "/admin/teams", id)


@router.post("/admin/teams/{id}")
@door.posts("team.update")
def update_team(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Change the name or the address, or show the form again: with what is wrong, or with what others changed."""
    edit = read_edit(form, CONTROLS)
    changes = {control: edit.typed[control] for control in edit.changed}
    try:
        teams.update_team(work, actor, id, changes, expected={edit.revision})
    except (Invalid, NameTaken, Stale) as error:
        now = _open_form(team_queries.get_team(work, id))
        return _show(work, actor, "/admin/teams", id, redraw(form, edit, now, error), error.status)
    return Redirect(f"/admin/teams/{id}?done=saved")


@router.post("/admin/teams/{id}/members")
@door.posts("team.update")
def add_member(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Let one person in."""
    email = text_of(form, "member")
    try:
        teams.add_member(work, actor, id, email)
    except Invalid as error:
        now = _open_form(team_queries.get_team(work, id))
        told = {"member": errors_by_field(error.errors)["members"]}
        state = FormState({**now.values, "member": email}, now.shown, errors=told)
        return _show(work, actor, "/admin/teams", id, state, error.status)
    return Redirect(f"/admin/teams/{id}?done=member")


@router.post("/admin/teams/{id}/members/remove")
@door.posts("team.update")
def remove_member(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Take one person out."""
    try:
        teams.remove_member(work, actor, id, text_of(form, "member"))
    except Conflict as error:
        now = _open_form(team_queries.get_team(work, id))
        state = FormState(now.values, now.shown, errors={"member": error.detail})
        return _show(work, actor, "/admin/teams", id, state, error.status)
    return Redirect(f"/admin/teams/{id}?done=left")


@router.post("/admin/teams/{id}/end")
@door.posts("team.end")
def end_team(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """End it: nobody owns anything through its address any more."""
    teams.end_team(work, actor, id)
    return Redirect(f"/admin/teams/{id}?done=team-ended")


@router.post("/admin/teams/{id}/revive")
@door.posts("team.update")
def revive_team(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Bring it back, with nobody in it."""
    teams.revive_team(work, actor, id)
    return Redirect(f"/admin/teams/{id}?done=team-revived")


def _open_form(team: Team) -> FormState:
    values = {"name": team.name, "email": team.email}
    return FormState(values, Base.of(values, CONTROLS, team.revision))


def _list(
    work: Work,
    actor: Actor,
    at: str,
    query: Mapping[str, str],
    cursor: str,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Page:
    filters = read_filters(query, FILTERS)
    asked = TeamFilter(filters["q"], filters["mine"] == "yes", filters["ended"] == "yes")
    rows = team_queries.list_teams(work, actor, asked, limit=PAGE_ROWS, cursor=cursor or None)
    context = TeamsContext(
        at=at, teams=rows, filters=filters, cursor=cursor or None, values=values or {}, errors=errors or {}
    )
    return Page.of(context, status)


def _show(work: Work, actor: Actor, at: str, public_id: str, state: FormState | None = None, status: int = 200) -> Page:
    team = team_queries.get_team(work, public_id)
    owned = search.list_models(work, actor, CatalogueFilter(owner=team.email), limit=1)
    context = TeamContext(
        at=f"{at}/{team.id}", team=team, models=owned.total or 0, **vars(state or _open_form(team))
    )  # fmt: skip
    return Page.of(context, status)
