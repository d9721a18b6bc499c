"""Teams: people under one shared address, and what membership gives and takes."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.features.home import queries as home
from modelkeep_server.features.identity import access, actors
from modelkeep_server.features.identity.joining import accepting, invitations
from modelkeep_server.features.identity.people import disabling
from modelkeep_server.features.identity.teams import service as teams
from modelkeep_server.features.identity.teams.service import NewTeam
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.errors import Conflict, Invalid, NameTaken, NotFound, RegistryError
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import PERMISSIONS, Relation, Role
from tests.support.accounts import fresh_email, invite
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.registries import Registry

#: Every act that being an owner gives to somebody with the role Model Owner.
ACTS_OF_OWNERS = {act for act, row in PERMISSIONS.items() for grant in row.grants if grant.relation is Relation.OWNER}


def make_team(api: Api, admin: Person, *members: Person, **fields: Any) -> Any:
    """A team made by the API."""
    email = fresh_email("team")
    body = {"name": email.partition("@")[0], "email": email, "members": [person.email for person in members]}
    answer = api.as_(admin).post("/api/v1/teams", json={**body, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def change(api: Api, admin: Person, team: Any, **fields: Any) -> Any:
    """A change of a team by the API."""
    return api.as_(admin).patch(f"/api/v1/teams/{team['id']}", json=fields)


def test_an_admin_keeps_teams_and_everyone_sees_them(make: Make, api: Api) -> None:
    """Made, found, changed on the revision that was read, ended and brought back; each is one event that names it."""
    admin, member, other = make.person(Role.ADMIN), make.owner(), make.person()
    client = api.as_(admin)

    made = client.post(
        "/api/v1/teams",
        json={"name": f"Team of {member.email}", "email": f"t{member.email}", "members": [member.email]},
    )

    address, team = made.headers["location"], made.json()
    assert (made.status_code, made.headers["etag"], team["members"]) == (201, '"r1"', [member.email])
    seen = api.as_(other).get("/api/v1/teams", params={"q": f"T{member.email}"}).json()
    assert (seen["items"], seen["total"]) == ([team], 1)
    assert api.as_(member).get("/api/v1/teams", params={"mine": True}).json()["items"] == [team]
    assert api.as_(other).get("/api/v1/teams", params={"mine": True}).json()["items"] == []
    renamed = client.patch(address, json={"name": f"Team {other.email}"}, headers={"if-match": '"r1"'})
    assert (renamed.status_code, renamed.json()["revision"], renamed.json()["members"]) == (200, 2, [member.email])
    assert client.delete(address).status_code == 204
    assert api.as_(other).get(address).json()["members"] == []
    assert api.as_(other).get("/api/v1/teams", params={"q": other.email}).json()["items"] == []
    assert client.patch(address, json={"name": "Again"}).status_code == 409
    revived = client.post(f"{address}/revive")
    assert (revived.status_code, revived.json()["endedAt"], revived.json()["members"]) == (200, None, [])
    events = make.events(team["id"])
    told = [(event.action, event.outcome.value) for event in events]
    assert told == [
        ("team.create", "ALLOWED"), ("team.update", "ALLOWED"), ("team.end", "ALLOWED"), ("team.update", "REFUSED"),
        ("team.update", "ALLOWED"),
    ]  # fmt: skip
    assert {event.object.label for event in events if event.outcome is Outcome.ALLOWED} == {team["email"]}


def test_a_list_of_teams_has_pages(make: Make, api: Api) -> None:
    """By name, each once, with as many members as there are."""
    admin = make.person(Role.ADMIN)
    word = make.group()
    people = [make.person() for _ in range(3)]
    for number in range(3):
        make_team(api, admin, *people[:number], name=f"{word} {number}")

    first = api.as_(admin).get("/api/v1/teams", params={"q": word, "limit": 2}).json()
    rest = api.as_(admin).get("/api/v1/teams", params={"q": word, "limit": 2, "cursor": first["nextCursor"]}).json()

    found = [*first["items"], *rest["items"]]
    assert [team["name"] for team in found] == [f"{word} {number}" for number in range(3)]
    assert [len(team["members"]) for team in found] == [0, 1, 2]
    assert (first["total"], rest["nextCursor"]) == (3, None)


def test_only_admins_change_teams(make: Make, api: Api) -> None:
    """Anybody else is told which role it needs, and nothing happens."""
    team = make_team(api, make.person(Role.ADMIN))
    person = make.person(*(role for role in Role if role is not Role.ADMIN))
    client, address = api.as_(person), f"/api/v1/teams/{team['id']}"

    answers = [
        client.post("/api/v1/teams", json={"name": "Mine", "email": fresh_email()}),
        client.patch(address, json={"members": [person.email]}),
        client.delete(address),
        client.post(f"{address}/revive"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert client.get(address).json() == team


def owned(registry: Registry, model: Model, person: Person) -> tuple[set[str], bool]:
    """What acts of an owner somebody holds on a model by now, and whether it stands under their models."""
    with registry.reading() as work:
        actor = actors.find_actor_by_token(work, person.token)
        assert actor is not None
        mine = [row.model.address for row in home.list_my_models(work, actor)]
        assert home.count_my_models(work, actor) == len(mine)
        try:
            found = model_queries.get_model(work, actor, model.group, model.name)
        except NotFound:
            return set(), model.address in mine
        relations = model_queries.relations_of(actor, found)
        may = {act for act in ACTS_OF_OWNERS if access.may(actor, act, relations)}
        return may, model.address in mine


@pytest.mark.parametrize("seed", range(2))
def test_ownership_by_team_follows_membership(registry: Registry, make: Make, api: Api, seed: int) -> None:
    """
    However people join and leave, and teams are ended and brought back: whoever is a member of a living team whose
    address an owner has may do every act of owners and sees the model, and nobody else. That address stays.
    """
    chance = random.Random(seed)
    admin, people = make.person(Role.ADMIN), [make.owner(), make.owner()]
    team = make_team(api, admin)
    model = make.model(make.owner(), owners=[team["email"]], visibility="RESTRICTED")
    everything = {act for act in ACTS_OF_OWNERS if access.may(people[0].actor, act, [Relation.OWNER])}
    members: set[str] = set()
    alive = True
    for _ in range(14):
        step = chance.choice(["set", "set", "set", "end or revive", "move"])
        if step == "end or revive":
            path = f"/api/v1/teams/{team['id']}"
            answer = api.as_(admin).delete(path) if alive else api.as_(admin).post(f"{path}/revive")
            alive, members = not alive, set()
        elif step == "move":
            answer = change(api, admin, team, email=fresh_email("moved"))
        else:
            wanted_members = {person.email for person in people if chance.random() < 0.6}
            answer = change(api, admin, team, members=sorted(wanted_members))
            members = wanted_members if alive else set()
        done = {422} if step == "move" else {200, 204}
        assert answer.status_code in (done if alive or step == "end or revive" else {409}), answer.text

        for person in people:
            counts = alive and person.email in members
            assert owned(registry, model, person) == ((everything, True) if counts else (set(), False)), step


def test_members_of_an_owning_team_work_through_the_api(make: Make, api: Api) -> None:
    """They edit, version, upload and find the model as its owners; once they have left, the next request is refused."""
    admin, member = make.person(Role.ADMIN), make.owner()
    team = make_team(api, admin, member)
    model = make.model(make.owner(), owners=[team["email"].upper()], visibility="RESTRICTED")
    client, path = api.as_(member), f"/api/v1/models/{model.address}"

    answers = [
        client.patch(path, json={"tags": ["ours"]}),
        client.post(f"{path}/versions", json={"version": "1.0.0"}),
        client.put(f"{path}/versions/1.0.0/artifacts/m.safetensors?type=WEIGHTS", content=make.safetensors()),
        client.get("/api/v1/models", params={"owner": team["email"], "q": "churn"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 201, 201, 200]
    assert [item["name"] for item in answers[-1].json()["items"]] == [model.name]
    change(api, admin, team, members=[])
    assert client.patch(path, json={"tags": []}).status_code == 404
    assert client.get("/api/v1/models", params={"owner": team["email"]}).json()["total"] == 0


BAD_TEAMS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": ""}, "name"),
    ({"name": "   "}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"name": "safe\u202egpj"}, "name"),
    ({"email": ""}, "email"),
    ({"email": "Data Team <data@example.com>"}, "email"),
    ({"email": "d\u0430ta@example.com"}, "email"),
    ({"email": "data@ex\u0430mple.com"}, "email"),
    ({"email": "service:ci"}, "email"),
    ({"email": f"{'x' * 250}@example.com"}, "email"),
    ({"members": ["nobody-knows@example.com"]}, "members"),
    ({"members": ["service:ci"]}, "members"),
    ({"members": ["Data Team <data@example.com>"]}, "members"),
    ({"members": [f"m{number}@example.com" for number in range(201)]}, "members"),
    ({"members": "data@example.com"}, "members"),
    ({"members": [1]}, "members.0"),
    ({"owner": "x"}, "owner"),
)


def test_what_a_team_may_not_be_is_refused_by_field(make: Make, api: Api) -> None:
    """To make one and to change one alike; nothing is half done."""
    admin = make.person(Role.ADMIN)
    team, client = make_team(api, admin), api.as_(admin)
    path = f"/api/v1/teams/{team['id']}"

    found = [
        (fields, wrong, answer)
        for fields, wrong in BAD_TEAMS
        for answer in (
            client.post("/api/v1/teams", json={"name": "Another", "email": fresh_email(), **fields}),
            client.patch(path, json=fields),
        )
    ]

    for fields, wrong, answer in found:
        assert answer.status_code == 422, ascii(fields)
        assert {error["field"] for error in answer.json()["errors"]} == {wrong}, ascii(fields)
    assert client.get(path).json() == team


def test_names_of_100_characters_and_members_named_twice(make: Make, api: Api) -> None:
    """A hundred is enough for a name; the same person twice is one mistake, whatever the case of the address."""
    admin, member = make.person(Role.ADMIN), make.person()
    long = (make.group() + "x" * 100)[:100]

    made = make_team(api, admin, name=long)
    twice = change(api, admin, made, members=[member.email, member.email.upper()])

    assert made["name"] == long
    assert twice.status_code == 422
    assert "named twice" in twice.json()["errors"][0]["message"]


def test_a_team_and_a_person_never_share_an_address(registry: Registry, make: Make, api: Api) -> None:
    """Either way round and in any case: teams at a person's address; people invited, by an operator, or accepting."""
    admin, person, host = make.person(Role.ADMIN), make.person(), {"host": "test"}
    team = make_team(api, admin)
    early = fresh_email("early")
    link = invite(registry, early)
    taken = api.as_(admin).post("/api/v1/teams", json={"name": "x" + person.email, "email": person.email.upper()})
    moved = change(api, admin, team, email=person.email)
    make_team(api, admin, email=early)
    refused = []
    for act in (
        lambda work: tokens.create_token_by_operator(work, **host, email=team["email"].upper(), roles=[Role.MRC]),
        lambda work: invitations.invite_by_operator(work, **host, email=team["email"], roles=[]),
        lambda work: accepting.accept_invitation(work, secret=link, name="Early Bird", passphrase_hash="x"),
    ):
        with pytest.raises((Conflict, Invalid)) as error, registry.writing() as work:
            act(work)
        refused.append(" ".join([error.value.detail, *(fault.message for fault in error.value.errors)]))

    assert [answer.status_code for answer in (taken, moved)] == [409, 409]
    assert {answer.json()["errors"][0]["field"] for answer in (taken, moved)} == {"email"}
    assert all("shared address of the team" in words for words in refused)
    api.as_(admin).delete(f"/api/v1/teams/{team['id']}")
    again = api.as_(admin).post("/api/v1/teams", json={"name": "Other", "email": team["email"]})
    assert (again.status_code, "bring it back" in again.json()["detail"]) == (409, True)


