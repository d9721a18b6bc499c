"""The life of a card: generated, annotated, published, and what is told of it afterwards."""

import json
from typing import Any

import pytest

from modelkeep_server.features.cards import queries, service
from modelkeep_server.features.cards.documents import digest_of, from_document, to_body
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.kit.merkle import inclusion_proof, leaf_hash, root_of, verify_inclusion
from modelkeep_server.rules.card_sections import ANNOTATION_CHARS, ANNOTATIONS_MAX
from modelkeep_server.rules.permissions import Role
from tests.support.at_once import at_once
from tests.support.card_acts import CardActs, notes_of
from tests.support.clients import Api
from tests.support.full_versions import card_of, items_of, make_full
from tests.support.make import Make
from tests.support.problems import assert_problem, refusal
from tests.support.registries import Registry
from tests.support.statements import counted


@pytest.fixture
def cards(make: Make, api: Api) -> CardActs:
    """Those of a new version."""
    version = make.version()
    return CardActs(api, version, make.owner_of(version))


def messages_of(answer: Any) -> dict[str, str]:
    """What a refusal says of each field."""
    assert_problem(answer)
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def test_annotations_stay_when_a_card_is_generated_anew(cards: CardActs, make: Make) -> None:
    """Its facts are replaced; what people said stays, signed with name and time, and in one draft."""
    reviewer = make.person(Role.MRC)
    cards.generate()
    assert cards.annotate("factors", "Weak on **new** customers.").status_code == 200
    assert cards.annotate("factors", "Not seen for prepaid.", reviewer).status_code == 200
    cards.edit(limitations="Weak in winter.")
    card = cards.generate()
    assert items_of(card)["limitations"]["value"] == "Weak in winter."
    assert (card["revision"], card["edition"], card["status"]) == (1, 4, "DRAFT")
    assert notes_of(card, "factors") == [
        (cards.owner.email, "Weak on **new** customers."), (reviewer.email, "Not seen for prepaid."),
    ]  # fmt: skip
    assert cards.get() == card


def test_one_annotation_stands_of_a_person_and_a_section(cards: CardActs) -> None:
    """A new text takes the place of the one before, an empty one takes it back, the same changes nothing."""
    assert cards.annotate("metrics", "First.").json()["edition"] == 1
    assert cards.annotate("metrics", "Second.\r\nAnd a line.").json()["edition"] == 2
    same = cards.annotate("metrics", " Second.\nAnd a line. ").json()
    assert (same["edition"], notes_of(same, "metrics")) == (2, [(cards.owner.email, "Second.\nAnd a line.")])
    gone = cards.annotate("metrics", "  ").json()
    assert (gone["edition"], notes_of(gone, "metrics")) == (3, [])
    assert cards.annotate("metrics", "").json()["edition"] == 3


def test_generating_what_is_said_already_changes_nothing(cards: CardActs, make: Make) -> None:
    """No event, no edition; what the draft says otherwise by now is named in the event, and not what it says."""
    first = cards.generate()
    assert cards.generate() == first
    cards.edit(limitations="Weak in winter.", card={"risks": "Unfair offers."})
    cards.generate()
    events = make.events(cards.version.id, "card.generate")
    assert [event.after["edition"] for event in events if event.after] == [1, 2]
    assert events[1].after is not None
    assert events[1].after["facts"] == ["training-data.limitations", "ethical-considerations.risks"]
    assert "winter" not in json.dumps(events[1].after)


def test_a_published_revision_never_changes(cards: CardActs, make: Make) -> None:
    """Later facts and annotations go into the next draft; the digest is over what the document says."""
    cards.generate()
    cards.annotate("factors", "Seen.")
    published = cards.publish()
    assert published.status_code == 200, published.text
    first = cards.get()
    assert (first["status"], first["revision"], first["publishedBy"]) == ("PUBLISHED", 1, cards.owner.email)
    assert digest_of(to_body(from_document(first))) == first["digest"]
    cards.edit(limitations="Weak in winter.")
    assert cards.annotate("factors", "Seen again.").json()["revision"] == 2
    assert cards.get("?format=json&revision=1") == cards.get("?format=json") == first
    draft = cards.get("?revision=draft")
    assert items_of(draft)["limitations"]["value"] == "Weak in winter."
    assert notes_of(draft, "factors") == [(cards.owner.email, "Seen again.")]
    second = cards.publish().json()
    assert (second["revision"], second["status"], cards.get()["revision"]) == (2, "PUBLISHED", 2)
    assert cards.get("?format=json&revision=1") == first
    told = make.events(cards.version.id, "card.publish")[0].after or {}
    assert (told["revision"], told["digest"], told["coverage"]) == (1, first["digest"], first["coverage"])
    listed = cards.get("/revisions")
    assert [(one["revision"], one["status"]) for one in listed["items"]] == [(2, "PUBLISHED"), (1, "PUBLISHED")]
    assert [one["revision"] for one in cards.get("/revisions?limit=1")["items"]] == [2]


