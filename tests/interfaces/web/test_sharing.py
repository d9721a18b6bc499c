"""Sharing, asking for access, transferring, retiring and closing, by the pages."""

import re
from typing import Any

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import let_in, put_into
from tests.support.make import Make, Person
from tests.support.pages import look, words_of
from tests.support.registries import Registry


def said(html: str) -> str:
    """The words of a page, with the marks where a reader sees them."""
    return re.sub(r" (?=[.:,])", "", words_of(html))


def test_an_owner_shares_by_the_settings_tab(make: Make, api: Api) -> None:
    """
    Lets somebody in, changes it, ends it; a fault stands at its field with what was typed. Whoever was let in is told,
    and their dashboard says what they may change, until they made a version.
    """
    model, guest = make.model(), make.person()
    browser = api.browser(make.owner_of(model))
    base = f"/models/{model.address}"

    wrong = browser.submit(f"{base}/collaborators", {"email": "nobody@example.com", "access": "READ", "until": ""})
    added = browser.submit(f"{base}/collaborators", {"email": guest.email, "access": "READ", "until": ""})
    shown = said(browser.get(f"{base}/settings").text)
    changed = browser.submit(f"{base}/collaborators", {"email": guest.email, "access": "WRITE", "until": ""})
    begin, waits = said(look(api, guest)), api.as_(guest).get("/api/v1/todo").json()["items"]
    told = api.as_(guest).get("/api/v1/notices").json()["items"]
    made = api.as_(guest).post(f"/api/v1/models/{model.address}/versions", json={"version": "1.0.0"})
    begun = api.as_(guest).get("/api/v1/todo").json()["items"]
    ended = browser.submit(f"{base}/collaborators/end", {"email": guest.email})

    assert [(one["kind"], one["address"]) for one in waits] == [("SHARED", model.address)]
    assert "You have no role yet" not in begin
    assert f"You may change {model.address} as a collaborator" in begin
    assert {one["kind"] for one in told} == {"access.granted"}
    assert told[0]["message"].endswith(f" let you into {model.address}, with WRITE")
    assert (made.status_code, begun) == (201, [])
    assert "You have no role yet" in said(look(api, guest))
    assert wrong.status_code == 422
    assert 'value="nobody@example.com"' in wrong.text
    assert "Nobody here has this address." in said(wrong.text)
    assert [answer.status_code for answer in (added, changed, ended)] == [303] * 3
    assert added.headers["location"] == f"{base}/settings?done=shared#sharing"
    assert f"{guest.email}, let in by" in shown
    assert "Nobody was let in." in said(browser.get(f"{base}/settings").text)


def test_others_see_the_settings_greyed_with_why(make: Make, api: Api) -> None:
    """A stranger reads what they lack and whom to ask, sees nobody's name, and the model's id for the Admin."""
    model, stranger = make.model(), make.person()

    html = look(api, stranger, f"/models/{model.address}/settings")

    words = said(html)
    assert "You are not among them" in words
    assert "To let a collaborator in you need the role Model Owner and to be an owner of this model." in words
    assert "To transfer a model to other owners you need the role Admin." in words
    assert "To retire a model you need the role Admin." in words
    assert model.id in html


def test_a_person_asks_on_the_page_and_an_owner_answers_on_theirs(make: Make, api: Api) -> None:
    """Button, form, dashboard of the owner, page of requests, dashboard of the asker, profile: one thread."""
    version = make.version()
    make.file(version)
    owner, guest = make.owner_of(version), make.person()
    theirs, mine = api.browser(guest), api.browser(owner)
    place = f"/models/{version.model}/versions/1.0.0"

    href = re.search(r'href="(/access-requests/new\?[^"]+)"', theirs.get(f"{place}/artifacts").text)
    assert href is not None
    form = theirs.get(href[1].replace("&amp;", "&"))
    bare = theirs.submit(
        "/access-requests/new", {"model": version.model, "version": "1.0.0", "purpose": "", "days": "7"}
    )
    asked = theirs.submit(
        "/access-requests/new", {"model": version.model, "version": "1.0.0", "purpose": "Nightly scoring.", "days": "7"}
    )
    waits = said(mine.get("/").text)
    (request,) = set(re.findall(r"/access-requests/([0-9a-f-]{36})/grant", mine.get("/access-requests").text))
    mine.submit(f"/access-requests/{request}/refuse", {"reason": ""})
    granted = mine.submit(f"/access-requests/{request}/grant", {"days": "7"})

    assert (form.status_code, bare.status_code, asked.status_code, granted.status_code) == (200, 422, 303, 303)
    assert asked.headers["location"] == f"{place}?done=access-asked"
    assert "This is required." in said(bare.text)
    assert "asks to download “Nightly scoring.”" in waits
    assert "thing waits for you" in waits or "things wait for you" in waits
    assert "You may download until" in said(theirs.get("/").text)
    assert "let you in" in said(theirs.get("/profile").text)
    assert "Ask for access" not in theirs.get(place).text
    late = mine.submit(f"/access-requests/{request}/refuse", {"reason": "Too late."})
    assert late.status_code == 409
    assert f"{owner.email} granted this request" in said(late.text)


