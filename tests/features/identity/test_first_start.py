"""The first start: a one-time link makes the first Admin, and dies with that."""

import re
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.kit import clock
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import PASSPHRASE, offer_first_start
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "passphrase": PASSPHRASE, "modelOwner": "yes"}


def claim(api: Api, secret: str | None, **changes: str) -> Any:
    """Send the form of the first start."""
    return api.browser_of("").submit("/setup", {"secret": secret, **ADA, **changes})


def roles_of(api: Api, answer: Any) -> list[str]:
    """The roles of whoever an answer signed in."""
    return list(api.browser_of(session_of(answer)).call("GET", "/api/v1/me").json()["roles"])


def session_of(answer: Any) -> str:
    """The session that an answer began."""
    session = re.search(r"mk-session=([^;]+)", answer.headers["set-cookie"])
    assert session is not None
    return session[1]


def test_looking_at_the_link_does_not_use_it_up(fresh_registry: Registry, fresh_api: Api) -> None:
    """A preview of the link, or a second look, leaves it open; its POST makes the first Admin and signs them in."""
    secret = offer_first_start(fresh_registry)
    looks = [fresh_api.anonymous.get(f"/setup?token={secret}") for _ in range(3)]

    answer = claim(fresh_api, secret)

    assert [look.status_code for look in looks] == [200, 200, 200]
    assert (answer.status_code, answer.headers["location"]) == (303, "/?done=claimed")
    assert roles_of(fresh_api, answer) == ["MODEL_OWNER", "ADMIN"]
    told = fresh_api.browser_of(session_of(answer)).get("/?done=claimed").text
    assert re.search(r"You are the first Admin\. Next: invite people.* href=\"/admin/invitations\"", told)


def test_the_role_model_owner_is_ticked_and_may_be_unticked(fresh_registry: Registry, fresh_api: Api) -> None:
    """One person can do the guide's first chapter; who wants no second role leaves it out."""
    secret = offer_first_start(fresh_registry)
    page = fresh_api.anonymous.get(f"/setup?token={secret}").text

    answer = claim(fresh_api, secret, modelOwner="")

    assert re.search(r'<input type="checkbox"[^>]*name="modelOwner"[^>]* checked', page)
    assert roles_of(fresh_api, answer) == ["ADMIN"]


def test_the_link_works_once(fresh_registry: Registry, fresh_api: Api, fresh_make: Make) -> None:
    """The second POST is refused and on record, and makes nobody."""
    secret = offer_first_start(fresh_registry)
    assert claim(fresh_api, secret).status_code == 303
    before = fresh_make.event_count()

    answer = claim(fresh_api, secret, email="eve@example.com")

    assert answer.status_code == 401
    assert "used already" in answer.text
    assert fresh_registry.look("SELECT 1 FROM people WHERE email = 'eve@example.com'") == []
    assert [event.outcome for event in fresh_make.events(since=before)] == [Outcome.REFUSED]


@pytest.mark.parametrize(("minutes", "status"), [(59, 303), (61, 401)])
def test_the_link_lives_sixty_minutes(fresh_registry: Registry, fresh_api: Api, minutes: int, status: int) -> None:
    """After that it makes nobody an Admin."""
    secret = offer_first_start(fresh_registry, now=clock.utc_now() - timedelta(minutes=minutes))

    assert claim(fresh_api, secret).status_code == status


def test_a_restart_makes_a_new_link_while_there_is_no_admin(fresh_registry: Registry, fresh_api: Api) -> None:
    """The newest link is the one that opens; the one before it is dead."""
    first, second = offer_first_start(fresh_registry), offer_first_start(fresh_registry)

    by_first, by_second = claim(fresh_api, first), claim(fresh_api, second)

    assert first != second
    assert (by_first.status_code, by_second.status_code) == (401, 303)


def test_the_link_dies_with_the_first_admin_however_they_were_made(fresh_registry: Registry, fresh_api: Api) -> None:
    """An Admin made by the operator ends it, and no start offers another."""
    secret = offer_first_start(fresh_registry)
    with fresh_registry.writing() as work:
        tokens.create_token_by_operator(work, host="test", email="op@example.com", roles=[Role.ADMIN])

    answer = claim(fresh_api, secret)

    assert answer.status_code == 401
    assert offer_first_start(fresh_registry) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("passphrase", "short"),
        ("passphrase", "a" * 40),
        ("passphrase", "correct horse battery staple"),
        ("passphrase", "x1y2" * 60),
        ("email", "ada"),
        ("email", ""),
        ("name", " "),
        ("name", "A\nda"),
    ],
)
def test_a_form_with_a_fault_does_not_use_the_link_up(
    registries: Any, tmp_path: Any, portal: Any, field: str, value: str
) -> None:
    """The fault is shown at its field, what was typed stays but the passphrase, and the link still opens."""
    with registries.template("sqlite").copied(tmp_path / "first") as registry:
        api = Api(registry, portal)
        secret = offer_first_start(registry)

        refused = claim(api, secret, **{field: value})
        accepted = claim(api, secret)

    assert (refused.status_code, accepted.status_code) == (422, 303)
    assert f'id="{field}-error"' in refused.text
    assert PASSPHRASE not in refused.text


@pytest.mark.parametrize("secret", ["", "x", "../..", "0" * 5000])
def test_an_unknown_link_opens_nothing(registry: Registry, api: Api, secret: str) -> None:
    """Neither looking nor sending."""
    looked = api.anonymous.get("/setup", params={"token": secret})

    assert looked.status_code == 401
    assert claim(api, secret).status_code == 401


def test_the_link_is_stored_hashed_and_the_claim_is_in_the_log(
    fresh_registry: Registry, fresh_api: Api, fresh_make: Make
) -> None:
    """Whoever reads the database cannot use it; what happened is told in order."""
    secret = offer_first_start(fresh_registry)
    assert secret is not None
    kept = [str(row) for row in fresh_registry.look("SELECT * FROM invitations")]
    claim(fresh_api, secret)

    actions = [event.action for event in fresh_make.events() if event.action != "policy.create"]

    assert not any(secret in row for row in kept)
    assert len(secret) * 6 >= 128
    assert actions[:4] == ["registry.create", "invitation.create", "registry.claim", "session.start"]
