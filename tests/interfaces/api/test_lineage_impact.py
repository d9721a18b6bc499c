"""What a change reaches, and telling the owners of that, through the API."""

import csv
import secrets
from typing import Any

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.lineage_graph import IMPACT, TELL, fresh, made_from, node_of
from tests.support.make import Make, Person
from tests.support.problems import refusal
from tests.support.registries import Registry


def test_a_change_is_followed_to_every_version(registry: Registry, make: Make, api: Api) -> None:
    """
    What a dataset's recall reaches: versions with state, tier, owners, endpoints and the way, live ones first, then by
    tier and steps; and who uses them. A version's own recall reaches itself.
    """
    owner, other, data = make.owner(), make.owner(), fresh("events")
    first = made_from(make, owner, f"{data}@1", risk_tier="HIGH")
    second = made_from(make, other, base=first)
    third = made_from(make, other, base=second)
    put_into(registry, second, State.PRODUCTION)
    sre = api.as_(make.person(Role.SRE))
    sre.post("/api/v1/environments", json={"name": data, "kind": "PRODUCTION"})
    part = {"version": second.address, "share": 60, "region": "eu", "endpointUrl": "https://eu.example.com/"}
    assert sre.post("/api/v1/deployments", json={"environment": data, "live": [part]}).status_code == 201
    pipeline = {"kind": "FEATURE_PIPELINE", "name": data, "uri": f"airflow://{data}", "inputs": [f"dataset:{data}@1"]}
    assert api.as_(owner).post(f"{route_of(first)}/lineage", json=pipeline).status_code == 201
    consumer = {"kind": "CONSUMER", "name": f"Help desk of {data}", "url": "https://help.example.com"}
    for used in (second, third):
        assert api.as_(other).post(f"{route_of(used)}/lineage", json=consumer).status_code == 201

    client = api.as_(owner)
    found = client.get(IMPACT, params={"node": f"dataset:{data}@1"}).json()
    pages = []
    cursor = None
    while True:
        asked = {"node": f"dataset:{data}@1", "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = client.get(IMPACT, params=asked).json()
        pages.append([item["model"] for item in page["items"]])
        if (cursor := page["nextCursor"]) is None:
            break
    first_cursor = client.get(IMPACT, params={"node": f"dataset:{data}@1", "limit": "1"}).json()["nextCursor"]
    of_version = client.get(IMPACT, params={"node": second.address}).json()
    elsewhere = client.get(IMPACT, params={"node": second.address, "cursor": first_cursor})

    assert [item["model"] for item in found["items"]] == [second.model, first.model, third.model]
    assert pages == [[second.model, first.model], [third.model]]
    assert [item["live"] for item in found["items"]] == [True, False, False]
    assert [item["liveIn"] for item in found["items"]] == [[data], [], []]
    assert found["items"][0]["endpoints"] == [
        {"environment": data, "kind": "PRODUCTION", "share": 60.0, "region": "eu",
         "endpointUrl": "https://eu.example.com/"}
    ]  # fmt: skip
    assert (found["items"][1]["riskTier"], found["items"][0]["state"]) == ("HIGH", "PRODUCTION")
    assert found["items"][2]["path"] == [f"dataset:{data}@1", node_of(first), node_of(second), node_of(third)]
    assert [item["steps"] for item in found["items"]] == [2, 1, 3]
    assert found["items"][1]["owners"] == [owner.email]
    assert (found["total"], found["liveCount"], found["truncated"]) == (3, 1, False)
    assert (found["endpointCount"], found["consumerCount"]) == (1, 1)
    named = {"node": f"consumer:Help desk of {data}", "name": f"Help desk of {data}", "url": "https://help.example.com"}
    assert found["consumers"] == [
        {**named, "model": second.model, "version": "1.0.0", "live": True},
        {**named, "model": third.model, "version": "1.0.0", "live": False},
    ]
    assert found["owners"] == sorted([owner.email, other.email])
    assert found["node"]["facts"]["uri"] == f"s3://data/{data}"
    assert [(item["model"], item["steps"]) for item in of_version["items"]] == [(second.model, 0), (third.model, 1)]
    assert (of_version["items"][0]["path"], of_version["items"][0]["liveIn"]) == ([node_of(second)], [data])
    assert refusal(elsewhere) == (400, "malformed_request")


def test_impact_as_csv_holds_no_formulas(make: Make, api: Api) -> None:
    """The CSV has a line a version and one for each who uses it, with its way, and no cell that would be run."""
    owner, mark = make.owner(), secrets.token_hex(4)
    version = make.version(make.model(owner))
    run = {"kind": "TRAINING_RUN", "system": "=cmd|'/c calc'!A1", "runId": f"+{mark}"}
    assert api.as_(owner).post(f"{route_of(version)}/lineage", json=run).status_code == 201
    uses = {"kind": "CONSUMER", "name": "=HYPERLINK(1)", "url": "https://desk.example.com/"}
    assert api.as_(owner).post(f"{route_of(version)}/lineage", json=uses).status_code == 201
    node = next(item["node"] for item in api.as_(owner).get(f"{route_of(version)}/lineage/items").json()["items"])

    answer = api.as_(owner).get(IMPACT, params={"node": node, "format": "csv"})
    lines = answer.text.splitlines()

    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert lines[0] == (
        "kind,model,version,state,riskTier,live,endpoints,liveIn,endpointUrls,owners,steps,path,consumer,consumerUrl"
    )
    cells = list(csv.reader(lines[1:]))
    own = [version.model, "1.0.0", "DRAFT", "LOW", "no", "0", "", "", owner.email]
    assert [row[:11] for row in cells] == [["version", *own, "1"], ["consumer", *own, "2"]]
    assert [row[12:] for row in cells] == [["", ""], ["'=HYPERLINK(1)", "https://desk.example.com/"]]
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line.split(","))


