"""The HTML file of a model card: whole, valid, and nothing in it but what it says."""

import html
import re

import pytest

from modelkeep_server.features.cards.views import Card
from modelkeep_server.interfaces.cards.html import render_html
from modelkeep_server.rules.card_sections import SECTIONS
from tests.support import cards
from tests.support.markup import Markup

URL = "https://models.example.com"
CARDS = {
    "full": cards.make_card(),
    "draft": cards.as_draft(cards.make_card()),
    "empty": cards.empty_card(),
    "huge": cards.huge_card(),
    "right to left": cards.spoken_in(cards.RIGHT_TO_LEFT),
}


def text_of(file: str) -> str:
    """Its words, blanks folded."""
    body = file.partition("<body>")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body))).strip()


@pytest.mark.parametrize("name", CARDS)
def test_the_file_is_valid(name: str) -> None:
    """Elements nest and close, ids are there once, headings step down one at a time, and tables name their heads."""
    markup = Markup(render_html(CARDS[name], base_url=URL))

    assert markup.unbalanced == []
    assert len(set(markup.ids)) == len(markup.ids)
    assert markup.headings[0] == 1
    assert markup.headings.count(1) == 1
    assert all(now - before <= 1 for before, now in zip(markup.headings, markup.headings[1:], strict=False))
    assert [attrs for tag, attrs in markup.tags if tag == "th" and attrs.get("scope") not in ("col", "row")] == []
    assert {"lang": "en"} in [attrs for tag, attrs in markup.tags if tag == "html"]
    linked = {attrs["href"][1:] for tag, attrs in markup.tags if attrs.get("href", "").startswith("#")}
    assert linked == {section.id for section in SECTIONS}
    assert linked <= set(markup.ids)


@pytest.mark.parametrize("name", ["full", "empty"])
def test_every_item_of_every_section_stands_in_it(name: str) -> None:
    """Also those that are not provided, which say so."""
    card = CARDS[name]
    said = text_of(render_html(card, base_url=URL))

    for section in card.sections:
        assert section.title in said
        assert all(item.label in said for item in section.items)
    items = [item for section in card.sections for item in section.items]
    assert said.count("Not provided") == sum(item.value is None for item in items)


def test_it_says_what_it_is_and_what_proves_it() -> None:
    """Tier, state, revision, who published it when, digest and checkpoint."""
    card = CARDS["full"]
    said = text_of(render_html(card, base_url=URL))

    for words in (
        "customer-analytics/customer-churn-predictor 1.2.0", "Medium", "Production", "4, published",
        "9 January 2026, 09:12 UTC by priya@company.com", cards.DIGEST, "20,852 events", "100%",
    ):  # fmt: skip
        assert words in said
    assert card.checkpoint is not None
    assert card.checkpoint.root in said


def test_a_draft_says_that_it_is_one() -> None:
    """Nobody takes it for a published card."""
    assert "Draft. It was not published" in text_of(render_html(CARDS["draft"], base_url=URL))
    assert "Draft. It was not published" not in text_of(render_html(CARDS["full"], base_url=URL))


def test_annotations_stand_with_their_authors_in_markdown() -> None:
    """Bold, lists, code and links."""
    file = render_html(CARDS["full"], base_url=URL)

    assert "<strong>only</strong>" in file
    assert 'href="https://rules.company.com/tiers"' in file
    assert "Amara Okafor amara@company.com , 12 January 2026, 10:02 UTC" in text_of(file)


def test_charts_and_tables_have_every_number() -> None:
    """What the drawing shows is text as well."""
    said = text_of(render_html(CARDS["huge"], base_url=URL))

    assert said.count("shard-") == 1000
    assert said.count("holdout-2") >= 300
    assert "below the limit" in said


def test_the_file_asks_nobody_for_anything() -> None:
    """No script, no picture, no font, no style sheet of elsewhere; its own policy forbids them."""
    markup = Markup(render_html(CARDS["full"], base_url=URL))

    assert {"script", "link", "img"}.isdisjoint(tag for tag, _ in markup.tags)
    assert not re.search(r"url\(|@import|@font-face", render_html(CARDS["full"], base_url=URL))
    policies = [attrs["content"] for tag, attrs in markup.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]
    addresses = [attrs["href"] for tag, attrs in markup.tags if tag == "a"]
    assert all(one.startswith(("#", f"{URL}/", "https://rules.company.com/")) or one == URL for one in addresses)


def test_the_same_card_gives_the_same_file() -> None:
    """Byte for byte."""
    assert render_html(cards.make_card(), base_url=URL) == render_html(cards.make_card(), base_url=f"{URL}/")


@pytest.mark.parametrize("attack", cards.ATTACKS)
def test_what_people_write_stays_text(attack: str) -> None:
    """Wherever a card says anything: in values, cells, metrics, slices, sources, names and annotations."""
    card: Card = cards.spoken_in(attack)
    markup = Markup(render_html(card, base_url=URL))

    assert markup.find_attacks(scripts=False) == []
    assert markup.unbalanced == []
    assert {"form", "button", "input", "svg/onload", "body", "title"} & {tag for tag, _ in markup.tags} <= {
        "body",
        "title",
    }
    assert [tag for tag, _ in markup.tags].count("title") == 1


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "a & b"])
def test_what_people_write_can_be_read(attack: str) -> None:
    """It is shown, not swallowed."""
    assert attack in text_of(render_html(cards.spoken_in(attack), base_url=URL))


def test_right_to_left_text_has_its_own_direction() -> None:
    """Each text and each cell finds its own."""
    file = render_html(CARDS["right to left"], base_url=URL)

    assert cards.RIGHT_TO_LEFT in html.unescape(file)
    for opening in (
        '<p dir="auto">',
        '<td dir="auto">',
        '<th scope="row" dir="auto">',
        '<span class="card-name" dir="auto">',
    ):
        assert opening in file
