"""Stored files are read through again and again: what is damaged is withheld and told, and nothing else is."""

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from prometheus_client.parser import text_string_to_metric_families

from modelkeep_server.app import SCHEDULES
from modelkeep_server.db.queueing import enqueue
from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.jobs.views import Handler
from modelkeep_server.features.storage import queries
from modelkeep_server.features.storage.checking import CHECK, Checker
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.footprint import stored_files
from tests.support.make import Make, Person
from tests.support.registries import Registry
from tests.support.statements import counted

CHECKS = "/api/v1/storage/checks"


@pytest.fixture
def sre(fresh_make: Make) -> Person:
    """Somebody who looks after the store."""
    return fresh_make.person(Role.SRE)


def run_jobs(registry: Registry, *, turn_seconds: float = 15.0) -> None:
    """Do all that is due, and what that leaves for a moment later."""
    house = registry.house
    checker = Checker(house.database, house.parts, threading.Event(), turn_seconds)
    runner = Runner(house.database, house.parts, {CHECK: Handler(checker.run, tries=3)})
    for _ in range(20):
        registry.tamper("UPDATE jobs SET due_at = 0 WHERE kind = 'check' AND status = 'WAITING'")
        if not runner.do_all():
            return


def put_file(make: Make, registry: Registry, **how: Any) -> tuple[Any, Any, Path]:
    """A file of a new model: its version, itself, and where it lies."""
    before = set(stored_files(registry))
    version = make.version()
    artifact = make.file(version, **how)
    (path,) = set(stored_files(registry)) - before
    return version, artifact, path


def test_damage_is_found_withheld_told_and_mended(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, sre: Person, portal: BlockingPortal
) -> None:
    """A flipped bit and a lost file: found by a check, told where it matters, whole once the bytes are sent again."""
    flipped, artifact, path = put_file(fresh_make, fresh_registry, content=fresh_make.safetensors(5000, seed=1))
    lost, gone, missing = put_file(fresh_make, fresh_registry, content=fresh_make.safetensors(5000, seed=2))
    _, sound, _ = put_file(fresh_make, fresh_registry, content=fresh_make.safetensors(5000, seed=3))
    sealed = bytearray(path.read_bytes())
    sealed[2000] ^= 1
    path.write_bytes(sealed)
    missing.unlink()
    client, browser = fresh_api.as_(sre), fresh_api.browser(sre)

    asked = client.post(CHECKS)
    again = client.post(CHECKS)
    run_jobs(fresh_registry)
    told = client.get("/api/v1/storage").json()
    page, home = browser.get("/admin/storage").text, browser.get("/").text
    owners = fresh_api.browser(fresh_make.owner_of(flipped)).get("/").text
    metrics = samples(fresh_registry, portal)

    assert (asked.status_code, asked.json()["began"], again.json()["began"]) == (200, True, False)
    assert told["damaged"] == 2
    assert {(row["id"], row["foundBy"], row["mendedAt"]) for row in told["damages"]} == {
        (artifact.id, "CHECK", None), (gone.id, "CHECK", None),
    }  # fmt: skip
    assert (told["checks"]["checked"], told["checks"]["never"], told["checks"]["running"]) == (3, 0, None)
    assert [fresh_make.events(one.id, "artifact.quarantine") != [] for one in (artifact, gone, sound)] == [
        True,
        True,
        False,
    ]
    assert "2 stored files are damaged" in home
    assert "Nobody can download them" in page
    assert "stored files are damaged" not in owners
    assert "upload the same bytes again" in owners
    assert (metrics["modelkeep_stored_files"], metrics["modelkeep_stored_files_damaged"]) == (3, 2)
    assert metrics["modelkeep_stored_files_checked"] == 3
    link = f"/api/v1/models/{lost.model}/versions/1.0.0/artifacts/model.safetensors/links"
    assert fresh_api.as_(fresh_make.owner_of(lost)).post(link).status_code == 409

    for version, seed in ((flipped, 1), (lost, 2)):
        fresh_make.file(version, path="again.safetensors", content=fresh_make.safetensors(5000, seed=seed))
    after = client.get("/api/v1/storage").json()

    assert (after["damaged"], all(row["mendedAt"] for row in after["damages"])) == (0, True)
    assert fresh_make.events(artifact.id, "artifact.restore") != []
    assert fresh_api.as_(fresh_make.owner_of(lost)).post(link).status_code == 201


