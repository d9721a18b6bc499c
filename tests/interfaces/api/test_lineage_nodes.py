"""Finding nodes of the lineage graph by what people type, through the API."""

import secrets

import pytest

from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.lineage_graph import GRAPH, IMPACT, NODES, fresh, made_from, node_of, reached_from
from tests.support.make import Make
from tests.support.problems import refusal


def test_things_are_found_by_where_they_are_and_by_digest(make: Make, api: Api) -> None:
    """By the beginning of a URI or a SHA-256 that a version tells, in any case, and by the whole SHA of a commit."""
    owner, data = make.owner(), fresh("reviews")
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


@pytest.mark.parametrize("program", ["FEATURE_PIPELINE", "TRAINING_SCRIPT", "PREPROCESSING"])
def test_programs_are_found_by_what_they_are_called(make: Make, api: Api, program: str) -> None:
    """The graph shows the name that a version tells of a program: it is found by that as well as by where it is."""
    owner, mark = make.owner(), secrets.token_hex(4)
    version = make.version(make.model(owner, visibility="RESTRICTED"))
    item = {"kind": program, "name": f"Zeta-{mark}-features", "uri": f"git:{mark}/job.py"}
    told = api.as_(owner).post(f"{route_of(version)}/lineage", json=item)
    assert told.status_code == 201, told.text

    for text in (f"zeta-{mark}", f"Zeta-{mark}-features", f"{mark}/job"):
        found = api.as_(owner).get("/api/v1/lineage/nodes", params={"q": text}).json()["items"]
        assert [told.json()["node"]] == [one["id"] for one in found], text
        theirs = api.as_(make.owner()).get("/api/v1/lineage/nodes", params={"q": text}).json()["items"]
        assert theirs == []
    assert api.as_(owner).get("/api/v1/lineage/nodes", params={"q": f"dataset:zeta-{mark}"}).json()["items"] == []


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

    found = api.as_(make.person()).get(GRAPH, params={"node": asked})

    assert found.status_code == 200, found.text
    assert found.json()["middle"] == node_of(version)


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
        assert reached_from(client, asked) == [version.address], asked
    several = client.get(IMPACT, params={"node": f"commit:{sha[:10]}"})
    assert refusal(several) == (404, "not_found")
    assert "Several commits" in several.json()["detail"]
    assert reached_from(client, f"commit:{sha}0") == [version.address]


def test_what_is_not_there_is_told_how_to_be_named(make: Make, api: Api) -> None:
    """No text makes a fault of the server: what names nothing is a 404 that says how nodes are named."""
    client = api.as_(make.person())
    for asked in ("", " ", "x", "dataset:", "dataset:none@1", "version:", "version:a/b", "a/b:", "/", "::", "commit:zz",
                  "commit:123", "environment:", "environment:none", "nonsense:x", "%", "'\"",
                  "commit:" + "f" * 4000, "version:a/b/c/d", "dataset:" + "é" * 1900):  # fmt: skip
        for route in (GRAPH, IMPACT):
            answer = client.get(route, params={"node": asked})
            assert refusal(answer) in ((404, "not_found"), (422, "invalid_input")), (asked, answer.text)
            if answer.status_code == 404:
                assert "dataset:NAME@VERSION" in answer.json()["remedy"]
    for depth in ("0", "-1", "x", "1.5", "", "9" * 30, "²"):
        answer = client.get(GRAPH, params={"node": "dataset:a@1", "depth": depth})
        assert refusal(answer) in ((404, "not_found"), (422, "invalid_input")), depth
    for text in ("", "%", "_", "\\", "dataset:", ":", "/", "a/b/c", "version:"):
        assert client.get(NODES, params={"q": text}).status_code == 200


def test_suggestions_begin_with_what_was_typed(make: Make, api: Api) -> None:
    """While somebody types, things and versions are offered: those that begin with it before those that hold it."""
    owner, mark = make.owner(), secrets.token_hex(4)
    model = make.model(owner, name=f"{mark}-model")
    versions = [make.version(model, version=f"1.{number}.0") for number in range(3)]
    made_from(make, owner, f"{mark}-data@1")
    made_from(make, owner, f"the-{mark}-data@1")
    client = api.as_(make.person())

    def offered(text: str, **more: str) -> list[str]:
        return [node["id"] for node in client.get(NODES, params={"q": text, **more}).json()["items"]]

    found = offered(mark)
    assert set(found) == {f"dataset:{mark}-data@1", f"dataset:the-{mark}-data@1", *map(node_of, versions)}
    assert found[-1] == f"dataset:the-{mark}-data@1"
    assert offered(f"dataset:{mark}") == [f"dataset:{mark}-data@1", f"dataset:the-{mark}-data@1"]
    assert offered(f"{model.address}:1.2") == [node_of(versions[2])]
    assert offered(f"{mark}-model 1.1") == [node_of(versions[1])]
    assert offered(f"version:{model.address}/1.0") == [node_of(versions[0])]
    assert len(offered(mark, limit="2")) == 2
    assert offered(f"consumer:{mark}") == []
