"""Approvals that Admins ask for beyond the floor: when they count, and how they end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from modelkeep_server.features.promotion.approval_rules import additions
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.problems import fields_at_fault, refusal
from tests.support.promoting import begin_life
from tests.support.registries import Registry

RULES = "/api/v1/approval-rules"


@pytest.fixture(autouse=True)
def _end_what_is_added(make: Make, api: Api) -> Any:
    """The registry is shared: what a test asks for as well is asked of nobody after it."""
    yield
    admin, mrc = api.as_(make.person(Role.ADMIN)), api.as_(make.person(Role.MRC))
    for rule in admin.get(RULES).json()["items"]:
        if rule["id"] is not None:
            if rule["ending"] is None:
                assert admin.post(f"{RULES}/{rule['id']}/end", json={"reason": "Over."}).status_code == 200
            assert mrc.post(f"{RULES}/{rule['id']}/confirm", json={}).status_code == 200


def ask_for(api: Api, admin: Any, **told: Any) -> Any:
    """Ask for more approvals."""
    body = {"riskTier": "LOW", "target": "STAGING", "roles": ["SECURITY_ARCHITECT"], "reason": "An audit.", **told}
    return api.as_(admin).post(RULES, json=body)


def test_what_an_admin_adds_counts_from_the_next_decision_on(make: Make, api: Api) -> None:
    """In an open round it is needed at once; an approved version keeps its state and moves when it was given."""
    life = begin_life(make, api)
    cast = life.cast
    life.ask()

    denied = ask_for(api, cast.security)
    added = ask_for(api, cast.admin)
    first = life.decide(cast.mrc)
    between = life.state
    waiting = api.as_(cast.security).get("/api/v1/reviews?role=SECURITY_ARCHITECT&limit=200").json()["items"]
    second = life.decide(cast.security)
    more = ask_for(api, cast.admin, roles=["MRC", "SECURITY_ARCHITECT"], count=2)
    stuck = life.move("STAGING", cast.sre)
    third = life.decide(make.person(Role.MRC))
    fourth = life.decide(make.person(Role.MRC))
    moved = life.move("STAGING", cast.sre)

    assert [one.status_code for one in (denied, added, first, second, more)] == [403, 201, 201, 201, 201], added.text
    assert (between, first.json()["openRoles"]) == ("SUBMITTED", ["SECURITY_ARCHITECT"])
    assert first.json()["id"] in [row["promotion"]["id"] for row in waiting]
    assert second.json()["status"] == "APPROVED"
    assert refusal(stuck) == (422, "requirements_not_met")
    assert "2 of 4 approvals for staging" in stuck.text
    assert [third.status_code, fourth.status_code, moved.status_code] == [201, 201, 200], fourth.text
    assert life.state == "STAGING"


def test_owners_read_who_is_asked_before_they_ask(make: Make, api: Api) -> None:
    """Wherever the floor is named, so is what was added: on forms, on the model and in the help."""
    life = begin_life(make, api)
    ask_for(api, life.cast.admin, count=2)
    places = (
        life.base.removeprefix("/api/v1"),
        f"/models/{life.version.model}",
        "/models/new",
        "/help/model-registration",
    )

    page, *others = (words_of(look(api, life.cast.owner, place)) for place in places)

    assert "One MRC or Security, and 2 more Security Architect will be asked." in page
    assert "2 more Security Architect for staging" in page
    assert all("2 more Security Architect for staging" in other for other in others)


def test_fewer_are_asked_for_when_a_second_person_confirms(make: Make, api: Api) -> None:
    """An Admin wishes it, an MRC confirms; one more approval then closes a round that had enough."""
    life = begin_life(make, api)
    cast = life.cast
    both = make.person(Role.ADMIN, Role.MRC)
    rule = ask_for(api, both).json()["id"]
    life.ask()
    life.decide(cast.mrc)
    at = f"{RULES}/{rule}"

    early = api.as_(cast.mrc).post(f"{at}/confirm", json={})
    wished = api.as_(both).post(f"{at}/end", json={"reason": "The audit is over."})
    again = api.as_(cast.admin).post(f"{at}/end", json={"reason": "Over."})
    own = api.as_(both).post(f"{at}/confirm", json={})
    by_admin = api.as_(cast.admin).post(f"{at}/confirm", json={})
    stands = life.latest["openRoles"]
    kept = api.as_(cast.mrc).post(f"{at}/decline", json={"reason": "Not yet."})
    wished_again = api.as_(both).post(f"{at}/end", json={"reason": "Now it is."})
    ended = api.as_(cast.mrc).post(f"{at}/confirm", json={"reason": "Agreed."})
    gone = api.as_(cast.mrc).post(f"{at}/decline", json={})
    closed = life.decide(make.person(Role.MRC))

    assert [refusal(one) for one in (early, again)] == [(409, "state_forbids")] * 2
    assert refusal(own) == (403, "separation_of_duties")
    assert by_admin.status_code == 403
    assert stands == ["SECURITY_ARCHITECT"]
    assert [one.status_code for one in (wished, kept, wished_again, ended, gone)] == [200, 200, 200, 200, 404]
    assert wished.json()["ending"]["by"] == both.email
    assert kept.json()["ending"] is None
    assert all(one["id"] is None for one in ended.json()["items"] if one["riskTier"] == "LOW")
    assert closed.json()["status"] == "APPROVED", closed.text
    assert [event.action for event in make.events(rule) if event.outcome.value == "ALLOWED"] == [
        "approval.add", "approval.end", "approval.decline", "approval.end", "approval.confirm",
    ]  # fmt: skip


def test_a_wish_that_nobody_confirms_lapses(registry: Registry, make: Make, api: Api) -> None:
    """Until when it waits is told; after that the page says so, nobody confirms it, and an Admin may wish it anew."""
    admin, mrc = make.person(Role.ADMIN), make.person(Role.MRC)
    rule = ask_for(api, admin).json()["id"]
    at = f"{RULES}/{rule}"
    with registry.writing(now=clock.utc_now() - timedelta(days=14, minutes=1)) as work:
        additions.ask_to_end(work, admin.actor, rule, reason="The audit is over.")

    def wish() -> Any:
        return next(one for one in api.as_(mrc).get(RULES).json()["items"] if one["id"] == rule)

    over = wish()
    page = words_of(look(api, admin, "/admin/approvals"))
    refused = [api.as_(mrc).post(f"{at}/{act}", json={}) for act in ("confirm", "decline")]
    anew = api.as_(admin).post(f"{at}/end", json={"reason": "It is over now."})
    waits = words_of(look(api, mrc, "/admin/approvals"))

    assert (over["ending"], over["lapsed"]["by"]) == (None, admin.email)
    assert f"{admin.actor.name} wished that it ends. Nobody confirmed that, so the wish lapsed on" in page
    assert [refusal(one) for one in refused] == [(409, "state_forbids")] * 2
    assert "lapsed at" in refused[0].json()["detail"]
    assert anew.status_code == 200
    ending = wish()["ending"]
    assert datetime.fromisoformat(ending["until"]) - datetime.fromisoformat(ending["at"]) == timedelta(days=14)
    assert wish()["lapsed"] is None
    assert "Without a second person the wish lapses on" in waits


def test_what_cannot_be_asked_for_is_told_by_field(make: Make, api: Api) -> None:
    """Each field at fault by name, and the sum of what is added has a bound, also where several ask at once."""
    admin = make.person(Role.ADMIN)

    wrong = ask_for(api, admin, riskTier="HUGE", target="MOON", roles=["ADMIN"], count=4, reason=" ")
    several = at_once(*[lambda: ask_for(api, admin, count=3)] * 4)
    beyond = ask_for(api, admin, count=1)

    assert fields_at_fault(wrong) == {"riskTier", "target", "roles", "count", "reason"}
    assert sorted(one.status_code for one in several) == [201, 201, 422, 422]
    assert fields_at_fault(beyond) == {"count"}
