"""Ways around the people that a decision takes: each is closed, or changes nothing of what was decided."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import look
from tests.support.problems import refusal
from tests.support.promoting import Life, begin_life, make_cast


def lower(api: Api, life: Life, by: Person, tier: str) -> Any:
    """Lower the risk tier, as an MRC."""
    told = {"riskTier": tier, "reason": "It scores nobody any more."}
    return api.as_(by).patch(f"/api/v1/models/{life.version.model}", json=told)


def ask_exception(api: Api, life: Life) -> str:
    """The address of an exception that the owner asks for."""
    owner = api.as_(life.cast.owner)
    body = {
        "policy": owner.get("/api/v1/policies").json()["items"][0]["id"], "version": life.version.address,
        "justification": "Monday.", "risk": "None.", "mitigation": "Staging only.",
        "expiresAt": clock.iso_seconds(clock.utc_now() + timedelta(days=9)),
    }  # fmt: skip
    return f"/api/v1/exceptions/{owner.post('/api/v1/exceptions', json=body).json()['id']}"


def test_who_lowers_the_tier_decides_nothing_by_that(make: Make, api: Api) -> None:
    """Fewer people decide at a lower tier: none of them is who lowered it meanwhile, in no round, exception or hold."""
    life, sly = begin_life(make, api, tier="HIGH"), make.person(Role.MRC)
    cast = life.cast
    life.ask()
    exception = ask_exception(api, life)
    life.post("/hold", sly, reason="Odd figures.")

    lowered = lower(api, life, sly, "LOW")
    lifted = life.post("/lift", sly, reason="Never mind.")
    life.post("/lift", cast.security, reason="Explained.")
    refused = [lifted, life.decide(sly), api.as_(sly).post(f"{exception}/grant", json={})]
    page = look(api, sly, f"{life.base.removeprefix('/api/v1')}/review")
    back = life.decide(sly, "REQUEST_CHANGES")
    granted = api.as_(cast.mrc).post(f"{exception}/grant", json={})
    life.ask()
    later = life.decide(sly)

    assert lowered.status_code == 200, lowered.text
    assert [refusal(one) for one in refused] == [(403, "separation_of_duties")] * 3
    assert "You lowered the risk tier of" in page
    assert (back.status_code, granted.json()["status"]) == (201, "GRANTED")
    assert later.json()["status"] == "APPROVED"


def test_what_was_asked_for_as_high_takes_a_third_person_to_production(make: Make, api: Api) -> None:
    """Lowering the tier after the approvals does not let one of the approvers make the move."""
    cast = replace(make_cast(make), mrc=make.person(Role.MRC, Role.SRE))
    life = begin_life(make, api, tier="HIGH", cast=cast)
    life.reach("APPROVED_PROD")

    lowered = lower(api, life, make.person(Role.MRC), "MEDIUM")
    own = life.move("PRODUCTION", cast.mrc)
    offered = next(one for one in life.get("/moves", cast.mrc).json()["items"] if one["to"] == "PRODUCTION")
    moved = life.move("PRODUCTION", cast.sre)

    assert lowered.status_code == 200
    assert refusal(own) == (403, "separation_of_duties")
    assert offered["allowed"] is False
    assert moved.status_code == 200


def test_what_changes_between_page_and_press_counts_at_the_press(make: Make, api: Api) -> None:
    """A role that was taken, a model that was transferred, RESTRICTED or raised: each as it is when it is pressed."""
    cast = replace(make_cast(make), security=make.person(Role.SECURITY_ARCHITECT, Role.MODEL_OWNER))
    life, leaver = begin_life(make, api, cast=cast), make.person(Role.MRC)
    admin, place = api.as_(cast.admin), f"/api/v1/models/{life.version.model}"
    life.ask()
    page = life.base.removeprefix("/api/v1")
    form = {"decision": "APPROVE", "comment": "Fine.", "digest": life.latest["digest"], "checklist.scan": "YES"}
    tabs = {person.email: api.browser(person) for person in (leaver, cast.security)}
    assert all("Approve" in tab.get(f"{page}/review").text for tab in tabs.values())

    people = {one["email"]: one["id"] for one in admin.get(f"/api/v1/users?q={leaver.email}").json()["items"]}
    taken = admin.delete(f"/api/v1/users/{people[leaver.email]}/roles/MRC")
    left = tabs[leaver.email].submit(f"{page}/reviews", form)
    owners = {"owners": [cast.owner.email, cast.security.email], "reason": "Moves teams."}
    admin.post(f"{place}/transfer", json=owners)
    owned = tabs[cast.security.email].submit(f"{page}/reviews", form)
    hidden = api.as_(cast.owner).patch(place, json={"visibility": "RESTRICTED"})
    raised = api.as_(cast.owner).patch(place, json={"riskTier": "MEDIUM", "reason": "It grew."})
    first = life.decide(cast.mrc)

    assert (taken.status_code, hidden.status_code, raised.status_code) == (200, 200, 200)
    assert [(one.status_code, "Fine." in one.text) for one in (left, owned)] == [(403, True)] * 2
    assert [one["by"] for one in life.latest["reviews"]] == [cast.mrc.email]
    assert (first.json()["status"], first.json()["openRoles"]) == ("OPEN", ["SECURITY_ARCHITECT"])


def test_an_approval_stands_though_its_giver_becomes_an_owner(make: Make, api: Api) -> None:
    """Ties count up to the decision: it stays, and every later one, also the move of HIGH, is another person's."""
    cast = replace(make_cast(make), mrc=make.person(Role.MRC, Role.SRE, Role.MODEL_OWNER))
    life = begin_life(make, api, tier="HIGH", cast=cast)
    life.ask()
    life.decide(cast.mrc)
    owners = {"owners": [cast.owner.email, cast.mrc.email], "reason": "Joins the team."}
    api.as_(cast.admin).post(f"/api/v1/models/{life.version.model}/transfer", json=owners)

    last = life.decide(cast.security)
    life.move("STAGING", cast.sre)
    life.publish_card()
    asked = life.ask("PRODUCTION", cast.mrc)
    own = life.decide(cast.mrc)
    life.decide(make.person(Role.MRC))
    life.decide(cast.security)
    moved = life.move("PRODUCTION", cast.mrc)

    assert (last.json()["status"], asked.status_code) == ("APPROVED", 201)
    assert [refusal(one) for one in (own, moved)] == [(403, "separation_of_duties")] * 2
    assert life.move("PRODUCTION", cast.sre).status_code == 200


