"""`dual_control`: a second Admin confirms who decides and who administers."""

from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.rules.permissions import Role
from tests.features.identity.test_people import of
from tests.support.accounts import PASSPHRASE, fresh_email
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.problems import refusal
from tests.support.registries import Registries, Registry


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def guarded(
    request: pytest.FixtureRequest, registries: Registries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """A registry that asks for a second Admin."""
    folder = tmp_path_factory.mktemp("guarded") / "registry"
    with registries.template(str(request.param)).copied(folder, {"dual_control": True}) as opened:
        yield opened


def test_a_guarded_role_waits_for_another_admin(guarded: Registry, portal: BlockingPortal) -> None:
    """Not the asker, not the person; once asked it is not asked twice; confirmed it is held, and decided once."""
    make, api = Make(guarded), Api(guarded, portal)
    asker, second, person = make.person(Role.ADMIN), make.person(Role.ADMIN), make.person()
    client, other = api.as_(asker), api.as_(second)
    route = of(client, person)

    asked = [client.post(f"{route}/roles", json={"role": "MRC", "reason": "Joins."}) for _ in range(2)]
    at_once = client.post(f"{route}/roles", json={"role": "SRE"})
    waiting = [row for row in other.get("/api/v1/role-requests").json()["items"] if row["user"] == person.email]
    item = f"/api/v1/role-requests/{waiting[0]['id']}"
    by_asker = client.post(f"{item}/confirm")
    confirmed = other.post(f"{item}/confirm")
    again = other.post(f"{item}/decline", json={})

    assert [answer.status_code for answer in asked] == [202, 202]
    assert (asked[0].json()["roles"], asked[0].json()["requested"]) == ([], ["MRC"])
    assert at_once.status_code == 200
    assert [(row["role"], row["by"], row["reason"]) for row in waiting] == [("MRC", asker.email, "Joins.")]
    assert refusal(by_asker) == (403, "not_permitted")
    assert confirmed.status_code == 204
    assert refusal(again) == (409, "state_forbids")
    assert {row["role"] for row in client.get(route).json()["roles"]} == {"MRC", "SRE"}
    events = [event.action for event in make.events(route.rpartition("/")[2])]
    assert events == ["user.create", "role.ask", "role.grant", "role.confirm"]


def test_nobody_confirms_a_role_of_their_own(guarded: Registry, portal: BlockingPortal) -> None:
    """An Admin for whom another asked waits for a third; declined, they do not have it, and it can be asked anew."""
    make, api = Make(guarded), Api(guarded, portal)
    asker, person, third = (make.person(Role.ADMIN) for _ in range(3))
    client = api.as_(asker)
    route = of(client, person)
    client.post(f"{route}/roles", json={"role": "SECURITY_ARCHITECT"})
    found = client.get("/api/v1/role-requests").json()["items"]
    item = next(f"/api/v1/role-requests/{row['id']}" for row in found if row["user"] == person.email)

    by_themselves = api.as_(person).post(f"{item}/confirm")
    declined = api.as_(third).post(f"{item}/decline", json={"reason": "Two hats are enough."})

    assert refusal(by_themselves) == (403, "not_permitted")
    assert declined.status_code == 204
    assert [row["role"] for row in client.get(route).json()["roles"]] == ["ADMIN"]
    assert client.post(f"{route}/roles", json={"role": "SECURITY_ARCHITECT"}).status_code == 202


def test_the_page_and_the_dashboard_show_what_waits(guarded: Registry, portal: BlockingPortal) -> None:
    """A button for whoever may decide, the reason why not for whoever asked, nothing for the rest."""
    make, api = Make(guarded), Api(guarded, portal)
    asker, second, person = make.person(Role.ADMIN), make.person(Role.ADMIN), make.person()
    browser = api.browser(asker)
    page = f"/admin/people/{of(api.as_(asker), person).rpartition('/')[2]}"

    sent = browser.submit(f"{page}/roles", {"role": "ADMIN", "reason": "Our third."})
    shown = look(api, second, page)

    assert sent.headers["location"] == f"{page}?done=asked"
    assert "/confirm" in shown
    assert "Our third." in shown
    assert "/confirm" not in look(api, asker, page)
    assert "Admin for person" in words_of(look(api, second))
    assert "wait for a second Admin" not in words_of(look(api, make.person(Role.SRE)))
    item = shown[shown.index("/admin/role-requests/") :].partition("/confirm")[0]
    assert api.browser(second).submit(f"{item}/confirm").headers["location"] == "/admin/people?done=confirmed"
    assert api.browser(second).submit(f"{item}/decline").status_code == 409


def test_what_an_invitation_offers_waits_too_unless_an_operator_made_it(
    guarded: Registry, portal: BlockingPortal
) -> None:
    """The roles that are not guarded come at once; the first start and the server's host are exempt."""
    make, api = Make(guarded), Api(guarded, portal)
    admin = make.person(Role.ADMIN)
    wanted, invited, by_operator = [Role.MRC, Role.MODEL_OWNER], fresh_email(), fresh_email()
    with guarded.writing() as work:
        link = invitations.invite(work, admin.actor, email=invited, roles=wanted)
        other = invitations.invite_by_operator(work, host="test", email=by_operator, roles=wanted)

    for made in (link, other):
        answer = api.browser_of("").submit(
            f"/invitations/{made.secret}", {"name": "Grace Hopper", "passphrase": PASSPHRASE}
        )
        assert answer.status_code == 303, answer.text

    client = api.as_(admin)
    people = [client.get("/api/v1/users", params={"q": email}).json()["items"][0] for email in (invited, by_operator)]
    assert [{row["role"] for row in person["roles"]} for person in people] == [{"MODEL_OWNER"}, set(wanted)]
    waiting = [row for row in client.get("/api/v1/role-requests").json()["items"] if row["user"] == invited]
    assert [(row["role"], row["by"]) for row in waiting] == [("MRC", admin.email)]
    assert refusal(client.post(f"/api/v1/role-requests/{waiting[0]['id']}/confirm")) == (403, "not_permitted")


def test_no_admin_alone_gets_into_an_account_that_decides(guarded: Registry, portal: BlockingPortal) -> None:
    """
    Whoever makes a link could use it, and confirm their own requests there: such a link is an operator's to make. One
    that was made before the account had the role is refused when it is used.
    """
    make, api = Make(guarded), Api(guarded, portal)
    admin, second, other = make.person(Role.ADMIN), make.person(Role.ADMIN), make.person()
    client = api.as_(admin)
    before = client.post(f"{of(client, other)}/reset").json()["url"].rpartition("/")[2]
    guarded_roles = make.person(Role.MRC)

    reset = [client.post(f"{of(client, person)}/reset") for person in (second, guarded_roles)]
    invited = client.post("/api/v1/invitations", json={"email": second.email, "roles": []})
    page = look(api, admin, f"/admin/people/{of(client, second).rpartition('/')[2]}")
    with guarded.writing() as work:
        by_operator = invitations.invite_by_operator(work, host="test", email=second.email, roles=()).secret
    client.post(f"{of(client, other)}/roles", json={"role": "MRC"})
    asked = api.as_(second).get("/api/v1/role-requests").json()["items"]
    item = next(row["id"] for row in asked if row["user"] == other.email)
    assert api.as_(second).post(f"/api/v1/role-requests/{item}/confirm").status_code == 204
    fields = {"name": "", "passphrase": PASSPHRASE}

    assert [refusal(answer) for answer in reset] == [(409, "state_forbids")] * 2
    assert "An operator makes one" in reset[0].json()["remedy"]
    assert refusal(invited) == (422, "invalid_input")
    assert "/reset" not in page
    assert "An operator makes one" in page
    assert api.browser_of("").submit(f"/invitations/{before}", fields).status_code == 401
    assert api.browser_of("").submit(f"/invitations/{by_operator}", fields).status_code == 303