def test_names_of_teams_are_told_apart_by_their_letters(make: Make, api: Api) -> None:
    """Case, blanks and another form of the same letters make no other name."""
    admin = make.person(Role.ADMIN)
    word = make.group()
    make_team(api, admin, name=f"{word} Ops")

    again = [
        api.as_(admin).post("/api/v1/teams", json={"name": name, "email": fresh_email()})
        for name in (f"{word.upper()} ops", f"{word}  Ops", f"{word}\u3000\uff2f\uff50\uff53")
    ]

    assert [answer.status_code for answer in again] == [409, 409, 409]
    assert {answer.json()["errors"][0]["field"] for answer in again} == {"name"}


def test_two_admins_who_edit_one_team_are_told(make: Make, api: Api) -> None:
    """The second, who sends what they read, is told who changed which field; nothing of the first is lost."""
    first, second, member = make.person(Role.ADMIN), make.person(Role.ADMIN), make.person()
    team = make_team(api, first)
    path, read = f"/api/v1/teams/{team['id']}", {"if-match": '"r1"'}

    won = api.as_(first).patch(path, json={"members": [member.email]}, headers=read)
    lost = api.as_(second).patch(path, json={"name": "Late"}, headers=read)
    ended = api.as_(second).delete(path, headers=read)

    assert [won.status_code, lost.status_code, ended.status_code] == [200, 412, 412]
    assert [error["field"] for error in lost.json()["errors"]] == ["members"]
    assert first.email in lost.json()["errors"][0]["message"]
    assert api.as_(first).get(path).json() == won.json()


