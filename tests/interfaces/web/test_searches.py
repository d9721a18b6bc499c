"""Saved searches as pages: beside the catalogue, the list, and the forms."""

import re
import secrets
from typing import Any

import pytest

from modelkeep_server.db.tables import saved_searches
from modelkeep_server.features.search.saved import queries
from modelkeep_server.interfaces.web.contexts import searches as contexts
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import look, words_of
from tests.support.registries import Registry
from tests.support.statements import counted

PLACE = "/api/v1/searches"


def save(api: Api, person: Person, name: str, query: str = "tag:nlp", **more: Any) -> dict[str, Any]:
    """A search saved through the API."""
    answer = api.as_(person).post(PLACE, json={"name": name, "query": query, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_search_is_saved_beside_what_was_found(make: Make, api: Api) -> None:
    """The form of the catalogue leads back to it, where the search has its name from then on."""
    person, term = make.person(), f"zq{secrets.token_hex(4)}"
    make.model(tags=[term])
    browser = api.browser(person)
    page = browser.get("/models", params={"q": f"tag:{term}", "sort": "created"}).text
    assert f'<input type="hidden" name="query" value="tag:{term}">' in page

    sent = {"name": "Mine", "query": f"tag:{term}", "sort": "created", "alert": "yes"}
    saved = browser.submit("/searches", sent)
    then = browser.get(saved.headers["location"]).text

    assert saved.status_code == 303
    assert saved.headers["location"].startswith(f"/models?q=tag%3A{term}&sort=created")
    assert 'title="Saved as Mine"' in then
    assert "The search is saved." in then
    kept = api.as_(person).get(PLACE, params={"whose": "mine"}).json()["items"][0]
    assert (kept["name"], kept["sort"], kept["alert"], kept["sharing"]) == ("Mine", "created", True, "PRIVATE")


@pytest.mark.parametrize(
    ("sent", "says"),
    [({"name": "", "query": "tag:nlp"}, "This is required."), ({"name": "x", "query": "riskteir:HIGH"}, "riskTier"),
     ({"name": "Taken", "query": "tag:nlp"}, "has this name"),
     ({"name": "x", "query": "a", "sort": "best"}, "Choose one")],
)  # fmt: skip
def test_a_form_that_is_at_fault_comes_again(make: Make, api: Api, sent: dict[str, str], says: str) -> None:
    """With what was typed, and what is wrong at the control."""
    person = make.person()
    save(api, person, "taken")

    answer = api.browser(person).submit("/searches", sent)

    assert answer.status_code in (409, 422)
    assert says in answer.text
    assert sent["query"] in answer.text


def test_a_name_that_is_taken_can_be_taken_over(make: Make, api: Api) -> None:
    """The form says what the other search asks; its second button replaces that by what was typed."""
    person = make.person()
    taken = save(api, person, "Taken", "tag:old")
    browser = api.browser(person)

    page = browser.submit("/searches", {"name": "taken", "query": "tag:new", "sort": "name"}).text
    button = re.search(r'<button class="btn btn-quiet" formaction="([^"]+)">([^<]+)<', page)
    hidden = dict(re.findall(r'<input type="hidden" name="((?:base\.|revision)[^"]*)" value="([^"]*)"', page))
    assert button is not None
    done = browser.submit(button[1], {"name": "taken", "query": "tag:new", "sort": "name", **hidden})

    assert "tag:old" in page
    assert page.index(">Save</button>") < button.start(), "Enter saves, and replaces nothing"
    assert button[2] == "Replace “Taken”"
    assert done.status_code == 303
    kept = [api.as_(person).get(f"{PLACE}/{taken['id']}").json()]
    assert [(one["name"], one["query"], one["sort"]) for one in kept] == [("taken", "tag:new", "name")]


def test_a_link_to_a_search_runs_it_with_the_readers_rights(make: Make, api: Api) -> None:
    """It leads to the catalogue; a private one of somebody else's leads nowhere."""
    owner, reader, term = make.owner(), make.person(), f"zq{secrets.token_hex(4)}"
    hidden = make.model(owner, tags=[term], visibility="RESTRICTED")
    shared = save(api, owner, "Shared", f"tag:{term}", sharing="SHARED", sort="name")
    private = save(api, owner, "Private", f"tag:{term}")

    def follow(person: Person) -> str:
        led = api.browser(person).get(f"/searches/{shared['id']}")
        assert led.headers["location"] == f"/models?q=tag%3A{term}&sort=name"
        return look(api, person, led.headers["location"])

    assert hidden.address in follow(owner)
    assert hidden.address not in follow(reader)
    assert api.browser(reader).get(f"/searches/{private['id']}").status_code == 404


def test_the_list_shows_ones_own_and_what_others_share(make: Make, api: Api) -> None:
    """With whose each is; what one may do stands beside it, and nothing of what others keep to themselves."""
    person, other, name = make.person(), make.person(), f"n{secrets.token_hex(4)}"
    mine = save(api, person, f"{name} mine")
    theirs = save(api, other, f"{name} shared", sharing="SHARED")
    save(api, other, f"{name} private")

    page = look(api, person, "/searches")

    assert f"{name} mine" in page
    assert f"{name} shared" in page
    assert f"{name} private" not in page
    assert other.email in page
    assert f"/searches/{mine['id']}/delete" in page
    assert f"/searches/{theirs['id']}/delete" not in page
    assert f"/searches/{theirs['id']}/copy" in page


def test_a_list_of_none_teaches(make: Make, api: Api) -> None:
    """What it is for, and the command that does the same."""
    words = words_of(look(api, make.person(), "/searches"))

    assert "You saved no search yet" in words
    assert "modelkeep search riskTier:HIGH --save" in words


def test_every_act_of_the_list_does_what_it_says(make: Make, api: Api) -> None:
    """Share, alert, copy, delete and undo, each by one press."""
    person = make.person()
    at = f"/searches/{save(api, person, 'Fraud')['id']}"
    browser = api.browser(person)

    def standing() -> dict[str, Any]:
        told: dict[str, Any] = api.as_(person).get(f"/api/v1{at}").json()
        return told

    browser.submit(f"{at}/share", {"sharing": "SHARED"})
    browser.submit(f"{at}/alert", {"alert": "yes"})
    on = standing()
    browser.submit(f"{at}/share", {"sharing": "PRIVATE"})
    browser.submit(f"{at}/alert", {})
    off = standing()
    copied = browser.submit(f"{at}/copy", {})
    deleted = browser.submit(f"{at}/delete", {})
    after = browser.get(deleted.headers["location"]).text
    gone = api.as_(person).get(f"/api/v1{at}").status_code
    browser.submit(f"{at}/restore", {})

    assert [(one["sharing"], one["alert"]) for one in (on, off)] == [("SHARED", True), ("PRIVATE", False)]
    assert copied.headers["location"].endswith("/edit?done=search-copied")
    assert "<b>Fraud</b> is deleted." in after
    assert (gone, standing()["name"]) == (404, "Fraud")


def test_an_admin_takes_a_search_down_on_the_page(make: Make, api: Api) -> None:
    """With a reason, which is asked for again where it is missing; nobody else is offered that."""
    person, reader, admin = make.person(), make.person(), make.person(Role.ADMIN)
    at = f"/searches/{save(api, person, f'Aa {secrets.token_hex(4)}', sharing='SHARED')['id']}"
    browser = api.browser(admin)
    offered = [f'action="{at}/take-down"' in look(api, one, "/searches") for one in (person, reader, admin)]

    missing = browser.submit(f"{at}/take-down", {"reason": ""})
    done = browser.submit(f"{at}/take-down", {"reason": "It is no search."})

    assert offered == [False, False, True]
    assert (missing.status_code, "Say why you take it down." in missing.text) == (422, True)
    assert done.headers["location"] == "/searches?done=search-taken-down"
    after = look(api, admin, "/searches")
    assert f'action="{at}/take-down"' not in after
    assert f'action="{at}/allow"' in after


def test_what_was_taken_down_says_so_until_it_is_allowed(make: Make, api: Api) -> None:
    """On the page of whoever saved it, also where they tick Share; Admins are told its name, and not what it asks."""
    person, admin = make.person(), make.person(Role.ADMIN)
    words, name = secrets.token_hex(4), f"Aa {secrets.token_hex(4)}"
    at = f"/searches/{save(api, person, name, f'tag:{words}', sharing='SHARED')['id']}"
    api.browser(admin).submit(f"{at}/take-down", {"reason": f"Not {at}."})

    told = look(api, person, "/searches")
    form = {"revision": "2", "name": name, "query": f"tag:{words}", "sort": "", "sharing": "SHARED"}
    refused = api.browser(person).submit(at, form)
    listed = look(api, admin, "/searches")
    form_of_sharing = look(api, person, f"{at}/edit")
    copied = api.as_(person).post(f"/api/v1{at}/copy", json={})
    done = api.browser(admin).submit(f"{at}/allow", {})

    assert f"An Admin took it down: “Not {at}.”" in told
    assert f'action="{at}/copy"' not in told
    assert copied.status_code == 409
    assert "disabled" in form_of_sharing.split('name="sharing"')[1].split(">")[0]
    assert f'action="{at}/share"' not in told
    assert (refused.status_code, f"An Admin took this search down: Not {at}." in refused.text) == (409, True)
    assert (f"Not {at}." in listed, name in listed, words in listed) == (True, True, False)
    assert done.headers["location"] == "/searches?done=search-allowed"
    assert f'action="{at}/share"' in look(api, person, "/searches")


def test_an_admin_reads_that_another_one_allows_their_own_search(make: Make, api: Api) -> None:
    """In the place of the button, which others of the same name do not lack."""
    owner, other = make.person(Role.ADMIN), make.person(Role.ADMIN)
    at = f"/searches/{save(api, owner, f'Aa {secrets.token_hex(4)}', sharing='SHARED')['id']}"
    api.browser(other).submit(f"{at}/take-down", {"reason": "It is no search."})

    own, others = look(api, owner, "/searches"), look(api, other, "/searches")

    assert ("It is yours, so another Admin allows it." in own, f'action="{at}/allow"' in own) == (True, False)
    assert f'action="{at}/allow"' in others


def test_undo_says_whose_name_is_in_its_way(make: Make, api: Api) -> None:
    """And offers itself again: another search was given the name meanwhile."""
    person = make.person()
    at = f"/searches/{save(api, person, 'Fraud')['id']}"
    browser = api.browser(person)
    browser.submit(f"{at}/delete", {})
    save(api, person, "Fraud")

    refused = browser.submit(f"{at}/restore", {})

    assert refused.status_code == 409
    assert "Another search of yours has this name now." in refused.text
    assert f'action="{at}/restore"' in refused.text


def test_a_stale_edit_keeps_what_was_typed(make: Make, api: Api) -> None:
    """And says what was changed meanwhile."""
    person = make.person()
    made = save(api, person, "Fraud")
    browser, at = api.browser(person), f"/searches/{made['id']}"
    form = {"revision": "1", "name": "My fraud", "query": "tag:nlp", "sort": ""}
    api.as_(person).patch(f"/api/v1{at}", json={"query": "tag:cv"})

    stale = browser.submit(at, form)

    assert stale.status_code == 412
    assert "A change was saved while you edited." in stale.text
    assert "My fraud" in stale.text


def test_a_search_that_is_not_understood_any_more_still_opens(registry: Registry, make: Make, api: Api) -> None:
    """As the language goes on, what was valid may not be: the list says so, and it opens with the error."""
    person = make.person()
    made = save(api, person, "Old", "tag:nlp")
    registry.tamper(f"UPDATE {saved_searches.name} SET query = 'colour:red' WHERE public_id = '{made['id']}'")

    page = look(api, person, "/searches")
    led = api.browser(person).get(f"/searches/{made['id']}").headers["location"]
    opened = api.browser(person).get(led)
    renamed = api.as_(person).patch(f"{PLACE}/{made['id']}", json={"name": "Renamed"})

    assert "Not understood" in page
    assert (opened.status_code, "colour" in opened.text) == (200, True)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Renamed")
    assert renamed.json()["fault"]


def test_what_people_typed_is_text_on_every_page(make: Make, api: Api) -> None:
    """No markup of a name or a query is drawn."""
    person, evil = make.person(), '<img src=x onerror=alert(1)>"&'
    made = save(api, person, evil, '"<script>alert(1)</script>"')

    for path in ("/searches", "/models", f"/searches/{made['id']}/edit", f"/searches?deleted={made['id']}"):
        page = look(api, person, path)
        assert "<img src=x" not in page
        assert "<script>alert" not in page


def test_saved_searches_cost_the_catalogue_one_statement(make: Make, api: Api) -> None:
    """However many there are."""
    person = make.person(Role.MODEL_OWNER)
    make.model()
    browser = api.browser(person)
    browser.get("/models")
    with counted() as before:
        browser.get("/models")
    for number in range(20):
        save(api, person, f"Number {number}")

    with counted() as after:
        page = browser.get("/models").text

    assert len(after) == len(before)
    assert len([one for one in after if "saved_searches" in one]) == 1
    assert "saved searches</a>" in page.replace("\n", "")


def test_of_more_than_are_counted_the_menu_says_so(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue counts no thousands of searches that others share for each page."""
    for place in (queries, contexts):
        monkeypatch.setattr(place, "COUNTED_MAX", 1)
    sharer, person = make.person(), make.person()
    make.model()
    for number in range(2):
        save(api, sharer, f"Shared {number}", sharing="SHARED")

    assert 'aria-label="Saved searches, 1+"' in look(api, person, "/models")


def test_nobody_fills_the_menu_with_searches_that_they_share(fresh_make: Make, fresh_api: Api) -> None:
    """A few of each come before more of one; where nobody else shares any, the rest of that one's are there too."""
    crowd, other, person = fresh_make.person(), fresh_make.person(), fresh_make.person()
    fresh_make.model()
    for number in range(20):
        save(fresh_api, crowd, f"!!! {number:02} {crowd.email}", sharing="SHARED")
    before = look(fresh_api, person, "/models").count(crowd.email)
    save(fresh_api, other, f"~~~ {other.email}", sharing="SHARED")

    page = look(fresh_api, person, "/models")

    assert other.email in page
    assert page.count(crowd.email) < before
