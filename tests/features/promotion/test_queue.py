"""The queue of reviews: what waits, for whom, in which order, and what became of it."""

from typing import Any

import pytest

from modelkeep_server.interfaces import directory
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import look, words_of
from tests.support.promoting import Cast, Life, begin_life, make_cast
from tests.support.statements import counted


def queue(api: Api, person: Person, **asked: Any) -> list[dict[str, Any]]:
    """Every row of the queue under a filter, walked in pages; none but the last is short."""
    limit, rows, cursor = asked.get("limit", 200), [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = api.as_(person).get("/api/v1/reviews", params={**asked, "limit": limit, **more}).json()
        rows += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            assert page["total"] in (None, len(rows))
            return rows
        assert len(page["items"]) == limit


def addresses(rows: list[dict[str, Any]]) -> list[str]:
    """The models of these rows."""
    return [row["promotion"]["model"] for row in rows]


def asked_for(make: Make, api: Api, cast: Cast, tier: str = "LOW", **more: Any) -> Life:
    """A version that waits for a decision."""
    life = begin_life(make, api, tier=tier, cast=cast)
    assert life.ask(**more).status_code == 201
    return life


def test_every_filter_gives_whole_pages_in_every_order(make: Make, api: Api) -> None:
    """What a filter leaves out makes no page short; counts, pages and the chips of the page agree."""
    cast = make_cast(make)
    low = [asked_for(make, api, cast, urgent=urgent) for urgent in (False, True)]
    high = [asked_for(make, api, cast, "HIGH") for _ in range(3)]
    for life in high[:2]:
        assert life.decide(cast.security).status_code == 201
    assert high[2].decide(cast.mrc).status_code == 201
    models = [life.version.model for life in (*low, *high)]
    first_low, urgent_low, first, second, third = models

    def found(**asked: Any) -> list[str]:
        return addresses(queue(api, cast.owner, mine=True, limit=2, **asked))

    assert found() == models
    assert found(role="MRC") == [first_low, urgent_low, first, second]
    assert found(role="SECURITY_ARCHITECT") == [first_low, urgent_low, third]
    assert found(role="SRE") == []
    assert found(riskTier="HIGH", role="MRC") == [first, second]
    assert found(urgent=True) == [urgent_low]
    assert found(overdue=True) == found(target="PRODUCTION") == found(canDecide=True) == []
    assert found(group=first.partition("/")[0]) == [first]
    assert found(sort="due") == [urgent_low, first_low, first, second, third]
    assert found(sort="tier") == [first, second, third, urgent_low, first_low]
    assert words_of(look(api, cast.owner, "/reviews?mine=true")).count("Waiting for Anybody MRC 4 Security 3") == 1
    page = words_of(look(api, cast.owner, "/reviews?mine=true&role=MRC&riskTier=HIGH"))
    assert f"Security Architect {cast.security.email.partition('@')[0]} " in page
    assert "Risk Any High 2 Medium 0 Low 2" in page


def test_what_i_can_decide_is_what_the_registry_lets_me_decide(make: Make, api: Api) -> None:
    """Asked of each person beforehand, and then tried: own work, former ownership, a filled place and a hold bar."""
    cast = make_cast(make)
    life, held = asked_for(make, api, cast, "HIGH"), asked_for(make, api, cast, "HIGH")
    former, touching = make.person(Role.MRC, name="former"), make.person(Role.MRC, name="touching")
    both = make.person(Role.MRC, Role.SECURITY_ARCHITECT, name="both")
    model = f"/api/v1/models/{life.version.model}"
    owner = api.as_(cast.owner)
    for owners in ([cast.owner.email, former.email], [cast.owner.email]):
        told = {"owners": owners, "reason": "They change."}
        assert api.as_(cast.admin).post(f"{model}/transfer", json=told).status_code == 200
    let_in = owner.put(f"{model}/collaborators/{touching.email}", json={"access": "WRITE"})
    assert life.decide(cast.mrc, "REQUEST_CHANGES").status_code == 201
    edited = api.as_(touching).patch(life.base, json={"description": "Said more plainly."})
    again = life.ask()
    assert held.post("/hold", cast.mrc, reason="A leak is looked into.").status_code == 200
    group = life.version.model.partition("/")[0]

    def can(person: Person) -> bool:
        rows = queue(api, person, group=group)
        assert rows[0]["canDecide"] is bool(queue(api, person, group=group, canDecide=True))
        return bool(rows[0]["canDecide"])

    assert (let_in.is_success, edited.status_code, again.status_code) == (True, 200, 201)
    for person in (cast.owner, cast.sre, former, touching):
        assert not can(person)
        assert life.decide(person).status_code == 403
    assert can(cast.mrc)
    assert can(cast.security)
    assert can(both)
    assert life.decide(both, **{"as": "MRC"}).status_code == 201
    assert not can(both)
    assert not can(cast.mrc)
    assert life.decide(cast.mrc).status_code == 409
    assert can(cast.security)
    on_hold = queue(api, cast.security, group=held.version.model.partition("/")[0])
    assert [(row["held"], row["canDecide"]) for row in on_hold] == [(True, False)]
    assert life.decide(cast.security).status_code == 201
    assert queue(api, cast.security, group=group) == []


def test_an_approved_version_waits_again_once_its_tier_is_raised(make: Make, api: Api) -> None:
    """Its approvals are too few then; closed versions wait for nobody."""
    cast = make_cast(make)
    life, closed = asked_for(make, api, cast), asked_for(make, api, cast)
    assert life.decide(cast.mrc).status_code == 201
    before = addresses(queue(api, cast.owner, mine=True))
    raised = api.as_(cast.owner).patch(
        f"/api/v1/models/{life.version.model}", json={"riskTier": "HIGH", "reason": "It scores people."}
    )
    assert raised.status_code == 200
    assert closed.post("/close", cast.owner, reason="Another is better.").status_code == 200

    rows = queue(api, cast.owner, mine=True)

    assert before == [closed.version.model]
    assert [(row["promotion"]["model"], row["promotion"]["status"], row["state"]) for row in rows] == [
        (life.version.model, "APPROVED", "APPROVED_STAGING")
    ]
    assert queue(api, cast.security, group=life.version.model.partition("/")[0])[0]["canDecide"]


def test_rounds_that_ended_and_those_i_decided_stand_in_lists_of_their_own(make: Make, api: Api) -> None:
    """The newest first, with what was said and how each ended; what filters only what waits is refused there."""
    cast = make_cast(make)
    back, through = asked_for(make, api, cast), asked_for(make, api, cast, "MEDIUM")
    assert back.decide(cast.mrc, "REQUEST_CHANGES").status_code == 201
    assert through.decide(cast.mrc).status_code == 201
    models = [back.version.model, through.version.model]

    decided, ended = (queue(api, who, show=show) for who, show in ((cast.mrc, "DECIDED"), (cast.owner, "CLOSED")))
    refused = api.as_(cast.mrc).get("/api/v1/reviews", params={"show": "CLOSED", "role": "MRC", "canDecide": True})

    assert addresses(decided) == models[::-1]
    assert models[0] in addresses(ended)
    assert [row["canDecide"] for row in decided] == [False, False]
    for_others = queue(api, make.person(Role.MRC), show="CLOSED", group=models[0].partition("/")[0])
    assert [row["canDecide"] for row in for_others] == [False]
    assert models[1] not in addresses(ended)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["role", "canDecide"]
    said = words_of(look(api, cast.mrc, "/reviews?show=DECIDED&role=MRC&overdue=1"))
    assert "Asked for changes" in said
    assert said.index("Approved") < said.index("Asked for changes")
    assert "Changes requested" in words_of(look(api, cast.owner, "/reviews?show=CLOSED&mine=1"))
    assert "You decide on nothing" in words_of(look(api, cast.owner, "/reviews?show=DECIDED"))


def test_the_review_page_is_a_page_of_the_reviews(make: Make, api: Api) -> None:
    """The top bar says where one is, also where the form is shown again; versions are within models."""
    life = asked_for(make, api, make_cast(make))
    page = life.base.removeprefix("/api/v1")
    mrc = api.browser(life.cast.mrc)
    here = '<a href="/reviews" aria-current="page">Reviews</a>'

    again = mrc.submit(f"{page}/reviews", {"decision": "REQUEST_CHANGES", "comment": "", "digest": ""})

    assert again.status_code == 422
    assert here in again.text
    assert here in mrc.get(f"{page}/review").text
    assert here in mrc.get("/reviews").text
    assert here not in mrc.get(f"{page}/reviews").text


def test_the_queue_costs_the_same_however_much_waits(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixed number of statements, for who decides and who does not, with one request more or less."""
    # Names that run out between two looks at the page would be asked for again.
    monkeypatch.setattr(directory, "KEPT_SECONDS", float("inf"))
    cast = make_cast(make)
    browsers = [api.browser(person) for person in (cast.mrc, cast.owner)]
    costs = []

    for _ in range(2):
        asked_for(make, api, cast)
        for browser in browsers:
            browser.get("/reviews")
            with counted() as sent:
                assert browser.get("/reviews").status_code == 200
            costs.append(len(sent))

    assert costs == [7, 6, 7, 6]
