"""Files that are withheld or could not be judged, and who answers for them."""

from typing import Any

import pytest

from modelkeep_server.adapters.inspector import sandboxed
from modelkeep_server.features.artifacts.damage import FoundBy, mend, note_damage
from modelkeep_server.features.artifacts.judging import rescanning
from modelkeep_server.features.artifacts.judging.scanning import settle_scan
from modelkeep_server.features.artifacts.queries import get_artifact, get_stored_file
from modelkeep_server.features.artifacts.views import ArtifactStatus
from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import RULE_VERSION, Report, Verdict
from modelkeep_server.ports import InspectionTooLong
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import file_of
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.model_files import unjudged_archive
from tests.support.pages import look, words_of
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

HOSTILE = b"cposix\nsystem\n(S'touch /tmp/canary'\ntR."


def put(api: Api, make: Make, version: Version, content: bytes, name: str = "model.bin") -> dict[str, Any]:
    """A file in a version, and what is told of it."""
    where = file_of(version, name)
    answer = api.as_(make.owner_of(version)).put(f"{where}?type=WEIGHTS", content=content)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return {**told, "where": where}


def test_a_blocked_file_is_withheld_until_a_security_architect_releases_it(make: Make, api: Api) -> None:
    """BLOCKED is stored, listed with its findings and not downloaded; a release opens it until it is ended."""
    version = make.version()
    owner, guard = make.owner_of(version), make.person(Role.SECURITY_ARCHITECT)
    told = put(api, make, version, HOSTILE)
    link = f"{told['where']}/links"

    assert (told["status"], told["scan"]["verdict"]) == ("QUARANTINED", "BLOCKED")
    assert told["scan"]["findings"][0]["rule"] == "pickle.global"
    assert "posix.system" in told["scan"]["findings"][0]["detail"]
    withheld = api.as_(owner).post(link)
    assert refusal(withheld) == (409, "state_forbids")
    assert "posix.system" in withheld.json()["detail"]
    assert "Security Architect can release it" in withheld.json()["remedy"]
    asked = {"reason": "We made it ourselves and looked at it.", "days": 7}
    assert api.as_(owner).post(f"{told['where']}/waivers", json=asked).status_code == 403
    released = api.as_(guard).post(f"{told['where']}/waivers", json=asked)
    assert released.status_code == 201, released.text
    assert (released.json()["kind"], released.json()["by"]) == ("RELEASE", guard.email)
    assert api.as_(guard).post(f"{told['where']}/waivers", json=asked).status_code == 409
    opened = api.as_(owner).post(link)
    assert opened.status_code == 201, opened.text
    url = opened.json()["url"].partition("/d/")[2]
    assert api.as_(owner).get(f"/d/{url}").content == HOSTILE
    listed = api.as_(owner).get(told["where"].rsplit("/", 1)[0]).json()["items"][0]
    assert (listed["waiver"]["reason"], listed["status"]) == (asked["reason"], "QUARANTINED")
    ended = api.as_(guard).delete(released.headers["location"])
    assert ended.json()["endedBy"] == guard.email, ended.text
    assert api.as_(owner).get(f"/d/{url}").status_code == 409
    assert api.as_(guard).delete(released.headers["location"]).status_code == 409
    history = api.as_(owner).get(f"{told['where']}/waivers").json()["items"]
    assert [(row["kind"], row["endedBy"]) for row in history] == [("RELEASE", guard.email)]
    actions = {event.action for event in make.events()}
    assert {"artifact.release", "artifact.end_waiver"} <= actions


def test_a_token_without_the_scope_is_told_which_and_how_to_get_it(make: Make, api: Api) -> None:
    """A token for other things answers for no file; the refusal names the scope, and the command that gets it."""
    version, guard = make.version(), make.person(Role.SECURITY_ARCHITECT)
    told = put(api, make, version, HOSTILE)
    asked = {"name": "narrow", "scopes": ["read", "download"]}
    narrow = api.browser(guard).call("POST", "/api/v1/tokens", json=asked).json()["token"]

    answer = api.with_token(narrow).post(f"{told['where']}/waivers", json={"reason": "We made it."})

    assert refusal(answer) == (403, "not_permitted")
    assert answer.json()["detail"] == "To release a blocked file for a time this token needs the scope review."
    assert "`modelkeep login --scope read --scope download --scope review`" in answer.json()["remedy"]