def test_one_of_two_who_take_an_address_at_once_has_it(registry: Registry, make: Make) -> None:
    """A team and a person, at the same moment: one of them is made, the other is told."""
    admin, email = make.person(Role.ADMIN), fresh_email("raced")

    def team() -> str:
        with registry.writing() as work:
            teams.create_team(work, admin.actor, NewTeam(email, email))
        return "team"

    def person() -> str:
        with registry.writing() as work:
            tokens.create_token_by_operator(work, host="test", email=email, roles=[])
        return "person"

    def outcome(act: Any) -> str:
        try:
            return str(act())
        except (Conflict, NameTaken) as error:
            return type(error).__name__

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(outcome, [team, person]))

    assert sorted(outcomes) in (["Conflict", "team"], ["NameTaken", "person"])


def test_a_former_member_stays_on_record(registry: Registry, make: Make, api: Api) -> None:
    """From when until when: whoever ever owned through a team is known for ever."""
    admin, member = make.person(Role.ADMIN), make.person()
    team = make_team(api, admin, member)
    for emails in ([], [member.email], []):
        assert change(api, admin, team, members=emails).status_code == 200

    rows = registry.look(
        "SELECT m.added_at, m.ended_at FROM team_members m JOIN people p ON p.id = m.person_id WHERE p.email = :email",
        email=member.email,
    )

    assert len(rows) == 2
    assert all(row.ended_at is not None and row.added_at <= row.ended_at for row in rows)


