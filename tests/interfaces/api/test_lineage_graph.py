"""The lineage graph, what a change reaches, and telling the owners of that, through the API."""

import csv
import secrets
from typing import Any

import pytest

from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api, Client
from tests.support.letting_in import put_into
from tests.support.make import Make, Person
from tests.support.problems import refusal
from tests.support.registries import Registry
from tests.support.statements import counted

_GRAPH, _IMPACT, _NODES, _TELL = (f"/api/v1/lineage/{part}" for part in ("graph", "impact", "nodes", "tell"))


def _made_from(make: Make, owner: Person, dataset: str = "", base: Version | None = None, **more: Any) -> Version:
    """A version of a new model, made from a dataset `name@version`, or from another version."""
    metadata: dict[str, Any] = {}
    if dataset:
        name, _, version = dataset.partition("@")
        metadata["trainingDataset"] = {"name": name, "version": version, "uri": f"s3://data/{name}"}
    if base is not None:
        metadata["baseModel"] = {"model": base.model, "version": base.version}
    return make.version(make.model(owner, **more), metadata=metadata)


def _fresh(name: str) -> str:
    return f"{name}-{secrets.token_hex(4)}"


def _node(version: Version) -> str:
    return f"version:{version.model}/{version.version}"


def _reached(client: Client, node: str) -> list[str]:
    answer = client.get(_IMPACT, params={"node": node})
    assert answer.status_code == 200, answer.text
    return [f"{item['model']}:{item['version']}" for item in answer.json()["items"]]


def test_the_graph_of_a_version_has_what_it_comes_from_and_what_uses_it(
    registry: Registry, make: Make, api: Api
) -> None:
    """A version's graph names data, code, models, deployments and consumers around it, each with words and facts."""
    owner, data = make.owner(), _fresh("reviews")
    base = _made_from(make, owner, f"{data}@v7")
    version = _made_from(make, owner, f"{data}@v7", base)
    tuned = _made_from(make, owner, base=version)
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

    assert found["middle"] == _node(version)
    assert not found["truncated"]
    words = {id_: (node["label"], node["detail"], node["distance"]) for id_, node in nodes.items()}
    commit = "commit:8c41f0e" + "0" * 33
    assert words == {
        _node(version): ("churn-predictor", "1.0.0", 0),
        f"dataset:{data}@v7": (data, "v7, training and test", -1),
        _node(base): ("churn-predictor", "1.0.0", -1),
        commit: ("churn@8c41f0e", "Commit", -1),
        "run:mlflow/sent-1187": ("mlflow/sent-1187", "Training run", -1),
        "base:hf:org/bert": ("hf:org/bert", "Base model from outside", -1),
        "script:git:train.py": ("train.py", "Training script", -1),
        _node(tuned): ("churn-predictor", "1.0.0", 1),
        f"consumer:Help desk of {data}": (f"Help desk of {data}", "Consumer", 1),
        f"environment:{place}": (place, "Production, 40 %", 1),
    }
    assert edges[f"dataset:{data}@v7", _node(version)] == "is data of"
    assert edges[_node(base), _node(version)] == "is base of"
    assert edges[_node(version), f"environment:{place}"] == "runs in"
    assert (nodes[_node(version)]["state"], nodes[_node(version)]["liveIn"]) == ("PRODUCTION", [place])
    assert nodes[commit]["url"] == "https://git.example.com/ml/churn.git"
    assert nodes["base:hf:org/bert"]["url"] == "https://huggingface.co/org/bert"
    assert nodes["script:git:train.py"]["url"] is None
    assert nodes[f"dataset:{data}@v7"]["facts"]["role"] == ["TRAINING", "TEST"]
    up = client.get(f"{route_of(version)}/lineage", params={"direction": "upstream", "depth": "1"}).json()
    assert all(node["distance"] <= 0 for node in up["nodes"])
    models = client.get(_GRAPH, params={"node": version.address, "family": ["MODELS"]}).json()
    assert {node["id"] for node in models["nodes"]} == {
        _node(version), _node(base), _node(tuned), "base:hf:org/bert",
    }  # fmt: skip
    runs = client.get(_GRAPH, params={"node": f"environment:{place.upper()}", "depth": "all"}).json()
    assert (_node(version), f"environment:{place}") in {(edge["from"], edge["to"]) for edge in runs["edges"]}
    assert {node["id"] for node in runs["nodes"]} > {f"dataset:{data}@v7", _node(base)}