def test_changed_facts_are_told_and_revisions_compared(cards: CardActs) -> None:
    """What generating anew would bring, item by item; and what two revisions say differently."""
    cards.edit(limitations="Weak in winter.")
    cards.generate()
    cards.annotate("factors", "Seen.")
    cards.publish()
    assert cards.get("/changes") == {"items": [], "added": [], "removed": [], "ofOtherContent": False}
    cards.edit(limitations=None, intendedUse="Retention offers.")
    changed = {one["id"]: one for one in cards.get("/changes")["items"]}
    assert set(changed) == {"limitations", "primary-uses"}
    assert (changed["limitations"]["before"]["value"], changed["limitations"]["now"]) == ("Weak in winter.", None)
    cards.annotate("factors", "Seen again.")
    cards.publish()
    told = cards.get("/compare?before=1&now=2")
    assert [one["id"] for one in told["items"]] == ["primary-uses", "limitations"]
    assert [one["annotation"]["markdown"] for one in told["added"]] == ["Seen again."]
    assert [one["annotation"]["markdown"] for one in told["removed"]] == ["Seen."]
    assert [one["label"] for one in cards.get("/compare?before=2&now=1")["items"]] == ["Primary uses", "Limitations"]


def test_only_owners_publish_and_whoever_has_a_say_annotates(cards: CardActs, make: Make, api: Api) -> None:
    """A reviewer annotates and neither generates nor publishes; a stranger reads."""
    reviewer, stranger = make.person(Role.MRC), make.person()
    cards.generate()
    assert cards.annotate("metrics", "Looked at it.", reviewer).status_code == 200
    assert api.as_(reviewer).post(card_of(cards.version)).status_code == 403
    assert cards.publish(reviewer).status_code == 403
    assert cards.annotate("metrics", "Mine.", stranger).status_code == 403
    assert api.as_(stranger).get(card_of(cards.version)).status_code == 200


def test_a_card_that_changed_since_it_was_read_is_not_published(cards: CardActs, make: Make) -> None:
    """412 says who changed what; so does an annotation that was written on another edition."""
    reviewer = make.person(Role.MRC)
    read = cards.generate()["edition"]
    cards.annotate("metrics", "Wait.", reviewer)
    stale = cards.publish(edition=read)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_edit")
    assert reviewer.email in messages_of(stale)["annotations.metrics"]
    assert cards.annotate("metrics", "Mine.", edition=read).status_code == 412
    assert cards.publish(edition=cards.get()["edition"]).status_code == 200
    assert cards.annotate("metrics", "Mine.", edition=read).status_code == 412


def test_nothing_to_publish_says_what_to_do(cards: CardActs) -> None:
    """Before the first card, and after a publication that nothing followed."""
    none_yet = cards.publish()
    assert (none_yet.status_code, "Generate it first" in none_yet.json()["remedy"]) == (409, True)
    cards.generate()
    cards.publish()
    again = cards.publish()
    assert again.status_code == 409
    assert "Revision 1" in again.json()["detail"]
    assert [one["revision"] for one in cards.get("/revisions")["items"]] == [1]


@pytest.mark.parametrize(
    ("markdown", "says"),
    [("x" * (ANNOTATION_CHARS + 1), "At most 10,000"), ("a\x00b", "U+0000"), ("a\u202eb", "U+202E")],
)
def test_a_bad_annotation_is_named_and_nothing_is_kept(cards: CardActs, markdown: str, says: str) -> None:
    """Too long, or with what no text may hold."""
    refused = cards.annotate("factors", markdown)
    assert refused.status_code == 422
    assert says in messages_of(refused)["markdown"]
    assert cards.get("/revisions")["items"] == []


def test_bad_requests_are_answered_with_what_is_wrong(cards: CardActs, api: Api) -> None:
    """An unknown section, format, revision or field; never a 500."""
    owner = api.as_(cards.owner)
    cards.generate()
    assert refusal(cards.annotate("chapter-9", "x"))[0] == 404
    for below, status in (
        ("?format=docx", 422), ("?revision=0", 422), ("?revision=99999999999", 422), ("?revision=2", 404),
        ("?revision=abc", 422), ("/compare?before=1", 422), ("/compare?before=1&now=7", 404), ("?reviison=1", 422),
        ("/revisions?cursor=x", 400),
    ):  # fmt: skip
        answer = owner.get(card_of(cards.version, below))
        assert answer.status_code == status, (below, answer.text)
    for body in ({}, {"markdown": None}, {"markdown": 7}, {"markdown": "x", "other": 1}, []):
        assert owner.put(card_of(cards.version, "/annotations/factors"), json=body).status_code == 422
    assert owner.get(card_of(cards.version).replace("1.0.0", "9.9.9")).status_code == 404


