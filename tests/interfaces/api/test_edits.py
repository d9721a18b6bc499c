"""Editing models and versions through the API: merge patches, ETags, and what a stale edit is told."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.rules.fields import FIELDS, Kind
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.registries import Registry

MERGE_PATCH = "application/merge-patch+json"


def address(model: Any) -> str:
    """The route of a model."""
    return f"/api/v1/models/{model.address}"


@pytest.mark.parametrize("media_type", [MERGE_PATCH, "application/json"])
def test_an_owner_edits_what_is_named_and_nothing_else(make: Make, api: Api, media_type: str) -> None:
    """A patch changes the fields in it; the ETag moves on; the event names the fields and nothing of their text."""
    model = make.model(tags=["churn"], documentation_url="https://wiki.example.com/churn")
    client = api.as_(make.owner_of(model))
    patch = b'{"description": "Now also weekly.", "tags": ["churn", "weekly"], "documentationUrl": null}'

    answer = client.patch(address(model), content=patch, headers={"content-type": media_type})

    shown = client.get(address(model))
    (event,) = make.events(model.id, "model.update")
    assert answer.status_code == 200
    assert answer.json() == {**shown.json(), "warnings": []}
    assert answer.headers["etag"] == shown.headers["etag"] == '"r2"'
    assert shown.json()["description"] == "Now also weekly."
    assert shown.json()["tags"] == ["churn", "weekly"]
    assert shown.json()["documentationUrl"] is None
    assert shown.json()["riskTier"] == "LOW"
    assert event.before is not None
    assert event.after is not None
    assert set(event.before) == set(event.after) == {"revision", "description", "tags", "documentationUrl"}
    assert "weekly" not in event.raw


def test_a_patch_that_changes_nothing_leaves_no_event(make: Make, api: Api) -> None:
    """Sending a model back as it was read is no edit."""
    model = make.model(tags=["churn"])
    client = api.as_(make.owner_of(model))
    read = client.get(address(model)).json()
    same = {key: read[key] for key in ("name", "group", "owners", "description", "riskTier", "tags", "origin")}

    answer = client.patch(address(model), json=same)

    assert answer.status_code == 200
    assert answer.headers["etag"] == '"r1"'
    assert make.events(model.id, "model.update") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", None), ("description", ""), ("description", "x" * 4001), ("description", "a\u0000b"),
        ("riskTier", None), ("riskTier", "EXTREME"), ("tags", ["a b"]), ("tags", ["a", "A"]), ("origin", None),
        ("visibility", None), ("documentationUrl", "javascript:alert(1)"), ("repositoryUrl", "ftp://x"),
        ("name", "another"), ("group", "another"), ("owners", ["another@example.com"]), ("owners", []),
        ("id", "x"), ("createdAt", "2026-01-01T00:00:00Z"), ("nonsense", 1), ("tags", "text"), ("description", 5),
    ],
)  # fmt: skip
def test_a_patch_that_is_wrong_names_the_field_and_changes_nothing(
    make: Make, api: Api, registry: Registry, field: str, value: Any
) -> None:
    """One field at fault refuses the whole patch."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    before = footprint(registry)

    answer = client.patch(address(model), json={"riskRationale": "Money is at stake.", field: value})

    assert answer.status_code == 422
    assert {error["field"].partition(".")[0] for error in answer.json()["errors"]} == {field}
    assert footprint(registry) == before


@pytest.mark.parametrize("body", ["[]", "1", "null", '"x"', "", "{", '{"description": }'])
def test_a_patch_that_is_no_object_is_refused(make: Make, api: Api, body: str) -> None:
    """What is no JSON object is a clear refusal."""
    model = make.model()
    client = api.as_(make.owner_of(model))

    answer = client.patch(address(model), content=body, headers={"content-type": MERGE_PATCH})

    assert answer.status_code in (400, 422)
    assert answer.json()["requestId"]


