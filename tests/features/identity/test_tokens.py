"""Personal tokens: shown once, stored hashed, limited in scope and time."""

import re
import zlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.rules.errors import Invalid
from modelkeep_server.rules.permissions import Role, Scope
from tests.support.accounts import fresh_email
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry


def create(api: Api, person: Any, **fields: Any) -> Any:
    """Make a token in the person's browser, by the API."""
    return api.browser(person).call("POST", "/api/v1/tokens", json={"name": "ci", **fields})


def test_a_token_has_a_prefix_and_a_checksum(make: Make) -> None:
    """Secret scanners know it by its form, and a wrong copy by its checksum, without asking the registry."""
    tokens = {make.owner().token for _ in range(3)}

    assert len(tokens) == 3
    for token in tokens:
        assert re.fullmatch(r"mk_pat_[0-9A-Za-z]{10}_[0-9A-Za-z]{43}_[0-9a-f]{8}", token)
        stem, checksum = token.rsplit("_", 1)
        assert int(checksum, 16) == zlib.crc32(stem.encode())
        assert secrets.find_token_handle(token) == token[7:17]


def test_a_token_is_kept_hashed_and_shown_once(registry: Registry, make: Make, api: Api) -> None:
    """The answer that made it is the only place where it ever stands."""
    person = make.owner()

    answer = create(api, person)

    made = answer.json()
    listed = api.browser(person).call("GET", "/api/v1/tokens").json()["items"]
    assert answer.status_code == 201
    assert made["token"].startswith("mk_pat_")
    assert {item["token"] for item in listed} == {None}
    assert made["id"] in {item["id"] for item in listed}
    stored = str(registry.look("SELECT * FROM tokens")) + str(registry.look("SELECT body FROM audit_events"))
    assert made["token"].split("_")[3] not in stored


def test_the_profile_shows_a_new_token_once(make: Make, api: Api) -> None:
    """On the page after the form, and on no page after that."""
    browser = api.browser(make.owner())

    made = browser.submit("/profile/tokens", {"name": "from the page", "days": "7", "scopes": ["read", "write"]})

    found = re.search(r"mk_pat_\w+", made.text)
    assert found is not None
    assert api.with_token(found[0]).get("/api/v1/me").status_code == 200
    later = browser.get("/profile").text
    assert "from the page" in later
    assert "mk_pat_" not in later


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"days": 0}, "days"),
        ({"days": -1}, "days"),
        ({"days": 91}, "days"),
        ({"days": 10**30}, "days"),
        ({"days": "30"}, "days"),
        ({"days": 1.5}, "days"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["devour"]}, "scopes.0"),
        ({"scopes": "read"}, "scopes"),
        ({"scopes": ["review"]}, "scopes"),
        ({"scopes": ["read", "admin"]}, "scopes"),
        ({"roles": ["ADMIN"]}, "roles"),
    ],
    ids=repr,
)
def test_what_a_token_may_not_be_is_refused_by_field(make: Make, api: Api, fields: dict[str, Any], wrong: str) -> None:
    """Days from 1 to 90, a name to know it by, scopes that the roles have a use for, and nothing else."""
    answer = create(api, make.owner(), **fields)

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [wrong]


@pytest.mark.parametrize(("days", "status"), [(1, 201), (2, 422), (None, 201)])
def test_a_token_that_decides_lives_a_day(make: Make, api: Api, days: int | None, status: int) -> None:
    """The scope `review` is chosen, never a default, and ends after 24 hours."""
    answer = create(api, make.person(Role.MRC), scopes=["read", "review"], days=days)

    assert answer.status_code == status


@pytest.mark.parametrize("days", [1, 30, 90])
def test_a_token_lives_as_long_as_asked(make: Make, api: Api, days: int) -> None:
    """`expiresAt` says until when; 30 days where nothing was asked."""
    made = create(api, make.owner(), **({} if days == 30 else {"days": days})).json()

    start, end = (datetime.fromisoformat(made[name]) for name in ("createdAt", "expiresAt"))
    assert end - start == timedelta(days=days)


def test_nobody_revokes_another_persons_token(make: Make, api: Api) -> None:
    """It is not found, and goes on working."""
    owner = make.owner()
    made = create(api, owner).json()

    answer = api.browser(make.person(*Role)).call("DELETE", f"/api/v1/tokens/{made['id']}")

    assert answer.status_code == 404
    assert api.with_token(made["token"]).get("/api/v1/me").status_code == 200


def test_a_token_is_revoked_once(make: Make, api: Api) -> None:
    """The second time it is not there any more; each is one event."""
    browser = api.browser(make.owner())
    made = browser.call("POST", "/api/v1/tokens", json={"name": "ci"}).json()

    statuses = [browser.call("DELETE", f"/api/v1/tokens/{made['id']}").status_code for _ in range(2)]

    assert statuses == [204, 404]
    assert [event.action for event in make.events(made["id"])] == ["token.create", "token.revoke"]


def test_an_operators_token_makes_a_new_person_with_every_scope_of_the_roles(registry: Registry, api: Api) -> None:
    """For scripts and tests without a browser: 24 hours, the roles named, all scopes they have a use for."""
    with registry.writing() as work:
        made = tokens.create_token_by_operator(work, host="h", email=fresh_email(), roles=[Role.MRC, Role.AUDITOR])

    told = api.with_token(made.secret).get("/api/v1/me").json()

    assert told["roles"] == ["MRC", "AUDITOR"]
    assert told["scopes"] == ["read", "write", "download", "review", "audit"]
    assert (made.row.expires_at - made.row.created_at).total_seconds() == 86_400


def test_an_operators_token_limits_a_known_person_and_never_adds(registry: Registry, make: Make, api: Api) -> None:
    """Roles they lack stay lacking, roles not named are left out of this token, and the person keeps theirs."""
    person = make.person(Role.MODEL_OWNER, Role.SRE)
    with registry.writing() as work:
        made = tokens.create_token_by_operator(work, host="h", email=person.email, roles=[Role.ADMIN, Role.SRE])

    narrowed, whole = api.with_token(made.secret), api.as_(person)

    assert narrowed.get("/api/v1/me").json()["roles"] == ["SRE"]
    assert whole.get("/api/v1/me").json()["roles"] == ["MODEL_OWNER", "SRE"]
    assert narrowed.get("/api/v1/audit/events").status_code == 403


@pytest.mark.parametrize("days", [0, 91, -5])
def test_an_operators_token_has_the_same_bounds(registry: Registry, days: int) -> None:
    """No token lives longer than 90 days."""
    with pytest.raises(Invalid), registry.writing() as work:
        tokens.create_token_by_operator(work, host="h", email=fresh_email(), roles=[Role.SRE], days=days)


def test_scopes_have_no_order_and_no_doubles(make: Make, api: Api) -> None:
    """Naming one twice gives it once."""
    made = create(api, make.owner(), scopes=["write", "read", "write"]).json()

    assert sorted(made["scopes"]) == sorted([Scope.READ, Scope.WRITE])


def test_an_operators_token_reviews_for_a_day_at_most(registry: Registry) -> None:
    """Decisions are made in a session or with a token of the day; a longer one does the rest."""
    with registry.writing() as work:
        made = tokens.create_token_by_operator(work, host="h", email=fresh_email(), roles=[Role.MRC], days=7)

    assert Scope.REVIEW not in made.row.scopes
    assert Scope.READ in made.row.scopes
