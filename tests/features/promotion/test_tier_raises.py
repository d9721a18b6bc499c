"""What a raised risk tier asks of versions that were approved for less."""

from datetime import datetime, timedelta

from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import words_of
from tests.support.problems import refusal
from tests.support.promoting import Life, begin_life


def raise_tier(api: Api, life: Life, tier: str) -> None:
    """As an owner."""
    told = {"riskTier": tier, "reason": "It decides on credit now."}
    answer = api.as_(life.cast.owner).patch(f"/api/v1/models/{life.version.model}", json=told)
    assert answer.status_code == 200, answer.text


def test_an_approved_version_waits_for_what_a_raised_tier_lacks(make: Make, api: Api) -> None:
    """It keeps its state, cannot move, and reviewers give what is missing in the round that was approved."""
    life = begin_life(make, api)
    cast = life.cast
    page = f"{life.base.removeprefix('/api/v1')}/review"
    life.reach("APPROVED_STAGING")
    raise_tier(api, life, "MEDIUM")

    stuck = life.move("STAGING", cast.sre)
    shown = words_of(api.browser(cast.security).get(page).text)
    sent_back = life.decide(cast.security, "REQUEST_CHANGES")
    first = life.decide(cast.security)
    second = life.decide(cast.mrc)
    moved = life.move("STAGING", cast.sre)
    closed = words_of(api.browser(make.person(Role.MRC)).get(page).text)

    assert refusal(stuck) == (422, "requirements_not_met")
    assert "0 of 2 approvals for staging" in stuck.text
    assert "Approve" in shown
    assert "Goes back to the owner" not in shown
    assert refusal(sent_back) == (409, "state_forbids")
    assert [one.status_code for one in (first, second, moved)] == [201, 201, 200], second.text
    assert life.state == "STAGING"
    assert "It is approved: nothing is left to decide." in closed


def test_what_is_in_production_is_listed_as_a_finding(make: Make, api: Api) -> None:
    """One for each version, by the tier, for the owners, due as reviews are; an MRC settles it; lowering adds none."""
    life = begin_life(make, api)
    cast = life.cast
    life.reach("PRODUCTION")

    raise_tier(api, life, "HIGH")
    found = life.get("/findings").json()["items"]
    settled = life.post(f"/findings/{found[0]['id']}/settle", cast.mrc, status="RESOLVED", answer="Looked at as HIGH.")
    lowered = api.as_(make.person(Role.MRC)).patch(
        f"/api/v1/models/{life.version.model}", json={"riskTier": "LOW", "reason": "It does not any more."}
    )

    assert [(one["severity"], one["owner"], one["blocking"], one["status"]) for one in found] == [
        ("HIGH", cast.owner.email, False, "OPEN")
    ]
    assert "raised from low to high" in found[0]["text"]
    assert "2 of 2 approvals" in found[0]["text"]
    due = datetime.fromisoformat(found[0]["dueAt"]) - clock.utc_now()
    assert timedelta(days=9) < due <= timedelta(days=10)
    assert (settled.status_code, lowered.status_code) == (200, 200), lowered.text
    assert life.state == "PRODUCTION"
    assert len(life.get("/findings").json()["items"]) == 1
