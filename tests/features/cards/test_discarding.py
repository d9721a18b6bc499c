"""Throwing the draft of a card away, and what is left of it."""

from functools import partial
from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.at_once import at_once
from tests.support.card_acts import CardActs, notes_of
from tests.support.clients import Api
from tests.support.full_versions import card_of, items_of, make_full
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry


@pytest.fixture
def cards(make: Make, api: Api) -> CardActs:
    """Those of a new version."""
    version = make.version()
    return CardActs(api, version, make.owner_of(version))


def listed(cards: CardActs) -> list[tuple[int, str]]:
    """The revisions there are, as every reader of the version has them."""
    return [(one["revision"], one["status"]) for one in cards.get("/revisions")["items"]]


def test_a_discarded_draft_is_gone_and_what_was_published_stands(cards: CardActs, make: Make, api: Api) -> None:
    """Nobody reads it any more, and the next one has its number; the log keeps who threw it away."""
    cards.generate()
    published = cards.publish().json()
    cards.edit(limitations="Weak in winter.")
    draft = cards.generate()
    assert listed(cards) == [(2, "DRAFT"), (1, "PUBLISHED")]
    gone = cards.discard(edition=draft["edition"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert listed(cards) == [(1, "PUBLISHED")]
    assert cards.get()["digest"] == published["digest"]
    for which in ("draft", "2"):
        answer = api.as_(cards.owner).get(card_of(cards.version, f"?revision={which}"))
        assert answer.status_code == 404, answer.text
    told = make.events(cards.version.id, "card.discard")[0].after or {}
    assert (told["revision"], told["status"]) == (2, "DISCARDED")
    again = cards.generate()
    assert (again["revision"], again["status"]) == (2, "DRAFT")
    assert again["edition"] > draft["edition"]
    assert cards.publish().json()["revision"] == 2


def test_without_a_published_one_the_version_has_no_card(cards: CardActs, api: Api) -> None:
    """As before the first was generated."""
    cards.generate()
    assert cards.discard().status_code == 204
    assert listed(cards) == []
    answer = api.as_(cards.owner).get(card_of(cards.version))
    assert (answer.status_code, "no model card yet" in answer.json()["detail"]) == (404, True)
    assert cards.generate()["revision"] == 1


def test_annotations_outlive_the_draft(cards: CardActs, make: Make) -> None:
    """Those of everybody stand in the next one, whatever begins it."""
    reviewer = make.person(Role.MRC)
    cards.generate()
    cards.annotate("factors", "Weak on new customers.", reviewer)
    cards.annotate("metrics", "Measured twice.")
    cards.discard()
    card = cards.generate()
    assert notes_of(card, "factors") == [(reviewer.email, "Weak on new customers.")]
    cards.discard()
    card = cards.annotate("metrics", "Measured twice.").json()
    assert (card["status"], card["revision"]) == ("DRAFT", 1)
    assert notes_of(card, "metrics") == [(cards.owner.email, "Measured twice.")]
    assert notes_of(card, "factors") == [(reviewer.email, "Weak on new customers.")]


def test_an_annotation_is_taken_back_after_the_draft_is_gone(cards: CardActs) -> None:
    """It is said no more in the draft that begins with that; one that was never there begins nothing."""
    cards.annotate("factors", "Too early.")
    cards.discard()
    assert cards.annotate("metrics", "").status_code == 404
    assert listed(cards) == []
    assert notes_of(cards.annotate("factors", "").json(), "factors") == []


def test_nothing_to_discard_says_why(cards: CardActs, make: Make) -> None:
    """Before the first card, after a publication, and after somebody else who was faster, whose name it says."""
    none_yet = cards.discard()
    assert (none_yet.status_code, none_yet.json()["code"]) == (409, "conflict")
    cards.generate()
    cards.publish()
    published = cards.discard()
    assert (published.status_code, "Revision 1 is published and stays" in published.json()["remedy"]) == (409, True)
    edition = cards.annotate("factors", "Seen.").json()["edition"]
    assert cards.discard(edition=edition).status_code == 204
    again = cards.discard(edition=edition)
    assert (again.status_code, f"discarded by {cards.owner.email}" in again.json()["detail"]) == (409, True)
    late = cards.publish(edition=edition)
    assert (late.status_code, f"discarded by {cards.owner.email}" in late.json()["detail"]) == (409, True)


def test_a_draft_that_changed_since_it_was_read_is_not_discarded(cards: CardActs, make: Make) -> None:
    """412 says who changed what, and the draft stands."""
    reviewer = make.person(Role.MRC)
    read = cards.generate()["edition"]
    cards.annotate("metrics", "Wait.", reviewer)
    stale = cards.discard(edition=read)
    assert refusal(stale) == (412, "stale_edit")
    assert reviewer.email in stale.json()["errors"][0]["message"]
    assert listed(cards) == [(1, "DRAFT")]


def test_editions_of_before_do_not_come_back(cards: CardActs) -> None:
    """What was read of a discarded draft is stale in the next; what was read of the published one is not."""
    cards.generate()
    published = cards.publish().json()["edition"]
    draft = cards.generate()["edition"]
    cards.discard()
    assert cards.annotate("factors", "Late.", edition=draft).status_code == 412
    assert cards.annotate("factors", "In time.", edition=published).status_code == 200
    assert cards.annotate("metrics", "Late.", edition=published).status_code == 412
    assert cards.publish(edition=draft).status_code == 412


def test_who_may_generate_may_discard(cards: CardActs, make: Make, api: Api) -> None:
    """A reviewer and a stranger may not; nobody of a model that is retired."""
    cards.generate()
    for person in (make.person(Role.MRC), make.person()):
        assert cards.discard(person).status_code == 403
    address = f"/api/v1/models/{cards.version.model}/retire"
    assert api.as_(make.person(Role.ADMIN)).post(address, json={"reason": "Done."}).status_code == 200
    assert refusal(cards.discard()) == (409, "state_forbids")
    assert listed(cards) == [(1, "DRAFT")]


def test_a_draft_is_discarded_in_every_state_of_the_version(registry: Registry, make: Make, api: Api) -> None:
    """Where one may be generated; a policy that asks for a published card finds it still."""
    full = make_full(registry, make, api)
    cards = CardActs(api, full.version, full.owner)
    cards.generate()
    cards.publish()
    for state in ("STAGING", "PRODUCTION", "DEPRECATED"):
        full.life.reach(state)
        cards.annotate("metrics", f"Seen in {state}.")
        assert cards.discard().status_code == 204, state
    assert cards.get()["status"] == "PUBLISHED"


def test_of_two_who_discard_at_once_one_is_told_who_was_faster(cards: CardActs) -> None:
    """One is done, the others get a clear 409."""
    edition = cards.generate()["edition"]
    answers = at_once(*[lambda: cards.discard(edition=edition)] * 4)
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]
    assert all("was discarded by" in answer.json()["detail"] for answer in answers if answer.status_code == 409)


def test_discarding_while_publishing_leaves_one_of_both(cards: CardActs) -> None:
    """Published, or gone; never a published card that is discarded."""
    for round_ in range(4):
        cards.edit(limitations=f"Round {round_}.")
        edition = cards.generate()["edition"]
        before = len(listed(cards))
        published, discarded = at_once(partial(cards.publish, edition=edition), partial(cards.discard, edition=edition))
        assert {published.status_code, discarded.status_code} in ({200, 409}, {204, 409}), (published, discarded)
        assert len(listed(cards)) == (before if published.status_code == 200 else before - 1)


def test_whatever_is_done_at_once_loses_no_annotation(cards: CardActs, make: Make) -> None:
    """Generating, annotating, publishing and discarding: no 500, and everybody's words are in the end in a card."""
    people = [make.person(Role.MRC) for _ in range(3)]
    calls: list[Any] = [lambda one=one: cards.annotate("factors", f"By {one.email}", one) for one in people]
    cards.generate()
    for _ in range(3):
        answers = at_once(*calls, cards.publish, cards.discard, cards.generate)
        assert all(isinstance(one, dict) or one.status_code in (200, 204, 409) for one in answers), answers
    cards.generate()
    assert {author for author, _ in notes_of(cards.get("?revision=draft"), "factors")} == {one.email for one in people}


@pytest.mark.parametrize(
    ("markdown", "status"), [("Said again.", 200), ("x" * 10_001, 422), ("a\x00b", 422), (" \n ", 404), ("", 404)]
)
def test_what_is_said_after_a_draft_is_gone_is_judged_as_ever(cards: CardActs, markdown: str, status: int) -> None:
    """It begins a draft, or says what is wrong with it and begins none."""
    cards.generate()
    cards.discard()
    answer = cards.annotate("factors", markdown)
    assert answer.status_code == status, answer.text
    assert listed(cards) == ([(1, "DRAFT")] if status == 200 else [])


def test_the_log_verifies_after_drafts_came_and_went(fresh_make: Make, fresh_api: Api) -> None:
    """Their rows are as the log has them, and the trail tells of it in words."""
    version = fresh_make.version()
    cards = CardActs(fresh_api, version, fresh_make.owner_of(version))
    for _ in range(2):
        cards.generate()
        cards.discard()
    auditor = fresh_api.as_(fresh_make.person(Role.AUDITOR))
    assert auditor.get("/api/v1/audit/verify").json()["ok"]
    page = fresh_api.browser(cards.owner).get(f"/models/{version.model}/versions/1.0.0/trail?kind=CARD")
    assert "discarded the draft of the model card of" in page.text


def test_what_a_draft_said_is_not_kept(cards: CardActs, registry: Registry) -> None:
    """Thrown away is thrown away: of its facts nothing stands in the row."""
    cards.edit(limitations="Weak in winter.")
    assert "limitations" in items_of(cards.generate())
    cards.discard()
    rows = registry.look(
        "SELECT document FROM card_revisions JOIN versions ON versions.id = version_id WHERE versions.public_id = :id",
        id=cards.version.id,
    )
    assert [row[0] for row in rows] == ["{}"]
