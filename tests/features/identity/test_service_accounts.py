"""Service accounts: programs that act for themselves, under a sponsor who answers for what they do."""

import json
from typing import Any

import pytest

from modelkeep_server.db import recording
from modelkeep_server.db.tables import role_grants, team_members
from modelkeep_server.features.identity import access, actors
from modelkeep_server.features.identity.people import disabling, lookups
from modelkeep_server.features.identity.service_accounts import answering
from modelkeep_server.features.identity.service_accounts.views import SCOPES
from modelkeep_server.features.models import separation
from modelkeep_server.rules.permissions import PERMISSIONS, Relation, Role, Scope
from tests.support.accounts import fresh_email
from tests.support.clients import Api, Browser
from tests.support.make import Make, Person
from tests.support.registries import Registry

ACCOUNTS = "/api/v1/service-accounts"
MODEL = {"group": "g", "name": "n", "description": "Made by a program.", "owners": ["a@example.com"], "riskTier": "LOW"}


def make_account(browser: Browser, make: Make, **fields: Any) -> Any:
    """A service account made in a session."""
    body = {"name": make.group(), "purpose": "Uploads at night.", "scopes": ["read", "write", "download", "deploy"]}
    answer = browser.call("POST", ACCOUNTS, json={**body, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def make_token(browser: Browser, account: Any, **fields: Any) -> str:
    """The secret of a token of a service account."""
    answer = browser.call("POST", f"{ACCOUNTS}/{account['id']}/tokens", json={"name": "ci", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def status_of(api: Api, token: str) -> int:
    """What a token gets at `/me`: 200, or 401 where it is refused."""
    return int(api.with_token(token).get("/api/v1/me").status_code)


def key_of(registry: Registry, email: str) -> int:
    """The inside id of a person or program."""
    with registry.reading() as work:
        found = lookups.find_person_id(work, email)
    assert found is not None
    return found


def test_a_sponsor_makes_a_program_that_acts_for_itself(registry: Registry, make: Make, api: Api) -> None:
    """It says who it is and who answers for it, everyone sees it, and what it does stands under its own name."""
    sponsor = make.owner()
    browser = api.browser(sponsor)

    account = make_account(browser, make)
    token = make_token(browser, account, scopes=["read", "write"])

    told = api.with_token(token).get("/api/v1/me").json()
    assert (told["email"], told["sponsor"], told["roles"]) == (account["account"], sponsor.email, [])
    assert told["scopes"] == ["read", "write"]
    assert account["account"] == f"service:{account['name']}"
    listed = api.as_(make.person()).get(ACCOUNTS, params={"q": account["account"]}).json()
    assert listed["items"] == [account]
    refused = api.with_token(token).post("/api/v1/models", json=MODEL)
    assert refused.status_code == 403
    bodies = [json.loads(row.body) for row in registry.look("SELECT body FROM audit_events ORDER BY sequence DESC")[:9]]
    actors = {body["actor"]["kind"] for body in bodies if body["action"] == "model.create"}
    assert "service" in actors
    (made,) = make.events(account["id"], action="service.create")
    assert made.object.label == account["account"]


def test_no_service_account_decides_administers_or_owns(registry: Registry, make: Make, api: Api) -> None:
    """
    Not even where rows gave it roles and a team: no act that needs a role or the scopes review, audit or admin, no act
    of owners, and nothing that asks for a session, is possible for it.
    """
    browser = api.browser(make.owner())
    account = make_account(browser, make)
    token = make_token(browser, account)
    key = key_of(registry, account["account"])
    team = api.as_(make.person(Role.ADMIN)).post("/api/v1/teams", json={"name": make.group(), "email": fresh_email()})
    team_key = registry.look("SELECT id FROM teams WHERE public_id = :id", id=team.json()["id"])[0].id
    with registry.writing() as work:
        grant = {"person_id": key, "source": "OPERATOR", "granted_by": "x", "granted_at": work.now}
        for role in Role:
            work.insert(role_grants, {**grant, "role": role.value})
        work.insert(team_members, {"team_id": team_key, "person_id": key, "added_at": work.now})
        recording.record_by_operator(work, "user.create", host="test", object_id=account["id"])

    with registry.reading() as work:
        actor = actors.find_actor_by_token(work, token)

    assert actor is not None
    assert (actor.roles, actor.scopes) == (frozenset(), frozenset(SCOPES))
    assert actor.emails_verified == (account["account"],)
    shared = (Relation.READ, Relation.WRITE)
    possible = {act for act in PERMISSIONS if access.may(actor, act, shared)}
    assert {PERMISSIONS[act].scope for act in possible} <= {Scope.READ, Scope.WRITE, Scope.DOWNLOAD}
    by_role = {act for act, row in PERMISSIONS.items() if all(grant.role is not None for grant in row.grants)}
    assert possible & by_role == set()
    assert {"version.create", "artifact.upload", "artifact.link"} <= possible
    client = api.with_token(token)
    statuses = [
        client.post(path, json=body).status_code
        for path, body in (
            ("/api/v1/models", MODEL),
            ("/api/v1/teams", {"name": "x", "email": "x@example.com"}),
            (ACCOUNTS, {"name": "another", "purpose": "x"}),
            ("/api/v1/tokens", {"name": "another"}),
            (f"{ACCOUNTS}/{account['id']}/tokens", {"name": "another"}),
        )
    ]
    assert statuses == [403] * 5
    assert client.patch(f"{ACCOUNTS}/{account['id']}", json={"purpose": "x"}).status_code == 403
    assert client.delete(f"{ACCOUNTS}/{account['id']}").status_code == 403
    login = api.browser_of("").submit("/login", {"email": account["account"], "passphrase": "eleven blue kettles"})
    assert login.status_code == 401


def test_what_is_taken_from_an_account_is_gone_from_its_tokens(registry: Registry, make: Make, api: Api) -> None:
    """Narrowed scopes count at the next use; an ended account, or a sponsor who is disabled, ends every token."""
    sponsor, admin = make.owner(), make.person(Role.ADMIN)
    browser = api.browser(sponsor)
    account, other = make_account(browser, make), make_account(browser, make)
    token, others = make_token(browser, account), make_token(browser, other)
    path = f"{ACCOUNTS}/{account['id']}"

    narrowed = browser.call("PATCH", path, json={"scopes": ["read"]})

    assert narrowed.json()["scopes"] == ["read"]
    assert api.with_token(token).get("/api/v1/me").json()["scopes"] == ["read"]
    assert browser.call("PATCH", path, json={"scopes": ["download", "read"]}).json()["scopes"] == ["read", "download"]
    assert api.with_token(token).get("/api/v1/me").json()["scopes"] == ["read", "download"]
    assert browser.call("DELETE", path).status_code == 204
    assert (status_of(api, token), status_of(api, others)) == (401, 200)
    assert browser.call("DELETE", path).status_code == 409
    assert browser.call("PATCH", path, json={"purpose": "Again"}).status_code == 409
    ended = browser.call("GET", ACCOUNTS, params={"q": account["name"], "ended": True}).json()["items"]
    assert ended[0]["endedAt"] is not None
    assert browser.call("GET", ACCOUNTS, params={"q": account["name"]}).json()["items"] == []
    again = browser.call("POST", ACCOUNTS, json={"name": account["name"].upper(), "purpose": "x"})
    assert (again.status_code, again.json()["errors"][0]["field"]) == (409, "name")
    known = api.as_(sponsor).get("/api/v1/me").json()["id"]
    with registry.writing() as work:
        disabling.disable_person(work, admin.actor, known)
    assert status_of(api, others) == 401
    refused = api.browser(admin).call("POST", f"{ACCOUNTS}/{other['id']}/tokens", json={"name": "ci"})
    assert (refused.status_code, "another sponsor" in refused.json()["remedy"]) == (409, True)


def test_a_change_of_sponsor_forgets_nobody(registry: Registry, make: Make, api: Api) -> None:
    """Handed over by the sponsor, then by an Admin: each of them counts as having touched what the program touched."""
    first, second, third, admin = make.owner(), make.owner(), make.owner(), make.person(Role.ADMIN)
    account = make_account(api.browser(first), make)
    path = f"{ACCOUNTS}/{account['id']}"
    token = make_token(api.browser(first), account)

    statuses = [
        api.browser(by).call("PATCH", path, json={"sponsor": to.email}).status_code
        for by, to in ((first, second), (first, first), (admin, third))
    ]

    assert statuses == [200, 403, 200]
    assert api.with_token(token).get("/api/v1/me").json()["sponsor"] == third.email
    program = key_of(registry, account["account"])
    keys = {key_of(registry, person.email) for person in (first, second, third)}
    with registry.reading() as work:
        assert [answering.programs_of(work, key) for key in sorted(keys)] == [{program}] * 3
    rows = registry.look("SELECT s.until FROM service_sponsors s ORDER BY s.id DESC LIMIT 3")
    assert [row.until is None for row in rows] == [True, False, False]
    (handed, *_) = make.events(account["id"], action="service.update")
    assert handed.before is not None
    assert set(handed.before) == {"revision", "sponsor"}


def test_only_its_sponsor_and_admins_manage_a_service_account(make: Make, api: Api) -> None:
    """Others see that it is there, and are told whom to ask; a token is not enough for anybody."""
    sponsor, other, admin = make.owner(), make.owner(), make.person(Role.ADMIN)
    account = make_account(api.browser(sponsor), make)
    make_token(api.browser(sponsor), account)
    path = f"{ACCOUNTS}/{account['id']}"

    def tried(browser: Browser) -> list[int]:
        tokens = browser.call("GET", f"{path}/tokens")
        found = [item["id"] for item in tokens.json().get("items", [])]
        return [
            tokens.status_code,
            browser.call("POST", f"{path}/tokens", json={"name": "ci"}).status_code,
            browser.call("PATCH", path, json={"purpose": "Another purpose."}).status_code,
            browser.call("DELETE", f"{path}/tokens/{found[0] if found else 'x'}").status_code,
            browser.call("GET", path).status_code,
        ]

    assert tried(api.browser(other)) == [403, 403, 403, 403, 200]
    assert tried(api.browser(make.person(Role.MRC))) == [403, 403, 403, 403, 200]
    assert tried(api.browser(admin)) == [200, 201, 200, 204, 200]
    assert tried(api.browser(sponsor)) == [200, 201, 200, 204, 200]
    refused = api.browser(other).call("DELETE", path).json()
    assert (refused["code"], sponsor.email in refused["remedy"]) == ("not_permitted", True)
    by_token = api.as_(admin)
    assert by_token.post(ACCOUNTS, json={"name": "x", "purpose": "x"}).status_code == 403
    assert by_token.patch(path, json={"purpose": "x"}).status_code == 403
    assert by_token.delete(path).status_code == 403


def test_who_sponsors_is_a_model_owner_who_can_sign_in(make: Make, api: Api) -> None:
    """One's own are one's own; an Admin names another Model Owner, and nobody else."""
    owner, other, admin = make.owner(), make.owner(), make.person(Role.ADMIN)
    body = {"name": make.group(), "purpose": "Uploads."}
    program = make_account(api.browser(owner), make)["account"]

    for_another = api.browser(owner).call("POST", ACCOUNTS, json={**body, "sponsor": other.email})
    without_role = api.browser(make.person(Role.SRE)).call("POST", ACCOUNTS, json=body)
    wrong = [
        api.browser(admin).call("POST", ACCOUNTS, json=body | sponsor)
        for sponsor in ({}, {"sponsor": admin.email}, {"sponsor": fresh_email()}, {"sponsor": program})
    ]
    right = api.browser(admin).call("POST", ACCOUNTS, json={**body, "sponsor": f" {other.email.upper()} "})

    assert [for_another.status_code, without_role.status_code] == [403, 403]
    assert [answer.status_code for answer in wrong] == [422] * 4
    assert {error["field"] for answer in wrong for error in answer.json()["errors"]} == {"sponsor"}
    assert (right.status_code, right.json()["sponsor"]) == (201, other.email)
    mine = api.as_(other).get(ACCOUNTS, params={"mine": True}).json()["items"]
    assert [account["name"] for account in mine] == [body["name"]]


BAD_ACCOUNTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": ""}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "night run"}, "name"),
    ({"name": "n\u0456ghtly"}, "name"),
    ({"name": "a@example.com"}, "name"),
    ({"purpose": " "}, "purpose"),
    ({"purpose": "x" * 501}, "purpose"),
    ({"purpose": "a\x00b"}, "purpose"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["review"]}, "scopes.0"),
    ({"scopes": ["read", "admin"]}, "scopes.1"),
    ({"scopes": "read"}, "scopes"),
    ({"roles": ["ADMIN"]}, "roles"),
)
BAD_TOKENS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": ""}, "name"),
    ({"days": 0}, "days"),
    ({"days": 91}, "days"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["deploy"]}, "scopes"),
    ({"scopes": ["review"]}, "scopes.0"),
)


