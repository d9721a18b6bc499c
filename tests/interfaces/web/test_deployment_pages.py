"""What is live where, in the pages: recorded, rolled back, looked up, and told with a move."""

import re
from typing import Any

from modelkeep_server.kit import clock
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make
from tests.support.promoting import begin_life
from tests.support.registries import Registry
from tests.support.statements import counted

_NEW, _RECORD = "/deployments/environments/new", "/deployments/record"


def test_an_sre_records_and_rolls_back_in_the_pages(registry: Registry, make: Make, api: Api) -> None:
    """Each step says what it will change before it is done; others see the same, greyed with the reason."""
    model = make.model()
    first, second = make.version(model), make.version(model, version="1.1.0")
    for version in (first, second):
        put_into(registry, version, State.PRODUCTION)
    sre, owner = api.browser(make.person(Role.SRE)), api.browser(make.owner_of(model))
    name = f"eu of {model.group}"

    nameless = sre.submit(_NEW, {"name": " ", "kind": "PRODUCTION"})
    made = sre.submit(_NEW, {"name": name, "kind": "PRODUCTION", "region": "eu-west-1"})
    place = made.headers["location"].partition("?")[0]
    where = {"environment": place.rpartition("/")[2], "model": model.address}
    form = sre.get(_RECORD, params=where).text
    rows = where | {"version.0": "1.1.0", "version.1": "1.0.0", "share.1": "100"}

    def say(**more: str) -> Any:
        return sre.submit(_RECORD, {**rows, **{key.replace("_", "."): value for key, value in more.items()}})

    planned = say(endpointUrl_1="https://churn.example.com")
    one = say(confirm="yes", replaces="none")
    wrong = say(share_0="most")
    odd = [say(share_0=share).status_code for share in ("nan", "1_0", "١", "1e1", "-5")]
    over = say(share_0="1")
    late = say(share_0="10", share_1="90", confirm="yes", replaces="none")
    two = say(share_0="10", share_1="90", confirm="yes", reason="Canary.")
    shown = two.headers["location"].partition("?")[0]
    page, seen_by_owner = sre.get(shown).text, owner.get(shown).text
    unreasoned = sre.submit(f"{shown}/rollback", {"reason": ""})
    back = sre.submit(f"{shown}/rollback", {"reason": "Errors rose."})
    again = sre.submit(f"{shown}/rollback", {"reason": "Errors rose."})
    tab = owner.get(f"/models/{model.address}/deployments").text
    today = clock.utc_now().date().isoformat()
    pages = [f"/deployments?model={model.address}", place, f"/models/{model.address}/deployments?at={today}"]
    counts = []
    for address in pages:
        with counted() as sent:
            assert "1.0.0" in owner.get(address).text, address
        counts.append(len(sent))

    assert (nameless.status_code, made.status_code) == (422, 303)
    assert form.count('name="share.') == 2
    assert "comes to 100 %, at https://churn.example.com" in planned.text
    assert one.status_code == 303, one.text
    assert "A share is a number of percent" in wrong.text
    assert odd == [422] * 5
    assert "is still to come" in sre.get(f"/deployments?model={model.address}&at=2999-01-01").text
    assert "is still to come" in sre.get(f"/models/{model.address}/deployments?at=2999-01-01").text
    assert "The shares come to 101 %" in over.text
    assert (late.status_code, two.status_code) == (409, 303)
    assert "recorded another deployment" in late.text
    assert "90 % → 100 %" in page
    assert "goes, from 10 %" in page
    assert "To roll back you need the role SRE" in seen_by_owner
    assert (unreasoned.status_code, back.status_code, again.status_code) == (422, 303, 409)
    assert "Rollback" in tab
    assert "Something is live in it" in sre.get(place).text
    assert max(counts) <= 14, counts


def test_what_would_change_nothing_is_greyed_with_the_reason(registry: Registry, make: Make, api: Api) -> None:
    """
    No kind of environment is chosen for anybody; what is live already is not recorded again, and where nothing was
    before nothing is rolled back: each stands greyed, and says why.
    """
    model = make.model()
    first, second = make.version(model), make.version(model, version="1.1.0")
    for version in (first, second):
        put_into(registry, version, State.PRODUCTION)
    sre, owner = api.browser(make.person(Role.SRE)), api.browser(make.owner_of(model))
    offered = sre.get(_NEW).text
    unchosen = sre.submit(_NEW, {"name": f"eu of {model.group}"})
    place = sre.submit(_NEW, {"name": f"eu of {model.group}", "kind": "PRODUCTION"}).headers["location"]
    place = place.partition("?")[0]
    rows = {"environment": place.rpartition("/")[2], "model": model.address, "version.0": "1.1.0", "version.1": "1.0.0"}
    whole = rows | {"share.0": "0", "share.1": "100"}
    pages = (place, f"/deployments?model={model.address}", f"/models/{model.address}/deployments")

    one = sre.submit(_RECORD, whole | {"confirm": "yes"})
    same = sre.submit(_RECORD, whole)
    pressed = sre.submit(_RECORD, whole | {"confirm": "yes"})
    alone = [sre.get(page).text for page in pages]
    two = sre.submit(_RECORD, rows | {"share.0": "10 %", "share.1": "89,5", "confirm": "yes"})
    after = [sre.get(page).text for page in pages]
    theirs = [owner.get(page).text for page in pages]

    shown = one.headers["location"].partition("?")[0]
    assert 'value="PRODUCTION" required' in offered
    assert "checked" not in offered
    assert (unchosen.status_code, "Choose what it is for" in unchosen.text) == (422, True)
    assert "This is what is live now; nothing would change." in same.text
    assert 'name="confirm"' not in same.text
    assert pressed.headers["location"] == f"{shown}?done=deployed-already"
    assert all("there is nothing to go back to" in page for page in alone)
    assert not any("there is nothing to go back to" in page for page in after)
    assert all(f"{two.headers['location'].partition('?')[0]}#rollback" in page for page in after)
    assert all("To roll back you need the role SRE" in page for page in theirs)


