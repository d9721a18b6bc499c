"""
Teams: people who own models together, through one shared address.

Membership is the only thing that gives the rights, so it is never deleted: a former member's row keeps from when until
when, and whoever ever owned a model through a team stays known.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import model_owners, people, team_members
from modelkeep_server.db.tables import teams as team_rows
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.people import accounts, lookups
from modelkeep_server.features.identity.teams import queries as team_queries
from modelkeep_server.features.identity.teams.views import Team
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NameTaken, StateForbids

NAME_CHARS = 100
MEMBERS_MAX = 200


@dataclass(frozen=True)
class NewTeam:
    """A team as sent, not judged yet. `members` are e-mails of people."""

    name: str
    email: str
    members: Sequence[str] = ()


def create_team(work: Work, actor: Actor, new: NewTeam) -> Team:
    """
    Make a team.

    Raises:
        NotPermitted: The role Admin is missing.
        Invalid: Fields at fault, all of them at once.
        NameTaken: Another team has the name or the address, or a person has the address.
    """
    access.require(work, actor, "team.create")
    accounts.hold_addresses(work)
    name, email = new.name.strip(), new.email.strip()
    members, faults = _find_members(work, new.members)
    faults = [*_find_faults(name, email), *faults]
    if faults:
        raise Invalid.of(faults)
    _demand_free(work, name, email)
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        team_rows,
        {
            "public_id": public_id,
            "name": name,
            "name_key": _name_key(name),
            "email": email,
            "email_key": email.casefold(),
            "created_at": work.now,
            "updated_at": work.now,
            "revision": 1,
        },
    )
    _add_members(work, key, members)
    access.record(
        work, actor, "team.create", object_id=public_id, object_label=email,
        after={"name": Veiled(name), "email": PersonRef(email), "members": _refs(members), REVISION: 1},
    )  # fmt: skip
    return team_queries.get_team(work, public_id)


def update_team(
    work: Work, actor: Actor, public_id: str, changes: Mapping[str, Any], *, expected: Collection[int] | None
) -> Team:
    """
    Change a team's name, its address or who is in it. Whoever leaves loses at once what they owned through it.

    Args:
        changes: New values of `name`, `email` and `members`; the last are all that the team has from now on.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
    Raises:
        NotFound, NotPermitted.
        StateForbids: The team was ended.
        Stale: Somebody else changed it since; says what.
        Invalid: Fields at fault, all of them at once.
        NameTaken: Another team has the name or the address, or a person has the address.
    """
    access.require(work, actor, "team.update")
    accounts.hold_addresses(work)
    team = team_queries.lock_team(work, public_id)
    _demand_alive(team)
    demand_fresh(work, f"The team {team.name}", team.id, ("team.update",), expected=expected, present=team.revision)
    name, email = (
        str(changes.get(key, old) or "").strip() for key, old in (("name", team.name), ("email", team.email))
    )
    members, faults = _find_members(work, changes.get("members") or (), known=team)
    faults = [*_find_faults(name, email), *faults, *_find_move_faults(work, team, email)]
    if faults:
        raise Invalid.of(faults)
    _demand_free(work, name, email, but=team)
    present = _present_members(work, team)
    leaving = {key: row for key, row in present.items() if "members" in changes and key not in members}
    joining = {key: mail for key, mail in members.items() if key not in present}
    return _save(work, actor, team, name, email, joining, leaving)


def add_member(work: Work, actor: Actor, public_id: str, email: str) -> Team:
    """Let one person into a team; nothing changes where they are in it. Raises as `update_team`."""
    access.require(work, actor, "team.update")
    team = team_queries.lock_team(work, public_id)
    _demand_alive(team)
    members, faults = _find_members(work, [email], known=team)
    present = _present_members(work, team)
    joining = {key: mail for key, mail in members.items() if key not in present}
    if joining and len(present) >= MEMBERS_MAX:
        faults = [FieldError("members", f"A team has at most {MEMBERS_MAX} members, and this one has as many.")]
    if faults:
        raise Invalid.of(faults)
    return _save(work, actor, team, team.name, team.email, joining, {})


def remove_member(work: Work, actor: Actor, public_id: str, email: str) -> Team:
    """
    Take one person out of a team; what they owned through it ends at once.

    Raises:
        NotFound, NotPermitted, StateForbids.
        Conflict: They are no member, or no longer.
    """
    access.require(work, actor, "team.update")
    team = team_queries.lock_team(work, public_id)
    _demand_alive(team)
    wanted = email.strip().casefold()
    leaving = {key: row for key, row in _present_members(work, team).items() if row[1].casefold() == wanted}
    if not leaving:
        raise Conflict(f"{email.strip()[:254]} is no member of {team.name}.", remedy="Look at who is in it now.")
    return _save(work, actor, team, team.name, team.email, {}, leaving)


def end_team(work: Work, actor: Actor, public_id: str, *, expected: Collection[int] | None = None) -> None:
    """
    End a team: nobody owns anything through its address any more. Its name and address stay taken.

    Raises:
        NotFound, NotPermitted, Stale.
        StateForbids: It was ended before.
    """
    access.require(work, actor, "team.end")
    team = team_queries.lock_team(work, public_id)
    _demand_alive(team)
    demand_fresh(work, f"The team {team.name}", team.id, ("team.update",), expected=expected, present=team.revision)
    leaving = _present_members(work, team)
    _end_members(work, leaving)
    values = {"ended_at": work.now, "updated_at": work.now, "revision": team.revision + 1}
    work.change(team_rows, team.key, values, expect={"revision": team.revision})
    access.record(
        work, actor, "team.end", object_id=team.id, object_label=team.email,
        before={REVISION: team.revision, "members": [PersonRef(mail) for _, mail in leaving.values()]},
        after={REVISION: team.revision + 1, "members": []},
    )  # fmt: skip


def revive_team(work: Work, actor: Actor, public_id: str) -> Team:
    """
    Bring back a team that was ended, with nobody in it: who is to own through it again is said anew. One that was not
    ended stays as it is. Raises NotFound, NotPermitted.
    """
    access.require(work, actor, "team.update")
    team = team_queries.lock_team(work, public_id)
    if team.ended_at is None:
        return team
    values = {"ended_at": None, "updated_at": work.now, "revision": team.revision + 1}
    work.change(team_rows, team.key, values, expect={"revision": team.revision})
    access.record(
        work, actor, "team.update", object_id=team.id, object_label=team.email,
        before={REVISION: team.revision, "ended": True}, after={REVISION: team.revision + 1, "ended": False},
    )  # fmt: skip
    return team_queries.get_team(work, public_id)


def _save(
    work: Work,
    actor: Actor,
    team: Team,
    name: str,
    email: str,
    joining: Mapping[int, str],
    leaving: Mapping[int, tuple[int, str]],
) -> Team:
    """Write and record what differs; nothing where nothing does. Of members the event says who left and who joined."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if name != team.name:
        before["name"], after["name"] = Veiled(team.name), Veiled(name)
    if email != team.email:
        before["email"], after["email"] = PersonRef(team.email), PersonRef(email)
    if joining or leaving:
        before["members"] = {"left": [PersonRef(mail) for _, mail in leaving.values()]}
        after["members"] = {"joined": _refs(joining)}
    if not after:
        return team
    values = {"name": name, "name_key": _name_key(name), "email": email, "email_key": email.casefold()}
    work.change(
        team_rows, team.key, {**values, "updated_at": work.now, "revision": team.revision + 1},
        expect={"revision": team.revision},
    )  # fmt: skip
    _end_members(work, leaving)
    _add_members(work, team.key, joining)
    access.record(
        work, actor, "team.update", object_id=team.id, object_label=email,
        before={REVISION: team.revision} | before, after={REVISION: team.revision + 1} | after,
    )  # fmt: skip
    return team_queries.get_team(work, team.id)


