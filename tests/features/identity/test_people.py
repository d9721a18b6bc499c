"""Accounts and roles as Admins keep them, through the API."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import PASSPHRASE, fresh_email, invite, make_account
from tests.support.clients import Api, Client
from tests.support.endurance import Figures, sizes
from tests.support.make import Make, Person
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry


def id_of(client: Client, email: str) -> str:
    """The public id of the person with this e-mail."""
    found = client.get("/api/v1/users", params={"q": email}).json()
    assert found["total"] == 1, found
    return str(found["items"][0]["id"])


def of(client: Client, person: Person) -> str:
    """The route of a person."""
    return f"/api/v1/users/{id_of(client, person.email)}"


def test_a_role_is_given_and_taken_at_once_and_both_are_on_record(make: Make, api: Api) -> None:
    """The next request of that person may; the one after may not. Giving it twice changes nothing."""
    admin, person = make.person(Role.ADMIN), make.person()
    client, browser = api.as_(admin), api.browser(person)
    route = of(client, person)

    given = client.post(f"{route}/roles", json={"role": "MODEL_OWNER", "reason": "Joins the team."})
    again = client.post(f"{route}/roles", json={"role": "MODEL_OWNER"})
    may = browser.call("GET", "/api/v1/me").json()
    taken = client.delete(f"{route}/roles/MODEL_OWNER", params={"reason": "Left the team."})
    may_not = browser.call("GET", "/api/v1/me").json()

    assert (given.status_code, again.status_code, taken.status_code) == (200, 200, 200)
    assert given.json()["roles"] == again.json()["roles"] == [{"role": "MODEL_OWNER", "source": "an Admin"}]
    assert "model.create" in may["permissions"]
    assert (may_not["roles"], taken.json()["roles"]) == ([], [])
    events = make.events(route.rpartition("/")[2])
    assert [(event.action, event.role, event.reason) for event in events if event.action.startswith("role")] == [
        ("role.grant", "ADMIN", "Joins the team."), ("role.end", "ADMIN", "Left the team."),
    ]  # fmt: skip


def test_what_cannot_be_done_with_a_role_is_said(registry: Registry, make: Make, api: Api) -> None:
    """Own roles, an unknown role, one that is not held, one that an issuer gave, a disabled person, nobody."""
    admin, person = make.person(Role.ADMIN), make.person()
    client = api.as_(admin)
    route, own = of(client, person), of(client, admin)
    with registry.writing() as work:
        granting.insert_grant(work, person.actor.user_id or 0, Role.SRE, source="ISSUER:https://id.example.com", by="x")
        access.record(work, admin.actor, "role.grant", object_id=person.actor.pseudonym)

    assert refusal(client.post(f"{own}/roles", json={"role": "MRC"})) == (403, "not_permitted")
    assert refusal(client.delete(f"{own}/roles/ADMIN")) == (403, "not_permitted")
    assert fields_at_fault(client.post(f"{route}/roles", json={"role": "KING"})) == {"role"}
    assert fields_at_fault(client.delete(f"{route}/roles/KING")) == {"role"}
    assert fields_at_fault(client.post(f"{route}/roles", json={"role": "SRE", "reason": "x\x00"})) == {"reason"}
    assert refusal(client.delete(f"{route}/roles/MRC")) == (404, "not_found")
    from_issuer = client.delete(f"{route}/roles/SRE")
    assert refusal(from_issuer) == (409, "state_forbids")
    assert "issuer" in from_issuer.json()["remedy"]
    assert refusal(client.get("/api/v1/users/nobody")) == (404, "not_found")
    assert client.patch(route, json={"disabled": True}).json()["disabled"] is True
    assert refusal(client.post(f"{route}/roles", json={"role": "MRC"})) == (409, "state_forbids")
    refused = make.events(own.rpartition("/")[2]) + make.events(action="role.grant")
    assert "own_roles" in {event.rule for event in refused}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_admins_change_accounts(make: Make, api: Api, role: Role) -> None:
    """Auditors look, the others do not even that."""
    admin, other = make.person(Role.ADMIN), make.person()
    route, client = of(api.as_(admin), other), api.as_(make.person(role))

    looks = client.get(route).status_code
    tried = [
        client.post(f"{route}/roles", json={"role": "SRE"}), client.delete(f"{route}/roles/SRE"),
        client.patch(route, json={"disabled": True}), client.post(f"{route}/reset"),
        client.post(f"{route}/sign-out", json={}), client.post("/api/v1/invitations", json={"email": fresh_email()}),
        client.post("/api/v1/invitations/x/renew"), client.delete("/api/v1/invitations/x"),
        client.post("/api/v1/role-requests/x/confirm"), client.post("/api/v1/role-requests/x/decline", json={}),
    ]  # fmt: skip

    assert looks == (200 if role is Role.AUDITOR else 403)
    assert {answer.status_code for answer in tried} == {403}


def test_disabling_a_person_cuts_session_token_and_link_within_one_request(
    registry: Registry, make: Make, api: Api
) -> None:
    """The very next request of each is refused; enabled again, what was ended stays ended."""
    admin, account = make.person(Role.ADMIN), make_account(registry, Role.MODEL_OWNER)
    browser, client = api.browser_of(account.session), api.as_(admin)
    token = browser.call("POST", "/api/v1/tokens", json={"name": "ci"}).json()["token"]
    owner = make.owner()
    version = make.version(make.model(owner, owners=[owner.email, account.email]), owner)
    make.file(version, owner)
    file = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors"
    link = browser.call("POST", f"{file}/links", json={}).json()["url"]
    invitation = invite(registry, account.email)
    route = f"/api/v1/users/{id_of(client, account.email)}"
    assert api.with_token(token).get("/api/v1/me").status_code == 200

    answer = client.patch(route, json={"disabled": True, "reason": "Left the company."})

    assert answer.json()["disabled"] is True
    assert browser.call("GET", "/api/v1/me").status_code == 401
    assert api.with_token(token).get("/api/v1/me").status_code == 401
    assert browser.get(link).status_code in (401, 403)
    assert api.anonymous.get(link).status_code in (401, 403)
    assert api.anonymous.get(f"/invitations/{invitation}").status_code == 401
    signs_in = api.browser_of("").submit("/login", {"email": account.email, "passphrase": PASSPHRASE})
    assert signs_in.status_code == 401
    event = make.events(route.rpartition("/")[2], "user.disable")[-1]
    assert event.after is not None
    assert event.after["ended"] == {"sessions": 1, "tokens": 1, "links": 1}
    assert event.reason == "Left the company."
    assert refusal(client.patch(route, json={"disabled": True})) == (409, "state_forbids")

    assert client.patch(route, json={"disabled": False}).json()["disabled"] is False
    assert browser.call("GET", "/api/v1/me").status_code == 401
    assert api.browser_of("").submit("/login", {"email": account.email, "passphrase": PASSPHRASE}).status_code == 303


def test_all_sessions_and_tokens_of_a_person_end_and_they_may_come_again(
    registry: Registry, make: Make, api: Api
) -> None:
    """The account stays; nobody does it to themselves here."""
    admin, account = make.person(Role.ADMIN), make_account(registry)
    client, browser = api.as_(admin), api.browser_of(account.session)
    route = f"/api/v1/users/{id_of(client, account.email)}"

    ended = client.post(f"{route}/sign-out", json={"reason": "A lost laptop."})

    assert ended.json() == {"sessions": 1, "tokens": 0}
    assert browser.call("GET", "/api/v1/me").status_code == 401
    assert api.browser_of("").submit("/login", {"email": account.email, "passphrase": PASSPHRASE}).status_code == 303
    assert refusal(client.post(f"{of(client, admin)}/sign-out", json={})) == (403, "not_permitted")


def test_the_last_enabled_admin_stays(fresh_make: Make, fresh_api: Api) -> None:
    """Neither disabled nor without the role, until there is another; nobody disables themselves then either."""
    admin, auditor = fresh_make.person(Role.ADMIN), fresh_make.person(Role.AUDITOR)
    client = fresh_api.as_(admin)
    own = of(client, admin)

    alone = client.patch(own, json={"disabled": True})
    client.post(f"{of(client, auditor)}/roles", json={"role": "ADMIN"})
    with_another = client.patch(own, json={"disabled": True})

    assert refusal(alone) == (409, "state_forbids")
    assert "Give somebody else the role Admin" in alone.json()["remedy"]
    assert refusal(with_another) == (403, "not_permitted")


@pytest.mark.parametrize("races", sizes(small=50, full=500))
def test_of_two_admins_who_shut_each_other_out_one_stays(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, races: int, figures: Figures
) -> None:
    """At the same moment, by disabling or by taking the role: one does it, the other is refused, one Admin is left."""
    admins = [fresh_make.person(Role.ADMIN), fresh_make.person(Role.ADMIN)]
    clients = [fresh_api.as_(admin) for admin in admins]
    routes = [of(clients[0], admin) for admin in admins]
    line = threading.Barrier(2)
    odd: list[Any] = []

    def shut(who: int, number: int) -> int:
        line.wait(timeout=60)
        if number % 2:
            return clients[who].delete(f"{routes[1 - who]}/roles/ADMIN").status_code
        return clients[who].patch(routes[1 - who], json={"disabled": True}).status_code

    def restore(lost: int) -> None:
        admins[lost] = fresh_make.person(Role.ADMIN)
        clients[lost] = fresh_api.as_(admins[lost])
        routes[lost] = of(clients[lost], admins[lost])

    with ThreadPoolExecutor(2) as pool:
        for number in range(races):
            statuses = list(pool.map(shut, (0, 1), (number, number)))
            left = fresh_registry.look(
                "SELECT count(DISTINCT p.id) AS n FROM people p JOIN role_grants g ON g.person_id = p.id "
                "WHERE g.role = 'ADMIN' AND g.ended_at IS NULL AND p.disabled = :no",
                no=False,
            )[0].n
            if sorted(statuses)[0] != 200 or sorted(statuses)[1] not in (401, 403, 409) or left < 1:
                odd.append((number, statuses, left))
            restore(1 - statuses.index(200))

    figures.tell("Admins who shut each other out at once", races)
    figures.tell("races without exactly one winner and an Admin left", len(odd), at_most=0)
    assert odd == []


def test_a_list_of_people_is_paged_and_filtered(make: Make, api: Api) -> None:
    """Two at a time: each once, in the order of e-mails; a cursor of another filter and an unknown role are refused."""
    admin = make.person(Role.ADMIN)
    name = f"page{fresh_email()[-18:-12]}"
    made = [make.person(Role.SRE, name=name) for _ in range(5)]
    client = api.as_(admin)
    seen, cursor = [], None

    while True:
        asked = {"q": name, "role": "SRE", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/users", params=asked).json()
        assert page["total"] == 5
        seen += [row["email"] for row in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        kept = cursor

    assert seen == sorted(person.email for person in made)
    assert client.get("/api/v1/users", params={"q": "%", "limit": 5}).json()["total"] == 0
    assert refusal(client.get("/api/v1/users", params={"q": "x", "cursor": kept}))[0] == 400
    assert fields_at_fault(client.get("/api/v1/users", params={"role": "KING"})) == {"role"}
    assert client.get("/api/v1/users", params={"q": name, "disabled": "true"}).json()["items"] == []
    assert client.get("/api/v1/users", params={"q": name, "source": "OPERATOR"}).json()["total"] == 5
    assert client.get("/api/v1/users", params={"q": name, "source": "ISSUER"}).json()["total"] == 0
