"""What waits for whom: on the dashboard, and for programs."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import look, words_of
from tests.support.promoting import Cast, Life, begin_life, make_cast


@pytest.fixture(name="make")
def _make(fresh_make: Make) -> Make:
    """In a registry of its own: what waits in others is more than the first page shows."""
    return fresh_make


@pytest.fixture(name="api")
def _api(fresh_api: Api) -> Api:
    return fresh_api


def todo(api: Api, person: Person) -> list[dict[str, Any]]:
    """What the API tells."""
    told = api.as_(person).get("/api/v1/todo")
    assert told.status_code == 200, told.text
    body = told.json()
    assert body["total"] == len(body["items"])
    items: list[dict[str, Any]] = body["items"]
    return items


def kinds(items: list[dict[str, Any]]) -> dict[str, Any]:
    """What each thing is about, by its kind."""
    return {item["kind"]: item["address"] or item["title"] for item in items}


def soon(days: int) -> str:
    """A moment in so many days, as people write it."""
    return clock.iso_seconds(clock.utc_now() + timedelta(days=days))


@dataclass(frozen=True)
class Scene:
    """Versions that wait for different people, and two people beside their cast."""

    cast: Cast
    asked: Life
    back: Life
    ready: Life
    held: Life
    named: Person
    newcomer: Person


def set_scene(make: Make, api: Api) -> Scene:
    """One thing of each kind that can wait."""
    cast = make_cast(make)
    asked, back, ready, held = (
        begin_life(make, api, tier=tier, cast=cast) for tier in ("MEDIUM", "LOW", "LOW", "HIGH")
    )
    named, newcomer = make.person(Role.AUDITOR, name="named"), make.person(name="newcomer")
    owner, mrc = api.as_(cast.owner), api.as_(cast.mrc)
    for life in (asked, back, ready):
        assert life.ask().status_code == 201
    assert asked.decide(cast.security).status_code == 201
    assert back.decide(cast.mrc, "REQUEST_CHANGES", comment="Say where it is weak.").status_code == 201
    assert ready.decide(cast.mrc).status_code == 201
    assert held.post("/hold", cast.admin, reason="A leak is looked into.").status_code == 200
    found = {"text": "Drifts in June.", "owner": named.email, "dueAt": soon(3), "severity": "HIGH"}
    assert asked.post("/findings", cast.mrc, **found).status_code == 201
    policy = owner.get("/api/v1/policies").json()["items"][0]["id"]
    why = {"policy": policy, "justification": "A pilot.", "risk": "Small.", "mitigation": "People decide."}
    exceptions = [
        owner.post("/api/v1/exceptions", json={**why, "version": life.version.address, "expiresAt": soon(5)}).json()
        for life in (asked, ready)
    ]
    assert mrc.post(f"/api/v1/exceptions/{exceptions[1]['id']}/grant", json={}).is_success
    access = owner.put(
        f"/api/v1/models/{ready.version.model}/collaborators/{newcomer.email}",
        json={"access": "READ", "until": soon(2)},
    )
    wish = {"model": asked.version.model, "purpose": "A back-test.", "days": 9}
    assert access.is_success
    assert api.as_(newcomer).post("/api/v1/access-requests", json=wish).status_code == 201
    return Scene(cast, asked, back, ready, held, named, newcomer)


def test_everybody_is_told_what_waits_for_their_roles(make: Make, api: Api) -> None:
    """
    Each kind of thing for who can see to it and nobody else; page and API say the same, and every link opens. A token
    that only reads is told as much; what is closed or on hold stands beside the charts.
    """
    scene = set_scene(make, api)
    cast, back, ready = scene.cast, scene.back, scene.ready
    asked, held = scene.asked.version, scene.held.version
    expected = {
        cast.owner: {
            "REQUEST": asked.address, "EXCEPTION_ASKED": asked.address, "CHANGES": back.version.address,
            "EXCEPTION_ENDS": ready.version.address, "ACCESS": asked.model,
        },
        cast.mrc: {"REVIEW": asked.address, "EXCEPTION": asked.address},
        cast.security: {"EXCEPTION": asked.address},
        cast.sre: {"MOVE": ready.version.address},
        cast.admin: {"HOLD": held.address},
        scene.named: {"FINDING": asked.address},
        scene.newcomer: {"ACCESS_ENDS": ready.version.model},
    }  # fmt: skip

    for person, kind in expected.items():
        items = todo(api, person)
        own = [item for item in items if item["kind"] not in ("DRAFT", "MODEL")]
        assert kinds(own) == kind
        browser = api.browser(person)
        page = browser.get("/").text
        for item in own:
            assert f'href="{item["link"].replace("&", "&amp;")}"' in page, item
            assert browser.get(item["link"]).status_code == 200, item

    words = words_of(look(api, cast.owner))
    mine = {item["kind"]: item for item in todo(api, cast.owner)}
    assert "Changes requested mrc" in words
    assert "“Say where it is weak.”" in words
    assert "Security Architect approved. Waits for MRC." in words
    assert "Low just now Approved for staging due in 5 days Look" in words
    assert not mine["REQUEST"]["waitsForYou"]
    assert mine["CHANGES"]["waitsForYou"]
    assert mine["EXCEPTION_ENDS"]["dueAt"] is not None
    finding = "Finding, high “Drifts in June.” Medium just now Submitted due in 3 days Open"
    assert finding in words_of(look(api, scene.named))
    made = api.browser(cast.mrc).call("POST", "/api/v1/tokens", json={"name": "todo", "scopes": ["read"], "days": 1})
    reading = api.with_token(made.json()["token"]).get("/api/v1/todo").json()
    assert {"REVIEW", "EXCEPTION"} <= kinds(reading["items"]).keys()
    assert back.post("/close", cast.owner, reason="Another is better.").status_code == 200
    words = words_of(look(api, cast.owner))
    assert "Of these 1 on hold 1 closed" in words
    assert "1.0.0 Closed 1 Changes requested" in words
    assert "1.0.0 Draft On hold 1 Draft" in words
    assert "CHANGES" not in kinds(todo(api, cast.owner))


def test_a_finding_that_blocks_leads_everybody_on(make: Make, api: Api) -> None:
    """
    Sent back with a blocking finding: owners are told to mend it and to say so, never to ask again or for a role, and
    those who may settle it have it to do. Whoever raised it is told what owners say; once it is settled they ask again.
    """
    life = begin_life(make, api)
    cast, page = life.cast, f"/models/{life.version.model}/versions/1.0.0"
    life.reach("SUBMITTED")
    sent = api.browser(cast.mrc).submit(f"{page}/reviews", {
        "decision": "REQUEST_CHANGES", "comment": "See the finding.", "digest": life.latest["digest"],
        "findings.0.text": "Say who decides.", "findings.0.severity": "HIGH", "findings.0.blocking": "yes",
    })  # fmt: skip
    raised = life.get("/findings").json()["items"][0]["id"]
    told = api.browser(cast.mrc).get(sent.headers["location"]).text
    other = life.post("/findings", cast.security, text="Name the data.", blocking=False)

    version, finding = words_of(look(api, cast.owner, page)), words_of(look(api, cast.owner, f"/findings/{raised}"))
    owners = {item["kind"]: item for item in todo(api, cast.owner)}
    deciders = [kinds(todo(api, one)) for one in (cast.mrc, cast.security, cast.admin)]
    said = life.post("/comments", cast.owner, text="Mended in the card.")
    heard = [api.as_(one).get("/api/v1/notices").json()["items"][0]["kind"] for one in (cast.mrc, cast.security)]
    settled = api.as_(cast.mrc).post(
        f"{life.base}/findings/{raised}/settle", json={"status": "RESOLVED", "answer": "It says so."}
    )
    after = {item["kind"]: item for item in todo(api, cast.owner)}

    assert sent.headers["location"].endswith("/review?done=changes-blocked")
    assert "Settle your finding when it is mended; then they can ask again." in told
    assert "is open. Settle it when it is mended; then an owner of the model can ask again." in words_of(told)
    assert other.status_code == said.status_code == 201
    assert "Next: an MRC or a Security Architect settles the blocking finding" in version
    assert re.search(r"Say in its discussion ?what you mended", version)
    assert "an Admin to give you" not in finding
    assert f"You own or owned {life.version.model}" in finding
    assert "A finding blocks it: mend it and say in the discussion what you did." in owners["CHANGES"]["text"]
    assert "submit it again" not in owners["CHANGES"]["text"]
    assert deciders == [{"SETTLE": life.version.address}] * 2 + [{}]
    assert heard == ["comment.added"] * 2
    assert settled.status_code == 200
    assert "submit it again" in after["CHANGES"]["text"]
    assert "SETTLE" not in kinds(todo(api, cast.security))


def test_an_admin_is_told_of_deprecated_versions_that_are_live_nowhere(make: Make, api: Api) -> None:
    """
    One that is live is an SRE's to end first, who is told where, and the Admin why not yet; what was retired waits no
    more. On the way there its owner is told that production can be asked for, until it is.
    """
    life = begin_life(make, api)
    life.reach("STAGING")
    in_staging = kinds(todo(api, life.cast.owner))
    assert life.ask("PRODUCTION").status_code == 201
    asked = kinds(todo(api, life.cast.owner))
    life.decide(life.cast.mrc)
    life.decide(life.cast.security)
    life.reach("PRODUCTION")
    admin, sre, where, address = life.cast.admin, api.as_(life.cast.sre), "prod", life.version.address
    live = {"environment": where, "model": life.version.model, "live": [{"version": address, "share": 100}]}
    assert sre.post("/api/v1/environments", json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    assert sre.post("/api/v1/deployments", json=live).status_code == 201
    life.reach("DEPRECATED")

    while_live = kinds(todo(api, admin))
    shut = look(api, admin, f"/models/{life.version.model}/versions/1.0.0")
    to_take_off = next(item for item in todo(api, life.cast.sre) if item["kind"] == "TAKE_OFF")
    form = look(api, life.cast.sre, to_take_off["link"])
    assert sre.post("/api/v1/deployments", json={**live, "live": []}).status_code == 201
    told = {item["kind"]: item for item in todo(api, admin)}["RETIRE"]
    page = look(api, admin)
    assert life.move("RETIRED", admin).status_code == 200

    assert (in_staging, asked.keys()) == ({"ASK": address}, {"REQUEST"})
    assert "RETIRE" not in while_live
    assert "Live in prod: an SRE takes it off first." in words_of(shut)
    assert "Next: an SRE takes it off prod; then an Admin retires it." in words_of(shut)
    assert 'value="RETIRED"' not in shut
    assert (to_take_off["address"], to_take_off["what"]) == (address, "Still live in prod though deprecated")
    assert f'value="{life.version.model}"' in form
    assert "TAKE_OFF" not in kinds(todo(api, life.cast.sre))
    assert (told["address"], told["state"], told["waitsForYou"]) == (address, "DEPRECATED", True)
    assert "Live nowhere. Retire it once nobody needs it: there is no way back." in words_of(page)
    assert f'href="{told["link"]}"' in page
    assert "RETIRE" not in kinds(todo(api, admin))


def test_who_has_nothing_to_do_is_told_what_will_stand_there(make: Make, api: Api) -> None:
    """By role, with the one command that does the same."""
    make.model()

    words = words_of(look(api, make.person(Role.SRE)))

    assert "Nothing waits for you" in words
    assert "As SRE Versions that are approved and wait to be moved, deprecated ones that are live still." in words
    assert "modelkeep todo" in words
