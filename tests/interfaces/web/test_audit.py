"""The audit pages: filters that stay when one is wrong, rows that open, a verdict that names what it found."""

import re
from html import unescape

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.pages import words_of
from tests.support.registries import Registry


@pytest.fixture
def browser(make: Make, api: Api) -> Browser:
    """An auditor's browser."""
    return api.browser(make.person(Role.AUDITOR))


def rows_of(page: str) -> list[int]:
    """The numbers of the events in the list."""
    return [int(number) for number in re.findall(r'href="/audit/(\d+)" data-unfold', page)]


def test_the_page_filters_by_the_same_names_as_the_api(make: Make, browser: Browser) -> None:
    """Each name of the API's query works on the page, and shows as a chip that drops it."""
    version = make.version()
    owner = make.owner_of(version).email
    first = make.events(version.id)[0]
    asked = {
        "q": owner, "person": owner, "action": "version.create", "object": version.model, "kind": "version",
        "role": "MODEL_OWNER", "outcome": "ALLOWED", "requestId": first.request_id, "from": "2020-01-01",
        "to": "2099-01-01",
    }  # fmt: skip

    together = browser.get("/audit", params=asked)
    alone = {name: rows_of(browser.get("/audit", params={name: value}).text) for name, value in asked.items()}

    assert rows_of(together.text) == [first.sequence]
    assert {name for name, found in alone.items() if first.sequence not in found} == set()
    assert together.text.count('class="chip"') == len(asked)
    assert f'href="/audit?person={owner.replace("@", "%40")}&amp;action' in together.text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("from", "yesterday", "'yesterday' is no date"),
        ("to", "2026-02-30", "'2026-02-30' is no date"),
        ("action", "model.creat", "Did you mean model.create?"),
        ("role", "KING", "Choose one of MODEL_OWNER"),
        ("outcome", "MAYBE", "Choose one of ALLOWED, REFUSED"),
        ("kind", "table", "Choose one of"),
        ("q", "9" * 40, "No event has such a number"),
    ],
)
def test_a_wrong_filter_is_told_at_its_field_and_the_list_stays(
    make: Make, browser: Browser, name: str, value: str, said: str
) -> None:
    """The others still filter; what was typed is kept; the sentence stands at the control and on top."""
    model = make.model()

    page = browser.get("/audit", params={"object": model.address, name: value})

    assert page.status_code == 200
    assert len(rows_of(page.text)) == 1
    assert said in words_of(page.text)
    assert f'id="{name}-error"' in page.text or name == "q"
    assert f'href="#{name}"' in page.text


def test_pages_of_a_filter_follow_each_other(make: Make, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older and back to the newest, with the filter in the address."""
    monkeypatch.setattr("modelkeep_server.interfaces.web.audit.PAGE_ROWS", 2)
    model = make.model()
    for number in range(4):
        make.version(model, version=f"{number}.0.0")
    found: list[int] = []
    address: str | None = f"/audit?object={model.address}"

    while address:
        page = browser.get(address).text
        found += rows_of(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = unescape(following[1]) if following else None

    assert len(found) == 5
    assert found == sorted(found, reverse=True)


def test_a_row_opens_its_event_with_or_without_a_script(make: Make, browser: Browser) -> None:
    """The link is the event's page; what a script unfolds in the row is the part of that page that says it."""
    version = make.version(description="First try.")
    (number,) = rows_of(browser.get("/audit", params={"object": version.id}).text)

    page = browser.get(f"/audit/{number}")

    assert page.status_code == 200
    assert page.text.count('<div class="unfold">') == 1
    for said in ("Created version", "Model Owner", "(may create a version)", "a personal token", "First try.", "holds"):
        assert said in words_of(page.text)


def test_before_and_after_say_in_words_what_came(make: Make, browser: Browser) -> None:
    """Added and removed lines carry a sign and, for readers, the word."""
    version = make.version()
    number = make.events(version.id)[0].sequence

    page = browser.get(f"/audit/{number}").text

    assert '<div data-s="+"><span class="sr-only">added </span>' in page


def test_what_people_wrote_stays_text(make: Make, browser: Browser) -> None:
    """Markup in a description is shown, not run, on the page of which a script takes a part."""
    model = make.model(description="<img src=x onerror=alert(1)>")
    number = make.events(model.id)[0].sequence

    part = browser.get(f"/audit/{number}").text.partition('<div class="unfold">')[2]

    assert part
    assert "<img" not in part
    assert "&lt;img src=x onerror=alert(1)&gt;" in part


def test_verify_says_what_it_checked(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """The verdict with size, root, rows and time; afterwards the list says when it was given."""
    # Some tests of the shared registry change its rows by hand.
    browser = fresh_api.browser(fresh_make.person(Role.AUDITOR))
    fresh_make.version()

    said = words_of(browser.get("/audit/verify").text)

    assert "The whole log holds" in said
    assert f"{fresh_registry.event_count:,} events" in said
    assert re.search(r"[1-9]\d* rows against them in \d+\.\d\d s root [0-9a-f]{8}", said)
    assert "Verified just now" in words_of(browser.get("/audit").text)


def test_verify_names_what_does_not_hold(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """Each finding in a sentence, with a link to its event."""
    browser = fresh_api.browser(fresh_make.person(Role.AUDITOR))
    fresh_make.model()
    fresh_registry.tamper("UPDATE audit_events SET body = replace(body, 'ALLOWED', 'REFUSED') WHERE sequence = 2")

    page = browser.get("/audit/verify").text

    assert "The log does not hold: 1 finding" in words_of(page)
    assert 'href="/audit/2"' in page
    assert "it was changed" in page
    assert "Found not to hold just now" in words_of(browser.get("/audit").text)


def test_the_export_takes_out_what_the_page_shows(make: Make, browser: Browser) -> None:
    """The links carry the filter of the page, without what is wrong in it."""
    model = make.model()

    page = browser.get("/audit", params={"object": model.address, "from": "soon"}).text

    (as_csv,) = re.findall(r'href="(/api/v1/audit/events/export\?format=csv[^"]*)"', page)
    assert model.address.replace("/", "%2F") in as_csv
    assert "soon" not in as_csv
    assert browser.get(unescape(as_csv)).text.count("\r\n") == 2


def test_people_are_suggested_as_one_types(make: Make, browser: Browser) -> None:
    """The list of suggestions holds those that fit what stands in the box."""
    person = make.person(name="xenia")

    page = browser.get("/audit", params={"person": "xenia"}).text

    (offered,) = re.findall(r'<datalist id="people">(.*?)</datalist>', page)
    assert person.email in offered
    assert make.owner().email not in offered


def test_a_list_without_events_teaches(browser: Browser) -> None:
    """An empty list says what the log holds and how to ask."""
    page = words_of(browser.get("/audit", params={"object": "no-such/model"}).text)

    assert "No event fits" in page
    assert "Clear all filters" in page


def test_the_profile_says_why_one_may(make: Make, api: Api) -> None:
    """Each act with the role or relation that gives it, what is missing for the others, and the scope of a token."""
    page = words_of(api.browser(make.person(Role.MODEL_OWNER)).get("/profile").text)

    source = "(an operator on the server's host)"
    assert f"Edit a model Model Owner {source} for your own models write" in page
    assert f"Create a model Model Owner {source} write" in page
    assert "Read the audit log To read the audit log you need one of the roles" in page
    assert "Sign out everyone who is signed in no token" in page
