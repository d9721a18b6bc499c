"""Beginning a version from an earlier one, through the API and the page."""

import re

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import files_of, page_of, route_of
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make
from tests.support.problems import fields_at_fault
from tests.support.registries import Registry

#: A pickle that would call os.system.
EVIL = b"cos\nsystem\n(S'true'\ntR."

KNOWN = {
    "framework": "xgboost",
    "limitations": "Consumers only.",
    "hyperparameters": {"max_depth": 6, "eta": 0.1},
    "card": {"risks": "Few.", "license": "MIT"},
    "custom": {"team": "churn"},
}


def test_a_version_begins_from_an_earlier_one_with_files_of_it(make: Make, api: Api) -> None:
    """Metadata sent is merged into that of the base; files come along by an upload event each, and download whole."""
    base = make.version(version="1.2.0", metadata=KNOWN, commit_sha="7be41c9", description="The first.")
    owner, content = make.owner_of(base), make.safetensors(seed=3)
    for path in ("model.safetensors", "more.safetensors"):
        make.file(base, path=path, content=content)
    client = api.as_(owner)
    patch = {"limitations": None, "hyperparameters": {"max_depth": 9}, "card": {"risks": "Some."}}

    made = client.post(
        f"/api/v1/models/{base.model}/versions",
        json={"version": "1.2.1", "from": "1.2.0", "metadata": patch, "copyArtifacts": ["model.safetensors"]},
    )

    new = made.json()
    assert 201 == made.status_code, made.text
    assert {
        "framework": "xgboost", "hyperparameters": {"max_depth": 9, "eta": 0.1},
        "card": {"risks": "Some.", "license": "MIT"}, "custom": {"team": "churn"},
    } == new["metadata"]  # fmt: skip
    assert ("DRAFT", None, None) == (new["state"], new["commitSha"], new["description"])
    (file,) = client.get(f"/api/v1/models/{base.model}/versions/1.2.1/artifacts").json()["items"]
    assert ("model.safetensors", "AVAILABLE", "CLEAN_DATA", owner.email) == (
        file["path"], file["status"], file["scan"]["verdict"], file["uploadedBy"],
    )  # fmt: skip
    link = client.post(f"/api/v1/models/{base.model}/versions/1.2.1/artifacts/model.safetensors/links", json={})
    assert content == client.get(link.json()["url"]).content
    (created,) = make.events(new["id"], "version.create")
    assert base.id == created.after["from"]
    uploads = [
        one for one in make.events(action="artifact.upload") if one.after and one.after.get("version") == new["id"]
    ]
    assert [(True, file["sha256"])] == [(one.after["storedOnce"], one.after["sha256"]) for one in uploads]


def test_what_cannot_be_taken_along_is_refused_and_nothing_is_made(make: Make, api: Api) -> None:
    """A blocked file, a path that is not there, a base that is not there: each is named, and no version is left."""
    base = make.version(version="1.0.0")
    make.file(base, path="evil.pkl", content=EVIL)
    client, versions = api.as_(make.owner_of(base)), f"/api/v1/models/{base.model}/versions"

    unfit = client.post(versions, json={"version": "1.0.1", "from": "1.0.0", "copyArtifacts": ["evil.pkl", "no.bin"]})
    lost = client.post(versions, json={"version": "1.0.1", "from": "9.0.0"})
    alone = client.post(versions, json={"version": "1.0.1", "copyArtifacts": ["evil.pkl"]})
    stranger = api.as_(make.owner()).post(versions, json={"version": "1.0.1", "from": "1.0.0"})

    assert {"copyArtifacts"} == fields_at_fault(unfit)
    assert ["quarantined", "no file"] == [
        word for word, error in zip(("quarantined", "no file"), unfit.json()["errors"], strict=True)
        if word in error["message"]
    ]  # fmt: skip
    assert [{"from"}, {"from"}] == [fields_at_fault(answer) for answer in (lost, alone)]
    assert 403 == stranger.status_code
    assert ["1.0.0"] == [one["version"] for one in client.get(versions).json()["items"]]


def test_files_of_a_frozen_version_are_taken_by_those_who_may_download_them(
    make: Make, api: Api, registry: Registry
) -> None:
    """A collaborator with WRITE may not download from PRODUCTION, and takes no file of it into a draft either."""
    base = make.version(version="1.0.0")
    make.file(base)
    helper, versions = make.person(Role.MODEL_OWNER), f"/api/v1/models/{base.model}/versions"
    sharing = f"/api/v1/models/{base.model}/collaborators/{helper.email}"
    api.as_(make.owner_of(base)).put(sharing, json={"access": "WRITE"})
    put_into(registry, base, State.PRODUCTION)
    wanted = {"version": "1.0.1", "from": "1.0.0", "copyArtifacts": ["model.safetensors"]}

    refused = api.as_(helper).post(versions, json=wanted)
    shown = api.browser(helper).get(f"/models/{base.model}/versions/new?from=1.0.0").text
    bare = api.as_(helper).post(versions, json={"version": "1.0.1", "from": "1.0.0"})
    owners = api.as_(make.owner_of(base)).post(versions, json={**wanted, "version": "1.0.2"})

    assert (403, 201, 201) == (refused.status_code, bare.status_code, owners.status_code)
    assert re.search(r'value="model.safetensors" disabled', shown)
    assert "is frozen" in api.browser(helper).get(page_of(base)).text


def test_the_form_is_filled_from_an_earlier_version(make: Make, api: Api) -> None:
    """The page suggests the next free number, holds the metadata, offers the files, and takes the ticked ones."""
    base = make.version(version="1.2.0", metadata=KNOWN, commit_sha="7be41c9")
    make.file(base)
    make.file(base, path="evil.pkl", content=EVIL)
    browser = api.browser(make.owner_of(base))

    shown = browser.get(f"/models/{base.model}/versions/new?from=1.2.0").text
    sent = browser.submit(
        f"/models/{base.model}/versions/new",
        {"version": "1.2.1", "from": "1.2.0", "metadata.framework": "xgboost", "take": ["model.safetensors"]},
    )

    assert 'value="1.2.1"' in shown
    assert "Consumers only." in shown
    assert 'value="7be41c9"' not in shown
    assert re.search(r'value="model.safetensors" checked', shown)
    assert re.search(r'value="evil.pkl" disabled', shown)
    assert 303 == sent.status_code, sent.text
    assert sent.headers["location"].startswith(page_of(base).replace("1.2.0", "1.2.1"))
    new = api.as_(make.owner_of(base)).get(route_of(base).replace("1.2.0", "1.2.1")).json()
    assert {"framework": "xgboost", "custom": {"team": "churn"}} == new["metadata"]
    files = api.as_(make.owner_of(base)).get(files_of(base).replace("1.2.0", "1.2.1")).json()["items"]
    assert ["model.safetensors"] == [file["path"] for file in files]
