"""Who ever owned a model: the teams and programs through which somebody did."""

import secrets

import pytest

from modelkeep_server.db import recording
from modelkeep_server.db.tables import service_accounts, service_sponsors, team_members, teams
from modelkeep_server.features.models.separation import Tie, find_ties
from tests.support.letting_in import let_in
from tests.support.make import Make, Person
from tests.support.registries import Registry


def add_team(registry: Registry, member: Person, email: str, *, left: bool) -> None:
    """A team with one member, who perhaps left it again."""
    with registry.writing() as work:
        team = work.insert(teams, {
            "public_id": secrets.token_hex(8), "name": email, "name_key": email, "email": email, "email_key": email,
            "created_at": work.now, "updated_at": work.now, "revision": 1,
        })  # fmt: skip
        row = {"team_id": team, "person_id": member.actor.user_id, "added_at": work.now}
        key = work.insert(team_members, row)
        recording.record_by_operator(work, "team.create", host="test", object_id=secrets.token_hex(8))
    if left:
        with registry.writing() as work:
            work.change(team_members, key, {"ended_at": work.now})
            recording.record_by_operator(work, "team.update", host="test", object_id=secrets.token_hex(8))


@pytest.mark.parametrize(
    ("left", "joined_first", "owned"), [(False, True, True), (True, False, True), (True, True, False)]
)
def test_a_member_of_an_owning_team_owned_it_while_they_were_in(
    registry: Registry, make: Make, left: bool, joined_first: bool, owned: bool
) -> None:
    """Also one who left since; not one who had left before the team came to own it."""
    member, email = make.person(), f"team-{secrets.token_hex(5)}@example.com"
    if joined_first:
        add_team(registry, member, email, left=left)
    model = make.model(owners=[email])
    if not joined_first:
        add_team(registry, member, email, left=left)

    with registry.reading() as work:
        assert (Tie.OWNED in find_ties(work, model, None, member.actor.user_id or 0)) is owned
        assert not find_ties(work, model, None, make.person().actor.user_id or 0)


def test_what_a_program_touched_its_sponsor_touched(registry: Registry, make: Make) -> None:
    """A version that a service account made is its sponsor's doing, and nobody else's."""
    sponsor, program, other = make.person(), make.person(), make.person()
    model = make.model()
    let_in(registry, make, model, program, "WRITE")
    with registry.writing() as work:
        key = work.insert(service_accounts, {
            "public_id": secrets.token_hex(8), "person_id": program.actor.user_id, "name": "ci", "purpose": "CI",
            "sponsor_id": sponsor.actor.user_id, "scopes": ["write"], "created_at": work.now, "revision": 1,
        })  # fmt: skip
        held = {"service_account_id": key, "person_id": sponsor.actor.user_id, "since": work.now}
        work.insert(service_sponsors, held)
        recording.record_by_operator(work, "service.create", host="test", object_id=secrets.token_hex(8))
    version = make.version(model, program)

    with registry.reading() as work:
        ties = [find_ties(work, model, version.key, who.actor.user_id or 0) for who in (sponsor, program, other)]

    assert ties == [{Tie.TOUCHED}, {Tie.TOUCHED}, set()]
