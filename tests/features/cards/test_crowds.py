"""Many hands on one card at the same time: whatever order they come in, nothing is lost and the log holds."""

import random
from collections import Counter
from functools import partial
from typing import Any

import pytest

from modelkeep_server.rules.card_sections import SECTION_IDS
from modelkeep_server.rules.permissions import Role
from tests.support.at_once import at_once
from tests.support.card_acts import CardActs, notes_of
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.full_versions import card_of
from tests.support.make import Make, Person
from tests.support.registries import Registry

HANDS = 6
TEXTS = (
    "Seen.",
    "Seen again.",
    "",
    " \n",
    "**Bold** \u202e",
    "x" * 10_001,
    "a\x00b",
    "ü" * 9_999,
    "<script>alert(1)</script>",
)


@pytest.mark.parametrize("rounds", sizes(small=12, full=200))
def test_crowds_leave_cards_that_are_whole(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, rounds: int, figures: Figures
) -> None:  # fmt: skip
    """
    Generated, annotated, published and discarded by six at once: each answer is one that is promised, one draft stands
    at most, revisions have no gap, what everybody said last stands, and the log verifies.
    """
    make, chance = fresh_make, random.Random(7)
    version = make.version()
    cards = CardActs(fresh_api, version, make.owner_of(version))
    people = [cards.owner, *(make.person(Role.MRC) for _ in range(HANDS - 1))]
    last: dict[tuple[str, str], str] = {}
    told: Counter[tuple[str, int]] = Counter()
    for _ in range(rounds):
        wanted = [_choose(chance, cards, person) for person in people]
        answers = at_once(*(act for _, act, _ in wanted))
        for (name, _, said), answer in zip(wanted, answers, strict=True):
            told[name, answer.status_code] += 1
            if said is not None and answer.status_code == 200:
                last[said[0], said[1]] = said[2].strip()
        _demand_whole(fresh_api, cards)
    fresh_api.as_(cards.owner).post(card_of(version))
    card = cards.get("?revision=draft")
    standing = {(author, section): text for section in SECTION_IDS for author, text in notes_of(card, section)}
    assert standing == {key: text for key, text in last.items() if text}
    auditor = fresh_api.as_(make.person(Role.AUDITOR))
    assert auditor.get("/api/v1/audit/verify").json()["ok"]
    figures.tell("acts on one card at once", sum(told.values()))
    figures.tell("answers of the server's own fault", sum(n for (_, s), n in told.items() if s >= 500), at_most=0)
    assert {(name, status) for name, status in told if status not in ALLOWED[name]} == set()


#: A text that no text may hold is 422; one that says nothing, where there is no card, 404.
ALLOWED = {
    "generate": {201}, "publish": {200, 409, 412}, "discard": {204, 409, 412}, "annotate": {200, 404, 412, 422},
    "edit": {200},
}  # fmt: skip


def _choose(chance: random.Random, cards: CardActs, person: Person) -> tuple[str, Any, tuple[str, str, str] | None]:
    """An act by its name, how it is done, and what is said by whom of which section where it is an annotation."""
    edition = chance.choice([None, None, chance.randint(1, 30)])
    owner = cards.owner
    if person is owner:
        name = chance.choice(("generate", "publish", "discard", "edit"))
        number = chance.randint(1, 10**6)
        acts: dict[str, Any] = {
            "generate": partial(cards.post, ""),
            "publish": partial(cards.publish, edition=edition),
            "discard": partial(cards.discard, edition=edition),
            "edit": partial(cards.patch, limitations=f"Number {number}."),
        }
        return name, acts[name], None
    if chance.random() < 0.25:
        name = chance.choice(("publish", "discard"))
        act = cards.publish if name == "publish" else cards.discard
        return name, partial(act, owner, edition), None
    section, text = chance.choice(SECTION_IDS[:3]), chance.choice(TEXTS)
    return "annotate", partial(cards.annotate, section, text, person, edition), (person.email, section, text)


def _demand_whole(api: Api, cards: CardActs) -> None:
    """At most one draft, which is the last; revisions without a gap."""
    rows = [(one["revision"], one["status"]) for one in cards.get("/revisions?limit=200")["items"]]
    assert [number for number, _ in rows] == list(range(len(rows), 0, -1))
    assert all(status == "PUBLISHED" for _, status in rows[1:])
    answer = api.as_(cards.owner).get(card_of(cards.version))
    assert answer.status_code == (200 if rows else 404)
