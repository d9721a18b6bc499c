"""The lineage graph through the API: what it holds, for whom, and at what price."""

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.lineage_graph import GRAPH, IMPACT, NODES, fresh, made_from, node_of, reached_from
from tests.support.make import Make
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


def test_a_part_of_the_graph_may_be_asked(registry: Registry, make: Make, api: Api) -> None:
    """One side of it, some families, or all that leads to an environment, which is named in any case."""
    owner, data = make.owner(), fresh("reviews")
    base = made_from(make, owner, f"{data}@v7")
    version = made_from(make, owner, f"{data}@v7", base)
    tuned = made_from(make, owner, base=version)
    client, sre, place = api.as_(owner), api.as_(make.person(Role.SRE)), f"eu of {data}"
    outside = client.post(f"{route_of(version)}/lineage", json={"kind": "BASE_MODEL", "uri": "hf:org/bert"})
    assert outside.status_code == 201, outside.text
    put_into(registry, version, State.PRODUCTION)
    sre.post("/api/v1/environments", json={"name": place, "kind": "PRODUCTION"})
    live = {"environment": place, "live": [{"version": version.address, "share": 40}]}
    assert sre.post("/api/v1/deployments", json=live).status_code == 201

    up = client.get(f"{route_of(version)}/lineage", params={"direction": "upstream", "depth": "1"}).json()
    models = client.get(GRAPH, params={"node": version.address, "family": ["MODELS"]}).json()
    runs = client.get(GRAPH, params={"node": f"environment:{place.upper()}", "depth": "all"}).json()

    dataset, runs_in = f"dataset:{data}@v7", f"environment:{place}"
    bases = {node_of(version), node_of(base), "base:hf:org/bert"}
    assert {node["id"] for node in up["nodes"]} == {*bases, dataset}
    assert {node["id"] for node in models["nodes"]} == {*bases, node_of(tuned)}
    assert {node["id"] for node in runs["nodes"]} == {*bases, dataset, runs_in}
    assert (node_of(version), runs_in) in {(edge["from"], edge["to"]) for edge in runs["edges"]}


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
