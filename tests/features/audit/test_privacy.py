"""The log outlives what it must forget: no personal value and no free text stands in it."""

import re

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.audit import verify
from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry

CANARY = "canary"


@pytest.fixture
def told(fresh_registry: Registry, portal: BlockingPortal) -> Registry:
    """A registry in which every free text, address, path and name that can be given holds a canary."""
    make, api = Make(fresh_registry), Api(fresh_registry, portal)
    owner = make.person(Role.MODEL_OWNER, Role.ADMIN, name="canary-person")
    model = make.model(
        owner, description="canary description", tags=["canary-tag"], risk_rationale="canary rationale",
        documentation_url="https://canary.example/doc", repository_url="https://canary.example/git",
        owners=[owner.email, "canary-other@example.com"],
    )  # fmt: skip
    metadata = {
        "intendedUse": "canary use",
        "hyperparameters": {"canary-key": "canary"},
        "canary": "x",
        "card": {"license": "canary"},
    }
    version = make.version(
        model, description="canary version", training_job_id="canary-job", metadata=metadata
    )  # fmt: skip
    make.file(version, path="canary/canary.safetensors")
    address = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/canary/canary.safetensors/links"
    link = api.as_(owner).post(address, json={"purpose": "canary purpose"}).json()
    assert api.anonymous.get(link["url"]).status_code == 200
    browser = api.browser(owner)
    browser.call("POST", "/api/v1/tokens", json={"name": "canary token"})
    api.browser_of("").submit("/login", {"email": "canary@example.com", "passphrase": "canary passphrase"})
    api.as_(make.owner()).post(f"/api/v1/models/{version.model}/versions", json={"version": "9.9.9"})
    with fresh_registry.writing() as work:
        invitations.invite(work, owner.actor, email="canary-guest@example.com", roles=[])
    return fresh_registry


def test_no_canary_stands_in_the_log(told: Registry) -> None:
    """Bodies and query columns hold pseudonyms and commitments only, and no address that looks like an e-mail."""
    rows = [str(row) for row in told.look("SELECT * FROM audit_events")]

    assert len(rows) > 10
    assert [row for row in rows if CANARY in row.lower()] == []
    assert [row for row in rows if re.search(r"\w@\w+\.\w", row)] == []


def test_no_secret_stands_anywhere(told: Registry, portal: BlockingPortal) -> None:
    """Neither token, nor session, nor the handle of a link, nor a passphrase is stored in any table."""
    make, api = Make(told), Api(told, portal)
    owner = make.owner()
    browser = api.browser(owner)
    version = make.version(owner=owner)
    make.file(version)
    address = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"
    handle = api.as_(owner).post(address, json={}).json()["url"].split("/d/")[1].split("/")[0]
    api.browser_of("").submit("/login", {"email": owner.email, "passphrase": "canary-passphrase-typed"})
    tables = ("people", "sessions", "tokens", "links", "audit_events", "audit_texts", "rate_counters", "invitations")

    stored = " ".join(str(told.look(f"SELECT * FROM {table}")) for table in tables)

    for secret in (owner.token.split("_")[3], browser.secret, handle, "canary-passphrase-typed"):
        assert secret not in stored


def test_the_texts_can_be_erased_and_every_proof_stays_valid(told: Registry) -> None:
    """Crypto-erasure: without the side tables the log still verifies, and is read with commitments in their place."""
    told.tamper("DELETE FROM audit_texts")
    told.tamper("DELETE FROM audit_people")
    told.tamper("DELETE FROM audit_labels")

    with told.reading() as work:
        verdict = verify.verify_log(work)

    assert verdict.findings == ()


def test_an_event_whose_texts_were_erased_is_still_shown(told: Registry, portal: BlockingPortal) -> None:
    """The list answers with the commitment where the text was."""
    auditor = Make(told).person(Role.AUDITOR)
    told.tamper("DELETE FROM audit_texts")

    answer = Api(told, portal).as_(auditor).get("/api/v1/audit/events", params={"action": "model.create"})

    assert answer.status_code == 200
    assert answer.json()["items"][0]["after"]["description"].startswith("hmac-sha256:")


def test_the_same_text_has_another_commitment_each_time(make: Make) -> None:
    """Nobody finds out by guessing and comparing that two models are described alike."""
    one, other = (make.events(make.model(description="The same words.").id)[0] for _ in range(2))

    commitments = {re.findall(r'"description":"(hmac-sha256:\w+)"', event.raw)[0] for event in (one, other)}

    assert len(commitments) == 2
