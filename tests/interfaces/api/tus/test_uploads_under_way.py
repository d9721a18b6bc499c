"""What befalls uploads under way: two at once, refusal at the end, lost rights, time, sweeps and limits."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.features.artifacts.uploading.sweeping import EXPIRE_UPLOADS, make_stray_handler, sweep_orphans
from modelkeep_server.features.jobs.views import Task
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock
from modelkeep_server.ports import BytesLike
from tests.support.clients import Api, Client
from tests.support.endurance import Figures, sizes
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.tus import (
    PART,
    RESUMABLE,
    UPLOADS,
    address,
    begin,
    fetch,
    files_of,
    loose_of,
    offset_of,
    send,
    stored_for,
)


@contextmanager
def limited(registry: Registry, **changes: Any) -> Iterator[None]:
    """Other limits of the registry while a block runs."""
    limits = registry.house.parts.limits
    before = {name: getattr(limits, name) for name in changes}
    for name, value in changes.items():
        object.__setattr__(limits, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(limits, name, value)


@pytest.mark.parametrize("races", sizes(small=50, full=1000))
def test_of_two_clients_at_one_offset_one_wins(
    registry: Registry, client: Client, make: Make, version: Version, races: int, figures: Figures
) -> None:
    """The other is told where it goes on, with its own bytes refused, and nothing of them stays; also with the last."""
    content = make.safetensors(races * 3000)
    url = begin(client, address(version), len(content)).headers["location"]
    at, step, outcomes = 0, -(-len(content) // races), []

    with ThreadPoolExecutor(2) as pool:
        while at < len(content):
            right = content[at : at + step]
            # The same bytes, since nobody can tell before the end who sends the wrong ones.
            answers = pool.map(lambda run: send(client, url, at, run).status_code, [right, right])  # noqa: B023
            outcomes.append(tuple(sorted(answers)))
            at += len(right)

    figures.tell("races of two clients for one offset", len(outcomes), at_least=1000)
    figures.tell("races that two won, or nobody", sum(1 for outcome in outcomes if outcome != (204, 409)), at_most=0)
    assert set(outcomes) == {(204, 409)}
    assert fetch(client, version) == content
    assert loose_of(registry) == 0


@pytest.mark.parametrize("races", sizes(small=6, full=200))
def test_last_bytes_that_are_others_never_stand_in_the_file(
    registry: Registry, client: Client, make: Make, version: Version, races: int, figures: Figures
) -> None:
    """Two send the end at once, one of them the wrong one: the right file is listed, or the upload has ended."""
    content = make.safetensors(PART + 2000)
    ends = [content[PART:], content[PART:-1] + b"?"]
    stood = []

    for turn in range(races):
        path = f"{turn}.safetensors"
        promised = hashlib.sha256(content).hexdigest()
        made = begin(client, address(version), len(content), content=content[:PART], path=path, sha256=promised)
        url = made.headers["location"]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda end: send(client, url, PART, end).status_code, ends))  # noqa: B023

        listed = {row["path"]: row["sha256"] for row in files_of(client, version)}.get(path)
        stood += [path] if listed not in (promised, None) else []
        assert (answers[0], listed) in ((204, promised), (404, None), (409, None))
        assert answers[1] in (404, 409, 422)
        assert (client.head(url, headers=RESUMABLE).status_code == 200) == (listed is not None)
    figures.tell("races of right and wrong last bytes", races, at_least=200)
    figures.tell("wrong bytes that stood in a file", len(stood), at_most=0)
    assert stood == []
    assert listed is None or fetch(client, version, path) == content
    assert loose_of(registry) == 0


def test_a_file_that_is_refused_at_its_end_ends_its_upload(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Other bytes than were promised, or a name that was taken meanwhile: told at the last byte, and nothing stays."""
    content = make.safetensors(100_000)
    wrong = begin(client, address(version), len(content), path="a.safetensors", sha256="0" * 64).headers["location"]
    late = begin(client, address(version), len(content), path="b.safetensors").headers["location"]
    same = begin(client, address(version), len(content), path="c.safetensors").headers["location"]
    for url in (wrong, late, same):
        send(client, url, 0, content[:70_000])
    make.file(version, path="b.safetensors", content=make.safetensors(10, seed=4))
    make.file(version, path="c.safetensors", content=content)

    answers = [send(client, url, 70_000, content[70_000:]) for url in (wrong, late, same)]

    assert [answer.status_code for answer in answers] == [422, 409, 204]
    assert answers[0].json()["errors"][0]["field"] == "sha256"
    assert [client.head(url, headers=RESUMABLE).status_code for url in (wrong, late, same)] == [404, 404, 200]
    assert [row["path"] for row in files_of(client, version)] == ["b.safetensors", "c.safetensors"]
    assert loose_of(registry) == 0


