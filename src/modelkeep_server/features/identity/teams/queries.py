"""Reading teams. Everyone signed in sees them, so that a model's owners are people and no riddle."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import people, team_members, teams
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.teams.views import Member, Team, TeamFilter
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound


def list_teams(
    work: Work, actor: Actor, asked: TeamFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Team]:
    """One page of the teams, by name. Three statements. Raises CursorRefused."""
    conditions = _conditions(actor, asked)
    filters = {"list": "teams", **asdict(asked), "of": actor.user_id if asked.mine else None}
    shown, following = read_rows(
        work, select(teams).where(*conditions), teams.c.name_key, teams.c.id,
        filters=filters, limit=limit, cursor=cursor,
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(teams).where(*conditions))
    return Page(_to_teams(work, shown), following, total)


def get_team(work: Work, public_id: str) -> Team:
    """A team, also one that ended. Raises NotFound. Two statements."""
    row = work.first(select(teams).where(teams.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such team.")
    return _to_teams(work, [row])[0]


def lock_team(work: Work, public_id: str) -> Team:
    """A team that nobody else changes before this transaction ends. Raises NotFound. Five statements."""
    work.lock(teams, get_team(work, public_id).key)
    return get_team(work, public_id)


def find_teams_at(work: Work, emails: Collection[str]) -> dict[str, Team]:
    """The teams that have these addresses now, by the address in lower case. At most two statements."""
    keys = sorted({email.casefold() for email in emails})
    rows = work.all(select(teams).where(teams.c.email_key.in_(keys), teams.c.ended_at.is_(None))) if keys else ()
    return {team.email.casefold(): team for team in _to_teams(work, rows)}


def _conditions(actor: Actor, asked: TeamFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if not asked.ended:
        conditions.append(teams.c.ended_at.is_(None))
    text = asked.text.strip().casefold()
    if text:
        holds = (column.contains(text, autoescape=True) for column in (teams.c.name_key, teams.c.email_key))
        conditions.append(or_(*holds))
    if asked.mine:
        mine = select(team_members.c.team_id).where(
            team_members.c.person_id == actor.user_id, team_members.c.ended_at.is_(None)
        )
        conditions.append(teams.c.id.in_(mine))
    return conditions


def _to_teams(work: Work, rows: Sequence[Row[Any]]) -> tuple[Team, ...]:
    members: dict[int, list[Member]] = {row.id: [] for row in rows}
    if rows:
        found = work.all(
            select(team_members.c.team_id, team_members.c.added_at, people.c.email, people.c.name, people.c.disabled)
            .join(people, people.c.id == team_members.c.person_id)
            .where(team_members.c.team_id.in_(list(members)), team_members.c.ended_at.is_(None))
            .order_by(people.c.email_key)
        )
        for row in found:
            members[row.team_id].append(Member(row.email, row.name, row.added_at, row.disabled))
    return tuple(
        Team(
            key=row.id,
            id=row.public_id,
            name=row.name,
            email=row.email,
            members=tuple(members[row.id]),
            created_at=row.created_at,
            updated_at=row.updated_at,
            ended_at=row.ended_at,
            revision=row.revision,
        )
        for row in rows
    )