def test_a_stale_edit_is_told_who_changed_what(make: Make, api: Api) -> None:
    """The second of two who read the same revision gets 412 with the fields, the person and the present ETag."""
    model = make.model()
    owner = make.owner_of(model)
    client = api.as_(owner)
    etag = client.get(address(model)).headers["etag"]
    client.patch(address(model), json={"description": "First."}, headers={"if-match": etag})
    client.patch(address(model), json={"tags": ["first"]})

    answer = client.patch(address(model), json={"description": "Second."}, headers={"if-match": etag})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (412, "stale_edit")
    assert answer.headers["etag"] == '"r3"'
    assert {error["field"] for error in problem["errors"]} == {"description", "tags"}
    assert all(owner.email in error["message"] for error in problem["errors"])
    assert client.get(address(model)).json()["description"] == "First."


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"r1"', 200), ('W/"r1"', 200), ("*", 200), ('"r9", "r1"', 200),
        ('"r2"', 412), ('"other"', 412), ("r1", 412), ('"r99999999999999999999"', 412), ("", 412),
    ],
)  # fmt: skip
def test_if_match_holds_an_edit_to_what_was_read(make: Make, api: Api, header: str, status: int) -> None:
    """Any revision named may stand; a tag that is none of them refuses."""
    model = make.model()
    client = api.as_(make.owner_of(model))

    answer = client.patch(address(model), json={"description": "New."}, headers={"if-match": header})

    assert answer.status_code == status


def test_of_many_edits_on_one_revision_one_wins(make: Make, api: Api) -> None:
    """Eight at the same moment under the same ETag: one is done, seven are stale, one event."""
    model = make.model()
    owner = make.owner_of(model)

    def edit(number: int) -> int:
        patch = {"description": f"Edit {number}."}
        return int(api.as_(owner).patch(address(model), json=patch, headers={"if-match": '"r1"'}).status_code)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(edit, range(8)))

    assert sorted(statuses) == [200] + [412] * 7
    assert len(make.events(model.id, "model.update")) == 1


def test_of_many_edits_without_a_revision_each_is_done(make: Make, api: Api) -> None:
    """Without If-Match the last edit wins, and none is lost from the record."""
    model = make.model()
    owner = make.owner_of(model)

    def edit(number: int) -> int:
        return int(api.as_(owner).patch(address(model), json={"description": f"Edit {number}."}).status_code)

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(edit, range(8)))

    revisions = [event.after["revision"] for event in make.events(model.id, "model.update") if event.after]
    assert statuses == [200] * 8
    assert revisions == list(range(2, 10))


def test_only_an_owner_edits(make: Make, api: Api) -> None:
    """Somebody else is told what is missing, an Admin too; where one may not see the model it is not there."""
    model = make.model()
    hidden = make.model(visibility="RESTRICTED")
    stranger, admin = make.owner(), make.person(Role.ADMIN)

    answers = [api.as_(person).patch(address(model), json={"tags": ["x"]}) for person in (stranger, admin)]
    unseen = api.as_(stranger).patch(address(hidden), json={"tags": ["x"]})

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "owner of this model" in answers[0].json()["detail"]
    assert unseen.status_code == 404


def test_the_catalogue_finds_an_edit_at_once(make: Make, api: Api) -> None:
    """Tag, tier and words of the catalogue are those after the edit."""
    model = make.model(tags=["old"])
    client = api.as_(make.owner_of(model))
    edit = {"tags": ["fresh"], "riskTier": "HIGH", "description": "Weighs zebras."}
    client.patch(address(model), json=edit)

    found = {
        query: client.get(f"/api/v1/models?group={model.group}&{query}").json()["total"]
        for query in ("tag=fresh", "tag=old", "riskTier=HIGH", "riskTier=LOW", "q=zebras")
    }

    assert found == {"tag=fresh": 1, "tag=old": 0, "riskTier=HIGH": 1, "riskTier=LOW": 0, "q=zebras": 1}