def test_what_a_service_account_or_its_token_may_not_be_is_refused_by_field(make: Make, api: Api) -> None:
    """Each mistake by its field, when one is made and when it is changed; nothing is half done."""
    browser = api.browser(make.owner())
    account = make_account(browser, make, scopes=["read"])
    path = f"{ACCOUNTS}/{account['id']}"

    found = [
        (fields, wrong, browser.call("POST", ACCOUNTS, json={"name": make.group(), "purpose": "x", **fields}))
        for fields, wrong in BAD_ACCOUNTS
    ]
    found += [
        (fields, next(iter(fields)) if "name" in fields else wrong, browser.call("PATCH", path, json=fields))
        for fields, wrong in BAD_ACCOUNTS
    ]
    found += [
        (fields, wrong, browser.call("POST", f"{path}/tokens", json={"name": "ci", **fields}))
        for fields, wrong in BAD_TOKENS
    ]

    for fields, wrong, answer in found:
        assert answer.status_code == 422, fields
        assert [error["field"] for error in answer.json()["errors"]] == [wrong], fields
    assert browser.call("GET", path).json() == account
    assert browser.call("GET", f"{path}/tokens").json()["items"] == []


def test_a_stale_edit_of_a_service_account_is_told(make: Make, api: Api) -> None:
    """Two who read the same: one wins, the other is told which field changed; ending asks the same."""
    browser = api.browser(make.owner())
    account = make_account(browser, make)
    path, read = f"{ACCOUNTS}/{account['id']}", {"if-match": '"r1"'}

    def call(method: str, **more: Any) -> Any:
        return browser.request(method, path, headers={"x-csrf-token": browser.csrf, **read}, **more)

    won, lost = call("PATCH", json={"purpose": "One."}), call("PATCH", json={"purpose": "Two."})

    assert (won.status_code, lost.status_code, call("DELETE").status_code) == (200, 412, 412)
    assert [error["field"] for error in lost.json()["errors"]] == ["purpose"]


