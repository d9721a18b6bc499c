"""Uploads beside each other: few enough to fit into memory, and no name that is the folder of another."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from modelkeep_server.interfaces.arrivals import UPLOADS_OF_ONE
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry


def test_one_person_has_a_bounded_number_of_uploads(registry: Registry, api: Api, make: Make) -> None:
    """Each holds up to 48 MiB while its client is slow; one more is told when to come again."""
    version = make.version()
    owner = make.owner_of(version)
    running: Counter[str] = registry.app._app.state.door.uploads
    address = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/one.bin?type=WEIGHTS"
    running[owner.actor.answered_by] = UPLOADS_OF_ONE
    try:
        refused = api.as_(owner).put(address, content=make.safetensors())
    finally:
        del running[owner.actor.answered_by]
    taken = api.as_(owner).put(address, content=make.safetensors())

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert taken.status_code == 201
    assert owner.actor.answered_by not in running


def test_programs_have_no_places_besides_those_of_whoever_answers_for_them(
    registry: Registry, api: Api, make: Make
) -> None:
    """Each service account with places of its own would let one person keep everybody else out."""
    sponsor = make.owner()
    browser, named = api.browser(sponsor), {"name": f"p-{sponsor.email[6:16]}", "purpose": "x", "scopes": ["write"]}
    account = browser.call("POST", "/api/v1/service-accounts", json=named).json()
    at = f"/api/v1/service-accounts/{account['id']}/tokens"
    token = browser.call("POST", at, json={"name": "ci"}).json()["token"]
    model = make.model(sponsor)
    version = make.version(model, sponsor)
    shared = f"/api/v1/models/{version.model}/collaborators/service:{named['name']}"
    assert api.as_(sponsor).put(shared, json={"access": "WRITE"}).status_code == 201
    address = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/one.bin?type=WEIGHTS"
    running: Counter[str] = registry.app._app.state.door.uploads
    running[sponsor.actor.answered_by] = UPLOADS_OF_ONE
    try:
        refused = api.with_token(token).put(address, content=make.safetensors())
    finally:
        del running[sponsor.actor.answered_by]
    taken = api.with_token(token).put(address, content=make.safetensors())

    assert (refused.status_code, taken.status_code) == (503, 201)


def test_a_file_and_a_folder_of_one_name_sent_at_once_leave_one(api: Api, make: Make) -> None:
    """The version's row is locked while a file is published, so that the second sees the first on both databases."""
    version = make.version()
    owner = make.owner_of(version)
    base = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"

    for turn in range(8):
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(
                    lambda path: api.as_(owner).put(f"{base}/{path}?type=CONFIG", content=path.encode()).status_code,
                    (f"t{turn}", f"t{turn}/inner"),
                )
            )

        assert sorted(answers) == [201, 409]
