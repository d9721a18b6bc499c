"""Throwing a draft of a card away by page, and what the page says afterwards; cards of other content."""

import re

from modelkeep_server.rules.permissions import Role
from tests.interfaces.web.test_cards import edition_of, generate, page_of
from tests.support.clients import Api
from tests.support.full_versions import card_of
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life


def test_a_draft_is_discarded_after_one_question(make: Make, api: Api) -> None:
    """The page asks and says what stays; then it is the one without a card, with what people said kept."""
    version = make.version()
    owner, reader = make.owner_of(version), make.person(Role.MRC)
    browser = generate(api, owner, version)
    said = browser.submit(page_of(version, "/annotations/factors"), {"markdown": "Weak.", "act": "save"})
    assert said.status_code == 303

    asked = look(api, owner, page_of(version))
    answer = browser.submit(page_of(version, "/discard"), {"edition": edition_of(asked)})
    gone = browser.get(answer.headers["location"]).text
    begun = generate(api, owner, version).get(page_of(version)).text

    assert "Discard the draft of revision 1?" in words_of(asked)
    assert "The version then has no model card until one is generated. The annotation is kept" in words_of(asked)
    assert page_of(version, "/discard") not in look(api, reader, page_of(version))
    assert answer.status_code == 303
    assert "The draft is discarded." in gone
    assert "No model card yet" in words_of(gone)
    assert "1 annotation is kept from a draft that was discarded, and stands in the next one." in words_of(gone)
    assert "Weak." in words_of(begun)


def test_what_is_published_is_shown_again_with_what_waits(make: Make, api: Api) -> None:
    """Annotations that no card says stand beside their section, and one's own is edited, not written over."""
    version = make.version()
    owner = make.owner_of(version)
    make.card(version)
    browser = api.browser(owner)
    assert browser.submit(page_of(version, "/annotations/factors"), {"markdown": "Weak in winter."}).status_code == 303
    asked = browser.get(page_of(version, "?revision=draft")).text

    answer = browser.submit(page_of(version, "/discard"), {"edition": edition_of(asked)})
    page = browser.get(answer.headers["location"]).text
    draft = browser.submit(page_of(version))

    assert "Revision 1 stays published, and is what this page shows again." in words_of(asked)
    assert "Published" in words_of(page)
    assert re.search(r"for the next draft</span></p>.*?Weak in winter\.", page, re.DOTALL)
    assert ">Weak in winter.</textarea>" in page
    assert "Draft it" in words_of(page)
    assert draft.status_code == 303
    assert "for the next draft" not in browser.get(page_of(version, "?revision=draft")).text


def test_whoever_comes_second_is_told_who_was_faster(make: Make, api: Api) -> None:
    """Of two who press at once the second finds the page as it is, with why; so does whoever wants to publish it."""
    version = make.version()
    owner = make.owner_of(version)
    browser = generate(api, owner, version)
    edition = edition_of(look(api, owner, page_of(version)))
    assert browser.submit(page_of(version, "/discard"), {"edition": edition}).status_code == 303

    for act in ("/discard", "/publish"):
        late = browser.submit(page_of(version, act), {"edition": edition})
        assert late.status_code == 409
        assert "was discarded by" in words_of(late.text)
        assert "No model card yet" in words_of(late.text)


def test_a_draft_that_was_changed_is_not_discarded(make: Make, api: Api) -> None:
    """The page comes again with who changed what, and the form of what stands now."""
    version = make.version()
    owner, reviewer = make.owner_of(version), make.person(Role.MRC)
    browser = generate(api, owner, version)
    edition = edition_of(look(api, owner, page_of(version)))
    said = api.as_(reviewer).put(card_of(version, "/annotations/metrics"), json={"markdown": "Wait."})
    assert said.status_code == 200

    for told in (edition, "", "x", "9" * 30):
        answer = browser.submit(page_of(version, "/discard"), {"edition": told})
        assert answer.status_code == 412
        assert reviewer.email in answer.text
        assert edition_of(answer.text) == "2"


def test_a_card_of_other_content_says_so_where_it_is_read(make: Make, api: Api) -> None:
    """On the page and to programs, also where nothing that it says differs; files say no more than the card."""
    version = make.version()
    owner = make.owner_of(version)
    make.card(version)
    file = api.as_(owner).get(card_of(version, "?format=json")).json()
    assert "ofOtherContent" not in api.as_(owner).get(card_of(version)).json()
    address = card_of(version).removesuffix("/card")
    assert api.as_(owner).patch(address, json={"metadata": {"custom": {"x": 1}}}).status_code == 200

    unseen = look(api, owner, page_of(version))
    told = api.as_(owner).get(card_of(version)).json()
    assert api.as_(owner).patch(address, json={"metadata": {"limitations": "Weak in winter."}}).status_code == 200
    seen = words_of(look(api, owner, page_of(version)))
    more = api.as_(owner).get(card_of(version)).json()

    assert "The version was edited since this card was generated. Nothing that the card says differs." in words_of(
        unseen
    )
    assert "It does not count where a policy asks for a published card: refresh it, and publish that." in words_of(
        unseen
    )
    assert "Refresh" in words_of(unseen)
    assert (told["ofOtherContent"], "changedFacts" in told) == (True, False)
    assert "Facts have changed since this card was generated. 1 item says something else now." in seen
    assert more["changedFacts"] == [{"section": "training-data", "id": "limitations", "label": "Limitations"}]
    assert api.as_(owner).get(card_of(version, "/changes")).json()["ofOtherContent"]
    assert api.as_(owner).get(card_of(version, "?format=json")).json() == file


def test_reviewers_are_told_of_a_card_of_other_content(make: Make, api: Api) -> None:
    """Beside its revision, for as long as no newer one is published."""
    life = begin_life(make, api)
    page = f"{life.base.removeprefix('/api/v1')}/review"
    life.publish_card()
    assert api.as_(life.cast.owner).patch(life.base, json={"metadata": {"limitations": "Weak."}}).status_code == 200
    life.reach("SUBMITTED")

    behind = words_of(look(api, life.cast.mrc, page))
    life.publish_card()
    present = words_of(look(api, life.cast.mrc, page))

    assert "Revision 1" in behind
    assert "generated before the version was edited" in behind
    assert "Revision 2" in present
    assert "generated before the version was edited" not in present