def test_metadata_is_merged_key_by_key(make: Make, api: Api) -> None:
    """A patch goes inward, also into the card, the schemas and what is not known; null takes away."""
    kept = {
        "framework": "pytorch", "modelType": "bert", "hyperparameters": {"lr": 0.1, "layers": {"a": 1, "b": 2}},
        "card": {"license": "MIT", "risks": "Some."}, "custom": {"team": "blue"}, "stranger": 1,
    }  # fmt: skip
    version = make.version(metadata=kept)
    client = api.as_(make.owner_of(version))
    patch = {
        "metadata": {
            "framework": None, "frameworkVersion": "2.4", "hyperparameters": {"layers": {"b": None, "c": 3}},
            "card": {"risks": None, "robustness": "Tested."}, "stranger": 2, "newcomer": True,
        }
    }  # fmt: skip

    answer = client.patch(route_of(version), json=patch)

    assert answer.status_code == 200
    assert answer.json()["metadata"] == {
        "modelType": "bert", "frameworkVersion": "2.4", "hyperparameters": {"lr": 0.1, "layers": {"a": 1, "c": 3}},
        "card": {"license": "MIT", "robustness": "Tested."},
        "custom": {"team": "blue", "stranger": 2, "newcomer": True},
    }  # fmt: skip
    (event,) = make.events(version.id, "version.update")
    assert event.after is not None
    assert set(event.after) == {
        "revision", "metadata.framework", "metadata.frameworkVersion", "metadata.hyperparameters",
        "metadata.card.risks", "metadata.card.robustness", "metadata.custom",
    }  # fmt: skip


def test_custom_is_taken_away_and_a_stranger_put_there_at_once(make: Make, api: Api) -> None:
    """A null for `custom` empties it; a key that is not known is kept there all the same."""
    version = make.version(metadata={"framework": "jax", "custom": {"old": 1}})
    patch = {"metadata": {"custom": None, "foo": 2}}

    answer = api.as_(make.owner_of(version)).patch(route_of(version), json=patch)

    assert answer.json()["metadata"] == {"framework": "jax", "custom": {"foo": 2}}