def test_the_file_store_counts_what_is_blocked_and_not_released(make: Make, api: Api) -> None:
    """The page and the API count files that are withheld by their verdict, without those that somebody released."""
    version = make.version()
    sre, guard = make.person(Role.SRE), make.person(Role.SECURITY_ARCHITECT)
    before = _blocked(api, sre)
    told = put(api, make, version, HOSTILE)

    held = _blocked(api, sre)
    shown = words_of(look(api, sre, "/admin/storage"))
    api.as_(guard).post(f"{told['where']}/waivers", json={"reason": "We made it.", "days": 3})

    assert (held - before, _blocked(api, sre) - before) == (1, 0)
    assert f"Blocked {held:,} {'file' if held == 1 else 'files'} that nobody released" in shown


def _blocked(api: Api, person: Person) -> int:
    return int(api.as_(person).get("/api/v1/storage").json()["standing"]["blocked"])


def test_what_cannot_be_judged_is_waived_not_released(make: Make, api: Api) -> None:
    """UNKNOWN can be downloaded, and a Security Architect accepts it for a time; it is never released."""
    version = make.version()
    guard = make.person(Role.SECURITY_ARCHITECT)
    told = put(api, make, version, unjudged_archive())

    assert (told["status"], told["scan"]["verdict"]) == ("AVAILABLE", "UNKNOWN")
    wrong = api.as_(guard).post(f"{told['where']}/waivers", json={"kind": "RELEASE", "reason": "Because."})
    assert wrong.status_code == 409
    waived = api.as_(guard).post(f"{told['where']}/waivers", json={"reason": "Read by two of us."})
    assert (waived.status_code, waived.json()["kind"]) == (201, "WAIVE")


def test_a_release_needs_a_reason_and_an_end(make: Make, api: Api) -> None:
    """Nobody answers for a file without saying why, or for longer than 90 days."""
    told = put(api, make, make.version(), HOSTILE)
    asking = api.as_(make.person(Role.SECURITY_ARCHITECT))
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("reason", {"reason": ""}),
        ("days", {"reason": "Fine.", "days": 91}),
        ("days", {"reason": "Fine.", "days": 0}),
        ("days", {"reason": "Fine.", "days": 3, "expiresAt": "2999-01-01"}),
        ("expiresAt", {"reason": "Fine.", "expiresAt": "2999-01-01"}),
        ("expiresAt", {"reason": "Fine.", "expiresAt": "2001-01-01"}),
    ]

    answers = [(field, asking.post(f"{told['where']}/waivers", json=body)) for field, body in bodies]

    assert [(field, fields_at_fault(answer)) for field, answer in answers] == [(field, {field}) for field, _ in bodies]


def test_who_owned_or_touched_it_does_not_answer_for_it(make: Make, api: Api) -> None:
    """Separation of duties: an owner who is a Security Architect as well releases nothing of their own."""
    owner = make.person(Role.MODEL_OWNER, Role.SECURITY_ARCHITECT)
    version = make.version(make.model(owner), owner)
    told = put(api, make, version, HOSTILE)

    answer = api.as_(owner).post(f"{told['where']}/waivers", json={"reason": "I know it."})

    assert refusal(answer) == (403, "separation_of_duties")


def test_a_damaged_file_cannot_be_released(make: Make, api: Api, registry: Registry) -> None:
    """Nobody answers for bytes that are not those that were uploaded, and a new verdict does not let them out."""
    version = make.version()
    told = put(api, make, version, HOSTILE)
    guard = make.person(Role.SECURITY_ARCHITECT)
    with registry.writing() as work:
        file = get_stored_file(work, get_artifact(work, version, "model.bin").key)
        note_damage(work, file.blob_key, FoundBy.CHECK)

    answer = api.as_(guard).post(f"{told['where']}/waivers", json={"reason": "Fine."})

    assert refusal(answer) == (409, "integrity")
    with registry.writing() as work:
        settle_scan(work, file.blob_key, Report(None, Verdict.UNKNOWN, rule_version=RULE_VERSION + 1))
    with registry.reading() as work:
        assert get_artifact(work, version, "model.bin").status is ArtifactStatus.QUARANTINED