def test_a_member_whose_account_is_disabled_does_not_count(registry: Registry, make: Make, api: Api) -> None:
    """They are named no more, may not be let in anew, and are back once their account is enabled."""
    admin, member = make.person(Role.ADMIN), make.person()
    team = make_team(api, admin, member)
    path = f"/api/v1/teams/{team['id']}"
    known = api.as_(member).get("/api/v1/me").json()["id"]

    with registry.writing() as work:
        disabling.disable_person(work, admin.actor, known)

    assert api.as_(admin).get(path).json()["members"] == []
    other = api.as_(admin).post(
        "/api/v1/teams", json={"name": known, "email": fresh_email(), "members": [member.email]}
    )
    assert "disabled" in other.json()["errors"][0]["message"]
    with registry.writing() as work:
        disabling.enable_person(work, admin.actor, known)
    assert api.as_(admin).get(path).json()["members"] == [member.email]


def test_members_come_and_go_one_by_one(registry: Registry, make: Make, api: Api) -> None:
    """As the page does it: joining twice changes nothing, and whoever has left cannot leave again."""
    admin, member = make.person(Role.ADMIN), make.person()
    team = make_team(api, admin)

    def act(what: Any, email: str) -> Any:
        with registry.writing() as work:
            return what(work, admin.actor, team["id"], email)

    joined = [act(teams.add_member, member.email).revision for _ in range(2)]
    left = act(teams.remove_member, member.email.upper())

    assert joined == [2, 2]
    assert left.members == ()
    with pytest.raises(RegistryError, match="is no member"):
        act(teams.remove_member, member.email)