def _name_key(name: str) -> str:
    """What makes a name the same as another: its letters, whatever their case, their form in Unicode, or the blanks."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()


def _find_faults(name: str, email: str) -> list[FieldError]:
    faults = []
    fault = texts.find_text_fault(name, max_chars=NAME_CHARS, required=True)
    if fault:
        faults.append(FieldError("name", fault))
    fault = find_email_fault(email)
    if fault:
        faults.append(FieldError("email", f"{email[:80]!r} {fault}." if email else "This is required."))
    return faults


def _find_move_faults(work: Work, team: Team, email: str) -> list[FieldError]:
    """What is wrong with another address: who ever owned a model through the old one could not be told any more."""
    old = team.email.casefold()
    if email.casefold() == old:
        return []
    if work.first(select(model_owners.c.id).where(model_owners.c.email_key == old).limit(1)) is None:
        return []
    told = "owns or owned models, so its address stays. Make another team, and have the models transferred to it."
    return [FieldError("email", f"{team.name} {told}")]


def _demand_free(work: Work, name: str, email: str, *, but: Team | None = None) -> None:
    """Raises NameTaken where another team, also one that ended, or a person has the name or the address."""
    others = select(team_rows.c.name, team_rows.c.email, team_rows.c.ended_at, team_rows.c.email_key).where(
        (team_rows.c.email_key == email.casefold()) | (team_rows.c.name_key == _name_key(name)),
        team_rows.c.id != (but.key if but else 0),
    )
    errors: dict[str, str] = {}
    for row in work.all(others):
        ended = " It was ended: bring it back instead." if row.ended_at else ""
        if row.email_key == email.casefold():
            errors["email"] = f"The team {row.name} has this address.{ended}"
        else:
            errors["name"] = f"There is a team {row.name} already.{ended}"
    if lookups.find_person_id(work, email) is not None:
        errors["email"] = f"{email} is a person's own address. A team needs one that it shares."
    if errors:
        raise NameTaken(
            " ".join(errors.values()),
            remedy="Choose another name or address.",
            errors=[FieldError(field, message) for field, message in errors.items()],
        )


def _find_members(
    work: Work, emails: Sequence[str], *, known: Team | None = None
) -> tuple[dict[int, str], list[FieldError]]:
    """
    The people with these addresses, by their inside ids, and what is wrong with the list. One statement.

    Somebody whose account was disabled while they were a member of the team `known` may stay named.
    """
    if len(emails) > MEMBERS_MAX:
        return {}, [FieldError("members", f"At most {MEMBERS_MAX} members; these are {len(emails):,}.")]
    wanted = [email.strip() for email in emails]
    keys = sorted({email.casefold() for email in wanted})
    rows = work.all(select(people).where(people.c.email_key.in_(keys))) if keys else ()
    by_key = {row.email_key: row for row in rows}
    tolerated = {member.email.casefold() for member in known.members} if known else set()
    found: dict[int, str] = {}
    faults = []
    for email in wanted:
        row = by_key.get(email.casefold())
        fault = find_email_fault(email)
        if fault is None and row is None:
            fault = "has no account here. Invite them first"
        elif fault is None and row is not None and row.disabled and row.email_key not in tolerated:
            fault = "has an account that is disabled"
        elif fault is None and row is not None and row.id in found:
            fault = "is named twice"
        if fault:
            faults.append(FieldError("members", f"{email[:80]!r} {fault}."))
        elif row is not None:
            found[row.id] = row.email
    return found, faults


def _present_members(work: Work, team: Team) -> dict[int, tuple[int, str]]:
    """Of each member by inside id: the membership's row and the e-mail. One statement."""
    rows = work.all(
        select(team_members.c.id, team_members.c.person_id, people.c.email)
        .join(people, people.c.id == team_members.c.person_id)
        .where(team_members.c.team_id == team.key, team_members.c.ended_at.is_(None))
        .order_by(people.c.email_key)
    )
    return {row.person_id: (row.id, row.email) for row in rows}


def _add_members(work: Work, team_key: int, members: Mapping[int, str]) -> None:
    for person_id in members:
        work.insert(team_members, {"team_id": team_key, "person_id": person_id, "added_at": work.now})


def _end_members(work: Work, leaving: Mapping[int, tuple[int, str]]) -> None:
    for row_id, _ in leaving.values():
        work.change(team_members, row_id, {"ended_at": work.now}, expect={"ended_at": None})


def _refs(members: Mapping[int, str]) -> list[PersonRef]:
    return [PersonRef(email) for email in members.values()]


def _demand_alive(team: Team) -> None:
    """Raises StateForbids where the team was ended."""
    if team.ended_at is not None:
        raise StateForbids(f"The team {team.name} was ended.", remedy="Bring it back first.")
