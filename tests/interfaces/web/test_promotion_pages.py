"""A version brought through its life by the pages alone, as plain forms."""

import re

import pytest

from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life


@pytest.fixture(name="make")
def _make(fresh_make: Make) -> Make:
    """In a registry of its own: what other tests demand or leave under review stands on these pages too."""
    return fresh_make


@pytest.fixture(name="api")
def _api(fresh_api: Api) -> Api:
    return fresh_api


def test_the_next_step_box_leads_from_draft_to_retired(make: Make, api: Api) -> None:
    """Each person finds the one button that is theirs, everybody else why not; it works without the script."""
    life = begin_life(make, api, tier="LOW")
    cast, page = life.cast, life.base.removeprefix("/api/v1")
    owner, sre, admin = (api.browser(person) for person in (cast.owner, cast.sre, cast.admin))
    ask = {"justification": "Recall rose by two points."}

    empty = owner.submit(f"{page}/promotions", {"target": "STAGING", "justification": ""})
    asked = owner.submit(f"{page}/promotions", {"target": "STAGING", **ask})
    waiting = words_of(owner.get(page).text)
    assert life.decide(cast.mrc).status_code == 201
    told = words_of(owner.get(page).text)
    staged = sre.submit(f"{page}/moves", {"to": "STAGING", "comment": ""})
    life.publish_card()
    again = owner.submit(f"{page}/promotions", {"target": "PRODUCTION", "urgent": "yes", **ask})
    taken = owner.submit(f"{page}/promotions/{life.latest['id']}/withdraw", {"reason": "Too early."})
    once_more = owner.submit(f"{page}/promotions", {"target": "PRODUCTION", **ask})
    assert life.decide(cast.mrc).status_code == 201
    released = sre.submit(f"{page}/moves", {"to": "PRODUCTION", "comment": "Shadowed it for a week."})
    unsure = owner.submit(f"{page}/moves", {"to": "DEPRECATED", "comment": "A better one comes."})
    kept = life.state
    moved = [
        released,
        owner.submit(f"{page}/moves", {"to": "DEPRECATED", "comment": "", "sure": "yes"}),
        admin.submit(f"{page}/moves", {"to": "RETIRED", "comment": "", "sure": "yes"}),
    ]

    assert empty.status_code == 422
    assert "Justification" in words_of(empty.text)
    assert 'id="request-justification-error"' in empty.text
    assert (asked.status_code, asked.headers["location"]) == (303, f"{page}?done=requested")
    assert "Waiting for MRC or Security Architect" in waiting
    assert "Next step: move to staging" in told
    assert "To move a version to staging you need the role SRE." in told
    assert [answer.status_code for answer in (staged, again, taken, once_more, *moved)] == [303] * 7
    assert (unsure.status_code, kept, life.state) == (422, "PRODUCTION", "RETIRED")
    assert "A better one comes." in unsure.text
    assert "there is no way back" in words_of(unsure.text)
    assert "Nothing comes after this." in words_of(owner.get(page).text)


def test_the_box_offers_the_request_once_all_is_met_and_only_to_owners(make: Make, api: Api) -> None:
    """The guide's words for the owner; for others the button is greyed and says whom to ask."""
    life = begin_life(make, api, tier="LOW")
    page = life.base.removeprefix("/api/v1")

    owner, other = look(api, life.cast.owner, page), look(api, life.cast.mrc, page)

    assert "Next step: promotion to staging All 6 requirements are met." in words_of(owner)
    assert 'name="justification"' in owner
    assert "Request Promotion" in words_of(owner)
    assert 'name="justification"' not in other
    assert "To request a promotion you need" in words_of(other)


@pytest.mark.parametrize("tier", ["LOW", "HIGH"])
def test_a_hold_stands_on_the_page_and_is_lifted_there(make: Make, api: Api, tier: str) -> None:
    """Set beside the next step, with a reason that all read; where the risk is high, another person lifts it."""
    life = begin_life(make, api, tier=tier)
    page = life.base.removeprefix("/api/v1")
    mrc, security = api.browser(life.cast.mrc), api.browser(life.cast.security)

    held = mrc.submit(f"{page}/hold", {"reason": "A leak is looked into."})
    shown = words_of(look(api, life.cast.owner, page))
    own = mrc.submit(f"{page}/lift", {"reason": "It was nothing."})

    assert held.status_code == 303
    assert "put this version on hold" in shown
    assert "A leak is looked into." in shown
    assert 'name="justification"' not in look(api, life.cast.owner, page) or tier == "LOW"
    assert own.status_code == (403 if tier == "HIGH" else 303)
    if tier == "HIGH":
        assert security.submit(f"{page}/lift", {"reason": "It was nothing."}).status_code == 303
    assert life.get().json()["hold"] is None