def test_bytes_that_are_whole_again_are_not_told_of_as_damaged(make: Make, api: Api, registry: Registry) -> None:
    """A BLOCKED file that was damaged and mended stays withheld, and its event says by what: its verdict alone."""
    version = make.version()
    put(api, make, version, HOSTILE)
    with registry.writing() as work:
        file = get_stored_file(work, get_artifact(work, version, "model.bin").key)
        note_damage(work, file.blob_key, FoundBy.CHECK)

    put(api, make, version, HOSTILE, "again.bin")

    broken, whole = (
        make.events(file.artifact.id, action)[-1] for action in ("artifact.quarantine", "artifact.restore")
    )
    assert "not those that were uploaded" in str(broken.reason)
    assert whole.after == {"status": "QUARANTINED"}
    assert "not those that were uploaded" not in str(whole.reason)
    assert "its verdict is BLOCKED" in str(whole.reason)


def test_a_file_is_looked_through_again_when_asked_and_when_the_rules_changed(
    fresh_make: Make, fresh_api: Api, fresh_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rescan is a job; a verdict of earlier rules is replaced, and a file that they let pass is withheld."""
    version = fresh_make.version()
    told = put(fresh_api, fresh_make, version, unjudged_archive())
    sre = fresh_make.person(Role.SRE)
    house = fresh_registry.house
    runner = Runner(house.database, house.parts, house.handlers)
    where = f"{told['where']}/scans"

    assert fresh_api.as_(fresh_make.owner_of(version)).post(where).status_code == 403
    assert fresh_api.as_(sre).post(where).status_code == 202
    assert runner.do_all() >= 1
    assert [event.action for event in fresh_make.events(action="artifact.scan")] == ["artifact.scan"]
    for module in (rescanning, sandboxed):
        monkeypatch.setattr(module, "RULE_VERSION", RULE_VERSION + 1)
    with house.writing() as work:
        assert rescanning.enqueue_stale(work) == 1
        assert rescanning.enqueue_stale(work) == 1
    assert runner.do_all() == 1
    with house.writing() as work:
        assert rescanning.enqueue_stale(work) == 0
    listed = fresh_api.as_(sre).get(told["where"].rsplit("/", 1)[0]).json()["items"][0]
    assert (listed["scan"]["ruleVersion"], listed["scan"]["verdict"]) == (RULE_VERSION + 1, "UNKNOWN")


def test_a_pending_file_of_another_format_is_withheld(
    fresh_make: Make, fresh_api: Api, fresh_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was not judged in time, and is not what its name promises, does not come free with its verdict."""
    version = fresh_make.version()
    inspect = sandboxed.SandboxedInspector.inspect
    monkeypatch.setattr(sandboxed.SandboxedInspector, "inspect", _too_slow)
    told = put(fresh_api, fresh_make, version, b'{"a": 1}', "weights.safetensors")
    assert told["status"] == "PENDING"
    monkeypatch.setattr(sandboxed.SandboxedInspector, "inspect", inspect)

    house = fresh_registry.house
    Runner(house.database, house.parts, house.handlers).do_all()

    listed = fresh_api.as_(fresh_make.owner_of(version)).get(told["where"].rsplit("/", 1)[0]).json()["items"][0]
    assert (listed["status"], listed["scan"]["verdict"]) == ("QUARANTINED", "CLEAN_DATA")
    refused = fresh_api.as_(fresh_make.owner_of(version)).post(f"{told['where']}/links")
    assert (refused.status_code, "not of the format" in refused.text) == (409, True)
    with house.writing() as work:
        file = get_stored_file(work, get_artifact(work, version, "weights.safetensors").key)
        note_damage(work, file.blob_key, FoundBy.CHECK)
        mend(work, file.blob_key)
        assert get_artifact(work, version, "weights.safetensors").status is ArtifactStatus.QUARANTINED
    restored = fresh_make.events(file.artifact.id, "artifact.restore")[-1]
    assert restored.reason == "weights.safetensors is JSON, which is no WEIGHTS. Send it as CONFIG or TOKENIZER."
    owner = fresh_make.owner_of(version)
    waiting = "1 file not of the promised format weights.safetensors: remove what is not of the format"
    assert waiting in words_of(look(fresh_api, owner))
    seen = words_of(look(fresh_api, owner, f"/models/{version.model}/versions/1.0.0/artifacts/weights.safetensors"))
    assert "Another format" in seen
    assert "Data only" not in seen


def _too_slow(*_: Any, **__: Any) -> Report:
    raise InspectionTooLong