def test_whoever_records_is_told_that_somebody_was_faster(registry: Registry, make: Make, api: Api) -> None:
    """The model is offered in a list; a page from before what is live now says so; a view of today says so far."""
    model = make.model()
    for version in (make.version(model), make.version(model, version="1.1.0")):
        put_into(registry, version, State.PRODUCTION)
    sre, owner = api.browser(make.person(Role.SRE)), api.browser(make.owner_of(model))
    made = sre.submit(_NEW, {"name": f"eu of {model.group}", "kind": "PRODUCTION"})
    elsewhere = sre.submit(_NEW, {"name": f"us of {model.group}", "kind": "STAGING", "back": "//evil.example.com"})
    where = {"environment": made.headers["location"].partition("?")[0].rpartition("/")[2], "model": model.address}
    rows = where | {"version.0": "1.1.0", "version.1": "1.0.0", "replaces": "none"}
    choice, form = sre.get(_RECORD).text, sre.get(_RECORD, params=where).text

    planned = sre.submit(_RECORD, rows | {"share.1": "80"}).text
    recorded = sre.submit(_RECORD, rows | {"share.1": "80", "confirm": "yes"}).headers["location"].partition("?")[0]
    overtaken = sre.submit(_RECORD, rows | {"share.0": "50", "share.1": "50"}).text
    back = sre.submit(_RECORD, rows | {"share.0": "50", "back": "yes"}).text
    today = clock.utc_now().date().isoformat()

    assert f'<option value="{model.address}">' in choice
    assert elsewhere.headers["location"] == "/?done=environment"
    assert 'name="replaces" value="none"' in form
    assert "Somebody recorded another" not in planned
    assert "Somebody recorded another since you opened the page.</b> Now live is 1.0.0 at 80 %" in overtaken
    assert f'name="replaces" value="{recorded.rpartition("/")[2]}"' in overtaken
    assert re.search(r'name="share.0" value="50"[^>]*aria-label="1.1.0, share', back)
    assert "What is live so far today" in owner.get(f"/deployments?model={model.address}&at={today}").text
    assert "Live so far today" in owner.get(f"/models/{model.address}/deployments?at={today}").text


def test_environments_are_changed_and_retired_in_the_pages(make: Make, api: Api) -> None:
    """A name that is taken and an edit on an older page are told; a retired one says so and takes nothing more."""
    sre, group = api.browser(make.person(Role.SRE)), make.group()
    places = [
        sre.submit(_NEW, {"name": f"{word} of {group}", "kind": "STAGING"}).headers["location"].partition("?")[0]
        for word in ("eu", "us")
    ]

    taken = sre.submit(places[0], {"name": f"us of {group}", "region": "", "revision": "1"})
    saved = sre.submit(places[0], {"name": f"eu of {group}", "region": "eu-west-1", "revision": "1"})
    stale = sre.submit(places[0], {"name": f"eu of {group}", "region": "eu-west-2", "revision": "1"})
    ended = sre.submit(f"{places[0]}/end", {"reason": "Moved."})
    page = sre.get(places[0])
    refused = api.browser(make.owner()).get(places[1]).text

    assert (taken.status_code, saved.status_code, stale.status_code, ended.status_code) == (409, 303, 412, 303)
    assert f"There is an environment us of {group} already." in taken.text
    assert "It is retired. Its history stays." in page.text
    assert "To end an environment you need the role SRE" in refused
    assert sre.get("/deployments", params={"kind": "moon", "at": "soon", "model": "a/b"}).status_code == 200


def test_a_move_tells_what_is_live_in_the_same_step(make: Make, api: Api) -> None:
    """The move is made and the deployment recorded, or neither; the page then says where the version runs."""
    life = begin_life(make, api)
    life.reach("APPROVED_STAGING")
    sre = api.browser(life.cast.sre)
    page = life.base.removeprefix("/api/v1")
    begun = sre.get(_NEW, params={"kind": "STAGING", "back": f"{page}#next"}).text
    back = re.search(r'name="back" value="([^"]+)"', begun)
    assert back is not None
    assert re.search(r'value="STAGING" checked', begun)
    made = sre.submit(
        _NEW, {"name": f"staging of {life.version.model.partition('/')[0]}", "kind": "STAGING", "back": back[1]}
    )
    assert made.headers["location"] == f"{page}?done=environment#next"
    found = re.search(
        rf'<option value="([^"]+)">staging of {life.version.model.partition("/")[0]}<', sre.get(page).text
    )
    assert found is not None
    place = found[1]
    told = {"to": "STAGING", "environment": place, "share": "25", "comment": "A first look."}

    offered = sre.get(page).text
    refused = sre.submit(f"{page}/moves", told | {"endpointUrl": "ftp://churn"})
    state = life.state
    moved = sre.submit(f"{page}/moves", told | {"endpointUrl": "https://churn.example.com"})
    live = life.get(person=life.cast.sre) and sre.call("GET", f"/api/v1/models/{life.version.model}/live").json()

    assert f'<option value="{place}">' in offered
    assert (refused.status_code, state) == (422, "APPROVED_STAGING")
    assert "Only links that begin with" in refused.text
    assert "A first look." in refused.text
    assert moved.status_code == 303, moved.text
    assert [(part["share"], part["endpointUrl"]) for one in live["items"] for part in one["live"]] == [
        (25, "https://churn.example.com")
    ]
    assert "Where it runs" in sre.get(page).text
