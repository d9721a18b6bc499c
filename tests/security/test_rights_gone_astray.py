"""Rights that outlive what they came from, and ways around who may decide."""

from typing import Any

import pytest

from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.joining import accepting, invitations
from modelkeep_server.features.identity.people import disabling
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.features.identity.teams import service as teams
from modelkeep_server.features.models.separation import Tie, find_ties
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import PASSPHRASE, fresh_email, invite, make_account
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry


def accept(api: Api, secret: str) -> Any:
    """Send the form of a one-time link."""
    return api.browser_of("").submit(f"/invitations/{secret}", {"name": "Mal Ory", "passphrase": PASSPHRASE})


def id_of(registry: Registry, email: str) -> str:
    """The public id of a person."""
    return str(registry.look("SELECT public_id FROM people WHERE email = :email", email=email)[0][0])


@pytest.mark.parametrize("gone", ["disabled", "demoted"])
def test_the_links_of_an_admin_end_with_their_right_to_make_them(
    registry: Registry, make: Make, api: Api, gone: str
) -> None:
    """Whoever was shut out, or is Admin no more, makes no Admin of another address and takes no colleague's account."""
    leaver, admin = make.person(Role.ADMIN), make.person(Role.ADMIN)
    victim = make_account(registry, Role.ADMIN)
    mule = fresh_email()
    victim_id, leaver_id = id_of(registry, victim.email), id_of(registry, leaver.email)
    with registry.writing() as work:
        links = [
            invitations.invite(work, leaver.actor, email=mule, roles=[Role.ADMIN]).secret,
            invitations.make_reset(work, leaver.actor, victim_id).secret,
        ]
    with registry.writing() as work:
        if gone == "disabled":
            disabling.disable_person(work, admin.actor, leaver_id)
        else:
            granting.end_role(work, admin.actor, leaver_id, "ADMIN")

    shown = [api.anonymous.get(f"/invitations/{secret}").status_code for secret in links]
    answers = [accept(api, secret) for secret in links]

    assert shown == [401, 401]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert registry.look("SELECT 1 FROM people WHERE email = :email", email=mule) == []


def test_a_team_that_gets_another_address_owned_what_it_owned(registry: Registry, make: Make, api: Api) -> None:
    """Whoever owned a model through a team's old address decides on it no more than before."""
    admin, member = make.person(Role.ADMIN), make.person(Role.MRC)
    old, new = fresh_email("team"), fresh_email("team")
    with registry.writing() as work:
        team = teams.create_team(work, admin.actor, teams.NewTeam(f"Team {old}", old, [member.email]))
    model = make.model(owners=[old])

    answer = api.as_(admin).patch(f"/api/v1/teams/{team.id}", json={"email": new})

    with registry.reading() as work:
        assert Tie.OWNED in find_ties(work, model, None, member.actor.user_id or 0)
    assert answer.status_code == 422
    assert "owns or owned models" in answer.text


def test_who_makes_a_token_of_a_program_touched_what_it_touched(registry: Registry, make: Make, api: Api) -> None:
    """An Admin who lends themselves somebody else's program does not decide on what it made."""
    admin, sponsor, other = make.person(Role.ADMIN, Role.MRC), make.owner(), make.person(Role.MRC)
    model = make.model(sponsor)
    browser = api.browser(admin)
    name = f"ci-{fresh_email().partition('@')[0][-8:]}"
    made = api.browser(sponsor).call(
        "POST", "/api/v1/service-accounts", json={"name": name, "purpose": "CI", "scopes": ["read", "write"]}
    )
    account = made.json()["id"]
    api.as_(sponsor).put(
        f"/api/v1/models/{model.address}/collaborators/service:{name}", json={"access": "WRITE"}
    ).raise_for_status()
    token = browser.call("POST", f"/api/v1/service-accounts/{account}/tokens", json={"name": "lent"}).json()["token"]
    answer = api.with_token(token).post(f"/api/v1/models/{model.address}/versions", json={"version": "1.0.0"})
    assert answer.status_code == 201, answer.text

    key = registry.look("SELECT id FROM versions WHERE public_id = :id", id=answer.json()["id"])[0][0]
    with registry.reading() as work:
        ties = [find_ties(work, model, key, who.actor.user_id or 0) for who in (admin, sponsor, other)]

    assert [Tie.TOUCHED in one for one in ties] == [True, True, False]


def test_a_new_passphrase_ends_the_links_into_the_account(registry: Registry, make: Make, api: Api) -> None:
    """Whoever fears for their account and changes the passphrase is safe from a link that went astray."""
    account = make_account(registry)
    secret = invite(registry, account.email)
    browser = api.browser_of(account.session)
    fields = {"present": PASSPHRASE, "passphrase": "another passphrase altogether"}

    answer = browser.submit("/profile/passphrase", fields)

    assert answer.headers["location"] == "/profile?done=passphrase"
    assert accept(api, secret).status_code == 401


@pytest.mark.parametrize("meanwhile", ["disabled", "renewed"])
def test_a_sign_in_that_was_under_way_ends_with_the_others(
    registry: Registry, make: Make, api: Api, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """While a passphrase is compared its person may be disabled or get another: no session comes of the old one."""
    admin, account = make.person(Role.ADMIN), make_account(registry)
    secret, person_id = invite(registry, account.email), id_of(registry, account.email)
    compare = secrets.passphrase_fits

    def slowly(stored_hash: str | None, passphrase: str) -> bool:
        fits = compare(stored_hash, passphrase)
        with registry.writing() as work:
            if meanwhile == "disabled":
                disabling.disable_person(work, admin.actor, person_id)
            else:
                accepting.accept_invitation(work, secret=secret, name="", passphrase_hash="another")
        return fits

    monkeypatch.setattr(secrets, "passphrase_fits", slowly)
    before = registry.look("SELECT count(*) FROM sessions")[0][0]

    answer = api.browser_of("").submit("/login", {"email": account.email, "passphrase": PASSPHRASE})

    assert answer.status_code == 401
    assert registry.look("SELECT count(*) FROM sessions")[0][0] == before + (meanwhile == "renewed")
