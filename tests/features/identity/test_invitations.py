"""Invitations: one-time links that make an account or renew a passphrase."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import Invalid, NotPermitted
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import PASSPHRASE, fresh_email, invite, make_account
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry


def accept(api: Api, secret: str, name: str = "Grace Hopper", passphrase: str = PASSPHRASE) -> Any:
    """Send the form of an invitation."""
    return api.browser_of("").submit(f"/invitations/{secret}", {"name": name, "passphrase": passphrase})


def me(api: Api, answer: Any) -> Any:
    """Who an answer signed in."""
    secret = answer.headers["set-cookie"].partition("mk-session=")[2].partition(";")[0]
    return api.browser_of(secret).call("GET", "/api/v1/me").json()


def test_an_admin_invites_and_the_invited_person_has_the_roles(registry: Registry, make: Make, api: Api) -> None:
    """Looking shows what is offered and uses nothing up; accepting makes the account, with the source of each role."""
    admin, email = make.person(Role.ADMIN), fresh_email()
    with registry.writing() as work:
        made = invitations.invite(work, admin.actor, email=email, roles=[Role.MRC, Role.SRE])
    page = api.anonymous.get(f"/invitations/{made.secret}")

    answer = accept(api, made.secret)

    assert page.status_code == 200
    assert email in page.text
    person = me(api, answer)
    assert (person["email"], person["name"], person["roles"]) == (email, "Grace Hopper", ["MRC", "SRE"])
    assert {source["source"] for source in person["sources"]} == {"an invitation"}
    assert [event.action for event in make.events(made.id)] == ["invitation.create"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_admins_invite(registry: Registry, make: Make, role: Role) -> None:
    """No other role makes people."""
    person = make.person(role)

    with pytest.raises(NotPermitted), registry.writing() as work:
        invitations.invite(work, person.actor, email=fresh_email(), roles=[])


@pytest.mark.parametrize(("age", "status"), [(timedelta(days=6, hours=23), 303), (timedelta(days=7, minutes=1), 401)])
def test_an_invitation_lives_seven_days(registry: Registry, api: Api, age: timedelta, status: int) -> None:
    """After that an Admin makes a new one."""
    secret = invite(registry, now=clock.utc_now() - age)

    answer = accept(api, secret)

    assert answer.status_code == status


def test_an_invitation_works_once(registry: Registry, api: Api) -> None:
    """The second one to send it is refused."""
    secret = invite(registry)

    first, second = accept(api, secret), accept(api, secret, name="Somebody Else")

    assert (first.status_code, second.status_code) == (303, 401)
    assert "used already" in second.text


def test_of_two_people_who_take_one_link_one_wins(registry: Registry, api: Api) -> None:
    """At the same moment, many times over: one account, and a clear refusal for everybody else."""
    email = fresh_email()
    secret = invite(registry, email, [Role.MRC])

    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda number: accept(api, secret, name=f"Person {number}"), range(4)))

    assert sorted(answer.status_code for answer in answers) == [303, 401, 401, 401]
    assert len(registry.look("SELECT 1 FROM people WHERE email = :email", email=email)) == 1


def test_for_a_known_person_it_renews_the_passphrase_ends_sessions_and_adds_no_role(
    registry: Registry, make: Make, api: Api
) -> None:
    """A reset never promotes: whoever had their passphrase stolen is safe again, with the rights they had."""
    account = make_account(registry, Role.MRC)
    open_before = api.browser_of(account.session)
    assert open_before.call("GET", "/api/v1/me").status_code == 200
    secret = invite(registry, account.email, [Role.ADMIN])
    before = make.event_count()

    answer = accept(api, secret, passphrase="another passphrase altogether")

    assert me(api, answer)["roles"] == ["MRC"]
    assert open_before.call("GET", "/api/v1/me").status_code == 401
    fields = {"email": account.email, "passphrase": PASSPHRASE}
    assert api.browser_of("").submit("/login", fields).status_code == 401
    fields["passphrase"] = "another passphrase altogether"
    assert api.browser_of("").submit("/login", fields).status_code == 303
    renewed = make.events(since=before)[0]
    assert (renewed.action, (renewed.after or {})["passphrase"]) == ("invitation.accept", "renewed")


@pytest.mark.parametrize(("name", "passphrase"), [("", PASSPHRASE), ("x" * 201, PASSPHRASE), ("Ada", "too short")])
def test_a_form_with_a_fault_does_not_use_it_up(registry: Registry, api: Api, name: str, passphrase: str) -> None:
    """The form comes back with the fault, and sending it mended works."""
    secret = invite(registry)

    refused, accepted = accept(api, secret, name, passphrase), accept(api, secret)

    assert (refused.status_code, accepted.status_code) == (422, 303)


@pytest.mark.parametrize("email", ["ada", "", "ada@localhost", "a b@example.com"])
def test_an_address_that_is_none_is_not_invited(registry: Registry, email: str) -> None:
    """The link would reach nobody."""
    with pytest.raises(Invalid), registry.writing() as work:
        invitations.invite_by_operator(work, host="test", email=email, roles=[Role.MRC])


def test_trying_an_unknown_link_is_on_record(make: Make, api: Api) -> None:
    """Guessing one-time links does not stay unseen."""
    before = make.event_count()

    answer = accept(api, "guessed-secret")

    assert answer.status_code == 401
    assert {event.outcome for event in make.events(since=before)} == {Outcome.REFUSED}


def test_the_account_of_an_invitation_is_the_invited_address_whatever_is_sent(registry: Registry, api: Api) -> None:
    """Nobody turns an invitation into an account of another address."""
    email = fresh_email()
    secret = invite(registry, email)
    fields = {"name": "Eve", "passphrase": PASSPHRASE, "email": "eve@example.com", "roles": "ADMIN"}

    answer = api.browser_of("").submit(f"/invitations/{secret}", fields)

    assert (me(api, answer)["email"], me(api, answer)["roles"]) == (email, [])
