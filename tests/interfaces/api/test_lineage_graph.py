"""The lineage graph, what a change reaches, and telling the owners of that, through the API."""

import csv
import secrets
from typing import Any

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.lineage_graph import GRAPH, IMPACT, NODES, TELL, fresh, made_from, node_of, reached_from
from tests.support.make import Make, Person
from tests.support.problems import refusal
from tests.support.registries import Registry
from tests.support.statements import counted


def test_the_graph_of_a_version_has_what_it_comes_from_and_what_uses_it(
    registry: Registry, make: Make, api: Api
) -> None:
    """A version's graph names data, code, models, deployments and consumers around it, each with words and facts."""
    owner, data = make.owner(), fresh("reviews")
    base = made_from(make, owner, f"{data}@v7")
    version = made_from(make, owner, f"{data}@v7", base)
    tuned = made_from(make, owner, base=version)
    client, sre = api.as_(owner), api.as_(make.person(Role.SRE))
    told = (
        {"kind": "DATASET", "name": data, "version": "v7", "role": "TEST"},
        {"kind": "COMMIT", "repositoryUrl": "https://git.example.com/ml/churn.git", "commitSha": "8C41F0E" + "0" * 33},
        {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "sent-1187", "url": "https://mlflow.example.com/1187"},
        {"kind": "BASE_MODEL", "uri": "hf:org/bert"},
        {"kind": "TRAINING_SCRIPT", "name": "train.py", "uri": "git:train.py"},
        {"kind": "CONSUMER", "name": f"Help desk of {data}", "url": "https://help.example.com"},
    )
    for item in told:
        assert client.post(f"{route_of(version)}/lineage", json=item).status_code == 201
    put_into(registry, version, State.PRODUCTION)
    place = f"eu of {data}"
    sre.post("/api/v1/environments", json={"name": place, "kind": "PRODUCTION"})
    live = {"environment": place, "live": [{"version": version.address, "share": 40}]}
    assert sre.post("/api/v1/deployments", json=live).status_code == 201

    found = client.get(f"{route_of(version)}/lineage").json()
    nodes = {node["id"]: node for node in found["nodes"]}
    edges = {(edge["from"], edge["to"]): edge["relation"] for edge in found["edges"]}

    assert found["middle"] == node_of(version)
    assert not found["truncated"]
    words = {id_: (node["label"], node["detail"], node["distance"]) for id_, node in nodes.items()}
    commit = "commit:8c41f0e" + "0" * 33
    assert words == {
        node_of(version): ("churn-predictor", "1.0.0", 0),
        f"dataset:{data}@v7": (data, "v7, training and test", -1),
        node_of(base): ("churn-predictor", "1.0.0", -1),
        commit: ("churn@8c41f0e", "Commit", -1),
        "run:mlflow/sent-1187": ("mlflow/sent-1187", "Training run", -1),
        "base:hf:org/bert": ("hf:org/bert", "Base model from outside", -1),
        "script:git:train.py": ("train.py", "Training script", -1),
        node_of(tuned): ("churn-predictor", "1.0.0", 1),
        f"consumer:Help desk of {data}": (f"Help desk of {data}", "Consumer", 1),
        f"environment:{place}": (place, "Production, 40 %", 1),
    }
    assert edges[f"dataset:{data}@v7", node_of(version)] == "is data of"
    assert edges[node_of(base), node_of(version)] == "is base of"
    assert edges[node_of(version), f"environment:{place}"] == "runs in"
    assert (nodes[node_of(version)]["state"], nodes[node_of(version)]["liveIn"]) == ("PRODUCTION", [place])
    assert nodes[commit]["url"] == "https://git.example.com/ml/churn.git"
    assert nodes["base:hf:org/bert"]["url"] == "https://huggingface.co/org/bert"
    assert nodes["script:git:train.py"]["url"] is None
    assert nodes[f"dataset:{data}@v7"]["facts"]["role"] == ["TRAINING", "TEST"]
    up = client.get(f"{route_of(version)}/lineage", params={"direction": "upstream", "depth": "1"}).json()
    assert all(node["distance"] <= 0 for node in up["nodes"])
    models = client.get(GRAPH, params={"node": version.address, "family": ["MODELS"]}).json()
    assert {node["id"] for node in models["nodes"]} == {
        node_of(version), node_of(base), node_of(tuned), "base:hf:org/bert",
    }  # fmt: skip
    runs = client.get(GRAPH, params={"node": f"environment:{place.upper()}", "depth": "all"}).json()
    assert (node_of(version), f"environment:{place}") in {(edge["from"], edge["to"]) for edge in runs["edges"]}
    assert {node["id"] for node in runs["nodes"]} > {f"dataset:{data}@v7", node_of(base)}


