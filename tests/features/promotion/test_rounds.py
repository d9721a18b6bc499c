"""Rounds of review beside one another: what changed between two, and what nobody saw who decided."""

import re
from datetime import timedelta

import pytest

from modelkeep_server.features.promotion import rounds
from modelkeep_server.interfaces.web import reviews
from modelkeep_server.kit import clock
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life

TWO = [
    {"text": "Name the owner of the data.", "severity": "LOW"},
    {"text": "Shadow it for a week.", "severity": "HIGH", "blocking": True},
]


def test_a_second_round_shows_what_changed_and_what_was_not_seen(make: Make, api: Api) -> None:
    """After changes were requested, reviewers see what changed since; a later evaluation is marked unseen."""
    life = begin_life(make, api, tier="MEDIUM")
    cast, page = life.cast, life.base.removeprefix("/api/v1")
    life.ask()
    first = life.latest["id"]
    assert life.decide(cast.security, findings=TWO).status_code == 201
    assert life.decide(cast.mrc, "REQUEST_CHANGES", comment="Say where it is weak.").status_code == 201
    blocking = next(one["id"] for one in life.get("/findings").json()["items"] if one["blocking"])
    settled = {"status": "RESOLVED", "answer": "It ran for a week."}
    assert life.post(f"/findings/{blocking}/settle", cast.security, **settled).status_code == 200
    narrower = {"inputSchema": {"type": "object", "properties": {"age": {"type": "string"}}}}
    changed = {"metadata": {"limitations": "Weak on new accounts.", **narrower}}
    assert api.as_(cast.owner).patch(life.base, json=changed).status_code == 200
    tested = {"kind": "DATASET", "name": "churn-holdout", "version": "2026-03", "role": "TEST"}
    assert life.post("/lineage", cast.owner, **tested).status_code == 201
    measured = {"dataset": {"name": "fairness-holdout"}, "metrics": [{"name": "auc", "value": 0.88}]}
    late = life.post("/evaluations", cast.owner, **measured).json()
    assert life.ask().status_code == 201

    told = life.get(f"/promotions/{life.latest['id']}/changes").json()
    alone = life.get(f"/promotions/{first}/changes").json()
    nowhere = life.get("/promotions/nothing/changes")
    asked = life.get("/promotions").json()["items"]
    review = words_of(look(api, cast.mrc, f"{page}/review"))
    before = words_of(look(api, cast.mrc, f"{page}/review?round={first}"))
    listed = words_of(look(api, cast.owner, f"{page}/reviews"))

    assert (told["before"]["round"], told["now"]["round"]) == (1, 2)
    assert told["before"]["endReason"] == "Say where it is weak."
    assert [one["field"] for one in told["differences"]["metadata"] if one["change"] != "SAME"] == [
        "limitations", "lineage.dataset:churn-holdout@2026-03 TEST",
    ]  # fmt: skip
    assert [one["field"] for one in told["differences"]["schemas"] if one["change"] != "SAME"] == ["inputSchema"]
    assert (alone["before"], alone["differences"]) == (None, None)
    assert nowhere.status_code == 404
    assert [one["id"] for review in asked[1]["reviews"] for one in review["notSeen"]] == [late["id"]] * 2
    assert "What changed since round 1 3 changed" in review
    assert "churn-holdout" in review
    assert "Say where it is weak." in review
    assert "Breaks callers" in review
    assert "1 evaluation recorded later: fairness-holdout" in before
    assert "1 evaluation recorded later: fairness-holdout" in listed
    for finding in TWO:
        assert before.count(str(finding["text"])) == 2
        assert str(finding["text"]) in listed