def test_whoever_loses_the_right_is_stopped_at_the_next_commit(
    registry: Registry, api: Api, client: Client, make: Make, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version is closed, a collaborator let go while their bytes come: what counted before stays, no more does."""
    content = make.safetensors(3 * PART)
    helper = make.owner()
    shared = f"/api/v1/models/{version.model}/collaborators/{helper.email}"
    client.put(shared, json={"access": "WRITE"}).raise_for_status()
    theirs = api.as_(helper)
    url = begin(theirs, address(version), len(content)).headers["location"]
    send(theirs, url, 0, content[:1000])
    path = f"/api/v1/models/{version.model}/versions/1.0.0"

    during(monkeypatch, lambda: client.post(f"{path}/close", json={"reason": "Goes no further."}))
    closed = send(theirs, url, 1000, content[1000:])
    at = offset_of(theirs, url)
    client.post(f"{path}/reopen", json={"reason": "Goes on."})
    during(monkeypatch, lambda: client.delete(shared))
    let_go = send(theirs, url, at, content[at:])
    client.put(shared, json={"access": "WRITE"})

    assert [(answer.status_code, answer.json()["code"]) for answer in (closed, let_go)] == [
        (409, "state_forbids"),
        (403, "not_permitted"),
    ]
    assert at == offset_of(theirs, url) == 1000
    assert loose_of(registry) == 0
    assert send(theirs, url, at, content[at:]).status_code == 204
    assert fetch(client, version) == content


def during(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Have something happen once, while the next part is being stored."""
    put, left = FolderBlobs.put, [act]

    def interrupted(self: FolderBlobs, key: str, data: Iterable[BytesLike]) -> int:
        if left:
            left.pop()()
        return put(self, key, data)

    monkeypatch.setattr(FolderBlobs, "put", interrupted)


def test_an_upload_expires_and_is_cleared_away(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Past its time it is gone, said so at first; the job takes its bytes. One that was finished keeps its file."""
    content = make.safetensors(1000)
    open_url = begin(client, address(version), 5000, path="open.safetensors", content=b"x" * 1000).headers["location"]
    done_url = begin(client, address(version), len(content), content=content).headers["location"]
    kept_url = begin(client, address(version), 5000, path="kept.safetensors").headers["location"]
    send(client, kept_url, 0, b"x" * 10)
    assert stored_for(registry, open_url)
    for url in (open_url, done_url):
        registry.tamper("UPDATE uploads SET expires_at = 1 WHERE public_id = :id", id=url.rsplit("/", 1)[-1])

    told = [client.head(open_url, headers=RESUMABLE).status_code, send(client, open_url, 1000, b"x").status_code]
    handler = registry.house.handlers[EXPIRE_UPLOADS]
    left = stored_for(registry, open_url)
    handler.call(Task(1, clock.utc_now(), {}, 1))

    assert told == [410, 410]
    assert client.head(open_url, headers=RESUMABLE).status_code == 404
    assert [key for key in left if list(registry.house.parts.blobs.list_keys(key))] == []
    assert fetch(client, version) == content
    assert offset_of(client, kept_url) == 10
    client.delete(kept_url, headers=RESUMABLE)


def test_what_is_open_stays_through_a_sweep_and_what_nothing_names_does_not(
    registry: Registry, client: Client, version: Version
) -> None:
    """Stored runs of an upload are no strays; a run that no row names is, at once at start, else after two days."""
    url = begin(client, address(version), 5000, content=b"x" * 1000).headers["location"]
    blobs = registry.house.parts.blobs
    (mine,) = stored_for(registry, url)
    old = "01900000-0000-7000-8000-000000000001/1-7"
    for key in (f"{mine}7", old):
        blobs.put(key, [b"left"])

    with registry.reading() as work:
        sweep_orphans(work, older_than=work.now)
    careful = [key for key in (mine, f"{mine}7", old) if list(blobs.list_keys(key))]
    with registry.reading() as work:
        sweep_orphans(work)

    assert careful == [mine, f"{mine}7"]
    assert stored_for(registry, url) == [mine]
    assert send(client, url, 1000, b"x").status_code == 204
    client.delete(url, headers=RESUMABLE)


def test_strays_in_a_store_of_several_registries_are_left_alone(registry: Registry) -> None:
    """A store that is named apart is swept only while no other registry has said that its files are there."""
    house = registry.house
    blobs = house.parts.blobs
    old, other = "01900000-0000-7000-8000-000000000002/1-7", "owners/mk-another"
    for key in (old, other):
        blobs.put(key, [b"x"])
    shared = make_stray_handler(house.database, house.parts, is_shared=True)

    shared.call(Task(1, clock.utc_now(), {}, 1))
    left = [key for key in blobs.list_keys() if key in (old, other)]
    blobs.delete(other)
    shared.call(Task(2, clock.utc_now(), {}, 1))

    assert sorted(left) == [old, other]
    assert list(blobs.list_keys(old)) == []
    assert list(blobs.list_keys("owners/")) == [f"owners/{house.parts.keys.registry_id}"]
    blobs.delete(f"owners/{house.parts.keys.registry_id}")


def test_a_group_has_so_much_room_and_a_person_so_many_uploads(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Stored bytes and uploads under way count; one byte more is refused, also in one go; the 21st upload is too."""
    first = make.safetensors(2000)
    make.file(version, path="a.safetensors", content=first)
    base = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"
    room = 10_000 - len(first)

    with limited(registry, group_quota_bytes=10_000, open_uploads_of_one=3):
        begin(client, address(version), room - 1000, path="b.safetensors")
        over = begin(client, address(version), 1001, path="c.safetensors")
        in_one_go = client.put(f"{base}/d.txt?type=CONFIG", content=b"x" * 1001)
        chunked = client.put(f"{base}/d.txt?type=CONFIG", content=iter([b"x" * 1001]))
        fits = [begin(client, address(version), 500, path=f"{n}.safetensors").status_code for n in range(2)]
        many = begin(client, address(version), 0, path="e.json", type="CONFIG")

    assert [(answer.status_code, answer.json()["code"]) for answer in (over, in_one_go, chunked)] == [
        (413, "quota_exceeded")
    ] * 3
    assert "1,000 are left" in over.json()["detail"]
    assert fits == [201, 201]
    assert (many.status_code, "/api/v1/uploads" in many.json()["remedy"]) == (429, True)
    for row in client.get(UPLOADS).json()["items"]:
        assert client.delete(f"{UPLOADS}/{row['id']}", headers=RESUMABLE).status_code == 204
