"""What is in production is looked at again: until when, by whom, and who is told."""

from datetime import datetime, timedelta

from modelkeep_server.features.promotion.next_reviews import reminding as next_review_reminding
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import words_of
from tests.support.problems import fields_at_fault, refusal
from tests.support.promoting import begin_life
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


def test_owners_and_mrc_are_told_ahead_and_each_week(
    fresh_make: Make, fresh_api: Api, fresh_registry: Registry
) -> None:
    """Once within 30 days of the day, and once in each week that it is overdue."""
    life = begin_life(fresh_make, fresh_api)
    life.reach("PRODUCTION")
    now = clock.utc_now()
    due = 3 * 365
    offsets = [0, due - 29, due - 28, due + 1, due + 2, due + 9]

    told = []
    for offset in offsets:
        with fresh_registry.writing(now=now + timedelta(days=offset)) as work:
            next_review_reminding.remind(work)
        told.append(fresh_registry.look("SELECT count(*) FROM notices WHERE kind = 'review.due'")[0][0])

    assert [later - first for first, later in zip([0, *told], told, strict=False)] == [0, 2, 0, 2, 0, 2]