def test_tokens_do_no_more_than_their_scopes(make: Make, api: Api) -> None:
    """A reviewer's everyday token decides, attests, holds and grants nothing; nor does a program's."""
    life = begin_life(make, api)
    life.ask()
    mrc = api.browser(life.cast.mrc)
    made = mrc.call("POST", "/api/v1/tokens", json={"name": "ci", "scopes": ["read", "write", "download"]}).json()
    token = api.with_token(made["token"])
    decision = {"decision": "APPROVE", "comment": "Fine.", "digest": life.latest["digest"]}
    tried = {
        "/reviews": decision, "/hold": {"reason": "No."}, "/lift": {"reason": "No."},
        "/attestations": {"comment": "Fine."}, "/findings": {"text": "Drifts."},
    }  # fmt: skip

    refused = [token.post(life.base + path, json=body) for path, body in tried.items()]
    refused.append(token.post(f"{ask_exception(api, life)}/grant", json={}))

    assert {refusal(one) for one in refused} == {(403, "not_permitted")}
    assert all("review" in one.text for one in refused)
    assert life.latest["reviews"] == []


def test_what_waits_ends_with_the_model(make: Make, api: Api) -> None:
    """Once a model is retired, or a version closed, no exception of it waits, and none is granted."""
    life = begin_life(make, api)
    cast = life.cast
    exception = ask_exception(api, life)
    life.post("/close", cast.owner, reason="A typo.")
    closed = api.as_(cast.mrc).post(f"{exception}/grant", json={})
    life.post("/reopen", cast.owner, reason="None.")
    retired = api.as_(cast.admin).post(f"/api/v1/models/{life.version.model}/retire", json={"reason": "Replaced."})

    ended = api.as_(cast.mrc).get(exception).json()
    late = api.as_(cast.mrc).post(f"{exception}/grant", json={})

    assert refusal(closed) == (409, "state_forbids")
    assert retired.status_code == 200, retired.text
    assert ended["status"] == "WITHDRAWN"
    assert refusal(late) == (409, "state_forbids")
    [event] = make.events(retired.json()["id"], "model.retire")
    assert (event.after or {})["exceptions"] == 1