def test_things_are_found_by_where_they_are_and_by_digest(make: Make, api: Api) -> None:
    """By the beginning of a URI or a SHA-256 that a version tells, in any case, and by the whole SHA of a commit."""
    owner, data = make.owner(), _fresh("reviews")
    version = make.version(make.model(owner, visibility="RESTRICTED"))
    client, stranger = api.as_(owner), api.as_(make.owner())
    mark = secrets.token_hex(16)
    told = (
        {"kind": "DATASET", "name": data, "version": "v7", "role": "TEST", "uri": f"s3://Data/{data}/100%_v7/",
         "sha256": mark * 2},
        {"kind": "COMMIT", "repositoryUrl": "https://git.example.com/ml/churn.git", "commitSha": mark},
    )  # fmt: skip
    for item in told:
        assert client.post(f"{route_of(version)}/lineage", json=item).status_code == 201
    texts = {
        f"s3://data/{data}/": f"dataset:{data}@v7",
        f"s3://Data/{data}/100%_": f"dataset:{data}@v7",
        f"dataset:s3://data/{data}": f"dataset:{data}@v7",
        f"s3://data/{data}/100_": None,
        mark.upper() + mark[:2]: f"dataset:{data}@v7",
        mark: f"commit:{mark}",
    }

    for text, node in texts.items():
        found = client.get("/api/v1/lineage/nodes", params={"q": text}).json()["items"]
        assert (node in [one["id"] for one in found]) == (node is not None), text
        assert len(found) == (2 if text == mark else node is not None)
        assert stranger.get("/api/v1/lineage/nodes", params={"q": text}).json()["items"] == []


def test_a_dataset_has_the_role_that_each_version_gave_it(make: Make, api: Api) -> None:
    """On the edges; its words say what the version in the middle used it for."""
    owner, data = make.owner(), _fresh("reviews")
    trained = _made_from(make, owner, f"{data}@v7")
    judged = _made_from(make, owner, base=trained)
    client = api.as_(owner)
    item = {"kind": "DATASET", "name": data, "version": "v7", "role": "VALIDATION"}
    assert client.post(f"{route_of(judged)}/lineage", json=item).status_code == 201

    words = {}
    for version in (trained, judged):
        found = client.get(f"{route_of(version)}/lineage").json()
        words[version.model] = next(node["detail"] for node in found["nodes"] if node["kind"] == "DATASET")

    roles = {edge["to"]: edge["roles"] for edge in found["edges"] if edge["relation"] == "is data of"}
    assert roles == {_node(trained): ["TRAINING"], _node(judged): ["VALIDATION"]}
    assert words == {trained.model: "v7, training", judged.model: "v7, validation"}