def test_rounds_and_what_was_not_seen_are_bounded(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds come page by page; of evaluations after a decision the newest are named with it, the others counted."""
    monkeypatch.setattr(rounds, "UNSEEN_MAX", 2)
    life = begin_life(make, api, tier="MEDIUM")
    life.ask()
    life.decide(life.cast.mrc)
    measured = {"dataset": {"name": "holdout"}, "metrics": [{"name": "auc", "value": 0.88}]}
    late = [life.post("/evaluations", life.cast.owner, **measured).json()["id"] for _ in range(4)]
    life.decide(life.cast.security)

    where = f"{life.base.removeprefix('/api/v1')}/reviews"
    page = look(api, life.cast.mrc, where)
    life.move("STAGING", life.cast.sre)
    life.ask("PRODUCTION")
    monkeypatch.setattr(reviews, "ROUNDS_SHOWN", 1)

    newest = look(api, life.cast.mrc, where)
    first = life.get("/promotions?limit=1").json()
    second = life.get(f"/promotions?limit=1&cursor={first['nextCursor']}").json()

    by_mrc, by_security = sorted(second["items"][0]["reviews"], key=lambda one: one["role"])
    assert ([one["id"] for one in by_mrc["notSeen"]], by_mrc["notSeenCount"]) == ([*late[-2:], "1"], 5)
    assert (first["total"], first["items"][0]["round"], second["nextCursor"]) == (2, 2, None)
    assert ("round 2" in newest, "round 1" in newest, "cursor=" in newest) == (True, False, True)
    assert ([one["kind"] for one in by_security["notSeen"]], by_security["notSeenCount"]) == (["CARD"], 1)
    assert "4 evaluations recorded later: holdout" in words_of(page)
    assert re.search(r'/evaluations">2 more</a>', page)


def test_later_revisions_of_the_card_are_marked_unseen(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each decision keeps which revision was published then; later ones are named with it, the newest of many."""
    monkeypatch.setattr(rounds, "UNSEEN_MAX", 2)
    life = begin_life(make, api, tier="MEDIUM")
    cast, page = life.cast, life.base.removeprefix("/api/v1")
    life.ask()
    life.decide(cast.mrc)
    early = words_of(look(api, cast.security, f"{page}/review"))
    first = life.publish_card()
    life.decide(cast.security)
    for _ in range(3):
        newest = life.publish_card()

    by_mrc, by_security = sorted(life.latest["reviews"], key=lambda one: one["role"])
    review, listed = (words_of(look(api, cast.owner, f"{page}/{name}")) for name in ("review", "reviews"))
    drawn = look(api, cast.owner, f"{page}/review")

    assert (first, newest) == (1, 4)
    assert [one["saw"]["cardRevision"] for one in (by_mrc, by_security)] == [None, 1]
    assert [(one["kind"], one["id"], one["by"]) for one in by_security["notSeen"]] == [
        ("CARD", "3", cast.owner.email), ("CARD", "4", cast.owner.email),
    ]  # fmt: skip
    assert (by_mrc["notSeenCount"], by_security["notSeenCount"]) == (4, 3)
    assert "Model card None is published" in early
    assert "Model card Revision 4" in review
    assert "% provided, published by" in review
    assert f'href="{page}/card?revision=4"' in drawn
    assert "What they saw" in review
    assert "no published model card" in review
    assert "model card, revision 1" in review
    for told in (review, listed):
        assert "4 revisions of the model card published later: Revision 3" in told
        assert "3 revisions of the model card published later: Revision 3" in told
        assert "and 1 more" in told


def test_the_first_thing_of_a_review_is_what_changed_since_the_approved_version(make: Make, api: Api) -> None:
    """Metrics with their change, metadata, a schema that breaks under a MINOR number, and files; of any version."""
    old = begin_life(make, api, tier="LOW")
    cast = old.cast
    old.ask()
    assert old.decide(cast.mrc).status_code == 201
    owner, model = api.as_(cast.owner), f"/api/v1/models/{old.version.model}/versions"
    breaking = {"outputSchema": {"type": "string"}, "limitations": "Weak on new accounts."}
    made = owner.post(
        model, json={"version": "1.1.0", "from": old.version.version, "copyArtifacts": ["model.safetensors"],
                     "metadata": breaking},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    measured = {"dataset": {"name": "churn-holdout"}, "metrics": [{"name": "auc", "value": 0.91}]}
    assert owner.post(f"{model}/1.1.0/evaluations", json=measured).status_code == 201
    asked = owner.post(f"{model}/1.1.0/promotions", json={"target": "STAGING", "justification": "Better."})
    assert asked.status_code == 201, asked.text
    page = f"/models/{old.version.model}/versions/1.1.0/review"

    drawn = look(api, cast.mrc, page)
    picked = words_of(look(api, cast.mrc, f"{page}?with={old.version.version}"))
    nowhere = api.browser(cast.mrc).get(f"{page}?with=9.9.9")
    back = {"decision": "REQUEST_CHANGES", "comment": "Say more.", "digest": asked.json()["digest"]}
    assert api.as_(cast.mrc).post(f"{model}/1.1.0/reviews", json=back).status_code == 201
    assert owner.patch(f"{model}/1.1.0", json={"metadata": {"limitations": "Later words."}}).status_code == 200
    judged = words_of(look(api, cast.mrc, page))

    sections = ["cmp-metrics", "cmp-metadata", "cmp-outputSchema", "cmp-artifacts", "findings", "discussion"]
    places = [drawn.index(f'id="{section}"') for section in sections]
    assert places == sorted(places)
    told = [f"What changed since {old.version.version} Approved for staging", "Look here first.", "+0.02"]
    for part in (*told, "Weak on new accounts.", "Breaks under 1.1.0", "Breaks consumers"):
        assert part in words_of(drawn)
    assert f"Compared with {old.version.version}" in picked
    assert "new accounts." in judged
    assert "Later words." not in judged
    assert nowhere.status_code == 404


def test_a_review_is_held_against_no_closed_version_and_keeps_what_it_showed(make: Make, api: Api) -> None:
    """With a closed draft alone there is no base; once the round ended, scans and what was lifted stand there still."""
    old = begin_life(make, api, tier="LOW")
    cast, number = old.cast, old.version.version
    owner, mrc, architect = (api.as_(one) for one in (cast.owner, cast.mrc, cast.security))
    model, group = f"/api/v1/models/{old.version.model}/versions", old.version.model.partition("/")[0]
    rule = {"expression": 'version.description == "Told"', "message": "It is told."}
    policy = {"name": f"Told {group}", "severity": "BLOCK", "scope": {"groups": [group]}, "rules": [rule]}
    dry = {"rules": [rule], "scope": {"groups": [group]}}
    made = owner.post(model, json={"version": "1.1.0", "from": number, "copyArtifacts": ["model.safetensors"]})
    assert made.status_code == 201, made.text
    tried = [architect.post("/api/v1/policies/dry-run", json=dry).json()["asked"]]
    assert old.post("/close", cast.owner, reason="Begun wrongly.").status_code == 200
    tried.append(architect.post("/api/v1/policies/dry-run", json=dry).json()["asked"])
    measured = {"dataset": {"name": "churn-holdout"}, "metrics": [{"name": "auc", "value": 0.91}]}
    assert owner.post(f"{model}/1.1.0/evaluations", json=measured).status_code == 201
    put = architect.post("/api/v1/policies", json=policy)
    excepted = owner.post("/api/v1/exceptions", json={
        "policy": put.json()["id"], "version": f"{old.version.model}:1.1.0", "justification": "Soon.", "risk": "None.",
        "mitigation": "None.", "expiresAt": clock.iso_seconds(clock.utc_now() + timedelta(days=9)),
    }).json()["id"]  # fmt: skip
    assert mrc.post(f"/api/v1/exceptions/{excepted}/grant", json={}).status_code == 200
    asked = owner.post(f"{model}/1.1.0/promotions", json={"target": "STAGING", "justification": "Better."})
    assert asked.status_code == 201, asked.text
    page = f"/models/{old.version.model}/versions/1.1.0/review"

    first, picked = look(api, cast.mrc, page), words_of(look(api, cast.mrc, f"{page}?with={number}"))
    frozen = words_of(look(api, cast.owner, page.removesuffix("/review")))
    assert owner.post(f"{model}/1.1.0/comments", json={"text": "Mind the holdout."}).status_code == 201
    back = {"decision": "REQUEST_CHANGES", "comment": "Say more.", "digest": asked.json()["digest"]}
    assert mrc.post(f"{model}/1.1.0/reviews", json=back).status_code == 201
    ended = look(api, cast.mrc, f"{page}?with={number}")
    start = look(api, cast.owner, f"/models/{old.version.model}/versions/new")

    assert tried == [2, 1]
    assert "First version of this model to be reviewed: nothing to compare with" in words_of(first)
    assert f"What changed since {number} Draft Closed" in picked
    assert f"{number}, draft, closed</option>" in start
    scans = ended.partition('id="cmp-artifacts"')[2].partition("</section>")[0]
    assert "Data only" in words_of(f"<main>{scans}</main>")
    assert "An exception lifts this for a time. Exception" in words_of(ended)
    assert f'href="/exceptions/{excepted}"' in ended
    assert "Needed to request changes, optional to approve." in words_of(first)
    assert "can still give it back to be changed; else, to change a file or a field, create a new version" in frozen
    talk = words_of("<main" + ended.partition('id="discussion"')[2])
    places = [talk.index(part) for part in ("requested the promotion", "Mind the holdout.", "requested changes")]
    assert places == sorted(places)
    assert "Discussion 3 " in words_of(ended)
    assert all(re.search(r"Checks (\d) of \1, 1 by an exception ", words_of(one)) for one in (first, ended))