def test_a_section_takes_so_many_annotations(registry: Registry, make: Make, api: Api, monkeypatch: Any) -> None:
    """One more is refused with what to do; whoever has one changes it still."""
    monkeypatch.setattr("modelkeep_server.features.cards.service.ANNOTATIONS_MAX", 2)
    assert ANNOTATIONS_MAX == 50
    version = make.version()
    cards = CardActs(api, version, make.owner_of(version))
    first, second = make.person(Role.MRC), make.person(Role.SRE)
    assert [cards.annotate("factors", "x", one).status_code for one in (first, second)] == [200, 200]
    refused = cards.annotate("factors", "One more.")
    assert "at most 2" in messages_of(refused)["markdown"]
    assert cards.annotate("factors", "Other words.", first).status_code == 200


def test_of_two_who_publish_at_once_one_wins(cards: CardActs) -> None:
    """On the edition that both read: one revision, and the other is told."""
    edition = cards.generate()["edition"]
    answers = at_once(*[lambda: cards.publish(edition=edition)] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert [one["revision"] for one in cards.get("/revisions")["items"]] == [1]


def test_no_annotation_is_lost_to_whoever_publishes_at_once(cards: CardActs, make: Make) -> None:
    """It is in what was published or in the draft after it; each edition was one act."""
    people = [make.person(Role.MRC) for _ in range(3)]
    cards.generate()
    calls: list[Any] = [lambda one=one: cards.annotate("factors", f"By {one.email}", one) for one in people]
    answers = at_once(*calls, cards.publish)
    assert [answer.status_code for answer in answers] == [200] * 4
    kept: set[tuple[str, str]] = set()
    for revision in cards.get("/revisions")["items"]:
        kept |= set(notes_of(cards.get(f"?revision={revision['revision']}"), "factors"))
    assert kept == {(one.email, f"By {one.email}") for one in people}


def test_of_several_who_generate_at_once_one_makes_the_draft(cards: CardActs) -> None:
    """The others find that it says all of it."""
    answers = at_once(*[cards.generate] * 4)
    assert all(answer == answers[0] for answer in answers)
    assert [one["revision"] for one in cards.get("/revisions")["items"]] == [1]


@pytest.mark.parametrize("published", [True, False])
def test_a_card_that_was_changed_by_hand_is_not_told(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, published: bool
) -> None:
    """It is refused with whom to tell, and the log does not verify."""
    version = fresh_make.version()
    cards = CardActs(fresh_api, version, fresh_make.owner_of(version))
    cards.generate()
    if published:
        cards.publish()
    auditor = fresh_api.as_(fresh_make.person(Role.AUDITOR))
    assert auditor.get("/api/v1/audit/verify").json()["ok"]
    spoilt = "replace(document, 'churn', 'chirn')" if published else "'{}'"
    fresh_registry.tamper(f"UPDATE card_revisions SET document = {spoilt}")
    answer = fresh_api.as_(cards.owner).get(card_of(version))
    assert refusal(answer) == (409, "integrity")
    assert not auditor.get("/api/v1/audit/verify").json()["ok"]


def test_a_published_card_names_the_head_of_the_log_right_after_it(cards: CardActs, registry: Registry) -> None:
    """Its publication is the last event under the root, which stays the same whatever comes later."""
    cards.generate()
    cards.publish()
    told = cards.get()["checkpoint"]
    cards.annotate("factors", "Later.")
    assert cards.get()["checkpoint"] == told
    rows = registry.look("SELECT hash FROM audit_leaves WHERE sequence < :size ORDER BY sequence", size=told["size"])
    leaves = [bytes(row[0]) for row in rows]
    assert root_of(lambda start, end: leaves[start:end], 0, told["size"]).hex() == told["root"]
    body = registry.look("SELECT action, body FROM audit_events WHERE sequence = :last", last=told["size"] - 1)[0]
    assert body[0] == "card.publish"
    path = inclusion_proof(lambda start, end: leaves[start:end], told["size"] - 1, told["size"])
    assert verify_inclusion(
        leaf_hash(body[1].encode()), told["size"] - 1, told["size"], path, bytes.fromhex(told["root"])
    )
    assert told["origin"].startswith("modelkeep/")


def test_cards_stay_open_whatever_the_state_of_the_version(registry: Registry, make: Make, api: Api) -> None:
    """After approval as well: what was published before stands beside it, and says so."""
    full = make_full(registry, make, api)
    cards = CardActs(api, full.version, full.owner)
    cards.generate()
    assert cards.publish().status_code == 200
    full.life.reach("STAGING")
    assert cards.annotate("metrics", "Seen in staging.", full.cast.sre).status_code == 200
    assert cards.publish().json()["state"] == "STAGING"


def test_reading_a_published_card_costs_few_statements(cards: CardActs, registry: Registry) -> None:
    """However many revisions there are."""
    cards.generate()
    cards.publish()
    group, _, name = cards.version.model.partition("/")
    for _ in range(2):
        with registry.reading() as work, counted() as sent:
            queries.get_card(work, cards.owner.actor, group, name, cards.version.version)
    assert len(sent) == 4


def test_the_trail_tells_of_cards_in_words(cards: CardActs, api: Api) -> None:
    """Which revision, how complete, and of which section somebody said something."""
    cards.generate()
    cards.annotate("ethical-considerations", "Looked at with the board.")
    cards.publish()
    path = f"/models/{cards.version.model}/versions/1.0.0/trail?kind=CARD"
    page = api.browser(cards.owner).get(path)
    assert page.status_code == 200
    for words in ("annotation of Ethical Considerations", "digest of the card", "coverage", "published the model card"):
        assert words in page.text


def test_owners_and_reviewers_are_told_of_a_publication(cards: CardActs, make: Make, api: Api) -> None:
    """Not whoever published it; the notice leads to the card."""
    other = make.owner()
    model = make.model(cards.owner, owners=[cards.owner.email, other.email])
    version = make.version(model, owner=cards.owner)
    more = CardActs(api, version, cards.owner)
    more.generate()
    assert more.publish().status_code == 200
    told = [one for one in api.as_(other).get("/api/v1/notices").json()["items"] if one["kind"] == "card.published"]
    assert [one["href"] for one in told] == [f"/models/{model.address}/versions/1.0.0/card"]
    assert f"published revision 1 of the model card of {version.address}" in told[0]["message"]
    mine = api.as_(cards.owner).get("/api/v1/notices").json()["items"]
    assert not any(one["kind"] == "card.published" for one in mine)


def test_the_page_tells_where_to_provide_now_what_a_card_lacks(cards: CardActs, registry: Registry, api: Api) -> None:
    """Of a version that was closed since, in the next one."""
    cards.generate()
    address = f"/api/v1/models/{cards.version.model}/versions/1.0.0/close"
    assert api.as_(cards.owner).post(address, json={"reason": "Done with."}).status_code == 200
    group, _, name = cards.version.model.partition("/")
    with registry.reading() as work:
        model = model_queries.get_model(work, cards.owner.actor, group, name)
        version = version_queries.get_version(work, cards.owner.actor, group, name, "1.0.0")
        state = queries.find_state(work, cards.owner.actor, model, version)
    assert state.card is not None
    assert state.changes.is_empty
    place = next(item.provide_at for item in state.card.missing if item.id == "limitations")
    assert place == f"/models/{cards.version.model}/versions/new?from=1.0.0#metadata.limitations"


def test_what_is_done_to_cards_costs_as_many_statements_as_it_did(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Of a version of which everything is known, with the log written and people told, and no saved search to judge."""
    registry = fresh_registry
    full = make_full(registry, fresh_make, fresh_api)
    actor, version = full.owner.actor, full.version
    group, _, name = version.model.partition("/")
    address = (actor, group, name, version.version)
    acts: dict[str, Any] = {
        "generate": lambda work: service.generate_card(work, *address),
        "annotate": lambda work: service.annotate(work, *address, "factors", "Seen."),
        "publish": lambda work: service.publish_card(work, *address, expected=None),
    }
    costs = {}
    for what, act in acts.items():
        with counted() as sent, registry.writing() as work:
            act(work)
        costs[what] = len(sent)
    with registry.reading() as work:
        model = model_queries.get_model(work, actor, group, name)
        with counted() as sent:
            queries.find_state(work, actor, model, version)
        costs["page"] = len(sent)
    # Four of them ask whether the catalogue's index has to change; on PostgreSQL one more waits for its turn. Whoever
    # publishes the first card has it changed: the model is taken out of the full-text index, of both on SQLite, and
    # entered anew, in two steps on PostgreSQL, and renewed for those who remember its codes; the first card of all
    # makes a value as well.
    pinned = {
        "sqlite": {"generate": 34, "annotate": 31, "publish": 41, "page": 16},
        "postgresql": {"generate": 35, "annotate": 32, "publish": 42, "page": 16},
    }
    assert costs == pinned[registry.kind]