def test_a_review_is_found_in_the_queue_and_decided_on_its_page(make: Make, api: Api) -> None:
    """Queue, page, comment, finding, changes requested, second round, approval: what each saw stands there."""
    life = begin_life(make, api, tier="MEDIUM")
    cast, page = life.cast, life.base.removeprefix("/api/v1")
    life.ask()
    mrc, security, owner = (api.browser(person) for person in (cast.mrc, cast.security, cast.owner))
    row = f'href="{page}/review"'

    assert row in mrc.get("/reviews?role=MRC&riskTier=MEDIUM").text
    assert row not in mrc.get("/reviews?riskTier=HIGH").text
    queue = re.search(r"MRC Security Architect (\d of \d) just now", words_of(mrc.get("/reviews?riskTier=MEDIUM").text))
    shown = mrc.get(f"{page}/review").text
    digest = life.latest["digest"]
    silent = mrc.submit(f"{page}/reviews", {"decision": "REQUEST_CHANGES", "comment": "", "digest": digest})
    said = owner.submit(f"{page}/comments", {"text": "The holdout is that of March."})
    found = mrc.submit(f"{page}/findings", {"text": "Drifts in June.", "severity": "LOW", "owner": "", "dueAt": ""})
    settle = {"status": "ACCEPTED", "answer": "It is watched."}
    settled = security.submit(f"{page}/findings/{life.get('/findings').json()['items'][0]['id']}/settle", settle)
    blocking = {"text": "Nobody watches it.", "severity": "HIGH", "blocking": "yes", "owner": "", "dueAt": ""}
    assert mrc.submit(f"{page}/findings", blocking).status_code == 303
    box = words_of(owner.get(page).text).partition("Waiting for MRC")[2]
    mended = f"{page}/findings/{life.get('/findings').json()['items'][0]['id']}/settle"
    assert security.submit(mended, settle).status_code == 303
    back = mrc.submit(f"{page}/reviews", {"decision": "REQUEST_CHANGES", "comment": "Say more.", "digest": digest})
    asked_to = words_of(owner.get(page).text)
    life.ask()
    told = {"decision": "APPROVE", "comment": "", "digest": life.latest["digest"]}
    answers = {"checklist.scan": "YES", "findings.0.text": "Name the owner of the data.", "findings.0.severity": "LOW"}
    first = security.submit(f"{page}/reviews", {**told, **answers})
    decided = words_of(security.get(f"{page}/review").text)
    halfway = words_of(mrc.get(f"{page}/review").text)
    own = words_of(owner.get(f"{page}/review").text)
    last = mrc.submit(f"{page}/reviews", told)
    after = words_of(owner.get(f"{page}/review").text)

    assert "Promotion to staging" in words_of(shown)
    assert "Recall rose by two points." in words_of(shown)
    assert 'name="decision"' in shown
    assert queue is not None
    assert f"Checks {queue[1]} " in words_of(shown)
    assert (box.count("Open the review"), box.count("See findings")) == (1, 1)
    assert re.search(
        r"You approved as Security Architect , \d+ \w{3} \d{4}, \d\d:\d\d UTC Still waited for: MRC ,", decided
    )
    assert silent.status_code == 422
    assert 'id="decide-comment-error"' in silent.text
    assert [answer.status_code for answer in (said, found, settled, back, first, last)] == [303] * 6
    assert "requested changes" in asked_to
    assert "Say more." in asked_to
    assert "Yours is the last one needed" in halfway
    assert "Every file was looked through, and what the scanner found is understood. Yes" in halfway
    assert "To approve a promotion you need" in own
    assert "The holdout is that of March." in after
    assert "Name the owner of the data." in after
    assert life.state == "APPROVED_STAGING"
    assert words_of(owner.get(f"{page}/reviews").text).count("round") >= 2


def test_an_admin_asks_for_more_approvals_and_for_fewer_again(make: Make, api: Api) -> None:
    """The page shows floor and sum; what is wrong is told at the control; a second person confirms the end."""
    life = begin_life(make, api, tier="MEDIUM")
    life.ask()
    admin, mrc, page = api.browser(life.cast.admin), api.browser(life.cast.mrc), "/admin/approvals"
    more = {"riskTier": "MEDIUM", "target": "STAGING", "roles": "MRC", "count": "1", "reason": "An audit."}

    wrong = admin.submit(page, {**more, "roles": "", "reason": "", "count": "9"})
    locked = words_of(mrc.get(page).text)
    added = admin.submit(page, more)
    shown = words_of(admin.get(page).text)
    review = words_of(mrc.get(life.base.removeprefix("/api/v1")).text)
    rule = admin.get("/api/v1/approval-rules").json()["items"][-1]["id"]
    empty = admin.submit(f"{page}/{rule}/end", {"reason": ""})
    wished = admin.submit(f"{page}/{rule}/end", {"reason": "Over."})
    asks = words_of(mrc.get(page).text)
    kept = admin.submit(f"{page}/{rule}/decline")
    admin.submit(f"{page}/{rule}/end", {"reason": "Over."})
    ended = mrc.submit(f"{page}/{rule}/confirm", {"reason": "Agreed."})

    assert (wrong.status_code, empty.status_code) == (422, 422)
    assert "3 things to correct" in words_of(wrong.text)
    assert "To ask for more approvals you need" in locked
    assert "To staging: 3 approvals" in shown
    assert review.count("Waiting") >= 3
    assert "Confirm" in asks
    assert [one.headers["location"].partition("=")[2] for one in (added, wished, kept, ended)] == [
        "approvals-added", "approvals-ending", "approvals-stand", "approvals-ended",
    ]  # fmt: skip
    assert "Nothing added" in words_of(admin.get(page).text)
