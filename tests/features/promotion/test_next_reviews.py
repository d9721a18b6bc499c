"""What is in production is looked at again: until when, by whom, and who is told."""

from dataclasses import replace
from datetime import datetime, timedelta

from modelkeep_server.db.work import Circumstances
from modelkeep_server.features.promotion.next_reviews import reminding as next_review_reminding
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.problems import fields_at_fault, refusal
from tests.support.promoting import begin_life, make_cast
from tests.support.registries import Registry


def test_an_mrc_renews_the_review_of_what_is_in_production(make: Make, api: Api) -> None:
    """Counted from the approval by tier, then from the look; nobody tied to it, nothing before production."""
    life = begin_life(make, api, tier="HIGH")
    cast = life.cast
    life.reach("APPROVED_PROD")
    page = life.base.removeprefix("/api/v1")

    early = life.post("/attestations", cast.mrc, comment="Looked at it.")
    before = life.get().json()["nextReviewAt"]
    life.move("PRODUCTION", cast.sre)
    due = life.get().json()["nextReviewAt"]
    shown = words_of(api.browser(cast.mrc).get(page).text)
    owner = api.as_(make.person(Role.MRC, Role.MODEL_OWNER))
    refused = [
        life.post("/attestations", cast.owner, comment="Fine."),
        life.post("/attestations", cast.mrc, comment="Fine.", digest="sha256:00"),
    ]
    empty = life.post("/attestations", cast.mrc, comment=" ")
    digest = life.get().json()["contentDigest"]
    made = api.browser(cast.mrc).submit(f"{page}/attestations", {"comment": "No drift.", "digest": digest})
    listed = life.get("/attestations").json()["items"]
    rows = owner.get("/api/v1/reviews/again?limit=200").json()["items"]

    assert (refusal(early), before) == ((409, "state_forbids"), None)
    held = datetime.fromisoformat(due) - clock.utc_now()
    assert timedelta(days=364) < held <= timedelta(days=365)
    assert "Next review" in shown
    assert "Renew the review" in shown
    assert [refusal(one) for one in refused] == [(403, "not_permitted"), (409, "digest_differs")]
    assert fields_at_fault(empty) == {"comment"}
    assert made.headers["location"].endswith("done=attested")
    assert [(one["by"], one["comment"], one["digest"]) for one in listed] == [(cast.mrc.email, "No drift.", digest)]
    assert life.get().json()["nextReviewAt"] == listed[0]["nextReviewAt"] >= due
    assert (life.version.model, False) in [(row["model"], row["overdue"]) for row in rows]
    assert "version.attest" in [event.action for event in make.events(life.version.id)]


def test_a_look_is_noted_once_and_not_on_hold(make: Make, api: Api) -> None:
    """Of two at once one wins; in 30 days no second but at another tier, none on hold, none by who is tied to it."""
    cast = replace(make_cast(make), owner=make.person(Role.MODEL_OWNER, Role.MRC))
    life, other = begin_life(make, api, cast=cast), make.person(Role.MRC)
    life.reach("PRODUCTION")
    page = life.base.removeprefix("/api/v1")

    barred = life.post("/attestations", cast.owner, comment="Mine is fine.")
    barred_page = look(api, cast.owner, page)
    life.post("/hold", cast.admin, reason="Odd figures.")
    held, held_page = life.post("/attestations", cast.mrc, comment="Fine."), look(api, cast.mrc, page)
    life.post("/lift", cast.security, reason="Explained.")
    several = at_once(*[lambda who=who: life.post("/attestations", who, comment="Fine.") for who in (cast.mrc, other)])
    won, lost = sorted(several, key=lambda one: one.status_code)
    noted = look(api, other, page)
    told = {"riskTier": "HIGH", "reason": "It grew."}
    tier = api.as_(cast.owner).patch(f"/api/v1/models/{life.version.model}", json=told)
    higher = life.post("/attestations", other, comment="By the higher tier.")
    first = life.get("/attestations?limit=1").json()
    second = life.get(f"/attestations?limit=1&cursor={first['nextCursor']}").json()

    assert refusal(barred) == (403, "separation_of_duties")
    assert refusal(held) == refusal(lost) == (409, "state_forbids")
    assert "You own or owned" in barred_page
    assert "is on hold" in held_page
    assert won.status_code == 201
    assert f"{won.json()['by']} looked at it again at {won.json()['at']}" in lost.json()["detail"]
    assert f"{won.json()['by'].partition('@')[0]} did last on" in words_of(noted)
    assert f"{won.json()['by']} looked at it again at" in noted
    assert tier.status_code == 200, tier.text
    assert higher.status_code == 201, higher.text
    assert (first["total"], first["items"][0]["riskTier"]) == (2, "HIGH")
    assert [one["id"] for one in second["items"]] == [won.json()["id"]]


def test_owners_and_mrc_are_told_ahead_and_each_week(
    fresh_make: Make, fresh_api: Api, fresh_registry: Registry
) -> None:
    """Once within 30 days of the day, and once in each week that it is overdue; a team's address too, by mail."""
    life = begin_life(fresh_make, fresh_api)
    life.reach("PRODUCTION")
    owners = [life.cast.owner.email, "team@example.com"]
    place = f"/api/v1/models/{life.version.model}/transfer"
    fresh_api.as_(life.cast.admin).post(place, json={"owners": owners, "reason": "The team answers for it."})
    parts = replace(fresh_registry.house.parts, sends_mail=True)
    now = clock.utc_now()
    due = 3 * 365
    offsets = [0, due - 29, due - 28, due + 1, due + 2, due + 9]

    told = []
    for offset in offsets:
        later = replace(Circumstances.of_the_house(), now=now + timedelta(days=offset))
        with fresh_registry.house.database.writing(parts, later) as work:
            next_review_reminding.remind(work)
        told.append(fresh_registry.look("SELECT count(*) FROM notices WHERE kind = 'review.due'")[0][0])

    mailed = [row.key.rpartition("/")[2] for row in fresh_registry.look("SELECT key FROM jobs WHERE kind = 'mail'")]
    assert [later - first for first, later in zip([0, *told], told, strict=False)] == [0, 2, 0, 2, 0, 2]
    assert sorted(mailed) == sorted([*owners, life.cast.mrc.email] * 3)