def test_a_request_is_taken_back_on_its_page(make: Make, api: Api) -> None:
    """The model's page says that it was asked; once it is taken back the button is there again."""
    model, guest = make.model(), make.person()
    browser = api.browser(guest)
    browser.submit("/access-requests/new", {"model": model.address, "version": "", "purpose": "x", "days": "30"})

    before = said(browser.get(f"/models/{model.address}").text)
    request = re.search(r"/access-requests/([0-9a-f-]{36})/withdraw", browser.get("/access-requests").text)
    assert request is not None
    browser.submit(f"/access-requests/{request[1]}/withdraw")
    after = said(browser.get(f"/models/{model.address}").text)

    assert "Access asked" in before
    assert "Ask for access" not in before
    assert "Ask for access" in after


def test_a_refused_download_leads_on_to_asking(make: Make, api: Api) -> None:
    """The page of the 403 has the button, also for who came by an old page."""
    version = make.version()
    make.file(version)

    answer = api.browser(make.person()).submit(
        f"/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"
    )

    assert answer.status_code == 403
    assert re.search(
        r'<a class="btn btn-primary" href="/access-requests/new\?model=[^"]+">Ask for access</a>', answer.text
    )


def test_a_transfer_says_who_loses_and_gains_before_it_happens(make: Make, api: Api) -> None:
    """
    Nothing changes until it is confirmed; then the activity tells who it went from and to. Who stays an owner by a team
    is told so.
    """
    former, heir, admin = make.owner(), make.owner(), make.person(Role.ADMIN)
    team = {"name": f"Team of {former.email}", "email": f"team-{former.email}", "members": [former.email]}
    assert api.as_(admin).post("/api/v1/teams", json=team).status_code == 201
    model = make.model(former)
    browser, route = api.browser(admin), f"/models/{model.address}/transfer"
    typed = {"owners": f"{heir.email}, unknown@example.com", "reason": "Priya left."}

    wrong = browser.submit(route, {"owners": " ", "reason": ""})
    plan = browser.submit(route, typed)
    by_team = browser.submit(route, {**typed, "owners": team["email"]})
    still = api.as_(admin).get(f"/api/v1/models/{model.address}").json()["owners"]
    done = browser.submit(route, {**typed, "confirm": "yes"})
    story = said(browser.get(f"/models/{model.address}/activity").text)

    assert wrong.status_code == 422
    words = said(plan.text)
    assert words.index("Lose it") < words.index(former.email) < words.index("Gain it") < words.index(heir.email)
    assert "unknown@example.com no account or team here yet" in words
    assert f"{former.email} still an owner, through the team {team['name']}" in said(by_team.text)
    assert "still an owner" not in words
    assert still == [former.email]
    assert done.headers["location"] == f"/models/{model.address}/activity?done=transferred"
    assert f"transferred the model from {former.actor.name} to {heir.actor.name}, unknown@example.com" in story
    assert "“Priya left.”" in story


