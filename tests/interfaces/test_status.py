"""Is it up? Components, answer times and incidents, for strangers by names and times only."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.features.status.monitor import Monitor
from modelkeep_server.features.status.views import Component
from modelkeep_server.rules.errors import Unavailable
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry

INCIDENT = {
    "title": "Downloads are slow", "components": ["STORAGE", "WEB"], "impact": "DEGRADED",
    "text": "The file store answers slowly.\nUploads are not affected.",
}  # fmt: skip


@pytest.fixture
def sre(make: Make) -> Any:
    """Somebody who runs the registry."""
    return make.person(Role.SRE, name="sre")


def test_a_stranger_learns_names_and_times_and_nothing_else(make: Make, api: Api, sre: Any) -> None:
    """Components and incidents are open to everyone; what was written, and by whom, only to who is signed in."""
    incident = api.as_(sre).post("/api/v1/incidents", json=INCIDENT).json()

    status = api.anonymous.get("/api/v1/status").json()
    page = api.browser_of("").get("/status").text
    told = next(one for one in status["incidents"] if one["id"] == incident["id"])
    api.as_(sre).post(f"/api/v1/incidents/{incident['id']}/updates", json={"status": "RESOLVED", "text": "It is over."})
    known = api.as_(make.owner()).get("/api/v1/status").json()
    in_full = next(one for one in known["incidents"] if one["id"] == incident["id"])

    assert [one["id"] for one in status["components"]] == ["WEB", "DATABASE", "STORAGE", "AUDIT"]
    assert {one["status"] for one in status["components"]} == {"UP"}
    assert status["state"] == "DEGRADED"
    assert status["responseTimes"][-1]["requests"] >= 1
    assert (told["title"], told["components"]) == (INCIDENT["title"], ["WEB", "STORAGE"])
    assert [(update["text"], update["by"]) for update in told["updates"]] == [(None, None)]
    assert "Downloads are slow" in page
    assert "The file store answers slowly" not in page
    assert sre.email not in page
    assert [update["text"] for update in in_full["updates"]] == ["It is over.", INCIDENT["text"]]
    assert in_full["updates"][0]["by"] == sre.email


def test_an_incident_is_told_from_its_report_to_its_end(make: Make, api: Api, sre: Any) -> None:
    """By the page: reported, on every page as a line, updated, resolved, then past; each step an event."""
    browser = api.browser(sre)
    form = {**INCIDENT, "known": INCIDENT["text"], "status": "INVESTIGATING", "title": f"Slow {make.group()}"}

    empty = browser.submit("/status/incidents", {"title": " "})
    made = browser.submit("/status/incidents", form)
    on_a_page = browser.get("/models").text
    shown = browser.get("/status").text
    address = re.findall(r'action="(/status/incidents/[^"]+/updates)"', shown)[0]
    wrong = browser.submit(address, {"status": "DONE", "text": ""})
    browser.submit(address, {"status": "RESOLVED", "text": "A disk was full."})
    again = browser.submit(address, {"status": "MONITORING", "text": "Late."})
    after = browser.get("/models").text
    incident = address.split("/")[3]
    actions = [(event.action, event.outcome) for event in make.events(incident)]
    refused = make.events(action="incident.update")[-1]

    assert empty.status_code == 422
    assert empty.text.count('class="err"') >= 3
    assert (made.status_code, made.headers["location"]) == (303, "/status?done=incident")
    assert form["title"] in on_a_page
    assert wrong.status_code == 422
    assert (again.status_code, "resolved" in again.text) == (409, True)
    assert form["title"] not in after
    assert form["title"] in browser.get("/status").text.split("Past incidents")[1]
    assert [act for act in actions if act[1] == "ALLOWED"] == [
        ("incident.create", "ALLOWED"), ("incident.update", "ALLOWED"),
    ]  # fmt: skip
    assert (refused.outcome, refused.rule) == ("REFUSED", "state_forbids")


def test_only_an_sre_writes_and_everybody_signed_in_reads(make: Make, api: Api, sre: Any) -> None:
    """Others see the button greyed with the reason, and a 403 by the API; the list pages by cursor."""
    titles = [api.as_(sre).post("/api/v1/incidents", json=INCIDENT).json()["id"] for _ in range(2)]
    owner = make.owner()

    refused = api.as_(owner).post("/api/v1/incidents", json=INCIDENT)
    update = {"status": "RESOLVED", "text": "x"}
    also = api.as_(owner).post(f"/api/v1/incidents/{titles[0]}/updates", json=update)
    page = api.browser(owner).get("/status").text
    first = api.as_(owner).get("/api/v1/incidents", params={"limit": 1}).json()
    second = api.as_(owner).get("/api/v1/incidents", params={"limit": 1, "cursor": first["nextCursor"]}).json()
    for title in titles:
        api.as_(sre).post(f"/api/v1/incidents/{title}/updates", json=update)

    assert (refused.status_code, also.status_code) == (403, 403)
    assert refused.json()["detail"].startswith("To report an incident")
    assert 'action="/status/incidents"' not in page
    assert "To report an incident you need the role SRE" in page
    assert [first["items"][0]["id"], second["items"][0]["id"]] == titles[::-1]
    assert api.as_(sre).post("/api/v1/incidents/none/updates", json=update).status_code == 404


def test_every_wrong_field_of_an_incident_is_named_at_once(make: Make, api: Api, sre: Any) -> None:
    """Nothing is written, and each fault says what is taken instead."""
    body = {"title": "\x00", "components": ["MOON"], "impact": "BAD", "text": "", "status": "RESOLVED"}
    browser, before = api.browser(sre), make.event_count()

    answer = api.as_(sre).post("/api/v1/incidents", json=body)

    page = browser.submit("/status/incidents", {"title": "", "impact": "DEGRADED"})

    assert (answer.status_code, page.status_code) == (422, 422)
    assert {error["field"] for error in answer.json()["errors"]} == set(body)
    assert "Choose at least one." in page.text
    assert make.event_count() == before


def test_of_two_who_resolve_at_once_one_wins(api: Api, sre: Any) -> None:
    """The other is told that it is resolved already."""
    incident = api.as_(sre).post("/api/v1/incidents", json=INCIDENT).json()["id"]
    gate = threading.Barrier(2)

    def resolve(text: str) -> int:
        client = api.as_(sre)
        gate.wait()
        update = {"status": "RESOLVED", "text": text}
        return int(client.post(f"/api/v1/incidents/{incident}/updates", json=update).status_code)

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(resolve, ("one", "two")))

    assert statuses == [201, 409]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_page_tells_the_truth_while_the_database_is_down(
    registry: Registry, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A component that does not answer is called down, and the page still comes, within its time."""
    door = registry.app.door

    def down() -> None:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(door, "_monitor", Monitor({Component.DATABASE: down, Component.STORAGE: lambda: None}))
    status = api.anonymous.get("/api/v1/status")
    page = api.browser_of("").get("/status")

    assert (status.status_code, status.json()["state"]) == (200, "DOWN")
    assert [one["status"] for one in status.json()["components"]] == ["UP", "DOWN", "UP"]
    assert (page.status_code, "The registry is down" in page.text) == (200, True)
    assert "as they were last known here" in page.text


def test_a_component_that_hangs_is_asked_once_and_given_up() -> None:
    """Askers do not pile up behind it, and a measurement serves everybody for five seconds."""
    let_go, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        let_go.wait(10)

    monitor = Monitor({Component.STORAGE: hang, Component.DATABASE: lambda: None}, wait_seconds=0.2)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: monitor.measure(), range(4)))
    monitor._measured = -100.0
    later = monitor.measure()
    let_go.set()

    assert all(one is found[0] for one in found)
    assert [(one.component, one.is_up) for one in later.components] == [
        (Component.STORAGE, False), (Component.DATABASE, True),
    ]  # fmt: skip
    assert asked == [1]
