"""Downloads from production on: for whom, on which terms, and what becomes of a right or link that was there before."""

from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.db import recording
from modelkeep_server.db.tables import version_flags
from modelkeep_server.features.artifacts.downloading import downloads
from modelkeep_server.features.models import access_requests, queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import LinkExpired, LinkRefused, RegistryError
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.links import DOWNLOADS
from modelkeep_server.rules.permissions import PERMISSIONS, Role
from modelkeep_server.rules.wording import say_stands
from tests.support.addresses import links_of, page_of
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make, Person
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

TOLD = {"purpose": "INC-7: what did it answer on Friday?"}


@pytest.fixture
def version(make: Make) -> Version:
    """A version with one file."""
    made = make.version()
    make.file(made)
    return made


def let_in(api: Api, owner: Person, version: Version, person: Person, access: str) -> None:
    """Make somebody a collaborator."""
    path = f"/api/v1/models/{version.model}/collaborators/{person.email}"
    assert api.as_(owner).put(path, json={"access": access}).status_code in (200, 201)


def ask_and_grant(make: Make, api: Api, version: Version, person: Person, days: int = 30) -> dict[str, Any]:
    """Somebody asks for one version, and its owner grants it."""
    body = {"model": version.model, "version": version.version, "purpose": "To compare.", "days": days}
    asked = api.as_(person).post("/api/v1/access-requests", json=body)
    assert asked.status_code == 201, asked.text
    granted = api.as_(make.owner_of(version)).post(f"/api/v1/access-requests/{asked.json()['id']}/grant", json={})
    assert granted.status_code == 200, granted.text
    told: dict[str, Any] = granted.json()
    return told


def test_the_table_of_downloads_and_that_of_permissions_name_the_same_people() -> None:
    """Whoever may download at all stands in both, so that neither gives what the other does not."""
    assert {row.grant for row in DOWNLOADS} == set(PERMISSIONS["artifact.link"].grants)


@pytest.mark.parametrize("state", [State.PRODUCTION, State.RETIRED])
def test_from_production_on_the_right_is_to_the_very_version(
    registry: Registry, make: Make, api: Api, version: Version, state: State
) -> None:
    """Owners, SRE and Admin say what for, MRC and Security which investigation; collaborators and others may not."""
    owner = make.owner_of(version)
    people = {role.value: make.person(role) for role in Role} | {"OWNER": owner, "none": make.person()}
    for access in ("READ", "WRITE"):
        people[access] = make.person()
        let_in(api, owner, version, people[access], access)
    before = {who: api.as_(person).post(links_of(version)).status_code for who, person in people.items()}

    put_into(registry, version, state)
    silent = {who: api.as_(person).post(links_of(version)) for who, person in people.items()}
    told = {who: api.as_(person).post(links_of(version), json=TOLD) for who, person in people.items()}

    may = {"OWNER", "SRE", "ADMIN", "MRC", "SECURITY_ARCHITECT"}
    assert {who for who, status in before.items() if status == 201} == may | {"READ", "WRITE"}
    assert {who for who, answer in told.items() if answer.status_code == 201} == may
    assert {who for who, answer in silent.items() if answer.status_code == 422} == may
    assert {fields_at_fault(silent[who]) == {"purpose"} for who in may} == {True}
    named = {who for who in may if "Name the investigation" in silent[who].text}
    assert named == {"MRC", "SECURITY_ARCHITECT"}
    assert refusal(told["WRITE"]) == (403, "not_permitted")
    assert f"{say_stands(state)}: it can be downloaded by" in told["WRITE"].json()["detail"]
    assert "ask for access at" in told["WRITE"].json()["remedy"]


def test_a_granted_request_opens_the_version_it_names_until_its_day(
    registry: Registry, make: Make, api: Api, version: Version
) -> None:
    """A collaborator asks for one version in production and gets that one; when the time is over, so is a link."""
    reader = make.person()
    with registry.reading() as work:
        model = queries.get_model(work, reader.actor, *version.model.split("/"))
    other = make.version(model, version="2.0.0")
    make.file(other)
    let_in(api, make.owner_of(version), version, reader, "READ")
    for made in (version, other):
        put_into(registry, made, State.PRODUCTION)
    body = {"model": version.model, "version": version.version, "purpose": "To compare."}
    asked = api.as_(reader).post("/api/v1/access-requests", json=body)
    now = clock.utc_now()
    with registry.writing(now=now) as work:
        access_requests.grant_access(
            work, make.owner_of(version).actor, asked.json()["id"], until=now + timedelta(minutes=2)
        )

    minted = api.as_(reader).post(links_of(version), json=TOLD)
    again = api.as_(reader).post("/api/v1/access-requests", json=body)
    statuses = [
        api.as_(reader).post(links_of(other), json=TOLD).status_code,
        api.as_(reader).get(minted.json()["url"]).status_code,
        api.anonymous.get(minted.json()["url"]).status_code,
        again.status_code,
    ]

    assert (minted.status_code, statuses) == (201, [403, 200, 403, 409])
    assert "as it is" in again.json()["detail"]
    handle = minted.json()["url"].split("/d/")[1].split("/")[0]
    with pytest.raises(LinkRefused), registry.writing(now=now + timedelta(minutes=3)) as work:
        downloads.open_link(work, reader.actor, handle, asked=None, if_range=None)