@pytest.mark.parametrize("days", [None, 90])
def test_a_token_of_a_service_account_is_shown_once(make: Make, api: Api, days: int | None) -> None:
    """With all scopes of the account where none are named; revoked, it is refused, and not there to revoke again."""
    browser = api.browser(make.owner())
    account = make_account(browser, make)
    path = f"{ACCOUNTS}/{account['id']}/tokens"

    key = {"x-csrf-token": browser.csrf, "idempotency-key": account["id"]}
    made, again = (browser.post(path, json={"name": "ci", "days": days}, headers=key).json() for _ in range(2))

    assert made["scopes"] == ["read", "write", "download", "deploy"]
    assert (again["status"], "shown once" in again["detail"]) == (409, True)
    (listed,) = browser.call("GET", path).json()["items"]
    assert (listed["id"], listed["token"]) == (made["id"], None)
    assert status_of(api, made["token"]) == 200
    assert [browser.call("DELETE", f"{path}/{made['id']}").status_code for _ in range(2)] == [204, 404]
    assert status_of(api, made["token"]) == 401
    assert [event.action for event in make.events(made["id"])] == ["token.create", "token.revoke"]


def test_a_program_works_on_a_model_as_the_collaborator_it_was_let_in_as(
    registry: Registry, make: Make, api: Api
) -> None:
    """READ reads and downloads, WRITE makes versions and uploads; both its sponsors have touched what it made."""
    sponsor, heir, owner = make.owner(), make.owner(), make.owner()
    browser = api.browser(sponsor)
    account = make_account(browser, make, scopes=["read", "write", "download"])
    program = api.with_token(make_token(browser, account))
    model = make.model(owner, visibility="RESTRICTED")
    path = f"/api/v1/models/{model.address}"

    def let_in(access: str) -> int:
        letting = api.as_(owner).put(f"{path}/collaborators/{account['account']}", json={"access": access})
        return int(letting.status_code)

    def tried() -> list[int]:
        return [
            program.get(path).status_code,
            program.post(f"{path}/versions", json={"version": "1.0.0"}).status_code,
            program.patch(path, json={"tags": ["mine"]}).status_code,
        ]

    assert tried() == [404, 404, 404]
    assert (let_in("READ"), tried()) == (201, [200, 403, 403])
    assert (let_in("WRITE"), tried()) == (200, [200, 201, 403])
    version = program.get(f"{path}/versions/1.0.0").json()
    assert version["createdBy"] == account["account"]
    assert browser.call("PATCH", f"{ACCOUNTS}/{account['id']}", json={"sponsor": heir.email}).status_code == 200
    with registry.reading() as work:
        touched = [
            separation.Tie.TOUCHED in separation.find_ties(work, model, None, person.actor.user_id or 0)
            for person in (sponsor, heir, owner)
        ]
    assert touched == [True, True, False]


def test_a_person_cannot_take_a_programs_name(make: Make, api: Api) -> None:
    """`service:NAME` is no e-mail address: not for an invitation, a team, an owner or a member."""
    browser, admin = api.browser(make.owner()), api.as_(make.person(Role.ADMIN))
    account = make_account(browser, make)["account"]
    person: Person = make.owner()

    answers = [
        admin.post("/api/v1/teams", json={"name": account, "email": account}),
        admin.post("/api/v1/teams", json={"name": account, "email": fresh_email(), "members": [account]}),
        api.as_(person).post(
            "/api/v1/models",
            json={"group": "g", "name": make.group(), "description": "x", "owners": [account], "riskTier": "LOW"},
        ),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
