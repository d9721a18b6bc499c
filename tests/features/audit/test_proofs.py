"""Proving one event, to those who trust nothing: the text, the hashes above it, and the root that was signed."""

import hashlib

from modelkeep_server.kit.merkle import leaf_hash, verify_inclusion
from modelkeep_server.kit.signed_note import parse_checkpoint
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.meddling import rewrite
from tests.support.registries import Registry

EVENTS = "/api/v1/audit/events"


def test_every_event_is_proven_under_the_signed_head(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """What is handed out leads from the stored bytes to the root in the signed note, for each event of a log."""
    client = fresh_api.as_(fresh_make.person(Role.AUDITOR))
    for _ in range(5):
        fresh_make.model()

    for sequence in range(fresh_registry.event_count):
        body = client.get(f"{EVENTS}/{sequence}/body").content
        proof = client.get(f"{EVENTS}/{sequence}/proof").json()
        size, root = _head_of(proof["checkpoint"])
        path = [bytes.fromhex(node) for node in proof["path"]]
        assert (proof["leaf"], proof["size"]) == (leaf_hash(body).hex(), size)
        assert verify_inclusion(hashlib.sha256(b"\x00" + body).digest(), sequence, size, path, root)


def _head_of(note: str) -> tuple[int, bytes]:
    head = parse_checkpoint(note.rpartition("\n\n")[0] + "\n")
    return head.size, head.root


def test_the_page_says_that_a_proof_holds(make: Make, api: Api) -> None:
    """With the number of hashes, the drawing, the command and both downloads."""
    version = make.version()
    sequence = make.events(version.id)[0].sequence

    page = api.browser(make.person(Role.AUDITOR)).get(f"/audit/{sequence}").text

    assert "Proof of its place" in page
    assert "circle-check" in page.partition("Proof of its place")[2][:200]
    assert f"modelkeep audit verify --event {sequence}" in page
    assert f'/api/v1/audit/events/{sequence}/proof"' in page
    assert '<svg class="tree"' in page
    assert " style=" not in page


def test_a_changed_text_does_not_hold(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """The page names the fault, and no proof is handed out."""
    auditor = fresh_make.person(Role.AUDITOR)
    fresh_make.model()
    fresh_registry.tamper("UPDATE audit_events SET body = replace(body, 'ALLOWED', 'REFUSED') WHERE sequence = 2")

    page = fresh_api.browser(auditor).get("/audit/2")
    answer = fresh_api.as_(auditor).get(f"{EVENTS}/2/proof")

    assert page.status_code == 200
    assert "does not hold" in page.text
    assert "not the one that was recorded" in page.text
    assert '<svg class="tree"' not in page.text
    assert (answer.status_code, answer.json()["code"]) == (409, "integrity")


def test_events_of_a_rewritten_history_open_and_do_not_hold(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Where the registry refuses to sign, the page still shows the event, and says why nothing is proven."""
    auditor = fresh_make.person(Role.AUDITOR)
    fresh_make.model()
    fresh_api.as_(auditor).get("/api/v1/audit/checkpoint")
    rewrite(fresh_registry, 3)
    fresh_make.model()

    page = fresh_api.browser(auditor).get("/audit/3")

    assert page.status_code == 200
    assert "does not continue the one that was signed before" in page.text


def test_missing_hashes_are_told(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """A leaf that was taken away is no failure of the page or the API."""
    auditor = fresh_make.person(Role.AUDITOR)
    fresh_make.model()
    fresh_api.as_(auditor).get("/api/v1/audit/checkpoint")
    browser = fresh_api.browser(auditor)
    browser.get("/audit/2")
    fresh_registry.tamper("DELETE FROM audit_leaves WHERE sequence = 1")

    page = browser.get("/audit/2")
    answer = fresh_api.as_(auditor).get(f"{EVENTS}/2")

    assert page.status_code == 200
    assert "does not hold" in page.text
    assert (answer.status_code, answer.json()["code"]) == (409, "integrity")


def test_a_log_that_lost_hashes_and_grew_opens_still(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Where the head would have to be signed over what is missing, the event is shown and nothing is proven."""
    auditor = fresh_make.person(Role.AUDITOR)
    fresh_make.model()
    fresh_api.as_(auditor).get("/api/v1/audit/checkpoint")
    fresh_registry.tamper("DELETE FROM audit_leaves WHERE sequence = 1")
    fresh_make.model()

    page = fresh_api.browser(auditor).get("/audit/2")

    assert page.status_code == 200
    assert "does not hold" in page.text


def test_looking_at_an_event_signs_a_grown_log_once(registry: Registry, make: Make, api: Api) -> None:
    """The first look after an event signs the head; the next finds it signed."""
    browser = api.browser(make.person(Role.AUDITOR))
    make.model()

    def signed() -> int:
        return int(registry.look("SELECT count(*) AS n FROM audit_checkpoints")[0].n)

    before = signed()
    for _ in range(3):
        browser.get("/audit/0")

    assert signed() == before + 1


def test_an_event_that_is_not_there_is_not_found(make: Make, api: Api) -> None:
    """The page, the proof and the body say so."""
    browser = api.browser(make.person(Role.AUDITOR))
    beyond = 10**9

    paths = (f"/audit/{beyond}", f"{EVENTS}/{beyond}/proof", f"{EVENTS}/{beyond}/body")
    assert {browser.get(path).status_code for path in paths} == {404}
