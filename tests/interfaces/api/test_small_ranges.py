"""Small ranges that follow fast on one another through a link: each judged, none without a beginning on record."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.db import recording
from modelkeep_server.db.tables import version_flags
from modelkeep_server.features.artifacts.damage import FoundBy, note_damage
from modelkeep_server.features.artifacts.downloading import transfers
from modelkeep_server.features.artifacts.downloading.tallies import Taken
from modelkeep_server.features.artifacts.queries import get_artifact, get_stored_file
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces import pieces
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import Unavailable
from modelkeep_server.rules.lifecycle import State
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.safetensors import exactly


@pytest.fixture
def version(make: Make) -> Version:
    """A version with one file of 1,024 bytes."""
    made = make.version()
    make.file(made, content=exactly(1024))
    return made


def link(make: Make, api: Api, version: Version) -> str:
    """A fresh link to the file, as a URL."""
    route = f"/api/v1/models/{version.model}/versions/{version.version}/artifacts/model.safetensors/links"
    return str(api.as_(make.owner_of(version)).post(route).json()["url"])


def fetch(api: Api, url: str, at: int, size: int) -> int:
    """Fetch a range and give the status."""
    return api.anonymous.get(url, headers={"range": f"bytes={at}-{at + size - 1}"}).status_code


def last_link(make: Make) -> str:
    """What events call the link through which a download began last."""
    return str((make.events(action="artifact.download")[-1].after or {})["link"])


def ends(make: Make, before: int) -> list[Mapping[str, Any]]:
    """What is told of the downloads that have ended since."""
    return [event.after or {} for event in make.events(since=before) if event.action == "artifact.download_end"]


def test_ranges_in_any_order_are_the_whole_file(make: Make, api: Api, version: Version) -> None:
    """Last part first, overlapping and at the same time: one download, told as whole as soon as no byte is missing."""
    urls = [link(make, api, version) for _ in range(2)]
    before = make.event_count()

    answers = [fetch(api, urls[0], at, 128) for at in range(896, -1, -128)]
    with ThreadPoolExecutor(4) as pool:
        answers += pool.map(lambda at: fetch(api, urls[1], at, 300), (724, 0, 300, 512))

    assert set(answers) == {206}
    assert [(fact["requests"], fact["whole"]) for fact in ends(make, before)] == [(8, True), (4, True)]


def test_a_range_after_the_end_of_a_download_begins_another(
    registry: Registry, make: Make, api: Api, version: Version
) -> None:
    """Once all of a file went out, as a whole or at another server, no byte leaves without a beginning of its own."""
    url = link(make, api, version)
    before = make.event_count()

    assert [fetch(api, url, at, 10) for at in (0, 500)] == [206, 206]
    assert api.anonymous.get(url).status_code == 200
    assert [fetch(api, url, at, 100) for at in (500, 10)] == [206, 206]
    assert api.anonymous.get(url).status_code == 200
    late = Taken(last_link(make), 1024, requests=1, sent_bytes=10, spans=((20, 30),))
    with registry.writing() as work:
        transfers.add(work, late)

    events = make.events(since=before)
    assert [(event.action, (event.after or {}).get("range")) for event in events] == [
        ("artifact.download", "bytes=0-9"), ("artifact.download_end", None),
        ("artifact.download", "bytes=500-599"), ("artifact.download_end", None), ("artifact.download", "bytes=20-29"),
    ]  # fmt: skip
    assert [(fact["requests"], fact["sentBytes"]) for fact in ends(make, before)] == [(3, 1044), (3, 1224)]


def test_each_range_is_judged_anew(registry: Registry, make: Make, api: Api) -> None:
    """A link that expires, a file found damaged, a version on hold or in production: the very next range says so."""

    def expire(_: Version) -> None:
        registry.tamper("UPDATE links SET expires_at = created_at WHERE public_id = :id", id=last_link(make))

    def damage(version: Version) -> None:
        with registry.writing() as work:
            file = get_stored_file(work, get_artifact(work, version, "model.safetensors").key)
            note_damage(work, file.blob_key, FoundBy.CHECK)

    def hold(version: Version) -> None:
        with registry.writing() as work:
            row = {"public_id": ids.uuid7(clock.to_us(work.now)), "version_id": version.key, "kind": "HOLD",
                   "set_by": make.owner_of(version).actor.user_id, "set_at": work.now, "reason": "Why?"}  # fmt: skip
            work.insert(version_flags, row)
            recording.record_by_operator(work, "version.update", host="test", object_id=version.id)

    def release(version: Version) -> None:
        put_into(registry, version, State.PRODUCTION)

    told: list[list[int]] = []
    as_it_was: Any = None
    for seed, change in enumerate((damage, hold, release, expire)):
        version = make.version()
        make.file(version, content=make.safetensors(1024, seed=seed))
        url = link(make, api, version)
        told.append([fetch(api, url, 0, 10), fetch(api, url, 10, 10)])
        [as_it_was] = registry.look("SELECT expires_at FROM links WHERE public_id = :id", id=last_link(make))
        change(version)
        before = make.event_count()
        told[-1] += [fetch(api, url, 20, 10)]
        assert [event.outcome for event in make.events(since=before)] == ["REFUSED"]
    restored = "UPDATE links SET expires_at = :at WHERE public_id = :id"
    registry.tamper(restored, at=as_it_was.expires_at, id=last_link(make))

    assert told == [[206, 206, 409], [206, 206, 409], [206, 206, 403], [206, 206, 403]]


def test_ranges_that_could_not_be_written_down_are_written_later(
    make: Make, api: Api, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database is too busy for a moment nothing of a download is lost, and the visitor has the bytes."""
    url = link(make, api, version)
    add, refused = transfers.add, []

    def add_later(*told: Any, **more: Any) -> None:
        if not refused:
            refused.append(told)
            raise Unavailable("The database does not answer.")
        add(*told, **more)

    monkeypatch.setattr(transfers, "add", add_later)
    before = make.event_count()

    answers = [fetch(api, url, at, 512) for at in (0, 512)]

    until = time.monotonic() + 10
    while not ends(make, before) and time.monotonic() < until:
        time.sleep(0.05)
    assert (answers, len(refused)) == ([206, 206], 1)
    assert [(fact["requests"], fact["sentBytes"], fact["whole"]) for fact in ends(make, before)] == [(2, 1024, True)]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_file_store_that_hangs_leaves_threads_for_pages(
    registry: Registry, make: Make, api: Api, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ranges wait for it, the catalogue answers."""
    url = link(make, api, version)
    assert fetch(api, url, 0, 10) == 206
    read, gate, reading = pieces.read_range, threading.Event(), []

    def read_later(*asked: Any) -> bytes:
        reading.append(asked)
        gate.wait(20)
        return read(*asked)

    monkeypatch.setattr(pieces, "read_range", read_later)
    most = registry.house.database.connections

    with ThreadPoolExecutor(2 * most) as pool:
        try:
            waiting = [pool.submit(fetch, api, url, at, 10) for at in range(10, 10 + 10 * 2 * most, 10)]
            until = time.monotonic() + 0.5
            while len(reading) < most and time.monotonic() < until:
                time.sleep(0.01)
            begun = time.monotonic()
            status = api.as_(make.owner_of(version)).get("/api/v1/models").status_code
            took = time.monotonic() - begun
        finally:
            gate.set()

    assert (status, {one.result() for one in waiting}) == (200, {206})
    assert took < 5