def test_metadata_has_a_limit_as_a_whole(make: Make, api: Api) -> None:
    """Edits cannot add up to more than one version may say; a list of such versions comes in bounded pages."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    keys = [row.key for row in FIELDS if row.card and row.kind is Kind.TEXT]
    versions = f"/api/v1/models/{model.address}/versions"
    for number in range(10):
        client.post(
            versions, json={"version": f"1.{number}.0", "metadata": {"card": dict.fromkeys(keys, "x" * 20_000)}}
        )
    more = {"metadata": {"card": dict.fromkeys(keys, "\u20ac" * 20_000)}}

    refused = client.patch(f"{versions}/1.0.0", json=more)

    page = client.get(versions).json()
    rest = client.get(versions, params={"cursor": page["nextCursor"]}).json()
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["metadata"]
    assert len(page["items"]) < 20
    assert len({item["version"] for item in page["items"] + rest["items"]}) == page["total"] == 10


def test_null_takes_all_metadata_away(make: Make, api: Api) -> None:
    """A null is the absence of what it stands for (RFC 7396), also of the metadata as a whole."""
    version = make.version(metadata={"framework": "jax", "card": {"license": "MIT"}, "custom": {"a": 1}})

    answer = api.as_(make.owner_of(version)).patch(route_of(version), json={"metadata": None})

    assert (answer.status_code, answer.json()["metadata"]) == (200, {})


def test_correcting_to_a_number_while_it_is_created_never_waits_for_ever(make: Make, api: Api) -> None:
    """One edits a version to 2.0.0, another creates 2.0.0: one of them gets it, the other hears that it is taken."""
    version = make.version()
    owner = make.owner_of(version)
    versions = f"/api/v1/models/{version.model}/versions"

    def send(edit: bool) -> int:
        client = api.as_(owner)
        if edit:
            return int(client.patch(route_of(version), json={"version": "2.0.0"}).status_code)
        return int(client.post(versions, json={"version": "2.0.0"}).status_code)

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(send, [True, False]))

    assert statuses in ([200, 409], [201, 409])


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"metadata": {"framework": 5}}, "metadata.framework"),
        ({"metadata": {"inputSchema": {"type": "nonsense"}}}, "metadata.inputSchema"),
        ({"metadata": {"card": 5}}, "metadata.card"),
        ({"metadata": {"custom": [1]}}, "metadata.custom"),
        ({"metadata": {"trainingDataset": {"version": None}}}, "metadata.trainingDataset"),
        ({"version": "one"}, "version"),
        ({"version": None}, "version"),
        ({"commitSha": "xyz"}, "commitSha"),
        ({"description": "x" * 4001}, "description"),
        ({"state": "PRODUCTION"}, "state"),
    ],
)
def test_a_patch_of_a_version_that_is_wrong_changes_nothing(
    make: Make, api: Api, registry: Registry, patch: dict[str, Any], field: str
) -> None:
    """What the merged version would be is judged whole; the field at fault is named."""
    version = make.version(metadata={"trainingDataset": {"name": "events", "version": "1"}})
    client = api.as_(make.owner_of(version))
    before = footprint(registry)

    answer = client.patch(route_of(version), json=patch)

    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {field}
    assert footprint(registry) == before


def test_a_version_number_is_corrected_before_submission(make: Make, api: Api) -> None:
    """The version, its files and its events go on under the new number; the old address is free."""
    version = make.version()
    owner = make.owner_of(version)
    make.file(version, path="tokenizer/vocab.json", content=b"{}", type="TOKENIZER")
    client = api.as_(owner)

    answer = client.patch(route_of(version), json={"version": "1.0.1+build.7"})

    moved = answer.headers["location"]
    files = client.get(f"{moved}/artifacts").json()["items"]
    labels = {event.object.label for event in make.events(f"{version.model}:1.0.1+build.7")}
    assert (answer.status_code, answer.json()["version"]) == (200, "1.0.1+build.7")
    assert [file["path"] for file in files] == ["tokenizer/vocab.json"]
    assert client.get(route_of(version)).status_code == 404
    assert labels == {f"{version.model}:1.0.1+build.7", f"{version.model}:1.0.1+build.7/tokenizer/vocab.json"}


def test_a_version_number_that_is_taken_is_refused(make: Make, api: Api) -> None:
    """Correcting a number to one that the model has is a conflict at the field, and nothing changes."""
    version = make.version()
    owner = make.owner_of(version)
    client = api.as_(owner)
    client.post(f"/api/v1/models/{version.model}/versions", json={"version": "1.1.0"})

    answer = client.patch(route_of(version), json={"version": "1.1.0", "description": "x"})

    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert [error["field"] for error in answer.json()["errors"]] == ["version"]
    assert client.get(route_of(version)).json()["description"] is None


def test_a_stale_edit_of_a_version_is_told_what_changed(make: Make, api: Api) -> None:
    """The fields are named as JSON names them, inner ones dotted."""
    version = make.version()
    client = api.as_(make.owner_of(version))
    client.patch(route_of(version), json={"metadata": {"framework": "jax", "card": {"license": "MIT"}}})

    answer = client.patch(route_of(version), json={"description": "x"}, headers={"if-match": '"r1"'})

    named = {error["field"] for error in answer.json()["errors"]}
    assert answer.status_code == 412
    assert named == {"metadata.framework", "metadata.card.license"}


def test_a_file_is_removed_from_a_draft(make: Make, api: Api) -> None:
    """The file is gone from the list, its links are dead, its path is free, and the event says which bytes it was."""
    version = make.version()
    owner = make.owner_of(version)
    artifact = make.file(version)
    client = api.as_(owner)
    route = f"{route_of(version)}/artifacts/model.safetensors"
    link = client.post(f"{route}/links").json()["url"]

    answer = client.delete(route)

    (event,) = make.events(artifact.id, "artifact.remove")
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"{route_of(version)}/artifacts").json()["items"] == []
    assert client.get(link).status_code == 404
    assert client.delete(route).status_code == 404
    assert event.before is not None
    assert event.before["sha256"] == artifact.sha256
    assert make.file(version, content=make.safetensors(seed=2)).path == "model.safetensors"


def test_only_an_owner_removes_a_file(make: Make, api: Api) -> None:
    """Somebody else is refused, and the file stays."""
    version = make.version()
    make.file(version)
    stranger = make.owner()
    route = f"{route_of(version)}/artifacts/model.safetensors"

    answer = api.as_(stranger).delete(route)

    assert answer.status_code == 403
    assert len(api.as_(stranger).get(f"{route_of(version)}/artifacts").json()["items"]) == 1