def test_a_change_is_followed_to_every_version(registry: Registry, make: Make, api: Api) -> None:
    """
    What a dataset's recall reaches: versions with state, tier, owners, endpoints and the way, live ones first, then by
    tier and steps; and who uses them. A version's own recall reaches itself.
    """
    owner, other, data = make.owner(), make.owner(), _fresh("events")
    first = _made_from(make, owner, f"{data}@1", risk_tier="HIGH")
    second = _made_from(make, other, base=first)
    third = _made_from(make, other, base=second)
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
    found = client.get(_IMPACT, params={"node": f"dataset:{data}@1"}).json()
    pages = []
    cursor = None
    while True:
        asked = {"node": f"dataset:{data}@1", "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = client.get(_IMPACT, params=asked).json()
        pages.append([item["model"] for item in page["items"]])
        if (cursor := page["nextCursor"]) is None:
            break
    first_cursor = client.get(_IMPACT, params={"node": f"dataset:{data}@1", "limit": "1"}).json()["nextCursor"]
    of_version = client.get(_IMPACT, params={"node": second.address}).json()
    elsewhere = client.get(_IMPACT, params={"node": second.address, "cursor": first_cursor})

    assert [item["model"] for item in found["items"]] == [second.model, first.model, third.model]
    assert pages == [[second.model, first.model], [third.model]]
    assert [item["live"] for item in found["items"]] == [True, False, False]
    assert [item["liveIn"] for item in found["items"]] == [[data], [], []]
    assert found["items"][0]["endpoints"] == [
        {"environment": data, "kind": "PRODUCTION", "share": 60.0, "region": "eu",
         "endpointUrl": "https://eu.example.com/"}
    ]  # fmt: skip
    assert (found["items"][1]["riskTier"], found["items"][0]["state"]) == ("HIGH", "PRODUCTION")
    assert found["items"][2]["path"] == [f"dataset:{data}@1", _node(first), _node(second), _node(third)]
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
    assert (of_version["items"][0]["path"], of_version["items"][0]["liveIn"]) == ([_node(second)], [data])
    assert refusal(elsewhere) == (400, "malformed_request")


def test_what_one_may_not_see_is_not_in_the_graph_nor_walked_through(make: Make, api: Api) -> None:
    """A restricted version in the middle of a chain is not there for strangers, and what is beyond it neither."""
    owner, data = make.owner(), _fresh("secret")
    open_, hidden = _made_from(make, owner), _made_from(make, owner, f"{data}@1")
    hidden = _made_from(make, owner, f"{data}@1", open_, visibility="RESTRICTED")
    beyond = _made_from(make, owner, base=hidden)
    stranger, mrc = api.as_(make.person()), api.as_(make.person(Role.MRC))

    assert _reached(stranger, _node(open_)) == [open_.address]
    assert _reached(mrc, _node(open_)) == [open_.address, hidden.address, beyond.address]
    assert _reached(api.as_(owner), _node(open_)) == [open_.address, hidden.address, beyond.address]
    graph = stranger.get(_GRAPH, params={"node": _node(open_), "depth": "all"}).json()
    assert [(node["id"], node["hiddenDown"]) for node in graph["nodes"]] == [(_node(open_), 0)]
    behind = stranger.get(f"{route_of(beyond)}/lineage").json()
    assert [(node["id"], node["hiddenUp"]) for node in behind["nodes"]] == [(_node(beyond), 0)]
    assert behind["edges"] == []
    for asked in (hidden.address, _node(hidden)):
        for route in (_GRAPH, _IMPACT):
            assert refusal(stranger.get(route, params={"node": asked})) == (404, "not_found")
    assert data not in stranger.get(_IMPACT, params={"node": _node(open_), "format": "csv"}).text


def test_a_thing_that_only_hidden_versions_tell_of_is_not_there(make: Make, api: Api) -> None:
    """A dataset is found by those alone who see a version that tells of it: by name, in lists, and by what it holds."""
    owner, data = make.owner(), _fresh("payroll")
    hidden = _made_from(make, owner, f"{data}@1", visibility="RESTRICTED")
    stranger, mrc = api.as_(make.person()), api.as_(make.person(Role.MRC))
    consumer = {"kind": "CONSUMER", "name": f"Board of {data}"}
    assert api.as_(owner).post(f"{route_of(hidden)}/lineage", json=consumer).status_code == 201
    asked = f"dataset:{data}@1"

    assert refusal(stranger.get(_IMPACT, params={"node": asked})) == (404, "not_found")
    assert refusal(stranger.get(_GRAPH, params={"node": f"consumer:Board of {data}"})) == (404, "not_found")
    assert stranger.get(_NODES, params={"q": data}).json()["items"] == []
    assert {node["id"] for node in mrc.get(_NODES, params={"q": data}).json()["items"]} == {
        asked, f"consumer:Board of {data}",
    }  # fmt: skip
    assert _reached(mrc, asked) == [hidden.address]

    seen = _made_from(make, owner, f"{data}@1")
    found = stranger.get(_GRAPH, params={"node": asked}).json()
    assert _reached(stranger, asked) == [seen.address]
    assert [(node["id"], node["hiddenDown"]) for node in found["nodes"]] == [(asked, 0), (_node(seen), 0)]


def test_retired_models_keep_their_edges(make: Make, api: Api) -> None:
    """What a retired model was made from, and what was made from it, is still there."""
    owner, data = make.owner(), _fresh("old")
    first = _made_from(make, owner, f"{data}@1")
    second = _made_from(make, owner, base=first)
    admin = api.as_(make.person(Role.ADMIN))
    retired = admin.post(f"/api/v1/models/{first.model}/retire", json={"reason": "No longer used by anybody."})
    assert retired.status_code == 200, retired.text

    assert _reached(api.as_(owner), f"dataset:{data}@1") == [first.address, second.address]


@pytest.mark.parametrize(
    "spelling",
    [
        "version:{model}/{version}",
        "{model}/{version}",
        "{model}:{version}",
        "version:{model}:{version}",
        " {upper}:{version} ",
    ],
)
def test_versions_are_found_as_people_write_them(make: Make, api: Api, spelling: str) -> None:
    """A version is found by each of its spellings, in any case of the model's address."""
    version = make.version()
    asked = spelling.format(model=version.model, version=version.version, upper=version.model.upper())

    found = api.as_(make.person()).get(_GRAPH, params={"node": asked})

    assert found.status_code == 200, found.text
    assert found.json()["middle"] == _node(version)


def test_things_are_found_as_people_write_them(make: Make, api: Api) -> None:
    """Datasets with odd names, commits by their first digits, runs and base models are found as they are written."""
    owner, mark = make.owner(), secrets.token_hex(4)
    version = make.version(owner=owner, model=make.model(owner))
    client = api.as_(owner)
    sha = mark + "a1b2c3d4e5f6" * 2
    for item in (
        {"kind": "DATASET", "name": f"s3/{mark}@eu 100%", "version": "1@x", "role": "TRAINING"},
        {"kind": "COMMIT", "repositoryUrl": "https://git.example.com/a", "commitSha": sha},
        {"kind": "COMMIT", "repositoryUrl": "https://git.example.com/a", "commitSha": sha + "00"},
        {"kind": "TRAINING_RUN", "system": "ml/flow", "runId": f"{mark}/1"},
        {"kind": "BASE_MODEL", "uri": f"hf:org/{mark}"},
    ):
        answer = client.post(f"{route_of(version)}/lineage", json=item)
        assert answer.status_code == 201, answer.text
    ids = [item["node"] for item in client.get(f"{route_of(version)}/lineage/items").json()["items"]]

    for asked in (*ids, f"commit:{sha}", f"COMMIT:{sha.upper()}"):
        assert _reached(client, asked) == [version.address], asked
    several = client.get(_IMPACT, params={"node": f"commit:{sha[:10]}"})
    assert refusal(several) == (404, "not_found")
    assert "Several commits" in several.json()["detail"]
    assert _reached(client, f"commit:{sha}0") == [version.address]


def test_what_is_not_there_is_told_how_to_be_named(make: Make, api: Api) -> None:
    """No text makes a fault of the server: what names nothing is a 404 that says how nodes are named."""
    client = api.as_(make.person())
    for asked in ("", " ", "x", "dataset:", "dataset:none@1", "version:", "version:a/b", "a/b:", "/", "::", "commit:zz",
                  "commit:123", "environment:", "environment:none", "nonsense:x", "%", "'\"",
                  "commit:" + "f" * 4000, "version:a/b/c/d", "dataset:" + "é" * 1900):  # fmt: skip
        for route in (_GRAPH, _IMPACT):
            answer = client.get(route, params={"node": asked})
            assert refusal(answer) in ((404, "not_found"), (422, "invalid_input")), (asked, answer.text)
            if answer.status_code == 404:
                assert "dataset:NAME@VERSION" in answer.json()["remedy"]
    for depth in ("0", "-1", "x", "1.5", "", "9" * 30, "²"):
        answer = client.get(_GRAPH, params={"node": "dataset:a@1", "depth": depth})
        assert refusal(answer) in ((404, "not_found"), (422, "invalid_input")), depth
    for text in ("", "%", "_", "\\", "dataset:", ":", "/", "a/b/c", "version:"):
        assert client.get(_NODES, params={"q": text}).status_code == 200


def test_suggestions_begin_with_what_was_typed(make: Make, api: Api) -> None:
    """While somebody types, things and versions are offered: those that begin with it before those that hold it."""
    owner, mark = make.owner(), secrets.token_hex(4)
    model = make.model(owner, name=f"{mark}-model")
    versions = [make.version(model, version=f"1.{number}.0") for number in range(3)]
    _made_from(make, owner, f"{mark}-data@1")
    _made_from(make, owner, f"the-{mark}-data@1")
    client = api.as_(make.person())

    def offered(text: str, **more: str) -> list[str]:
        return [node["id"] for node in client.get(_NODES, params={"q": text, **more}).json()["items"]]

    found = offered(mark)
    assert set(found) == {f"dataset:{mark}-data@1", f"dataset:the-{mark}-data@1", *map(_node, versions)}
    assert found[-1] == f"dataset:the-{mark}-data@1"
    assert offered(f"dataset:{mark}") == [f"dataset:{mark}-data@1", f"dataset:the-{mark}-data@1"]
    assert offered(f"{model.address}:1.2") == [_node(versions[2])]
    assert offered(f"{mark}-model 1.1") == [_node(versions[1])]
    assert offered(f"version:{model.address}/1.0") == [_node(versions[0])]
    assert len(offered(mark, limit="2")) == 2
    assert offered(f"consumer:{mark}") == []


def test_impact_as_csv_holds_no_formulas(make: Make, api: Api) -> None:
    """The CSV has a line a version and one for each who uses it, with its way, and no cell that would be run."""
    owner, mark = make.owner(), secrets.token_hex(4)
    version = make.version(make.model(owner))
    run = {"kind": "TRAINING_RUN", "system": "=cmd|'/c calc'!A1", "runId": f"+{mark}"}
    assert api.as_(owner).post(f"{route_of(version)}/lineage", json=run).status_code == 201
    uses = {"kind": "CONSUMER", "name": "=HYPERLINK(1)", "url": "https://desk.example.com/"}
    assert api.as_(owner).post(f"{route_of(version)}/lineage", json=uses).status_code == 201
    node = next(item["node"] for item in api.as_(owner).get(f"{route_of(version)}/lineage/items").json()["items"])

    answer = api.as_(owner).get(_IMPACT, params={"node": node, "format": "csv"})
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
    owner, data = make.owner(), _fresh("wide")
    version = _made_from(make, owner, f"{data}@1")
    for _ in range(3):
        _made_from(make, owner, base=version)
    client = api.as_(owner)

    def cost(route: str, **asked: str) -> int:
        assert client.get(route, params=asked).status_code == 200
        with counted() as sent:
            client.get(route, params=asked)
        return len(sent)

    before = cost(_GRAPH, node=f"dataset:{data}@1"), cost(_IMPACT, node=f"dataset:{data}@1")
    for _ in range(6):
        _made_from(make, owner, base=version)
        _made_from(make, owner, f"{data}@1")

    assert (cost(_GRAPH, node=f"dataset:{data}@1"), cost(_IMPACT, node=f"dataset:{data}@1")) == before == (11, 11)


def test_owners_are_told_of_what_a_change_reaches(make: Make, api: Api) -> None:
    """
    Each owner of what a change reaches is told once a day of the same node by the same person, of their own versions
    alone, with what was said; whoever tells is not; the event counts and veils what was typed.
    """
    owner, other, third, data = make.owner(), make.owner(), make.owner(), _fresh("recalled")
    first = _made_from(make, owner, f"{data}@1")
    second = _made_from(make, other, base=first)
    _made_from(make, other, base=second)
    told = {"node": f"dataset:{data}@1", "message": "Recalled: train again."}
    teller = api.as_(owner)

    answer = teller.post(_TELL, json=told)
    again = teller.post(_TELL, json=told)
    _made_from(make, third, base=first)
    later = api.as_(make.person(Role.MRC)).post(_TELL, json=told)

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
    owner, other, data = make.owner(), make.owner(), _fresh("quiet")
    hidden = _made_from(make, owner, f"{data}@1")
    beyond = _made_from(make, other, base=hidden)
    assert api.as_(owner).patch(f"/api/v1/models/{hidden.model}", json={"visibility": "RESTRICTED"}).status_code == 200
    answer = api.as_(make.person(Role.MRC)).post(_TELL, json={"node": f"dataset:{data}@1", "message": "Recalled."})

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
    owner, data = make.owner(), _fresh("own")
    _made_from(make, owner, f"{data}@1", visibility="RESTRICTED")
    node = f"dataset:{data}@1"

    def tell(person: Person, **told: str) -> Any:
        return api.as_(person).post(_TELL, json={"node": node, "message": "Recalled.", **told})

    blank = tell(owner, message=" ")
    assert refusal(tell(make.person())) == (403, "not_permitted")
    assert refusal(tell(make.owner())) == (404, "not_found")
    assert refusal(blank) == (422, "invalid_input")
    assert {fault["field"] for fault in blank.json()["errors"]} == {"message", "node"}
    assert refusal(tell(make.person(Role.MRC), message="x" * 1001)) == (422, "invalid_input")
