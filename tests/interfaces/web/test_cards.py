"""The model card of a version, as people see it and work on it."""

import html
import re

import pytest

from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.card_sections import ANNOTATION_CHARS, SECTIONS
from modelkeep_server.rules.permissions import Role
from tests.support.cards import ATTACKS
from tests.support.clients import Api, Browser
from tests.support.full_versions import make_full
from tests.support.make import Make, Person
from tests.support.markup import Markup
from tests.support.pages import look, words_of
from tests.support.registries import Registry
from tests.support.statements import counted


def page_of(version: Version, below: str = "") -> str:
    """The address of the tab."""
    return f"/models/{version.model}/versions/{version.version}/card{below}"


def generate(api: Api, person: Person, version: Version) -> Browser:
    """The browser of somebody who pressed the button."""
    browser = api.browser(person)
    answer = browser.submit(page_of(version))
    assert answer.status_code == 303, answer.text
    return browser


def section_of(page: str, section: str) -> str:
    """The markup of one section of the card."""
    found = re.search(rf'<section class="card-section" id="{section}".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def edition_of(page: str) -> str:
    """What the form that publishes says it showed."""
    found = re.search(r'name="edition" value="(\d+)"', page)
    assert found
    return found[1]


def test_without_a_card_the_page_says_what_one_is_and_offers_it(make: Make, api: Api) -> None:
    """To whoever may; everyone else is told whom to ask."""
    version = make.version()
    owner, reader = make.owner_of(version), make.person(Role.AUDITOR)

    offered = look(api, owner, page_of(version))
    told = look(api, reader, page_of(version))

    assert "No model card yet" in words_of(offered)
    assert ">Generate Model Card</button>" in re.sub(r"<svg.*?</svg>", "", offered)
    assert f'action="{page_of(version)}"' not in told
    assert "Generate Model Card To generate a model card" in words_of(told) or "Ask" in words_of(told)
    assert f'<a href="{page_of(version)}" aria-current="page">' in offered


def test_the_card_is_a_document_of_seven_sections_with_every_item(registry: Registry, make: Make, api: Api) -> None:
    """What is known stands there with its source."""
    full = make_full(registry, make, api)
    generate(api, full.owner, full.version)

    page = look(api, full.owner, page_of(full.version))

    said = words_of(page)
    for section in SECTIONS:
        part = words_of(f"<main{section_of(page, section.id)}</main>")
        assert all(item.label in part for item in section.items), section.id
    assert "Draft" in said
    assert "100%" in said
    assert "Nothing is missing" in said
    assert f'title="From {full.version.model}' in page or ">Version</a>" in page


def test_what_is_missing_leads_to_where_it_is_provided(make: Make, api: Api) -> None:
    """Under its heading, and in the list beside the card; the list says how much is there."""
    version = make.version()
    owner = make.owner_of(version)
    generate(api, owner, version)

    page = look(api, owner, page_of(version))

    item = re.search(r'id="item-out-of-scope".*?</div>\s*<', page, re.DOTALL)
    assert item
    place = f"/models/{version.model}/versions/{version.version}/edit#metadata.card.outOfScopeUses"
    assert f'Not provided.</span> <a class="prose-link" href="{place}">Add it</a>' in page
    assert f'<li><a href="{place}" title="Add it">Out of scope</a></li>' in page
    assert re.search(r"Complete \d+%", words_of(page))
    assert re.search(r"Intended Use \d missing", words_of(page))


def test_an_annotation_stands_beside_its_section_with_name_and_time(make: Make, api: Api) -> None:
    """Somebody else reads it, in Markdown; its author changes it and takes it back."""
    model = make.model(make.person(Role.MODEL_OWNER))
    version, author = make.version(model), make.named("Amara Okafor", Role.MRC)
    generate(api, make.owner_of(version), version)
    browser, note = api.browser(author), page_of(version, "/annotations/metrics")

    sent = browser.submit(note, {"markdown": "Accepted **only** here.", "act": "save"})
    read = look(api, make.owner_of(version), page_of(version))

    assert sent.status_code == 303
    assert sent.headers["location"].endswith("#metrics")
    part = section_of(read, "metrics")
    assert "<strong>only</strong>" in part
    assert "Amara Okafor" in part
    assert "Edit your annotation" not in read
    own = section_of(look(api, author, page_of(version)), "metrics")
    assert "Edit your annotation" in own
    assert "Accepted **only** here.</textarea>" in own

    assert browser.submit(note, {"markdown": "ignored", "act": "remove"}).status_code == 303
    assert "Accepted" not in look(api, author, page_of(version))


def test_an_annotation_is_previewed_without_being_saved(make: Make, api: Api) -> None:
    """By a form, so that it works without a script; what was typed stays in it."""
    version = make.version()
    owner = make.owner_of(version)
    browser = generate(api, owner, version)
    before = make.event_count()

    shown = browser.submit(page_of(version, "/annotations/factors/preview"), {"markdown": "- *seen*"})

    assert shown.status_code == 200
    part = section_of(shown.text, "factors")
    assert "<em>seen</em>" in part
    assert "- *seen*</textarea>" in part
    assert make.event_count() == before
    assert "<em>seen</em>" not in look(api, owner, page_of(version))


def test_a_refused_annotation_comes_again_with_what_was_typed(make: Make, api: Api) -> None:
    """Too long, with what is wrong at the control; of a section that is not there, nothing is found."""
    version = make.version()
    browser = generate(api, make.owner_of(version), version)
    long = "x" * (ANNOTATION_CHARS + 1)

    refused = browser.submit(page_of(version, "/annotations/risks"), {"markdown": "x"})
    too_long = browser.submit(page_of(version, "/annotations/metrics"), {"markdown": long})
    unseen = browser.submit(page_of(version, "/annotations/metrics/preview"), {"markdown": long})

    assert refused.status_code == 404
    assert (too_long.status_code, unseen.status_code) == (422, 422)
    part = section_of(too_long.text, "metrics")
    assert f"{long}</textarea>" in part
    assert 'id="annotate-metrics-markdown-error"' in part
    assert "One thing to correct" in words_of(too_long.text)


def test_a_card_behind_the_facts_says_what_changed_and_is_refreshed_by_one_click(make: Make, api: Api) -> None:
    """And keeps its annotations."""
    version = make.version(metadata={"limitations": "Prepaid is unknown."})
    owner = make.owner_of(version)
    browser = generate(api, owner, version)
    browser.submit(page_of(version, "/annotations/metrics"), {"markdown": "Kept."})
    assert "Facts have changed" not in look(api, owner, page_of(version))
    change = {"metadata": {"limitations": "Prepaid is unknown.\nSo is business."}}
    api.as_(owner).patch(f"/api/v1/models/{version.model}/versions/{version.version}", json=change)

    stale = look(api, owner, page_of(version))

    assert "Facts have changed since this card was generated. 1 item says something else now." in words_of(stale)
    assert '<ins dir="auto">So is business.</ins>' in stale
    assert browser.submit(page_of(version)).status_code == 303
    fresh = look(api, owner, page_of(version))
    assert "Facts have changed" not in fresh
    assert "So is business." in section_of(fresh, "training-data")
    assert "Kept." in section_of(fresh, "metrics")


def test_publishing_asks_once_and_freezes_what_was_seen(make: Make, api: Api) -> None:
    """With its digest, its checkpoint, and the way to the proof for who may see it."""
    version = make.version()
    owner, auditor = make.owner_of(version), make.person(Role.AUDITOR)
    browser = generate(api, owner, version)
    page = look(api, owner, page_of(version))
    assert "Publish revision 1? It is frozen as you see it" in words_of(page)
    unable = look(api, auditor, page_of(version))
    assert page_of(version, "/publish") not in unable
    assert "To publish a model card" in words_of(unable) or "Publish" in words_of(unable)

    done = browser.submit(page_of(version, "/publish"), {"edition": edition_of(page)})

    assert done.status_code == 303, done.text
    published = look(api, auditor, page_of(version))
    said = words_of(published)
    assert "Published Revision 1, published" in said
    card = api.as_(owner).get(f"/api/v1{page_of(version)}").json()
    assert card["digest"] in published
    event = make.events(version.id, "card.publish")[-1]
    assert f'href="/audit/{event.sequence}"' in published
    assert '/publish"' not in look(api, owner, page_of(version))


def test_what_changed_since_it_was_read_is_not_published(make: Make, api: Api) -> None:
    """The page comes again and says who changed it."""
    version = make.version()
    owner = make.owner_of(version)
    browser = generate(api, owner, version)
    seen = edition_of(look(api, owner, page_of(version)))
    api.browser(make.person(Role.MRC)).submit(page_of(version, "/annotations/metrics"), {"markdown": "Wait."})

    refused = browser.submit(page_of(version, "/publish"), {"edition": seen})
    nonsense = browser.submit(page_of(version, "/publish"), {"edition": "soon"})

    assert (refused.status_code, nonsense.status_code) == (412, 412)
    assert "Wait." in refused.text
    assert 'role="alert"' in refused.text
    assert api.as_(owner).get(f"/api/v1{page_of(version)}").json()["status"] == "DRAFT"


def test_revisions_are_read_and_compared(make: Make, api: Api) -> None:
    """An earlier one says that it is; a draft beside a published one is told to who reads it."""
    version = make.version(metadata={"limitations": "One."})
    owner = make.owner_of(version)
    browser = generate(api, owner, version)
    browser.submit(page_of(version, "/publish"), {"edition": edition_of(look(api, owner, page_of(version)))})
    change = {"metadata": {"limitations": "Two."}}
    api.as_(owner).patch(f"/api/v1/models/{version.model}/versions/{version.version}", json=change)
    browser.submit(page_of(version, "/annotations/factors"), {"markdown": "Came later."})

    first = look(api, owner, page_of(version))
    draft = look(api, owner, page_of(version, "?revision=draft"))
    compared = look(api, owner, page_of(version, "/compare"))

    assert "There is a newer draft. Revision 2 is not published yet" in words_of(first)
    assert "Annotate" not in words_of(section_of(first, "metrics"))
    assert "Readers get revision 1 until then" in words_of(draft)
    assert "from revision 1 to 2" in words_of(compared)
    assert '<del dir="auto">One.</del>' in compared
    assert '<ins dir="auto">Two.</ins>' in compared
    assert "came to Factors" in words_of(compared)
    browser.submit(page_of(version, "/publish"), {"edition": edition_of(draft)})
    assert "This is an earlier revision." in words_of(look(api, owner, page_of(version, "?revision=1")))
    assert "Both say the same" in look(api, owner, page_of(version, "/compare?before=2&now=2"))


@pytest.mark.parametrize(
    "below", ["?revision=9", "?revision=0", "?revision=-1", "?revision=1e3", "?revision=%D9%A1",
              "?revision=99999999999999999999", "/compare?before=7", "/compare?now=x", "?revision=published"],
)  # fmt: skip
def test_a_revision_that_is_not_there_is_not_found(make: Make, api: Api, below: str) -> None:
    """Whatever stands in the address."""
    version = make.version()
    browser = generate(api, make.owner_of(version), version)

    answer = browser.get(page_of(version, below))

    assert (answer.status_code, "revision" in words_of(answer.text)) == (404, True)


def test_nobody_learns_of_a_card_they_may_not_see(make: Make, api: Api) -> None:
    """Neither by reading nor by writing."""
    version = make.version(make.model(visibility="RESTRICTED"))
    generate(api, make.owner_of(version), version)
    stranger = api.browser(make.person(Role.MODEL_OWNER))

    reads = [stranger.get(page_of(version, below)).status_code for below in ("", "/compare", "?revision=1")]
    writes = [
        stranger.submit(page_of(version, below), {"markdown": "x", "edition": "1"}).status_code
        for below in ("", "/annotations/metrics", "/annotations/metrics/preview", "/publish")
    ]

    assert set(reads + writes) == {404}


def test_every_format_is_in_the_export_menu(make: Make, api: Api) -> None:
    """Each leads to the file of the revision that is shown, which is called by model, version and revision."""
    version = make.version()
    owner = make.owner_of(version)
    browser = generate(api, owner, version)
    page = look(api, owner, page_of(version))

    links = re.findall(r'href="(/api/v1/[^"]+)" download="([^"]+)"', page)
    offered = [html.unescape(address) for address, _ in links]

    assert {"html", "json"} <= {re.findall(r"format=(\w+)", one)[0] for one in offered}
    assert f"{version.model.partition('/')[2]}-{version.version}-draft.card.json" in {name for _, name in links}
    for address in offered:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert answer.content
        assert "revision=draft" in address


def test_a_thousand_metrics_fold_until_all_are_asked_for(make: Make, api: Api) -> None:
    """Twenty rows and a link; the page with more of them is as long as it says."""
    version = make.version()
    owner = make.owner_of(version)
    metrics = [{"name": f"metric_{place}", "value": place / 1000} for place in range(1000)]
    run = {"dataset": {"name": "holdout"}, "metrics": metrics}
    made = api.as_(owner).post(f"/api/v1/models/{version.model}/versions/{version.version}/evaluations", json=run)
    assert made.status_code == 201, made.text
    generate(api, owner, version)

    page = look(api, owner, page_of(version))
    whole = look(api, owner, page_of(version, "?revision=draft&all=performance"))

    assert "Show all 1,000" in words_of(page)
    assert page.count(">metric_") == 20
    assert f'href="{page_of(version)}?revision=draft&amp;all=performance#item-performance"' in page
    assert whole.count(">metric_") >= 200
    assert "Show all 1,000" not in words_of(whole)
    assert len(page) < 200_000


def test_a_long_text_folds(make: Make, api: Api) -> None:
    """Until all of it is asked for."""
    version = make.version(metadata={"limitations": "It is long. " * 300})
    owner = make.owner_of(version)
    generate(api, owner, version)

    assert "Show all of it" in look(api, owner, page_of(version))
    assert "Show all of it" not in look(api, owner, page_of(version, "?all=limitations"))


def test_what_people_write_is_text_on_the_page(make: Make, api: Api) -> None:
    """Sixty attacks in a description, metadata, slices, a dataset's name and annotations make no element of theirs."""
    short = [text for text in ATTACKS if len(text) <= 200 and text.isprintable()]
    assert len(short) >= 50
    lines = "\n\n".join(text for text in ATTACKS if text.replace("\n", "").isprintable())
    version = make.version(
        make.model(description=" ".join(short)[:1900]),
        metadata={"limitations": lines, "intendedUse": lines, "modelType": short[0], "card": {"risks": lines}},
    )
    owner = make.owner_of(version)
    run = {
        "dataset": {"name": short[1]}, "procedure": lines[:1000],
        "metrics": [{"name": "auc", "value": 0.5, "slice": text, "confidenceInterval": [0.4, 0.6]} for text in short],
    }  # fmt: skip
    made = api.as_(owner).post(f"/api/v1/models/{version.model}/versions/{version.version}/evaluations", json=run)
    assert made.status_code == 201, made.text
    browser = generate(api, owner, version)
    for place, section in enumerate(SECTIONS):
        text = "\n\n".join(ATTACKS[place * 10 : place * 10 + 10])
        sent = browser.submit(page_of(version, f"/annotations/{section.id}"), {"markdown": text})
        assert sent.status_code in (303, 422), sent.text
    preview = browser.submit(page_of(version, "/annotations/metrics/preview"), {"markdown": lines})

    pages = [look(api, owner, page_of(version, "?revision=draft&all=groups")), preview.text]
    file = api.as_(owner).get(f"/api/v1{page_of(version)}?format=html").text

    for page in pages:
        markup = Markup(page)
        assert markup.find_attacks(scripts=True) == []
        assert markup.unbalanced == []
        assert [
            attrs for tag, attrs in markup.tags if tag == "form" and not attrs.get("action", "/").startswith("/")
        ] == []
        allowed = {"preview", "audit"}
        hooks = {attrs["hx-post"].rpartition("/")[2] for _, attrs in markup.tags if "hx-post" in attrs}
        assert hooks <= allowed
        assert not [attrs for _, attrs in markup.tags if "hx-get" in attrs or "data-hx-get" in attrs]
    assert Markup(file).find_attacks(scripts=False) == []
    assert Markup(file).unbalanced == []


def test_what_a_page_of_a_card_costs(registry: Registry, make: Make, api: Api) -> None:
    """However much it says: reading it, and what generating anew would bring, asks the same of the database."""
    full = make_full(registry, make, api)
    generate(api, full.owner, full.version)
    browser = api.browser(full.owner)
    browser.get(page_of(full.version))

    with counted() as sent:
        assert browser.get(page_of(full.version)).status_code == 200

    assert len(sent) <= 30, "\n".join(sent)


def test_a_version_says_on_its_page_how_its_card_stands(make: Make, api: Api) -> None:
    """None, a draft, and the published one that readers get."""
    version = make.version()
    owner, place = make.owner_of(version), f"/models/{version.model}/versions/{version.version}"

    none = words_of(look(api, owner, place))
    browser = generate(api, owner, version)
    draft = words_of(look(api, owner, place))
    browser.submit(page_of(version, "/publish"), {"edition": edition_of(look(api, owner, page_of(version)))})
    browser.submit(page_of(version, "/annotations/metrics"), {"markdown": "More."})
    published = words_of(look(api, owner, place))

    stranger = words_of(look(api, make.person(Role.MODEL_OWNER), place))
    assert "Model card None yet. It is drawn from what is recorded here. Generate Model Card" in none
    assert "Generate Model Card" not in stranger.partition("Model card None yet.")[2].partition("Lineage")[0]
    assert re.search(r"Revision 1 Draft \d+% complete, generated .*?, not published yet", draft)
    assert re.search(r"Revision 1 Published \d+% complete, published .*?\. Revision 2 is being drafted", published)