def test_retiring_asks_for_the_name_and_the_page_says_who_and_why(make: Make, api: Api) -> None:
    """A wrong name retires nothing; afterwards every page of the model bears the banner, its forms are greyed."""
    version = make.version()
    admin = make.person(Role.ADMIN)
    browser, base = api.browser(admin), f"/models/{version.model}"

    wrong = browser.submit(f"{base}/retire", {"reason": "Replaced.", "confirm": "CHURN"})
    done = browser.submit(f"{base}/retire", {"reason": "Replaced.", "confirm": "churn-predictor"})

    assert (wrong.status_code, done.status_code) == (422, 303)
    assert 'id="confirm"' in wrong.text
    assert "Type churn-predictor" in said(wrong.text)
    for tab in ("", "/versions", "/activity", "/settings"):
        words = said(browser.get(base + tab).text)
        assert f"{admin.actor.name} retired this model just now." in words, tab
        assert "“Replaced.”" in words, tab
    assert "retired the model" in said(browser.get(f"{base}/activity").text)
    assert api.browser(make.person()).get(f"{base}/versions/1.0.0").status_code == 200


def test_an_mrc_lowers_the_tier_by_a_form_of_their_own(registry: Registry, make: Make, api: Api) -> None:
    """It is there for an MRC once a version was submitted, keeps what was typed, and says from what to what."""
    model = make.model(risk_tier="HIGH")
    version = make.version(model)
    mrc: Person = make.person(Role.MRC)
    browser, route = api.browser(mrc), f"/models/{model.address}/settings"
    before = browser.get(route).text
    put_into(registry, version, State.SUBMITTED)
    page = browser.get(route).text
    base = re.findall(
        r'<input type="hidden" name="(base.riskTier|revision)" value="([^"]+)">', page.split('id="tier"')[1]
    )
    form: dict[str, Any] = {**dict(base), "form": "tier", "riskTier": "LOW"}

    bare = browser.submit(route, {**form, "reason": ""})
    done = browser.submit(route, {**form, "reason": "Advice only."})

    assert 'id="tier"' not in before
    assert bare.status_code == 422
    assert 'id="tier-reason"' in bare.text
    assert done.status_code == 303
    story = said(browser.get(f"/models/{model.address}/activity").text)
    assert "lowered the risk tier of the model: High → Low" in story


def test_a_closed_version_says_so_on_each_of_its_pages(registry: Registry, make: Make, api: Api) -> None:
    """Banner, mark in the list, no form; an owner reopens it there; others read why they cannot."""
    model = make.model()
    make.version(model)
    owner = make.owner_of(model)
    writer = let_in(registry, make, model, make.person(), "WRITE")
    browser, base = api.browser(owner), f"/models/{model.address}/versions/1.0.0"
    assert "Close the version" in browser.get(base).text
    assert "1.0.0" in said(browser.get("/").text)

    closed = browser.submit(f"{base}/close", {"reason": "Superseded."})
    for tab in ("", "/artifacts", "/activity"):
        words = said(browser.get(base + tab).text)
        assert f"{owner.actor.name} closed this version just now." in words, tab
    listed = said(browser.get(f"/models/{model.address}/versions").text)
    home = said(browser.get("/").text)
    seen = said(api.browser(writer).get(base).text)
    opened = browser.submit(f"{base}/reopen", {"reason": "Needed."})

    assert (closed.status_code, opened.status_code) == (303, 303)
    assert "Draft Closed" in listed
    assert "To do" not in home
    assert "To reopen a version you need the role Model Owner and to be an owner of this model." in seen
    assert "closed this version" not in said(browser.get(base).text)


def test_a_form_whose_day_is_none_comes_back(make: Make, api: Api) -> None:
    """With the fault beside it for whoever may send it; whoever may not is told that."""
    model, guest = make.model(), make.person()
    owner = make.owner_of(model)
    path = f"/models/{model.address}/collaborators"
    theirs, mine = api.browser(guest), api.browser(owner)
    theirs.submit("/access-requests/new", {"model": model.address, "version": "", "purpose": "x", "days": "30"})
    (request,) = set(re.findall(r"/access-requests/([0-9a-f-]{36})/grant", mine.get("/access-requests").text))
    grant = f"/access-requests/{request}/grant"

    shared = [
        who.submit(path, {"email": guest.email, "access": "READ", "until": "2026-13-01"}) for who in (mine, theirs)
    ]
    granted = [who.submit(grant, {"days": "a week"}) for who in (mine, theirs)]

    assert [answer.status_code for answer in (*shared, *granted)] == [422, 403, 422, 403]
    assert "Between 1 and 90 days." in said(granted[0].text)