def test_owners_are_told_of_what_a_change_reaches(make: Make, api: Api) -> None:
    """
    Each owner of what a change reaches is told once a day of the same node by the same person, of their own versions
    alone, with what was said; whoever tells is not; the event counts and veils what was typed.
    """
    owner, other, third, data = make.owner(), make.owner(), make.owner(), fresh("recalled")
    first = made_from(make, owner, f"{data}@1")
    second = made_from(make, other, base=first)
    made_from(make, other, base=second)
    told = {"node": f"dataset:{data}@1", "message": "Recalled: train again."}
    teller = api.as_(owner)

    answer = teller.post(TELL, json=told)
    again = teller.post(TELL, json=told)
    made_from(make, third, base=first)
    later = api.as_(make.person(Role.MRC)).post(TELL, json=told)

    assert (answer.status_code, answer.json()) == (200, {"told": 1})
    assert refusal(again) == (429, "too_many_requests")
    assert later.json() == {"told": 3}, later.text
    notices = {who: api.as_(who).get("/api/v1/notices").json()["items"] for who in (owner, other, third)}
    assert [len(found) for found in notices.values()] == [1, 2, 1]
    assert notices[other][-1]["kind"] == "lineage.change"
    said = notices[other][-1]["message"]
    wanted = f"tells of a change of dataset {data} 1, which reaches {second.address} and 1 more of your versions"
    assert wanted in said
    event = make.events(first.id, "lineage.tell")[0]
    assert event.reason == "Recalled: train again."
    assert event.after == {
        "node": f"dataset:{data}@1", "versions": 3, "live": 0, "told": 1, "recipients": [other.email],
    }  # fmt: skip


def test_telling_owners_says_nothing_that_they_may_not_see(make: Make, api: Api) -> None:
    """Whoever owns what a change reaches by a way through what they do not see is told, and not of what."""
    owner, other, data = make.owner(), make.owner(), fresh("quiet")
    hidden = made_from(make, owner, f"{data}@1")
    beyond = made_from(make, other, base=hidden)
    assert api.as_(owner).patch(f"/api/v1/models/{hidden.model}", json={"visibility": "RESTRICTED"}).status_code == 200
    answer = api.as_(make.person(Role.MRC)).post(TELL, json={"node": f"dataset:{data}@1", "message": "Recalled."})

    assert answer.json() == {"told": 2}
    (notice,) = api.as_(other).get("/api/v1/notices").json()["items"]
    assert data not in str(notice)
    assert hidden.model not in str(notice)
    assert f"reaches {beyond.address}" in notice["message"]
    (notice,) = api.as_(owner).get("/api/v1/notices").json()["items"]
    assert data in notice["message"]
    (of_hidden,), (of_beyond,) = (make.events(one.id, "lineage.tell") for one in (hidden, beyond))
    assert of_hidden.after["recipients"] == [owner.email]
    assert of_beyond.after == {"versions": 1, "live": 0, "told": 1, "recipients": [other.email]}
    trail = api.as_(other).get(f"{route_of(beyond)}/trail").text
    assert "told the owners" in trail
    assert not any(text in trail for text in (data, hidden.model, owner.email))


def test_telling_owners_needs_a_role_a_reader_and_words(make: Make, api: Api) -> None:
    """Without a role it is refused; without a message, or anybody to tell, the field says what is missing."""
    owner, data = make.owner(), fresh("own")
    made_from(make, owner, f"{data}@1", visibility="RESTRICTED")
    node = f"dataset:{data}@1"

    def tell(person: Person, **told: str) -> Any:
        return api.as_(person).post(TELL, json={"node": node, "message": "Recalled.", **told})

    blank = tell(owner, message=" ")
    assert refusal(tell(make.person())) == (403, "not_permitted")
    assert refusal(tell(make.owner())) == (404, "not_found")
    assert refusal(blank) == (422, "invalid_input")
    assert {fault["field"] for fault in blank.json()["errors"]} == {"message", "node"}
    assert refusal(tell(make.person(Role.MRC), message="x" * 1001)) == (422, "invalid_input")