def test_bytes_that_an_operator_put_back_are_whole_again(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, sre: Person
) -> None:
    """What was put back from a backup is found whole by the next check of all files, and stands again."""
    _, _, _ = put_file(fresh_make, fresh_registry, content=fresh_make.safetensors(3000, seed=1))
    _, artifact, path = put_file(fresh_make, fresh_registry, content=fresh_make.safetensors(3000, seed=2))
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1])
    browser = fresh_api.browser(sre)
    pressed = browser.submit("/admin/storage/checks")
    run_jobs(fresh_registry)
    damaged = fresh_api.as_(sre).get("/api/v1/storage").json()["damaged"]
    path.write_bytes(sealed)

    browser.submit("/admin/storage/checks")
    run_jobs(fresh_registry)

    assert (pressed.headers["location"], damaged) == ("/admin/storage?done=check-began", 1)
    assert fresh_api.as_(sre).get("/api/v1/storage").json()["damaged"] == 0
    assert [event.action for event in fresh_make.events(artifact.id)][-2:] == [
        "artifact.quarantine",
        "artifact.restore",
    ]


def test_a_store_that_is_down_or_another_one_is_not_damage(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, sre: Person
) -> None:
    """The job fails and says why; no file is withheld. An empty folder in its place counts as another store."""
    _, _, path = put_file(fresh_make, fresh_registry)
    client = fresh_api.as_(sre)
    root = fresh_registry.settings.data_dir / "files"
    problems = []

    for harm in ("empty", "down"):
        client.post(CHECKS)
        moved = root.with_name("elsewhere")
        root.rename(moved)
        if harm == "empty":
            root.mkdir()
        else:
            root.write_bytes(b"no folder")
        run_jobs(fresh_registry)
        problems += [
            job.problem for job in fresh_registry.look("SELECT * FROM jobs WHERE kind = 'check'") if job.problem
        ]
        root.rmdir() if root.is_dir() else root.unlink()
        moved.rename(root)
        fresh_registry.tamper("DELETE FROM jobs")

    assert "holds no file at all" in problems[0]
    assert client.get("/api/v1/storage").json()["damaged"] == 0
    client.post(CHECKS)
    run_jobs(fresh_registry)
    assert client.get("/api/v1/storage").json()["checks"]["checked"] == 1
    assert path.exists()


def test_files_are_read_within_their_time_and_not_twice(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, sre: Person
) -> None:
    """By schedule the unread and the longest ago are read, what was read lately is left; one turn follows another."""
    for seed in range(3):
        put_file(fresh_make, fresh_registry, content=fresh_make.safetensors(2000, seed=seed))
    Runner(fresh_registry.house.database, fresh_registry.house.parts, {}, SCHEDULES).enqueue_due()

    def checked() -> list[Any]:
        return fresh_registry.look("SELECT blob_id FROM blob_checks ORDER BY checked_at, blob_id")

    run_jobs(fresh_registry, turn_seconds=0)
    none = len(checked())
    run_jobs(fresh_registry)
    all_of_them = len(checked())
    first = fresh_registry.look("SELECT checked_at FROM blob_checks ORDER BY blob_id")
    long_ago = int(first[0].checked_at - 6.9 * 86400e6)
    fresh_registry.tamper("UPDATE blob_checks SET checked_at = :then WHERE blob_id = 2", then=long_ago)
    with fresh_registry.writing() as work:
        enqueue(work, CHECK, {})
    run_jobs(fresh_registry)
    again = fresh_registry.look("SELECT checked_at FROM blob_checks ORDER BY blob_id")

    assert (none, all_of_them) == (0, 3)
    assert [one.checked_at == two.checked_at for one, two in zip(first, again, strict=True)] == [True, False, True]


def test_the_page_costs_the_same_for_any_number_of_files(registry: Registry, api: Api, make: Make) -> None:
    """Eight statements of its own; who is neither SRE nor Admin is told whom to ask."""
    make.file(make.version())
    sre = make.person(Role.SRE)
    with registry.reading() as work, counted() as sent:
        queries.get_storage(work, sre.actor)
    refused = api.as_(make.owner()).get("/api/v1/storage")

    assert len(sent) == 8
    assert (refused.status_code, "SRE" in refused.json()["detail"]) == (403, True)


def samples(registry: Registry, portal: BlockingPortal) -> dict[str, float]:
    """The figures of the file store as a monitor on this machine reads them."""
    text = Client(registry, portal, {}, address="127.0.0.1").get("/metrics").text
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if re.match("modelkeep_stored", sample.name)
    }