def test_a_dataset_has_the_role_that_each_version_gave_it(make: Make, api: Api) -> None:
    """On the edges; its words say what the version in the middle used it for."""
    owner, data = make.owner(), fresh("reviews")
    trained = made_from(make, owner, f"{data}@v7")
    judged = made_from(make, owner, base=trained)
    client = api.as_(owner)
    item = {"kind": "DATASET", "name": data, "version": "v7", "role": "VALIDATION"}
    assert client.post(f"{route_of(judged)}/lineage", json=item).status_code == 201

    words = {}
    for version in (trained, judged):
        found = client.get(f"{route_of(version)}/lineage").json()
        words[version.model] = next(node["detail"] for node in found["nodes"] if node["kind"] == "DATASET")

    roles = {edge["to"]: edge["roles"] for edge in found["edges"] if edge["relation"] == "is data of"}
    assert roles == {node_of(trained): ["TRAINING"], node_of(judged): ["VALIDATION"]}
    assert words == {trained.model: "v7, training", judged.model: "v7, validation"}


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


def test_what_one_may_not_see_is_not_in_the_graph_nor_walked_through(make: Make, api: Api) -> None:
    """A restricted version in the middle of a chain is not there for strangers, and what is beyond it neither."""
    owner, data = make.owner(), fresh("secret")
    open_, hidden = made_from(make, owner), made_from(make, owner, f"{data}@1")
    hidden = made_from(make, owner, f"{data}@1", open_, visibility="RESTRICTED")
    beyond = made_from(make, owner, base=hidden)
    stranger, mrc = api.as_(make.person()), api.as_(make.person(Role.MRC))

    assert reached_from(stranger, node_of(open_)) == [open_.address]
    assert reached_from(mrc, node_of(open_)) == [open_.address, hidden.address, beyond.address]
    assert reached_from(api.as_(owner), node_of(open_)) == [open_.address, hidden.address, beyond.address]
    graph = stranger.get(GRAPH, params={"node": node_of(open_), "depth": "all"}).json()
    assert [(node["id"], node["hiddenDown"]) for node in graph["nodes"]] == [(node_of(open_), 0)]
    behind = stranger.get(f"{route_of(beyond)}/lineage").json()
    assert [(node["id"], node["hiddenUp"]) for node in behind["nodes"]] == [(node_of(beyond), 0)]
    assert behind["edges"] == []
    for asked in (hidden.address, node_of(hidden)):
        for route in (GRAPH, IMPACT):
            assert refusal(stranger.get(route, params={"node": asked})) == (404, "not_found")
    assert data not in stranger.get(IMPACT, params={"node": node_of(open_), "format": "csv"}).text


def test_a_thing_that_only_hidden_versions_tell_of_is_not_there(make: Make, api: Api) -> None:
    """A dataset is found by those alone who see a version that tells of it: by name, in lists, and by what it holds."""
    owner, data = make.owner(), fresh("payroll")
    hidden = made_from(make, owner, f"{data}@1", visibility="RESTRICTED")
    stranger, mrc = api.as_(make.person()), api.as_(make.person(Role.MRC))
    consumer = {"kind": "CONSUMER", "name": f"Board of {data}"}
    assert api.as_(owner).post(f"{route_of(hidden)}/lineage", json=consumer).status_code == 201
    asked = f"dataset:{data}@1"

    assert refusal(stranger.get(IMPACT, params={"node": asked})) == (404, "not_found")
    assert refusal(stranger.get(GRAPH, params={"node": f"consumer:Board of {data}"})) == (404, "not_found")
    assert stranger.get(NODES, params={"q": data}).json()["items"] == []
    assert {node["id"] for node in mrc.get(NODES, params={"q": data}).json()["items"]} == {
        asked, f"consumer:Board of {data}",
    }  # fmt: skip
    assert reached_from(mrc, asked) == [hidden.address]

    seen = made_from(make, owner, f"{data}@1")
    found = stranger.get(GRAPH, params={"node": asked}).json()
    assert reached_from(stranger, asked) == [seen.address]
    assert [(node["id"], node["hiddenDown"]) for node in found["nodes"]] == [(asked, 0), (node_of(seen), 0)]


def test_retired_models_keep_their_edges(make: Make, api: Api) -> None:
    """What a retired model was made from, and what was made from it, is still there."""
    owner, data = make.owner(), fresh("old")
    first = made_from(make, owner, f"{data}@1")
    second = made_from(make, owner, base=first)
    admin = api.as_(make.person(Role.ADMIN))
    retired = admin.post(f"/api/v1/models/{first.model}/retire", json={"reason": "No longer used by anybody."})
    assert retired.status_code == 200, retired.text

    assert reached_from(api.as_(owner), f"dataset:{data}@1") == [first.address, second.address]


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


def test_reading_costs_as_many_statements_as_steps(make: Make, api: Api, registry: Registry) -> None:
    """A graph and an impact cost a statement a step and a few more, however much they hold."""
    owner, data = make.owner(), fresh("wide")
    version = made_from(make, owner, f"{data}@1")
    for _ in range(3):
        made_from(make, owner, base=version)
    client = api.as_(owner)

    def cost(route: str, **asked: str) -> int:
        assert client.get(route, params=asked).status_code == 200
        with counted() as sent:
            client.get(route, params=asked)
        return len(sent)

    before = cost(GRAPH, node=f"dataset:{data}@1"), cost(IMPACT, node=f"dataset:{data}@1")
    for _ in range(6):
        made_from(make, owner, base=version)
        made_from(make, owner, f"{data}@1")

    assert (cost(GRAPH, node=f"dataset:{data}@1"), cost(IMPACT, node=f"dataset:{data}@1")) == before == (11, 11)


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
