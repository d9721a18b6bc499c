"""Teams: people under one shared address."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.teams import queries as team_queries
from modelkeep_server.features.identity.teams import service as teams
from modelkeep_server.features.identity.teams.service import NewTeam
from modelkeep_server.features.identity.teams.views import Team, TeamFilter
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, etag_of
from modelkeep_server.interfaces.api.shapes.teams import TeamIn, TeamOut, TeamPatch

router = make_router("people")

Text = Annotated[str, Query(max_length=400, description="Part of the name or address, in any case.")]
Mine = Annotated[bool, Query(description="Only those that you are a member of.")]
Ended = Annotated[bool, Query(description="Those that were ended, too.")]


@router.get("/teams", response_model=PageOut[TeamOut])
@door.reads("team.read")
def list_teams(
    work: Work,
    actor: Actor,
    q: Text = "",
    mine: Mine = False,
    ended: Ended = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[TeamOut]:
    """Teams and who is in them, by name. Everyone who is signed in sees them."""
    page = team_queries.list_teams(work, actor, TeamFilter(q, mine, ended), limit=limit, cursor=cursor)
    return PageOut[TeamOut].of(page, _shape)


@router.post("/teams", status_code=201, response_model=TeamOut)
@door.writes("team.create")
def create_team(work: Work, actor: Actor, body: TeamIn) -> Answer:
    """Make a team. Its members own at once every model that names its address among the owners."""
    team = teams.create_team(work, actor, NewTeam(body.name, body.email, body.members))
    return _with_etag(team, status=201, headers={"Location": f"/api/v1/teams/{team.id}"})


@router.get("/teams/{id}", response_model=TeamOut)
@door.glances("team.read")
def show_team(work: Work, actor: Actor, id: str) -> Answer:
    """One team, also one that was ended."""
    return _with_etag(team_queries.get_team(work, id))


@router.patch("/teams/{id}", response_model=TeamOut)
@door.writes("team.update")
def update_team(work: Work, actor: Actor, id: str, body: TeamPatch, if_match: IfMatch = None) -> Answer:
    """Change a team: a JSON Merge Patch (RFC 7396). Whoever leaves loses at once what they owned through it."""
    changes = body.model_dump(exclude_unset=True)
    return _with_etag(teams.update_team(work, actor, id, changes, expected=read_if_match(if_match)))


@router.delete("/teams/{id}", status_code=204)
@door.writes("team.end")
def end_team(work: Work, actor: Actor, id: str, if_match: IfMatch = None) -> Response:
    """End a team: nobody owns anything through its address any more. Its name and address stay taken."""
    teams.end_team(work, actor, id, expected=read_if_match(if_match))
    return Response(status_code=204)


@router.post("/teams/{id}/revive", response_model=TeamOut)
@door.writes("team.update")
def revive_team(work: Work, actor: Actor, id: str) -> Answer:
    """Bring back a team that was ended, with nobody in it."""
    return _with_etag(teams.revive_team(work, actor, id))


def _shape(team: Team) -> TeamOut:
    facts = {name: getattr(team, name) for name in TeamOut.model_fields if name != "members"}
    return TeamOut(**facts, members=[member.email for member in team.active_members])


def _with_etag(team: Team, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(_shape(team), status, {"ETag": etag_of(team.revision), **(headers or {})})