def test_a_grant_ends_with_the_sharing_it_came_with(registry: Registry, make: Make, api: Api, version: Version) -> None:
    """Whoever was put out and is let in again asks for the version again."""
    owner, reader = make.owner_of(version), make.person()
    let_in(api, owner, version, reader, "READ")
    put_into(registry, version, State.PRODUCTION)
    granted = ask_and_grant(make, api, version, reader)
    first = api.as_(reader).post(links_of(version), json=TOLD)

    ended = api.as_(owner).delete(f"/api/v1/models/{version.model}/collaborators/{reader.email}")
    let_in(api, owner, version, reader, "READ")

    assert (first.status_code, ended.status_code) == (201, 204)
    assert api.as_(reader).post(links_of(version), json=TOLD).status_code == 403
    mine = api.as_(reader).get("/api/v1/access-requests", params={"mine": "true"}).json()["items"]
    assert [(row["id"], row["status"]) for row in mine] == [(granted["id"], "EXPIRED")]
    ask_and_grant(make, api, version, reader, days=1)
    assert api.as_(reader).post(links_of(version), json=TOLD).status_code == 201


@pytest.mark.parametrize(("purpose", "minutes", "error"), [
    (None, 1, LinkRefused), ("Retraining.", 1, None), ("Retraining.", 6, LinkExpired),
])  # fmt: skip
def test_a_link_made_before_production_meets_what_is_asked_from_then_on(
    registry: Registry,
    make: Make,
    version: Version,
    purpose: str | None,
    minutes: int,
    error: type[RegistryError] | None,
) -> None:
    """It needs a purpose, lives five minutes from when it was made, and opens with its maker's own credential."""
    owner = make.owner_of(version)
    now = clock.utc_now()
    with registry.writing(now=now) as work:
        place = (*version.model.split("/"), version.version, "model.safetensors")
        handle = downloads.mint_link(work, owner.actor, *place, purpose=purpose).path.split("/")[2]
    put_into(registry, version, State.PRODUCTION)
    caught: RegistryError | None = None

    try:
        with registry.writing(now=now + timedelta(minutes=minutes)) as work:
            downloads.open_link(work, owner.actor, handle, asked=None, if_range=None)
    except RegistryError as raised:
        caught = raised

    assert (type(caught) if caught else None) is error
    assert caught is None or "and is in production now" in caught.detail


def test_a_hold_stops_links_and_what_they_open(registry: Registry, make: Make, api: Api, version: Version) -> None:
    """Nothing goes out while a version is on hold, also through links made before; it says who set it and why."""
    owner = api.as_(make.owner_of(version))
    url = owner.post(links_of(version)).json()["url"]
    mrc = make.person(Role.MRC)
    with registry.writing() as work:
        row = {"public_id": ids.uuid7(clock.to_us(work.now)), "version_id": version.key, "kind": "HOLD",
               "set_by": mrc.actor.user_id, "set_at": work.now, "reason": "We doubt its data."}  # fmt: skip
        work.insert(version_flags, row)
        recording.record_by_operator(work, "version.update", host="test", object_id=version.id)

    answers = [owner.post(links_of(version)), owner.get(url)]
    page = api.browser(make.owner_of(version)).get(f"{page_of(version)}/artifacts")

    assert [refusal(answer) for answer in answers] == [(409, "state_forbids")] * 2
    assert all(mrc.email in a.json()["detail"] and "We doubt its data." in a.json()["detail"] for a in answers)
    assert "is on hold" in page.text
    assert "Ask for access" not in page.text


def test_a_page_of_a_version_in_production_offers_a_collaborator_to_ask(
    registry: Registry, make: Make, api: Api, version: Version
) -> None:
    """Who may download the model and not this version is led to ask for it, and sees that they did."""
    reader = make.person()
    let_in(api, make.owner_of(version), version, reader, "READ")
    put_into(registry, version, State.PRODUCTION)
    browser, page = api.browser(reader), f"{page_of(version)}/artifacts"
    form = f"/access-requests/new?model={version.model}&version={version.version}"

    offered = browser.get(page)
    shown = browser.get(form)
    sent = browser.submit(
        "/access-requests/new",
        {"model": version.model, "version": version.version, "purpose": "To compare.", "days": "7"},
    )

    assert "Ask for access" in offered.text
    assert ("For how long" in shown.text, "as it is" in shown.text) == (True, False)
    assert sent.status_code == 303
    assert "Access asked" in browser.get(page).text
