"""The keys in pages and API: who sees them, the line above every page, and confirming that a copy is kept."""

from pathlib import Path
from typing import Any

import pytest

from modelkeep_server.features.audit import verify
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry

LINE = "Keep a copy of the registry's keys elsewhere"


@pytest.fixture
def own_keys(fresh_registry: Registry, tmp_path: Path) -> Any:
    """The ring of a registry whose key file no other test uses."""
    keys = fresh_registry.house.parts.keys
    place = tmp_path / "own.key"
    place.write_bytes((keys.place or Path()).read_bytes())
    place.chmod(0o600)
    keys._place = place  # type: ignore[attr-defined]
    return keys


def test_a_copy_is_asked_for_until_it_is_confirmed_and_again_after_a_rotation(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, own_keys: Any
) -> None:
    """The line stands above the pages of Admins and SREs; the fingerprint that was typed off the copy ends it."""
    admin, sre, owner = (fresh_make.person(role) for role in (Role.ADMIN, Role.SRE, Role.MODEL_OWNER))
    browsers = [fresh_api.browser(person) for person in (admin, sre, owner)]
    fresh_registry.app.door.read_board()
    fingerprint = own_keys.fingerprint()

    before = [LINE in browser.get("/models").text for browser in browsers]
    page = browsers[0].get("/admin/keys").text
    untold = fresh_api.as_(admin).get("/api/v1/keys").json()
    wrong = browsers[0].submit("/admin/keys/escrow", {"fingerprint": "AAAA-AAAA"})
    done = browsers[0].submit("/admin/keys/escrow", {"fingerprint": f" {fingerprint.lower().replace('-', '')} "})
    after = [LINE in browser.get("/models").text for browser in browsers]
    told = fresh_api.as_(admin).get("/api/v1/keys").json()
    shown = browsers[1].get("/admin/keys").text
    own_keys.add_key()
    again = [LINE in browser.get("/models").text for browser in browsers]
    rotated = browsers[0].get("/admin/keys").text

    assert before == again == [True, True, False]
    assert after == [False] * 3
    assert (LINE in page, str(own_keys.place) in page) == (False, True)
    assert [fingerprint in text for text in (page, wrong.text, str(untold), shown)] == [False, False, False, True]
    assert "at the top of the copy" in page
    assert own_keys.fingerprint() not in rotated
    assert (wrong.status_code, "not the fingerprint of the keys in use" in wrong.text) == (422, True)
    assert (done.status_code, done.headers["location"]) == (303, "/admin/keys?done=keys-confirmed")
    assert (told["escrow"]["by"], told["fingerprint"]) == (admin.email, fingerprint)
    assert f"{admin.email} confirmed" in shown
    assert str(own_keys.place) not in shown
    [event] = fresh_make.events(action="key.confirm")
    assert event.actor.id == admin.actor.pseudonym
    with fresh_registry.reading() as work:
        assert verify.verify_log(work).ok


def test_keys_are_told_to_who_runs_the_registry(registry: Registry, make: Make, api: Api) -> None:
    """Names, ages and counts, never a secret; the place to Admins alone; others are refused, also with a token."""
    make.file(make.version())
    admin, sre, owner = (make.person(role) for role in (Role.ADMIN, Role.SRE, Role.MODEL_OWNER))
    [newest] = registry.look("SELECT key_id, count(*) AS many FROM blobs GROUP BY key_id")
    session = api.browser(admin)
    fingerprint = registry.house.parts.keys.fingerprint()

    told, of_sre = (api.as_(person).get("/api/v1/keys").json() for person in (admin, sre))
    refused = [
        api.as_(owner).get("/api/v1/keys"),
        api.as_(admin).post("/api/v1/keys/escrow", json={"fingerprint": fingerprint}),
        api.browser(sre).call("POST", "/api/v1/keys/escrow", json={"fingerprint": fingerprint}),
    ]
    wrong = session.call("POST", "/api/v1/keys/escrow", json={"fingerprint": "AAAA"})
    confirmed = session.call("POST", "/api/v1/keys/escrow", json={"fingerprint": fingerprint})

    assert [(key["id"], key["files"], key["isNewest"]) for key in told["keys"]] == [(newest.key_id, newest.many, True)]
    assert (told["path"], of_sre["path"]) == (str(registry.house.parts.keys.place), None)
    assert told["isInFile"] is True
    assert [refusal(answer) for answer in refused] == [(403, "not_permitted")] * 3
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "fingerprint")
    assert (confirmed.status_code, confirmed.json()["escrow"]["by"]) == (200, admin.email)
    assert "secret" not in str(told)
