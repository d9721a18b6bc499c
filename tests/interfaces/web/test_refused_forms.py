"""Forms of a promotion that are refused, for whatever reason: nothing that was typed is lost."""

import re

import pytest

from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import words_of
from tests.support.promoting import Life, begin_life

LONG = "Much more than fits. " * 200
TYPED = "What I wrote in ten minutes."


def _shown_again(text: str, control: str) -> bool:
    """Whether a control of the page holds what was typed."""
    return re.search(rf'id="{re.escape(control)}"[^>]*>[^<]*{re.escape(TYPED)}', text) is not None


@pytest.fixture(name="life")
def _life(make: Make, api: Api) -> Life:
    life = begin_life(make, api, tier="HIGH")
    assert life.ask().status_code == 201
    assert life.post("/findings", life.cast.mrc, text="Drifts.", severity="LOW").status_code == 201
    return life


def test_what_is_wrong_with_a_field_stands_there_and_at_the_top(api: Api, life: Life) -> None:
    """422: the page comes with the text in its field, the fault beside it, and a link to it above."""
    cast, page = life.cast, life.base.removeprefix("/api/v1")
    settle = f"settle-{life.get('/findings').json()['items'][0]['id']}"
    forms: list[tuple[Person, str, dict[str, str], str]] = [
        (cast.mrc, "hold", {"reason": ""}, "hold-reason"),
        (cast.owner, "close", {"reason": f"{TYPED}{LONG}"}, "close-reason"),
        (cast.sre, "moves", {"to": "NOWHERE", "comment": TYPED}, ""),
        (cast.mrc, "comments", {"text": f"{TYPED}{LONG}"}, "comment-text"),
        (cast.mrc, "findings", {"text": TYPED, "dueAt": "soon", "severity": "HIGH"}, "finding-dueAt"),
        (cast.security, f"findings/{settle[7:]}/settle", {"status": "", "answer": TYPED}, f"{settle}-status"),
        (cast.mrc, "reviews", {"decision": "", "comment": TYPED, "digest": life.latest["digest"]}, "decide-decision"),
        (
            cast.mrc, "reviews",
            {"decision": "APPROVE", "digest": life.latest["digest"], "findings.1.text": TYPED,
             "findings.1.owner": "nobody"},
            "decide-findings.0.owner",
        ),
    ]  # fmt: skip

    answers = [api.browser(person).submit(f"{page}/{at}", sent) for person, at, sent, _ in forms]

    assert [answer.status_code for answer in answers] == [422] * len(forms)
    for answer, (_, _, sent, control) in zip(answers, forms, strict=True):
        assert 'id="errors"' in answer.text
        assert TYPED in answer.text or TYPED not in "".join(sent.values())
        if control:
            assert f'href="#{control}"' in answer.text
            assert f'id="{control}-error"' in answer.text
    assert _shown_again(answers[4].text, "finding-text")
    assert _shown_again(answers[5].text, f"{settle}-answer")
    assert _shown_again(answers[7].text, "decide-findings.0.text")
    assert life.get().json()["hold"] is None
    assert life.latest["reviews"] == []


def test_a_conflict_or_a_refusal_keeps_what_was_typed(api: Api, life: Life) -> None:
    """409 and 403: the page says why, keeps the text where the form is still offered, and shows it where it is not."""
    cast, page = life.cast, life.base.removeprefix("/api/v1")
    mrc, owner = api.browser(cast.mrc), api.browser(cast.owner)
    decided = {"decision": "APPROVE", "comment": TYPED, "checklist.scan": "YES"}

    other = mrc.submit(f"{page}/reviews", {**decided, "digest": "sha256:00"})
    own = owner.submit(f"{page}/reviews", {**decided, "digest": life.latest["digest"]})
    twice = [mrc.submit(f"{page}/hold", {"reason": TYPED}) for _ in range(2)]
    lifted = mrc.submit(f"{page}/lift", {"reason": TYPED})
    moved = api.browser(cast.sre).submit(f"{page}/moves", {"to": "STAGING", "comment": TYPED})
    gone = mrc.submit(f"{page}/findings/nothing/settle", {"status": "RESOLVED", "answer": TYPED})
    nowhere = mrc.submit("/models/no-group/no-name/versions/1.0.0/hold", {"reason": TYPED})

    assert (other.status_code, own.status_code, lifted.status_code) == (409, 403, 403)
    assert [answer.status_code for answer in twice] == [303, 409]
    assert (moved.status_code, gone.status_code, nowhere.status_code) == (409, 404, 404)
    assert "The content is not the one that was judged." in words_of(other.text)
    assert _shown_again(other.text, "decide-comment")
    assert life.latest["digest"] in other.text
    assert "What you typed is kept" in words_of(own.text)
    assert "You set this hold" in words_of(lifted.text)
    for answer in (own, twice[1], lifted, moved, gone):
        assert TYPED in answer.text
        assert 'id="errors"' in answer.text


def test_a_form_of_a_review_pressed_twice_counts_once(api: Api, life: Life) -> None:
    """Decision, comment and finding, each sent again as it was; a second decision is refused with its text kept."""
    cast, page = life.cast, life.base.removeprefix("/api/v1")
    mrc = api.browser(cast.mrc)
    decided = {"decision": "APPROVE", "comment": TYPED, "digest": life.latest["digest"]}
    before = len(life.get("/findings").json()["items"])
    forms = {"reviews": decided, "comments": {"text": TYPED}, "findings": {"text": TYPED, "severity": "LOW"}}

    twice = [[mrc.submit(f"{page}/{at}", {"once": at, **sent}) for _ in range(2)] for at, sent in forms.items()]
    other = mrc.submit(f"{page}/reviews", {"once": "another", **decided, "decision": "REQUEST_CHANGES"})

    assert [[answer.status_code for answer in pair] for pair in twice] == [[303, 303]] * 3
    assert all(first.headers["location"] == again.headers["location"] for first, again in twice)
    assert len(life.latest["reviews"]) == 1
    assert len(life.get("/findings").json()["items"]) == before + 1
    assert words_of(mrc.get(f"{page}/review").text).count(TYPED) == 3
    assert other.status_code == 409
    assert TYPED in other.text.partition('id="errors"')[2]
    assert life.state == "SUBMITTED"
